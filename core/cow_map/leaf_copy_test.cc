#include "core/cow_map/leaf_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/cow_map/leaf_builder.h"
#include "core/os/seeded_random.h"

namespace stave::cow_map {
namespace {

using CopyBuckets = uint32_t(const Leaf&, const PositionSet&, uint32_t, EntryArrays&) noexcept;
using ToKeys = void(const KeyHash&, uint64_t*, size_t) noexcept;

struct Entry {
  uint64_t hash;
  uint64_t value;
  bool operator==(const Entry&) const = default;
};

// The entries in `live`, bucket by bucket.
std::vector<Entry> entries_of(Leaf& leaf, const PositionSet& live) {
  std::vector<Entry> entries;
  live.for_each([&](uint32_t position) {
    const LeafSlot slot = leaf.slot(position);
    entries.push_back({slot.hash().load(), slot.value().load()});
  });
  return entries;
}

void fill(Leaf* leaf, os::SeededRandom& random) {
  LeafBuilder(leaf, 0).finish(leaf);
  for (uint64_t count = random.below(leaf->form * bucket_slots); count != 0; count--) {
    const uint64_t hash = random.next() >> 1;
    if (!leaf->has_room(hash)) return;
    const uint32_t position = leaf->empty_position(hash);
    publish_slot(leaf->slot(position), hash, random.next());
    leaf->mark_taken(position);
  }
}

// Copies all of a leaf, from any bucket on, and with arrays of any size; either may be missing.
void copies_what_there_is(CopyBuckets& copy, bool past_holes) {
  os::SeededRandom random(47);
  for (int round = 0; round < 20'000; round++) {
    Leaf* const leaf = create_leaf(static_cast<uint32_t>(1 + random.below(buckets_max)), 1);
    fill(leaf, random);
    PositionSet live = leaf->live;
    if (random.coin()) {
      leaf->live.for_each([&](uint32_t position) {
        if (random.below(8) == 0) live.erase(position);
      });
    }
    const auto first = static_cast<uint32_t>(random.below(leaf->form + 1));
    live.erase_before(first);
    const std::vector<Entry> wanted = entries_of(*leaf, live);

    // What lies behind the arrays belongs to somebody else.
    const size_t size = random.coin() ? wanted.size() + bucket_slots : random.below(60);
    constexpr uint64_t untouched = 0x7777777777777777;
    std::vector<uint64_t> hashes(size + 1, untouched);
    std::vector<uint64_t> values(size + 1, untouched);
    const bool with_hashes = random.below(4) != 0;
    const bool with_values = random.below(4) != 0;
    EntryArrays to{with_hashes ? hashes.data() : nullptr,
                   with_values ? reinterpret_cast<std::byte*>(values.data()) : nullptr, size};
    const uint32_t end = copy(*leaf, live, first, to);

    EXPECT_EQ(hashes.back(), untouched);
    EXPECT_EQ(values.back(), untouched);
    ASSERT_LE(to.count, wanted.size());
    for (size_t i = 0; i < to.count; i++) {
      EXPECT_EQ(hashes[i], with_hashes ? wanted[i].hash : untouched);
      EXPECT_EQ(values[i], with_values ? wanted[i].value : untouched);
    }
    // All of the buckets in front of the one where it stopped, and it stopped for a reason.
    PositionSet left = live;
    left.erase_before(end);
    EXPECT_EQ(to.count + left.count(), wanted.size());
    if (end != leaf->form) {
      const uint32_t next = live.in_bucket(end);
      const bool has_hole = (next & (next + 1)) != 0;
      EXPECT_TRUE(to.count + bucket_slots > size || (has_hole && !past_holes));
    }
    discard(leaf);
  }
}

void computes_every_key(ToKeys& to_keys) {
  os::SeededRandom random(48);
  for (size_t count = 0; count < 100; count++) {
    const KeyHash hash(random.next());
    std::vector<uint64_t> keys(count);
    for (uint64_t& key : keys) key = random.next() >> random.below(64);
    std::vector<uint64_t> hashes(count);
    std::transform(keys.begin(), keys.end(), hashes.begin(), hash);
    to_keys(hash, hashes.data(), count);
    EXPECT_EQ(hashes, keys);
  }
}

TEST(LeafCopy, PlainCopiesWhatThereIs) {
  copies_what_there_is(plain::copy_buckets, false);
  computes_every_key(plain::to_keys);
}

TEST(LeafCopy, WideCopiesWhatThereIs) {
#ifdef STAVE_WIDE_VECTORS
  if (!has_wide_vectors()) GTEST_SKIP() << "this processor has no such vectors";
  copies_what_there_is(wide::copy_buckets, true);
  computes_every_key(wide::to_keys);
#else
  GTEST_SKIP() << "not compiled";
#endif
}

}  // namespace
}  // namespace stave::cow_map
