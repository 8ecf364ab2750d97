// Delays work on items whose memory was just prefetched, so that their loads overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace stave::disk_index {

// push() an item after prefetching its memory; it is visited when `distance` more have been pushed,
// or by finish(). Items are visited in the order in which they were pushed.
template <typename Item, size_t distance = 16>
class Lookahead {
 public:
  template <typename Visit>
  void push(const Item& item, Visit&& visit) {
    Item& oldest = items_[count_ % distance];
    if (count_ >= distance) visit(oldest);
    oldest = item;
    count_++;
  }
  template <typename Visit>
  void finish(Visit&& visit) {
    for (size_t i = count_ - std::min(count_, distance); i < count_; i++)
      visit(items_[i % distance]);
  }

 private:
  std::array<Item, distance> items_;
  size_t count_ = 0;
};

}  // namespace stave::disk_index
