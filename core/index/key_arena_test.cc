#include "core/index/key_arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/limits.h"
#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

TEST(KeyArenaTest, RecordsWaitTogetherBySixteenOrByBytes) {
  KeyArena arena;
  const auto removed_together = [&arena](const std::string& key) {
    for (size_t count = 1;; count++) {
      const KeyArena::Removed removed = arena.remove(arena.add(0, as_bytes(key)));
      if (removed.first == nullptr) continue;
      EXPECT_GE(removed.bytes, count * key.size());
      arena.free_removed(removed);
      return count;
    }
  };
  EXPECT_EQ(removed_together(std::string(20, 'k')), 16U);
  EXPECT_EQ(removed_together(std::string(20'000, 'k')), 4U);
  EXPECT_EQ(removed_together(std::string(key_size_max, 'k')), 1U);
  EXPECT_EQ(removed_together(std::string(20, 'k')), 16U);
}

TEST(KeyArenaTest, WhatCannotWaitIsNotForgotten) {
  KeyArena arena;
  const std::string large(key_size_max, 'k');
  const KeyArena::Removed removed = arena.remove(arena.add(0, as_bytes(large)));
  ASSERT_NE(removed.first, nullptr);
  arena.keep_waiting(removed);
  const KeyArena::Removed both = arena.remove(arena.add(0, as_bytes(std::string("k"))));
  ASSERT_NE(both.first, nullptr);
  EXPECT_GT(both.bytes, removed.bytes);
  ASSERT_NE(both.first->next(), nullptr);
  EXPECT_EQ(both.first->next()->next(), nullptr);
  arena.free_removed(both);
  const uint64_t before = arena.bytes();
  EXPECT_NE(arena.add(0, as_bytes(large)), nullptr);
  EXPECT_EQ(arena.bytes(), before);
}

class LargeKeysTest : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, LargeKeysTest, testing::Values(Kind::owned, Kind::owned16),
                         kind_name);

// One key, of the largest size, comes and goes. What is removed waits for its readers; sixteen keys
// waited together, whatever their size, and a thread held back some hundred such waits: 174 MB.
TEST_P(LargeKeysTest, ComeAndGoInLittleMemory) {
  const NumberedKeys unused;
  const auto index = make_index(GetParam(), unused);
  const std::string key(key_size_max, 'k');
  uint64_t most = 0;
  for (uint64_t round = 0; round < 3000; round++) {
    ASSERT_TRUE(put_key(*index, as_bytes(key), round).ok());
    const auto removed = remove_key(*index, as_bytes(key));
    ASSERT_TRUE(removed.ok());
    EXPECT_EQ(**removed, round);
    most = std::max(most, index->stats().key_bytes);
  }
  EXPECT_LE(most, 16U << 20);
}

// Keys of one size went, others of another size came, and so on: each size had memory of its own,
// for ever. 4 MB of keys took 321.
TEST_P(LargeKeysTest, OfChangingSizesShareTheirMemory) {
  const NumberedKeys unused;
  const auto index = make_index(GetParam(), unused);
  constexpr uint64_t keys = 2000;
  const auto key_of = [](uint64_t number, size_t size) {
    std::string key(size, 'k');
    std::memcpy(key.data(), &number, sizeof number);
    return key;
  };
  uint64_t most = 0;
  for (size_t size = 20; size <= 2000; size += 60) {
    for (uint64_t number = 0; number < keys; number++)
      ASSERT_TRUE(put_key(*index, as_bytes(key_of(number, size)), number).ok());
    for (uint64_t number = 0; number < keys; number++)
      ASSERT_TRUE(remove_key(*index, as_bytes(key_of(number, size))).ok());
    most = std::max(most, index->stats().key_bytes);
  }
  EXPECT_LE(most, 16U << 20);
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_LE(index->stats().key_bytes, 1U << 20);
}

}  // namespace
}  // namespace stave::index
