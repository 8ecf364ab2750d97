// Growing, shrinking, clearing and walking over the whole index, for each kind of it.
#include "core/index/index.h"

#include <map>
#include <set>
#include <vector>

#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

double probe_mean(const IndexStats& stats) {
  return static_cast<double>(stats.sampled_probes) / static_cast<double>(stats.sampled_buckets);
}

INSTANTIATE_TEST_SUITE_P(Kinds, IndexTest, testing::ValuesIn(all_kinds), kind_name);

// Hashes that differ in few bits, and hashes that crowd in one shard, still spread.
TEST_P(IndexTest, PoorHashesSpread) {
  constexpr uint64_t count = 10'000;
  const std::array<uint64_t (*)(uint64_t), 3> hashes = {
      [](uint64_t number) { return number; },
      [](uint64_t number) { return number << 50 | number >> 14; },
      [](uint64_t number) { return __builtin_bswap64(number); },  // a big-endian counter
  };
  for (const auto hash : hashes) {
    index = make_index(GetParam(), keys);
    keys.set_hash(hash);
    for (uint64_t i = 0; i < count; i++) {
      const std::string key = keys.key(i);
      ASSERT_EQ(*put_key(*index, hashed(key, hash(i)), value(i)), std::nullopt);
    }
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) {
      const std::string key = keys.key(i);
      ASSERT_TRUE(get_key(*index, hashed(key, hash(i)), &found).ok()) << i;
      ASSERT_EQ(found, value(i));
    }
    EXPECT_LT(probe_mean(index->stats()), 1.5);
    for (const ShardStats& shard : index->stats().shards) EXPECT_GT(shard.entries, 0U);
  }
}

TEST_P(IndexTest, ConstantSizeNeitherGrowsNorLengthensProbes) {
  constexpr uint64_t size = 5'000;
  const auto churn = [this](uint64_t begin, uint64_t rounds) {
    for (uint64_t i = begin; i < begin + rounds; i++) {
      put(i);
      if (i >= size) {
        ASSERT_EQ(remove(i - size), value(i - size));
      }
    }
  };
  // What waits for epochs to end is part of the steady state.
  churn(0, 100'000);
  const IndexStats before = index->stats();
  churn(100'000, 1'000'000);
  const IndexStats after = index->stats();
  EXPECT_EQ(index->size(), size);
  EXPECT_LE(after.bytes, before.bytes + before.bytes / 8);
  EXPECT_LE(probe_mean(after), probe_mean(before) + 0.1);
}

TEST_P(IndexTest, GrowsBucketByBucket) {
  for (uint64_t i = 0; i < 100'000; i++) put(i);
  const IndexStats stats = index->stats();
  EXPECT_EQ(stats.entries, 100'000U);
  EXPECT_GT(stats.splits, 1000U);
  EXPECT_LE(stats.splits_of_one_operation_max, 2U);
  EXPECT_GE(static_cast<double>(stats.entries), 0.70 * 7 * static_cast<double>(stats.buckets));
  EXPECT_GE(stats.capacity, stats.entries);
}

TEST_P(IndexTest, ReserveMakesRoom) {
  ASSERT_TRUE(index->reserve(50'000).ok());
  EXPECT_GE(index->capacity(), 50'000U);
  const uint64_t buckets = index->stats().buckets;
  for (uint64_t i = 0; i < 45'000; i++) put(i);
  EXPECT_EQ(index->stats().buckets, buckets);
  for (uint64_t i = 0; i < 45'000; i++) ASSERT_EQ(get(i), value(i));
  index = make_index(GetParam(), keys, {.capacity = 50'000});
  EXPECT_GE(index->capacity(), 50'000U);
  EXPECT_LT(index->stats().bytes, 2'000'000U);
}

TEST_P(IndexTest, ShrinkGivesMemoryBack) {
  for (uint64_t i = 0; i < 100'000; i++) put(i);
  for (uint64_t i = 1000; i < 100'000; i++) remove(i);
  const uint64_t before = index->stats().bytes;
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_LT(index->stats().bytes, before / 5 + index->stats().key_bytes);
  EXPECT_EQ(index->size(), 1000U);
  for (uint64_t i = 0; i < 1000; i++) ASSERT_EQ(get(i), value(i));
  for (uint64_t i = 1000; i < 50'000; i++) ASSERT_EQ(put(i), std::nullopt);
  for (uint64_t i = 0; i < 50'000; i++) ASSERT_EQ(remove(i), value(i));
  EXPECT_EQ(index->size(), 0U);
}

TEST_P(IndexTest, ClearRemovesAllEntries) {
  for (uint64_t i = 0; i < 10'000; i++) put(i);
  ASSERT_TRUE(index->clear().ok());
  EXPECT_EQ(index->size(), 0U);
  EXPECT_EQ(get(1), std::nullopt);
  EXPECT_EQ(put(1), std::nullopt);
  EXPECT_EQ(index->size(), 1U);
}

// A thread looks at what it has retired after every 64 objects, and the old root was one: up to 64
// indexes of any size waited for somebody to retire more.
TEST_P(IndexTest, ClearAndShrinkGiveMemoryBackBeforeTheyReturn) {
  for (uint64_t i = 0; i < 50'000; i++) put(i);
  for (uint64_t i = 0; i < 49'000; i++) remove(i);
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
  ASSERT_TRUE(index->clear().ok());
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
}

// The same of what removals leave: it holds what it lies in, and so the whole index.
TEST_P(IndexTest, DestructorGivesMemoryBack) {
  for (uint64_t i = 0; i < 10'000; i++) put(i);
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  for (uint64_t i = 0; i < 1'000; i++) remove(i);
  index.reset();
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
}

TEST_P(IndexTest, CursorVisitsEveryEntryOnce) {
  constexpr uint64_t count = 20'000;
  for (uint64_t i = 0; i < count; i++) put(i);
  const std::vector<uint64_t> values = values_of(*index);
  const std::set<uint64_t> distinct(values.begin(), values.end());
  EXPECT_EQ(values.size(), count);
  EXPECT_EQ(distinct.size(), count);
}

// Growing, then shrinking, in the middle of a walk.
TEST_P(IndexTest, CursorVisitsEntriesOnceBesideGrowthAndShrink) {
  constexpr uint64_t count = 5'000;
  for (uint64_t i = 0; i < count; i++) put(i);
  auto cursor = index->cursor();
  ASSERT_TRUE(cursor.ok());
  std::map<uint64_t, int> met;
  Index::Item item;
  uint64_t steps = 0;
  while ((*cursor)->next(&item).ok()) {
    met[item.value]++;
    if (is_owned(GetParam())) {
      ASSERT_EQ(as_text(item.key), keys.key(NumberedKeys::number(item.value)));
    }
    steps++;
    if (steps == count / 3)
      for (uint64_t i = count; i < 20 * count; i++) put(i);
    if (steps == count) {
      for (uint64_t i = count; i < 20 * count; i++) remove(i);
      ASSERT_TRUE(index->shrink_to_fit().ok());
    }
  }
  for (uint64_t i = 0; i < count; i++) ASSERT_EQ(met[value(i)], 1) << i;
  for (const auto& [one, times] : met) ASSERT_EQ(times, 1);
}

}  // namespace
}  // namespace stave::index
