#include "core/cow_map/leaf_builder.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/cow_map/key_hash.h"
#include "core/os/seeded_random.h"

namespace stave::cow_map {
namespace {

// A leaf that is freed with the test.
class TestLeaf {
 public:
  explicit TestLeaf(uint32_t lines) : leaf_(create_leaf(lines, 1)) {}
  ~TestLeaf() { discard(leaf_); }
  TestLeaf(const TestLeaf&) = delete;
  TestLeaf& operator=(const TestLeaf&) = delete;
  Leaf* operator->() const { return leaf_; }
  Leaf* get() const { return leaf_; }

  // Puts an entry where the writer of a map would.
  bool insert(uint64_t hash, uint64_t value) {
    if (!leaf_->has_room(hash)) return false;
    const uint32_t position = leaf_->empty_position(hash);
    publish_slot(leaf_->slot(position), hash, value);
    leaf_->live |= uint64_t{1} << position;
    leaf_->used |= uint64_t{1} << position;
    return true;
  }
  const LeafSlot* find(uint64_t hash) const { return find_slot(leaf_->slots(), leaf_->form, hash); }

 private:
  Leaf* leaf_;
};

void write_empty(Leaf* leaf, uint64_t hash) {
  LeafBuilder builder;
  builder.reserve(hash);
  ASSERT_TRUE(builder.fits(leaf->form));
  builder.write(leaf);
}

// Hashes of one leaf: they begin with the same bit.
uint64_t random_hash(os::SeededRandom& random, bool high) {
  return random.next() >> 1 | uint64_t{high} << 63;
}

TEST(LeafBuilder, EntriesAreFoundAndTheReservedOneFindsRoom) {
  os::SeededRandom random(41);
  uint64_t slots = 0;
  uint64_t entries = 0;
  for (int round = 0; round < 20'000; round++) {
    const bool high = random.coin();
    TestLeaf before(lines_max);
    std::vector<uint64_t> hashes = {random_hash(random, high)};
    write_empty(before.get(), hashes[0]);
    const uint64_t count = random.below(40);
    while (hashes.size() < count && before.insert(hashes.back(), hashes.size() - 1))
      hashes.push_back(random_hash(random, high));
    const uint64_t last = hashes.back();
    hashes.pop_back();
    const auto in_leaf = before->entries();

    LeafBuilder builder;
    builder.add(before.get(), before->live);
    builder.reserve(last);
    const uint32_t lines = builder.fit(lines_with_room(in_leaf + 1));
    if (lines == 0) continue;
    TestLeaf after(lines);
    builder.write(after.get());
    EXPECT_EQ(after->entries(), in_leaf);
    EXPECT_TRUE(after->has_room(last));
    EXPECT_EQ(after.find(last), before.find(last));
    for (uint64_t i = 0; i < in_leaf; i++) {
      const LeafSlot* const found = after.find(hashes[i]);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(slot_value(*found), i);
    }
    slots += uint64_t{lines} * line_slots;
    entries += in_leaf + 1;
  }
  // Mostly in the lines that were asked for first, which leave a quarter of the slots.
  EXPECT_GT(entries * 100, slots * 68);
}

TEST(LeafBuilder, APartFitsWhereTheWholeHasBeen) {
  os::SeededRandom random(42);
  for (int round = 0; round < 20'000; round++) {
    const auto lines = 1 + static_cast<uint32_t>(random.below(lines_max));
    TestLeaf leaf(lines);
    write_empty(leaf.get(), 0);
    // Until it is full for somebody.
    while (leaf.insert(random_hash(random, false), 1)) {
    }
    LeafBuilder builder;
    builder.add(leaf.get(), leaf->live & random.next());
    EXPECT_TRUE(builder.fits(lines));
  }
}

TEST(LeafBuilder, OneLineTakesFour) {
  LeafBuilder builder;
  for (uint64_t hash = 0; hash < line_slots; hash++) {
    EXPECT_TRUE(builder.fits(1));
    builder.reserve(hash);
  }
  EXPECT_TRUE(builder.fits(1));
  builder.reserve(line_slots);
  EXPECT_FALSE(builder.fits(1));
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
