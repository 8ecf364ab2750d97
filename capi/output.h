// Where a call leaves a result besides its status.
#pragma once

namespace stave::capi {

// Written at the end of the scope, whatever the way out: 0 unless it is set. Not earlier, because
// the caller's variable may be one that it has passed as the bytes of the key, too: a number that
// is looked up and replaced by what is found. So it stands before everything that reads the key.
template <typename T>
class Output {
 public:
  // `place` may be null: the caller does not want it.
  explicit Output(T* place) noexcept : place_(place) {}
  ~Output() {
    if (place_ != nullptr) *place_ = value_;
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void set(T value) noexcept { value_ = value; }

 private:
  T* place_;
  T value_{};
};

}  // namespace stave::capi
