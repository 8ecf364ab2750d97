// Lays the entries of one leaf or two out in a new one.
//
// Each entry goes to its home bucket, or where that is full to the one behind it. Leaves that grow
// leave so much room that one pass is as good as always enough; when it is not, the caller tries a
// larger leaf.
#pragma once

#include <cstdint>

#include "core/cow_map/node.h"

namespace stave::cow_map {

class LeafBuilder {
 public:
  // Into `leaf`, which is fresh, and where `hash`, that of any entry to come, belongs.
  LeafBuilder(Leaf* leaf, uint64_t hash) noexcept;

  // False when an entry finds both its buckets full: then the leaf is of no use.
  [[nodiscard]] bool add(Leaf* from, const PositionSet& positions) noexcept;
  // Whether an entry with this hash would find an empty slot.
  bool has_room(uint64_t hash) const noexcept {
    const uint32_t home = home_bucket(hash, buckets_);
    return filled(home) < bucket_slots || filled(next_bucket(home, buckets_)) < bucket_slots;
  }
  void finish(Leaf* leaf) const noexcept;

 private:
  uint32_t filled(uint32_t bucket) const noexcept {
    return static_cast<uint32_t>(filled_ >> (bucket * 4)) & 0xf;
  }

  LeafBucket* const to_;
  const uint32_t buckets_;
  uint64_t filled_ = 0;  // slots of each bucket, four bits each: a register of counters
};

// The most buckets of a leaf whose keys have `depth` bits of the hash in common, which the number
// of entries in the map follows: a change to a small map that is shared copies little, and a large
// map has few words above its leaves, which should stay in the caches.
constexpr uint32_t leaf_buckets_max(uint32_t depth) noexcept {
  return depth < 12 ? 8 : buckets_max;
}

// How many buckets leave some room when `entries` lie in them. In a map of many entries bytes
// count: five sixths of the slots are filled. In a small one time does: up to three fifths are
// filled, and an entry is moved half as often while the map grows.
constexpr uint32_t buckets_with_room(uint32_t entries, uint32_t depth) noexcept {
  constexpr uint32_t large_depth = 13;
  if (entries == 0) return 1;
  const uint32_t sixteenths = depth >= large_depth ? 19 : 26;
  return (entries * sixteenths + 16 * bucket_slots - 1) / (16 * bucket_slots);
}
// The same, nearly full.
constexpr uint32_t buckets_for(uint32_t entries) noexcept {
  return entries == 0 ? 1 : (entries * 6 + 5 * bucket_slots - 1) / (5 * bucket_slots);
}

}  // namespace stave::cow_map
