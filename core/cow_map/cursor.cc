#include "core/cow_map/cursor.h"

#include <cstring>
#include <utility>

namespace stave::cow_map {

namespace {

void prefetch(Word word) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(as_leaf(word));
  const size_t size = Leaf::memory_for(leaf_buckets(word));
  for (size_t offset = 0; offset < size; offset += node_unit) __builtin_prefetch(bytes + offset);
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
  while (found_ - given_ < ahead_max) {
    const Word word = find_next();
    if (word == 0) break;
    prefetch(word);
    ahead_[found_++ % ahead_max] = as_leaf(word);
  }
  return found_ == given_ ? nullptr : ahead_[given_++ % ahead_max];
}

// The word of the next leaf, or 0 at the end.
Word LeafWalk::find_next() noexcept {
  if (first_ != 0) return std::exchange(first_, 0);
  while (depth_ != 0) {
    Level& level = levels_[depth_ - 1];
    const uint32_t count = level.inner->count();
    if (level.next == count) {
      depth_--;
      continue;
    }
    std::atomic<Word>* const words = level.inner->words();
    const Word word = words[level.next++].load(std::memory_order_relaxed);
    while (level.next < count && words[level.next].load(std::memory_order_relaxed) == word)
      level.next++;
    if (word == 0) continue;
    if (!is_inner(word)) return word;
    levels_[depth_++] = {as_inner(word), 0};
  }
  return 0;
}

template <bool has_words>
size_t Cursor::take_from_leaf(size_t count_max, int64_t* keys, std::byte* values) noexcept {
  const size_t size = has_words ? sizeof(uint64_t) : *inside_size();
  // Copies, which no store to the caller's arrays can change.
  const KeyHash hash = snapshot_.family()->hash();
  const LeafSlot* const slots = leaf_->slots();
  uint64_t live = live_;
  size_t count = 0;
  for (; live != 0 && count < count_max; live &= live - 1) {
    const LeafSlot& slot = slots[std::countr_zero(live)];
    // Relaxed: the snapshot came with everything in it.
    if (keys != nullptr)
      keys[count] = static_cast<int64_t>(hash.key_of(slot.hash.load(std::memory_order_relaxed)));
    if (values != nullptr) {
      const uint64_t value = slot.value.load(std::memory_order_relaxed);
      std::memcpy(values + count * size, &value, size);
    }
    count++;
  }
  live_ = live;
  return count;
}

size_t Cursor::take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept {
  const size_t size = *inside_size();
  size_t count = 0;
  while (count < count_max && find_leaf()) {
    int64_t* const to_keys = keys == nullptr ? nullptr : keys + count;
    std::byte* const to_values = values == nullptr ? nullptr : values + count * size;
    count += size == sizeof(uint64_t)
                 ? take_from_leaf<true>(count_max - count, to_keys, to_values)
                 : take_from_leaf<false>(count_max - count, to_keys, to_values);
  }
  return count;
}

}  // namespace stave::cow_map
