#include "core/cow_map/leaf_builder.h"

namespace stave::cow_map {

LeafBuilder::LeafBuilder(Leaf* leaf, uint64_t hash) noexcept
    : slots_(leaf->slots()), buckets_(leaf->form) {
  // All of them: which ones will stay empty is not known yet, and later it would take branches that
  // are mispredicted.
  const uint64_t empty = no_hash(hash);
  for (uint32_t i = 0; i < buckets_ * bucket_slots; i++)
    slots_[i].hash.store(empty, std::memory_order_relaxed);
}

bool LeafBuilder::add(Leaf* from, uint64_t positions) noexcept {
  LeafSlot* const slots = slots_;
  const uint32_t buckets = buckets_;
  uint64_t filled = filled_;
  const auto filled_of = [&filled](uint32_t bucket) {
    return static_cast<uint32_t>(filled >> (bucket * 8)) & 0xff;
  };
  for (; positions != 0; positions &= positions - 1) {
    const LeafSlot& slot = from->slot(static_cast<uint32_t>(std::countr_zero(positions)));
    // Relaxed, here and below: the writer reads what it, or a writer before it, has written, and
    // nobody sees the new leaf yet.
    const uint64_t hash = slot.hash.load(std::memory_order_relaxed);
    const uint64_t value = slot.value.load(std::memory_order_relaxed);
    uint32_t bucket = home_bucket(hash, buckets);
    if (filled_of(bucket) == bucket_slots) [[unlikely]] {
      overflowed_ |= static_cast<uint8_t>(1u << bucket);
      bucket = next_bucket(bucket, buckets);
      if (filled_of(bucket) == bucket_slots) return false;
    }
    LeafSlot& to = slots[bucket * bucket_slots + filled_of(bucket)];
    filled += uint64_t{1} << (bucket * 8);
    to.hash.store(hash, std::memory_order_relaxed);
    to.value.store(value, std::memory_order_relaxed);
  }
  filled_ = filled;
  return true;
}

void LeafBuilder::finish(Leaf* leaf) const noexcept {
  uint64_t live = 0;
  for (uint32_t bucket = 0; bucket < buckets_; bucket++)
    live |= ((uint64_t{1} << filled(bucket)) - 1) << (bucket * bucket_slots);
  leaf->live = live;
  leaf->used = live;
  leaf->overflowed = overflowed_;
}

}  // namespace stave::cow_map
