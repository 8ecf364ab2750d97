#include "core/disk_index/log/delta_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "core/disk_index/log/layered_table.h"

namespace stave::disk_index {
namespace {

TEST(DeltaTable, FindsTheNewestOfEachKey) {
  DeltaTable<> table(10, 1024);
  std::vector<uint64_t> keys;
  std::mt19937_64 random(3);
  std::map<uint64_t, uint32_t> newest;
  std::vector<uint64_t> key_of_number;
  for (uint32_t number = 0; number < 1500; number++) {
    const uint64_t key = (random() % 700) * 0x9E3779B97F4A7C15;
    key_of_number.push_back(key);
    const std::optional<TakenSlot> slot =
        table.put(key, number, [&](uint32_t at) { return key_of_number[at] == key; });
    ASSERT_TRUE(slot);
    EXPECT_EQ(slot->replaced.has_value(), newest.contains(key));
    if (slot->replaced) {
      EXPECT_EQ(*slot->replaced, newest[key]);
    }
    newest[key] = number;
  }
  for (const auto& [key, number] : newest) {
    const auto is_it = [&, wanted = key](uint32_t at) { return key_of_number[at] == wanted; };
    EXPECT_EQ(table.find(key, is_it), number);
  }
  EXPECT_FALSE(table.find(12345, [](uint32_t) { return false; }));
  std::set<uint32_t> met;
  table.for_range(0, UINT64_MAX, [&](uint32_t number) { EXPECT_TRUE(met.insert(number).second); });
  EXPECT_EQ(met.size(), newest.size());
}

TEST(DeltaTable, IsFullWhenTooManyShareAHash) {
  DeltaTable<> table(10, 7);
  const auto never = [](uint32_t) { return false; };
  for (uint32_t number = 0; number < 8; number++) {
    const std::optional<TakenSlot> slot = table.put(UINT64_MAX, number, never);
    ASSERT_TRUE(slot);
    EXPECT_EQ(slot->probes, number + 1);
  }
  EXPECT_FALSE(table.put(UINT64_MAX, 8, never));
}

TEST(LayeredTable, FindsTheNewestOfEachKeyBeforeAndAfterItIsMoved) {
  LayeredTable<> table(10, 1024);
  std::mt19937_64 random(3);
  std::map<uint64_t, uint32_t> newest;
  std::vector<uint64_t> keys;
  const auto is = [&](uint64_t key) { return [&, key](uint32_t at) { return keys[at] == key; }; };
  const auto check = [&] {
    for (const auto& [key, number] : newest) EXPECT_EQ(table.find(key, is(key)), number);
    std::map<uint64_t, uint32_t> first_met;
    table.for_range(0, UINT64_MAX,
                    [&](uint32_t number) { first_met.emplace(keys[number], number); });
    EXPECT_EQ(first_met, newest);
  };
  size_t moved = 0;
  const auto replace = [&](std::unique_ptr<LayeredTable<>::Recent> next) {
    table.replace_recent(
        std::move(next), [&](uint32_t number) { return keys[number]; },
        [&](uint32_t a, uint32_t b) { return keys[a] == keys[b]; },
        [&](const std::optional<TakenSlot>& slot) {
          ASSERT_TRUE(slot);
          moved++;
        });
  };
  for (uint32_t number = 0; number < 1500; number++) {
    if (table.wants_replacement()) {
      replace(std::make_unique<LayeredTable<>::Recent>(6, 32));
      check();
    }
    const uint64_t key = (random() % 700) * 0x9E3779B97F4A7C15;
    keys.push_back(key);
    ASSERT_TRUE(table.put(key, number, is(key)));
    newest[key] = number;
    if (number % 100 == 0) check();
  }
  replace(nullptr);
  check();
  EXPECT_GT(moved, newest.size());
  for (const auto& [key, number] : newest) EXPECT_EQ(table.settled().find(key, is(key)), number);
}

}  // namespace
}  // namespace stave::disk_index
