#include "core/cow_map/cursor.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/base/prefetch.h"
#include "core/cow_map/leaf_copy.h"

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
  if (found_ - given_ <= asked_max) find_more();
  while (asked_ != found_ && asked_ - given_ < asked_max) prefetch(ahead_[asked_++ % ahead_max]);
  return found_ == given_ ? nullptr : as_leaf(ahead_[given_++ % ahead_max]);
}

void LeafWalk::find_more() noexcept {
  while (found_ - given_ < ahead_max) {
    const Word word = find_next();
    if (word == 0) return;
    prefetch_one_of_many(as_leaf(word));
    ahead_[found_++ % ahead_max] = word;
  }
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

size_t Cursor::take_from_leaf(size_t count_max, uint64_t* hashes, std::byte* values) noexcept {
  const size_t size = *inside_size();
  EntryArrays to{hashes, values, count_max};
  while (!live_.empty() && to.count < count_max) {
    uint32_t bucket = live_.first() / bucket_slots;
    if (size == sizeof(uint64_t)) {
      bucket = copy_buckets(*leaf_, live_, bucket, to);
      live_.erase_before(bucket);
      if (bucket == leaf_->form) break;
    }
    for (uint32_t left = live_.in_bucket(bucket); left != 0 && to.count < count_max;
         left &= left - 1, to.count++) {
      const LeafSlot slot = leaf_->slot(live_.take_first());
      if (hashes != nullptr) hashes[to.count] = slot.hash().load(std::memory_order_relaxed);
      if (values == nullptr) continue;
      const uint64_t value = slot.value().load(std::memory_order_relaxed);
      std::memcpy(values + to.count * size, &value, size);
    }
  }
  return to.count;
}

size_t Cursor::take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept {
  const size_t size = *inside_size();
  size_t count = 0;
  // Keys have the place of their hashes.
  auto* const hashes = reinterpret_cast<uint64_t*>(keys);
  while (count < count_max && find_leaf()) {
    uint64_t* const to_hashes = hashes == nullptr ? nullptr : hashes + count;
    std::byte* const to_values = values == nullptr ? nullptr : values + count * size;
    count += take_from_leaf(count_max - count, to_hashes, to_values);
  }
  // All at once: in a loop so long nothing is mispredicted, and no empty slot is computed with.
  if (hashes != nullptr) to_keys(snapshot_.family()->hash(), hashes, count);
  return count;
}

}  // namespace stave::cow_map
