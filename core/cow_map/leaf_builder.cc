#include "core/cow_map/leaf_builder.h"

#include <cstring>

namespace stave::cow_map {

void clear_slots(Leaf* leaf, uint64_t hash) noexcept {
  // All of them: which ones will stay empty is not known yet. All bytes of either number are equal,
  // and no other thread sees the leaf yet.
  const auto empty = static_cast<int>(no_hash(hash) & 0xff);
  for (uint32_t bucket = 0; bucket < leaf->form; bucket++)
    std::memset(static_cast<void*>(&leaf->buckets()[bucket]), empty,
                bucket_slots * sizeof(uint64_t));
}

bool copy_entries(Leaf* to, Leaf* from, const PositionSet& positions) noexcept {
  LeafBucket* const to_buckets = to->buckets();
  const uint32_t buckets = to->form;
  uint64_t taken = to->taken;  // in a register
  const auto taken_in = [&taken](uint32_t bucket) {
    return static_cast<uint32_t>(taken >> (bucket * 4)) & 0xf;
  };
  for (uint32_t i = 0; i < PositionSet::word_count; i++) {
    for (uint64_t word = positions.word(i); word != 0; word &= word - 1) {
      const LeafSlot slot =
          from->slot(i * PositionSet::word_bits + static_cast<uint32_t>(std::countr_zero(word)));
      // Relaxed, here and below: the writer reads what it, or a writer before it, has written, and
      // no other thread sees the new leaf yet.
      const uint64_t hash = slot.hash().load(std::memory_order_relaxed);
      const uint64_t value = slot.value().load(std::memory_order_relaxed);
      uint32_t bucket = home_bucket(hash, buckets);
      if (taken_in(bucket) == bucket_slots) [[unlikely]] {
        bucket = next_bucket(bucket, buckets);
        if (taken_in(bucket) == bucket_slots) return false;
      }
      const LeafSlot free(to_buckets[bucket], taken_in(bucket));
      taken += uint64_t{1} << (bucket * 4);
      free.hash().store(hash, std::memory_order_relaxed);
      free.value().store(value, std::memory_order_relaxed);
    }
  }
  to->taken = taken;
  for (uint32_t bucket = 0; bucket < buckets; bucket++)
    to->live.insert_first(bucket, taken_in(bucket));
  return true;
}

}  // namespace stave::cow_map
