// A list of objects that will be retired: versions and rows. It links them through Retired::next,
// which is free until the object is retired, so adding one allocates nothing and cannot fail.
//
// Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/sync/epoch.h"

namespace stave::mvcc {

class RetiredList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  uint64_t count() const noexcept { return count_; }

  void push(sync::Retired* object) noexcept {
    object->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = object;
    last_ = object;
    count_++;
  }
  // Moves all of `other` to the end.
  void append(RetiredList& other) noexcept {
    if (other.empty()) return;
    (first_ == nullptr ? first_ : last_->next) = other.first_;
    last_ = other.last_;
    count_ += other.count_;
    other = RetiredList();
  }
  // Removes and returns the first object, null when empty.
  sync::Retired* pop() noexcept {
    sync::Retired* const object = first_;
    if (object == nullptr) return nullptr;
    first_ = std::exchange(object->next, nullptr);
    count_--;
    return object;
  }
  // Removes and returns the first `count` objects, or all.
  RetiredList take(uint64_t count) noexcept {
    if (count >= count_) return std::exchange(*this, RetiredList());
    RetiredList taken;
    while (taken.count_ < count) taken.push(pop());
    return taken;
  }
  // Retires all objects. REQUIRES: each has its `reclaim` set, and no reader can reach it any more.
  void retire_all() noexcept {
    const RetiredList all = std::exchange(*this, RetiredList());
    if (all.empty()) return;
    sync::EpochRegistry::retire_chain(
        all.first_, all.last_,
        static_cast<uint32_t>(std::min<uint64_t>(all.count_, sync::EpochRegistry::kSliceObjects)));
  }

 private:
  sync::Retired* first_ = nullptr;
  sync::Retired* last_ = nullptr;
  uint64_t count_ = 0;
};

}  // namespace stave::mvcc
