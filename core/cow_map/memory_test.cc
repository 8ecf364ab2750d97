// What maps hold back after they were freed, and what they take for themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "core/cow_map/map.h"
#include "core/cow_map/node_pool.h"
#include "core/os/seeded_random.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {
namespace {

constexpr auto ignore = [](Bytes) { return Status(); };
constexpr Options words = {.fixed_values = true, .value_size = 8};

std::unique_ptr<Map> create(const Options& options) {
  auto map = std::make_unique<Map>();
  EXPECT_TRUE(map->create(options, 1).ok());
  return map;
}
void put(Map& map, int64_t key, uint64_t value) {
  EXPECT_TRUE(map.put(key, as_bytes(&value, sizeof value), ignore).ok());
}
std::unique_ptr<Map> filled(int64_t entries) {
  auto map = create(words);
  for (int64_t key = 0; key < entries; key++) put(*map, key, 1);
  return map;
}
uint64_t own_bytes(Map& map) {
  return map.stats()->own_bytes;
}

class CowMapMemory : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(sync::EpochRegistry::reclaim_free()); }
  void TearDown() override { EXPECT_TRUE(sync::EpochRegistry::reclaim_free()); }
};

// Each original has next to nothing in common with its copy when it is freed, as one object, of
// which a thread may hold back many. It was 64 whole maps.
TEST_F(CowMapMemory, MapsThatWereReplacedByTheirCopiesComeBack) {
  constexpr int64_t entries = 50'000;
  auto map = filled(entries);
  const size_t reserve = NodePool::bytes_held();
  const uint64_t one_map = own_bytes(*map);
  os::SeededRandom random(1);
  for (int round = 0; round < 100; round++) {
    auto copy = std::make_unique<Map>();
    ASSERT_TRUE(copy->clone_from(*map).ok());
    for (int64_t i = 0; i < entries / 5; i++)
      put(*copy, static_cast<int64_t>(random.below(entries)), 2);
    map = std::move(copy);
    ASSERT_LT(NodePool::bytes_held(), reserve + 8 * one_map + (size_t{12} << 20)) << round;
  }
}

// The one who frees them does nothing else, and the other frees nothing.
TEST_F(CowMapMemory, MapsThatAnotherThreadFreesComeBack) {
  constexpr int64_t entries = 50'000;
  const uint64_t one_map = own_bytes(*filled(entries));
  const size_t reserve = NodePool::bytes_held();
  std::unique_ptr<Map> made;
  std::atomic<bool> is_made{false};
  std::atomic<bool> ends{false};
  std::thread other([&] {
    while (!ends) {
      if (!is_made) {
        std::this_thread::yield();
        continue;
      }
      made.reset();
      is_made = false;
    }
  });
  for (int round = 0; round < 100; round++) {
    auto map = filled(entries);
    while (is_made) std::this_thread::yield();
    made = std::move(map);
    is_made = true;
    EXPECT_LT(NodePool::bytes_held(), reserve + 16 * one_map + (size_t{12} << 20)) << round;
  }
  while (is_made) std::this_thread::yield();
  ends = true;
  other.join();
}

// A large map of values with memory of their own, and what writes to another one pay for it.
TEST_F(CowMapMemory, NoWritePaysForAMapThatWasFreed) {
  constexpr int64_t entries = 100'000;
  auto large = create({});
  for (int64_t key = 0; key < entries; key++) put(*large, key, 1);
  auto small = create({});
  for (int64_t key = 0; key < 100; key++) put(*small, key, 1);
  large.reset();
  size_t most = 0;
  size_t waiting = sync::EpochRegistry::waiting();
  bool is_growing = true;  // while inner nodes and leaves bring what hangs on them
  for (int64_t i = 0; is_growing || waiting > 1'000; i++) {
    ASSERT_LT(i, 2 * entries) << waiting << " still wait";
    put(*small, i % 100, 2);
    const size_t now = sync::EpochRegistry::waiting();
    if (now < waiting) most = std::max(most, waiting - now);
    is_growing = now > waiting || i < entries / 100;
    waiting = now;
  }
  EXPECT_LE(most, 4 * sync::EpochRegistry::kHeldBackMax);
}

