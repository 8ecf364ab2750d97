#include "core/cow_map/leaf_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/cow_map/key_hash.h"
#include "core/os/seeded_random.h"

namespace stave::cow_map {
namespace {

// A leaf that is freed with the test.
class TestLeaf {
 public:
  explicit TestLeaf(uint32_t buckets) : leaf_(create_leaf(buckets, 1)) {}
  ~TestLeaf() { free_shell(leaf_); }
  TestLeaf(const TestLeaf&) = delete;
  TestLeaf& operator=(const TestLeaf&) = delete;
  Leaf* operator->() const { return leaf_; }
  Leaf* get() const { return leaf_; }

  // Puts an entry where the writer of a map would.
  bool insert(uint64_t hash, uint64_t value) {
    if (!leaf_->has_room(hash)) return false;
    const uint32_t position = leaf_->empty_position(hash);
    publish_slot(leaf_->slot(position), hash, value);
    leaf_->mark_taken(position);
    return true;
  }
  LeafSlot find(uint64_t hash) const { return find_slot(leaf_->buckets(), leaf_->form, hash); }

 private:
  Leaf* leaf_;
};

// Hashes of one leaf: they begin with the same bit.
uint64_t random_hash(os::SeededRandom& random, bool high) {
  return random.next() >> 1 | uint64_t{high} << 63;
}

TEST(LeafBuilder, EntriesOfTwoLeavesAreFound) {
  os::SeededRandom random(41);
  uint64_t tries = 0;
  uint64_t failures = 0;
  for (int round = 0; round < 20'000; round++) {
    const bool high = random.coin();
    TestLeaf before[2] = {TestLeaf(buckets_max), TestLeaf(3)};
    std::vector<uint64_t> hashes;
    for (TestLeaf& leaf : before) {
      clear_slots(leaf.get(), random_hash(random, high));
      for (uint64_t count = random.below(25); count != 0; count--) {
        const uint64_t hash = random_hash(random, high);
        if (leaf.insert(hash, hashes.size())) hashes.push_back(hash);
      }
    }
    const auto entries = static_cast<uint32_t>(hashes.size());
    ASSERT_EQ(before[0]->entries() + before[1]->entries(), entries);
    const uint64_t next = random_hash(random, high);
    TestLeaf after(std::min(buckets_with_room(entries + 1, 0), buckets_max));
    clear_slots(after.get(), next);
    tries++;
    if (!copy_entries(after.get(), before[0].get(), before[0]->live) ||
        !copy_entries(after.get(), before[1].get(), before[1]->live)) {
      failures++;
      continue;
    }
    EXPECT_EQ(after->entries(), entries);
    EXPECT_FALSE(after.find(next));
    for (uint64_t i = 0; i < entries; i++) {
      const LeafSlot found = after.find(hashes[i]);
      ASSERT_TRUE(found);
      EXPECT_EQ(slot_value(found), i);
    }
  }
  // With the room that a growing leaf leaves they nearly always find a place.
  EXPECT_LT(failures * 100, tries);
}

TEST(LeafBuilder, TwoBucketsTakeSixteen) {
  TestLeaf from(buckets_max);
  clear_slots(from.get(), 0);
  // Those of the first bucket, and of the one behind it.
  for (uint64_t hash = 0; hash < uint64_t{2} * bucket_slots; hash++)
    EXPECT_TRUE(from.insert(hash, 1));
  EXPECT_FALSE(from.insert(uint64_t{2} * bucket_slots, 1));
  for (const uint32_t buckets : {1u, 2u, buckets_max}) {
    TestLeaf to(buckets);
    clear_slots(to.get(), 0);
    EXPECT_TRUE(to->has_room(0));
    if (buckets == 1) {
      EXPECT_FALSE(copy_entries(to.get(), from.get(), from->live));
    } else {
      EXPECT_TRUE(copy_entries(to.get(), from.get(), from->live));
      EXPECT_FALSE(to->has_room(0));
    }
  }
}

TEST(KeyHash, CanBeUndone) {
  os::SeededRandom random(43);
  const KeyHash hash(random.next());
  for (int round = 0; round < 10'000; round++) {
    const uint64_t key = random.next() >> random.below(64);
    EXPECT_EQ(hash.key_of(hash(key)), key);
  }
  EXPECT_EQ(hash.key_of(hash(uint64_t{1} << 63)), uint64_t{1} << 63);
}

}  // namespace
}  // namespace stave::cow_map
