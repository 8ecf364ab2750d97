#include "core/cow_map/cursor.h"

#include <bit>
#include <cstring>
#include <utility>

namespace stave::cow_map {

namespace {

void prefetch(Word word) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(as_leaf(word));
  const size_t size = Leaf::memory_for(leaf_buckets(word));
  // Into the second cache: the first one could not wait for so many at a time.
  for (size_t offset = 0; offset < size; offset += node_unit)
    __builtin_prefetch(bytes + offset, 0, 2);
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
    __builtin_prefetch(as_leaf(word), 0, 2);
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

// The first slots of each bucket, from `bucket` on, while they are those that hold its entries:
// their hashes and their values. Returns the bucket where it stopped.
uint32_t Cursor::take_buckets(uint32_t bucket, size_t count_max, int64_t* hashes, std::byte* values,
                              size_t& taken) noexcept {
  // A copy, which no store to the caller's arrays can change.
  const PositionSet live = live_;
  const LeafBucket* const buckets = leaf_->buckets();
  const uint32_t end = leaf_->form;
  constexpr size_t size = bucket_slots * sizeof(uint64_t);
  size_t count = taken;
  for (; bucket < end && count + bucket_slots <= count_max; bucket++) {
    const uint32_t entries = live.in_bucket(bucket);
    if ((entries & (entries + 1)) != 0) break;
    // How many they are cannot be predicted: all are taken, and what is too much is overwritten.
    // The snapshot does not change, so the bytes can be copied as they are.
    const auto& words = buckets[bucket].words;
    if (hashes != nullptr)
      std::memcpy(hashes + count, static_cast<const void*>(words.data()), size);
    if (values != nullptr) {
      std::memcpy(values + count * sizeof(uint64_t), static_cast<const void*>(&words[bucket_slots]),
                  size);
    }
    count += static_cast<size_t>(std::countr_one(entries));
  }
  taken = count;
  return bucket;
}

size_t Cursor::take_from_leaf(size_t count_max, int64_t* hashes, std::byte* values) noexcept {
  const size_t size = *inside_size();
  size_t count = 0;
  while (!live_.empty() && count < count_max) {
    uint32_t bucket = live_.first() / bucket_slots;
    if (size == sizeof(uint64_t)) {
      bucket = take_buckets(bucket, count_max, hashes, values, count);
      live_.erase_before(bucket);
      if (bucket == leaf_->form) break;
    }
    for (uint32_t left = live_.in_bucket(bucket); left != 0 && count < count_max;
         left &= left - 1, count++) {
      const LeafSlot slot = leaf_->slot(live_.take_first());
      if (hashes != nullptr)
        hashes[count] = static_cast<int64_t>(slot.hash().load(std::memory_order_relaxed));
      if (values == nullptr) continue;
      const uint64_t value = slot.value().load(std::memory_order_relaxed);
      std::memcpy(values + count * size, &value, size);
    }
  }
  return count;
}

size_t Cursor::take_inside(size_t count_max, int64_t* keys, std::byte* values) noexcept {
  const size_t size = *inside_size();
  size_t count = 0;
  while (count < count_max && find_leaf()) {
    int64_t* const to_keys = keys == nullptr ? nullptr : keys + count;
    std::byte* const to_values = values == nullptr ? nullptr : values + count * size;
    count += take_from_leaf(count_max - count, to_keys, to_values);
  }
  if (keys == nullptr) return count;
  // All at once: in a loop so long nothing is mispredicted, and no empty slot is computed with.
  const KeyHash hash = snapshot_.family()->hash();
  for (size_t i = 0; i < count; i++)
    keys[i] = static_cast<int64_t>(hash.key_of(static_cast<uint64_t>(keys[i])));
  return count;
}

}  // namespace stave::cow_map
