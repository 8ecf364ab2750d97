#include "core/cow_map/cursor.h"

#include <cstring>
#include <utility>

#include "core/base/prefetch.h"

namespace stave::cow_map {

namespace {

void prefetch(Word word) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(as_leaf(word));
  const size_t size = Leaf::memory_for(leaf_buckets(word));
  for (size_t offset = 0; offset < size; offset += node_unit) prefetch_one_of_many(bytes + offset);
}

}  // namespace

LeafWalk::LeafWalk(Word word) noexcept {
  if (word == 0) return;
  if (is_inner(word)) {
    levels_[depth_++] = {as_inner(word), 0};
  } else {
    first_ = word;
  }
}

Leaf* LeafWalk::next() noexcept {
  while (found_ - returned_ < ahead_max) {
    const Word word = find_next();
    if (word == 0) break;
    prefetch(word);
    ahead_[found_++ % ahead_max] = word;
  }
  return found_ == returned_ ? nullptr : as_leaf(ahead_[returned_++ % ahead_max]);
}

// The word of the next leaf, or 0 at the end.
Word LeafWalk::find_next() noexcept {
  if (first_ != 0) return std::exchange(first_, 0);
  while (depth_ != 0) {
    Level& level = levels_[depth_ - 1];
    Inner* const inner = level.inner;
    const uint32_t count = inner->count();
    if (level.next == count) {
      depth_--;
      continue;
    }
    const Word word = inner->word(level.next++);
    while (level.next < count && inner->word(level.next) == word) level.next++;
    if (word == 0) continue;
    if (!is_inner(word)) return word;
    levels_[depth_++] = {as_inner(word), 0};
  }
  return 0;
}

size_t Cursor::take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept {
  const size_t size = *inside_size();
  size_t count = 0;
  while (count < count_max && find_leaf()) {
    // In registers: a store to the arrays could change the member.
    PositionSet live = live_;
    for (; !live.empty() && count < count_max; count++) {
      const LeafSlot slot = leaf_->slot(live.take_first());
      if (keys != nullptr) keys[count] = key_of(slot);
      if (values == nullptr) continue;
      const uint64_t value = value_in(slot);
      if (size == sizeof value) {
        std::memcpy(values + count * sizeof value, &value, sizeof value);
      } else {
        std::memcpy(values + count * size, &value, size);
      }
    }
    live_ = live;
  }
  return count;
}

}  // namespace stave::cow_map