// "Take this instead, and put what was there here" with one buffer for both.
TEST_F(CowMapMemory, AValueMayLieWhereThePreviousOneGoes) {
  for (const bool fixed : {true, false}) {
    auto map = create({.fixed_values = fixed, .value_size = 8});
    std::string buffer = "previous";
    const auto to_buffer = [&](Bytes previous) {
      buffer.assign(as_text(previous));
      buffer.append(100, '.');
      return Status();
    };
    ASSERT_TRUE(map->put(1, as_bytes(buffer), ignore).ok());
    buffer = "replaces";
    ASSERT_TRUE(map->put(1, as_bytes(buffer), to_buffer).ok());
    EXPECT_EQ(buffer.substr(0, 8), "previous");
    ASSERT_TRUE(map->get(1,
                         [](Bytes value) {
                           EXPECT_EQ(as_text(value), "replaces");
                           return Status();
                         })
                    .ok());
  }
}

TEST_F(CowMapMemory, RoomThatWasAskedForCostsLittleAndIsGivenBack) {
  const uint64_t bare = own_bytes(*create(words));
  for (uint64_t capacity = 10'000; capacity < 20'000'000; capacity = capacity * 8 / 5) {
    Options options = words;
    options.capacity = capacity;
    const auto map = create(options);
    EXPECT_LE(own_bytes(*map), 2'000 + capacity / 2);
    if (capacity % 2 == 0)
      EXPECT_TRUE(map->clear().ok());
    else
      EXPECT_TRUE(map->shrink_to_fit().ok());
    EXPECT_LE(own_bytes(*map), bare + 1'024);
    if (capacity > 300'000) continue;
    const auto used = create(options);
    for (uint64_t key = 0; key < capacity; key++) put(*used, static_cast<int64_t>(key), 1);
    const auto grown = filled(static_cast<int64_t>(capacity));
    EXPECT_LE(own_bytes(*used), own_bytes(*grown) * 21 / 20);
  }
}

TEST_F(CowMapMemory, ShrinkGivesBackTheRoomOfACapacityThatFewEntriesCameFor) {
  for (const uint64_t capacity : std::initializer_list<uint64_t>{10'000, 100'000, 3'000'000}) {
    for (const int64_t entries : {0, 1, 20, 500, 5'000}) {
      Options options = words;
      options.capacity = capacity;
      const auto map = create(options);
      for (int64_t key = 0; key < entries; key++) put(*map, key, 7);
      const auto grown = filled(entries);
      EXPECT_TRUE(grown->shrink_to_fit().ok());
      EXPECT_TRUE(map->shrink_to_fit().ok());
      EXPECT_LE(own_bytes(*map), own_bytes(*grown) * 3 / 2) << capacity << ' ' << entries;
      EXPECT_EQ(map->size(), static_cast<uint64_t>(entries));
      for (int64_t key = 0; key < entries; key++) EXPECT_EQ(map->contains(key), Code::ok);
      for (int64_t key = 0; key < 2 * entries; key++) put(*map, key, 8);
      EXPECT_EQ(map->size(), static_cast<uint64_t>(2 * entries));
    }
  }
}

TEST_F(CowMapMemory, ShrinkCopiesNothingThatIsShared) {
  Options options = words;
  options.capacity = 100'000;
  const auto map = create(options);
  for (int64_t key = 0; key < 500; key++) put(*map, key, 7);
  Map copy;
  ASSERT_TRUE(copy.clone_from(*map).ok());
  EXPECT_TRUE(copy.shrink_to_fit().ok());
  EXPECT_EQ(own_bytes(copy), 0u);
  put(copy, 1, 8);
  const uint64_t before = own_bytes(copy);
  EXPECT_TRUE(copy.shrink_to_fit().ok());
  EXPECT_LE(own_bytes(copy), before);
  for (int64_t key = 0; key < 500; key++) EXPECT_EQ(copy.contains(key), Code::ok);
}

TEST_F(CowMapMemory, AMapThatHasBecomeEmptyGivesItsNodesBack) {
  const auto map = create(words);
  const uint64_t bare = own_bytes(*map);
  constexpr int64_t entries = 300'000;
  for (int64_t key = 0; key < entries; key++) put(*map, key, 1);
  for (int64_t key = 0; key < entries; key++) EXPECT_TRUE(map->remove(key, ignore).ok());
  EXPECT_TRUE(map->shrink_to_fit().ok());
  EXPECT_LE(own_bytes(*map), bare + 1'024);
  put(*map, 7, 7);
  EXPECT_EQ(map->contains(7), Code::ok);
}

}  // namespace
}  // namespace stave::cow_map
