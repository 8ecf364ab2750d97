// A list that nearly always has few items, for which it allocates nothing; it may have thousands.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace stave {

template <typename Item, size_t kInline = 4>
class SmallList {
 public:
  // False without memory.
  bool add(const Item& item) noexcept {
    if (size_ == capacity_ && !enlarge()) return false;
    data()[size_++] = item;
    return true;
  }

  size_t size() const noexcept { return size_; }
  const Item* begin() const noexcept { return data(); }
  const Item* end() const noexcept { return data() + size_; }

  // The item with this member `entry`; null if there is none. Most callers ask in the order of
  // add(): the search goes on where the last one ended.
  template <typename Entry>
  const Item* find(const Entry& entry) const noexcept {
    for (size_t i = 0; i < size_; i++) {
      const size_t at = next_ + i < size_ ? next_ + i : next_ + i - size_;
      if (data()[at].entry != entry) continue;
      next_ = at + 1 == size_ ? 0 : at + 1;
      return &data()[at];
    }
    return nullptr;
  }

 private:
  const Item* data() const noexcept { return heap_ ? heap_.get() : inline_.data(); }
  Item* data() noexcept { return heap_ ? heap_.get() : inline_.data(); }

  bool enlarge() noexcept {
    std::unique_ptr<Item[]> larger(new (std::nothrow) Item[2 * capacity_]);
    if (!larger) return false;
    for (size_t i = 0; i < size_; i++) larger[i] = data()[i];
    heap_ = std::move(larger);
    capacity_ *= 2;
    return true;
  }

  std::array<Item, kInline> inline_;
  std::unique_ptr<Item[]> heap_;
  size_t size_ = 0;
  size_t capacity_ = kInline;
  mutable size_t next_ = 0;
};

}  // namespace stave
