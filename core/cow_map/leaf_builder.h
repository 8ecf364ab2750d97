// Builds a new leaf from the entries of one leaf or two.
//
// Each entry goes to its home bucket, or to the next one if that is full. A leaf that is rebuilt
// gets so much room that this nearly always succeeds; if not, the caller tries a larger leaf.
#pragma once

#include <cstdint>

#include "core/cow_map/node.h"

namespace stave::cow_map {

// Marks all slots of a leaf that has just been created as empty. `hash` is that of any entry that
// will be in it.
void clear_slots(Leaf* leaf, uint64_t hash) noexcept;
// Copies entries of another leaf. REQUIRES: clear_slots(), and no entries from elsewhere. False
// when both buckets of an entry are full: then the leaf must not be used.
[[nodiscard]] bool copy_entries(Leaf* to, Leaf* from, const PositionSet& positions) noexcept;

// The most buckets of a leaf whose keys have `depth` bits of the hash in common. The depth grows
// with the map: a change to a small shared map copies little, and a large map has few words above
// its leaves, so that they stay in the caches.
constexpr uint32_t leaf_buckets_max(uint32_t depth) noexcept {
  return depth < 12 ? 8 : buckets_max;
}

// How full a new leaf is.
enum class Fill : uint8_t { with_room, full };

// How many buckets a new leaf of so many entries gets. In a large map five sixths of the slots are
// filled, to save memory; in a small one three fifths, so that entries are moved half as often
// while the map grows.
constexpr uint32_t buckets_with_room(uint32_t entries, uint32_t depth) noexcept {
  constexpr uint32_t large_depth = 13;
  if (entries == 0) return 1;
  const uint32_t sixteenths = depth >= large_depth ? 19 : 26;
  return (entries * sixteenths + 16 * bucket_slots - 1) / (16 * bucket_slots);
}
// How many buckets hold so many entries nearly full.
constexpr uint32_t buckets_for(uint32_t entries) noexcept {
  return entries == 0 ? 1 : (entries * 6 + 5 * bucket_slots - 1) / (5 * bucket_slots);
}

}  // namespace stave::cow_map
