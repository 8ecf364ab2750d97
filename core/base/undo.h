// What a function takes back on its way out, by whatever way: an error, or memory that could not be
// had.
#pragma once

#include <utility>

namespace stave {

template <typename Work>
class Undo {
 public:
  // `work` may not throw.
  explicit Undo(Work work) noexcept : work_(std::move(work)) {}
  ~Undo() {
    if (is_wanted_) work_();
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

  // There is nothing to take back any more.
  void forget() noexcept { is_wanted_ = false; }

 private:
  Work work_;
  bool is_wanted_ = true;
};

}  // namespace stave
