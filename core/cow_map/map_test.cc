#include "core/cow_map/map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cow_map/cursor.h"
#include "core/cow_map/diff.h"
#include "core/os/seeded_random.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {
namespace {

constexpr Options words = {.fixed_values = true, .value_size = 8};
constexpr uint64_t family_seed = 99;

Bytes bytes_of(const uint64_t& number) {
  return as_bytes(&number, sizeof number);
}

class TestMap {
 public:
  explicit TestMap(const Options& options = words) {
    EXPECT_TRUE(map_->create(options, family_seed).ok());
  }
  TestMap clone() {
    TestMap copy{nullptr};
    copy.map_ = std::make_unique<Map>();
    EXPECT_TRUE(copy.map_->clone_from(*map_).ok());
    return copy;
  }

  void put(int64_t key, uint64_t value) {
    EXPECT_TRUE(map_->put(key, bytes_of(value), ignore).ok());
  }
  void put(int64_t key, const std::string& value) {
    EXPECT_TRUE(map_->put(key, as_bytes(value), ignore).ok());
  }
  bool erase(int64_t key) { return map_->remove(key, ignore).ok(); }
  // 0 when absent.
  uint64_t get(int64_t key) const {
    uint64_t value = 0;
    map_->get(key,
              [&](Bytes bytes) {
                std::memcpy(&value, bytes.data(), sizeof value);
                return Status();
              })
        .is_error();
    return value;
  }
  bool has(int64_t key) const { return map_->contains(key) == Code::ok; }
  std::string text(int64_t key) const {
    std::string value;
    EXPECT_TRUE(map_->get(key,
                          [&](Bytes bytes) {
                            value = as_text(bytes);
                            return Status();
                          })
                    .ok());
    return value;
  }
  uint64_t memory() {
    const auto stats = map_->stats();
    return stats->own_bytes + stats->shared_bytes;
  }
  Snapshot snapshot() { return *map_->snapshot(); }
  Map& operator*() { return *map_; }
  Map* operator->() { return map_.get(); }

  static constexpr auto ignore = [](Bytes) { return Status(); };

 private:
  explicit TestMap(std::nullptr_t) : map_(nullptr) {}
  std::unique_ptr<Map> map_ = std::make_unique<Map>();
};

TEST(CowMap, EveryIntegerIsAKey) {
  TestMap map;
  std::vector<int64_t> keys = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  for (int64_t key = 2; key < 64; key++) keys.push_back(key);
  for (const int64_t key : keys) map.put(key, static_cast<uint64_t>(key) + 1000);
  for (const int64_t key : keys) EXPECT_EQ(map.get(key), static_cast<uint64_t>(key) + 1000);
  for (const int64_t key : keys) EXPECT_TRUE(map.erase(key));
  for (const int64_t key : keys) EXPECT_FALSE(map.has(key));
  EXPECT_EQ(map->size(), 0u);
}

TEST(CowMap, RandomRemovalsKeepAllOtherEntries) {
  for (uint32_t shift = 0; shift < 64; shift++) {
    TestMap map;
    std::unordered_map<int64_t, uint64_t> expected;
    os::SeededRandom random(shift);
    for (uint64_t i = 0; i < 4000; i++) {
      const auto key = static_cast<int64_t>((shift == 63 ? random.next() : i) << shift);
      map.put(key, i + 1);
      expected[key] = i + 1;
    }
    for (auto entry = expected.begin(); entry != expected.end();) {
      if (random.below(10) == 0) {
        ++entry;
        continue;
      }
      EXPECT_TRUE(map.erase(entry->first));
      entry = expected.erase(entry);
    }
    EXPECT_EQ(map->size(), expected.size());
    for (const auto& [key, value] : expected) EXPECT_EQ(map.get(key), value);
  }
}

TEST(CowMap, AWriteAfterACloneCopiesALeafNotTheMap) {
  TestMap map;
  for (int64_t key = 0; key < 100'000; key++) map.put(key, 1);
  TestMap copy = map.clone();
  EXPECT_EQ(copy->stats()->own_bytes, 0u);
  EXPECT_EQ(map->stats()->own_bytes, 0u);
  copy.put(5, 2);
  EXPECT_LT(copy->stats()->own_bytes, 4096u);
  EXPECT_EQ(map.get(5), 1u);
  EXPECT_EQ(copy.get(5), 2u);
  map.put(5, 3);
  EXPECT_LT(map->stats()->own_bytes, 4096u);
  EXPECT_EQ(copy.get(5), 2u);
}

// Not even the caller's own removal takes it away, nor do others take its memory.
TEST(CowMap, AValueLivesAsLongAsItsReader) {
  TestMap map(Options{});
  const std::string value(100, 'v');
  map.put(1, value);
  EXPECT_TRUE(map->get(1,
                       [&](Bytes bytes) {
                         EXPECT_TRUE(map.erase(1));
                         for (int64_t key = 2; key < 1000; key++)
                           map.put(key, std::string(100, 'o'));
                         EXPECT_EQ(as_text(bytes), value);
                         return Status();
                       })
                  .ok());
}

// What two maps share is freed by the second of them: each way round, and whichever was written.
TEST(CowMap, SharedPartsLiveAsLongAsEitherMap) {
  for (const Options& options : {words, Options{}}) {
    for (const bool original_goes : {false, true}) {
      auto map = std::make_unique<TestMap>(options);
      const auto text_of = [](int64_t key) { return std::to_string(50'000'000 + key); };
      for (int64_t key = 0; key < 5000; key++) map->put(key, text_of(key));
      auto copy = std::make_unique<TestMap>(map->clone());
      for (int64_t key = 0; key < 5000; key += 50) copy->put(key, text_of(-key));
      (original_goes ? map : copy).reset();
      while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
      TestMap other(options);
      for (int64_t key = 0; key < 5000; key++) other.put(key, text_of(77));
      TestMap& left = original_goes ? *copy : *map;
      for (int64_t key = 0; key < 5000; key++) {
        const bool changed = original_goes && key % 50 == 0;
        EXPECT_EQ(left.text(key), text_of(changed ? -key : key));
      }
    }
  }
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
}

TEST(CowMap, WhatChangesNothingCopiesNothing) {
  TestMap map;
  for (int64_t key = 0; key < 1000; key++) map.put(key, 1);
  TestMap copy = map.clone();
  EXPECT_FALSE(copy.erase(-1));
  EXPECT_TRUE(
      copy->modify(-1, [](Bytes bytes) { return Result<Bytes>(bytes); }).is(Code::not_found));
  const uint64_t value = 9;
  EXPECT_TRUE(copy->get_or_insert(
                      5, [&] { return Result<Bytes>(bytes_of(value)); }, TestMap::ignore)
                  .is(Code::exists));
  EXPECT_TRUE(
      copy->modify(5, [](Bytes) { return Result<Bytes>(Code::cancelled); }).is(Code::cancelled));
  EXPECT_EQ(copy->stats()->own_bytes, 0u);
  TestMap nothing;
  TestMap also_nothing = nothing.clone();
  EXPECT_TRUE(also_nothing->clear().ok());
  EXPECT_EQ(also_nothing->stats()->own_bytes, 0u);
}

TEST(CowMap, MemoryFollowsSizeBothWays) {
  TestMap map;
  const uint64_t empty = map.memory();
  constexpr int64_t count = 200'000;
  for (int64_t key = 0; key < count; key++) map.put(key, 1);
  const uint64_t full = map.memory();
  EXPECT_LT(full, count * 26u);
  for (int64_t key = 0; key < count; key++) {
    EXPECT_TRUE(map.erase(key));
    if (key == count * 9 / 10) {
      EXPECT_LT(map.memory(), full / 4);
    }
  }
  EXPECT_LE(map.memory(), empty + 512);
  EXPECT_TRUE(map->shrink_to_fit().ok());
}

TEST(CowMap, GrowingAndShrinkingAroundEveryThresholdKeepsEntries) {
  TestMap map;
  int64_t size = 0;
  for (const int64_t target : {3, 4, 8, 12, 30, 54, 55, 110, 900, 1000, 8000}) {
    for (int round = 0; round < 20; round++) {
      while (size < target + 2) {
        size++;
        map.put(size * 977, static_cast<uint64_t>(size));
      }
      while (size > target - 2) EXPECT_TRUE(map.erase(size-- * 977));
    }
    for (int64_t key = 1; key <= size; key++)
      EXPECT_EQ(map.get(key * 977), static_cast<uint64_t>(key));
    EXPECT_EQ(map->size(), static_cast<uint64_t>(size));
  }
}

TEST(CowMap, EachCloneOfAChainKeepsItsState) {
  constexpr int64_t length = 10'000;
  std::vector<TestMap> chain;
  chain.emplace_back();
  for (int64_t i = 1; i < length; i++) {
    chain.push_back(chain.back().clone());
    chain.back().put(i, static_cast<uint64_t>(i));
  }
  for (int64_t i = 1; i < length; i += 97) {
    EXPECT_EQ(chain[static_cast<size_t>(i)]->size(), static_cast<uint64_t>(i));
    EXPECT_EQ(chain[static_cast<size_t>(i)].get(i), static_cast<uint64_t>(i));
    EXPECT_FALSE(chain[static_cast<size_t>(i)].has(i + 1));
  }
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
}

TEST(CowMap, ClonesCanBeFreedInAnyOrder) {
  TestMap map;
  for (int64_t key = 0; key < 1000; key++) map.put(key, 1);
  std::vector<std::unique_ptr<Map>> clones;
  os::SeededRandom random(3);
  for (int64_t i = 0; i < 1 << 20; i++) {
    clones.push_back(std::make_unique<Map>());
    ASSERT_TRUE(clones.back()->clone_from(*map).ok());
    if (i % 1024 == 0) map.put(i, 2);
  }
  for (size_t i = clones.size(); i > 1; i--) std::swap(clones[i - 1], clones[random.below(i)]);
  clones.clear();
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
  EXPECT_EQ(map->stats()->shared_bytes, 0u);
}

TEST(CowMap, ValuesOfEverySizeAreKept) {
  TestMap map(Options{});
  const std::string large(16 << 20, 'x');
  map.put(1, std::string());
  map.put(2, large);
  map.put(3, std::string("small"));
  TestMap copy = map.clone();
  map.put(2, std::string());
  EXPECT_EQ(copy.text(2), large);
  EXPECT_EQ(map.text(2), "");
  EXPECT_EQ(copy.text(1), "");
  EXPECT_EQ(map.text(3), "small");
}

TEST(CowMap, APinOutlivesItsValue) {
  TestMap map(Options{});
  map.put(1, std::string("a value that is pinned"));
  auto pin = map->get_pin(1);
  ASSERT_TRUE(pin);
  map.put(1, std::string("another"));
  EXPECT_TRUE(map->close().ok());
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
  EXPECT_EQ(as_text(pin->bytes()), "a value that is pinned");
}

TEST(CowMap, ACursorShowsTheMapAsItWasWhenItWasOpened) {
  TestMap map;
  for (int64_t key = 0; key < 5000; key++) map.put(key, 1);
  Cursor cursor(map.snapshot());
  uint64_t sum = 0;
  int64_t key = 0;
  while (cursor.next()) {
    sum += static_cast<uint64_t>(cursor.key());
    if (key < 5000) {
      EXPECT_TRUE(map.erase(key++));
    }
    map.put(key + 100'000, 2);
  }
  EXPECT_EQ(sum, 5000u * 4999 / 2);
}

// A leaf whose copy has forgotten that an entry lies in the bucket behind its home took a second
// one with the same key.
TEST(CowMap, ADisplacedEntryIsFoundInACopyOfItsLeaf) {
  const KeyHash hash(family_seed);
  const auto key = [&](uint64_t number) { return static_cast<int64_t>(hash.key_of(number)); };
  for (const bool removes : {false, true}) {
    TestMap map;
    // All at home in the first bucket of one leaf, so that the last of them lies in the next.
    for (uint64_t number = 1; number <= bucket_slots + 1; number++) map.put(key(number), number);
    EXPECT_TRUE(map.erase(key(1)));
    TestMap clone = map.clone();
    clone.put(key(2), 20);  // copies the leaf, without what is buried
    for (uint64_t number = 2; number <= bucket_slots + 1; number++) {
      if (removes) {
        EXPECT_TRUE(clone.erase(key(number)));
        EXPECT_FALSE(clone.has(key(number)));
      } else {
        clone.put(key(number), number + 100);
        EXPECT_EQ(clone.get(key(number)), number + 100);
      }
    }
    EXPECT_EQ(clone->size(), removes ? 0 : bucket_slots);
    EXPECT_EQ(map->size(), bucket_slots);
  }
}

// Leaves are full to the last slot of some buckets, and cannot always be laid out anew when they
// are split.
TEST(CowMap, KeysThatCrowdAFewBucketsAreAllFound) {
  os::SeededRandom random(51);
  const KeyHash hash(family_seed);
  for (int round = 0; round < 40; round++) {
    TestMap map;
    std::unordered_map<int64_t, uint64_t> reference;
    const uint64_t crowds = 1 + random.below(8);
    for (uint64_t number = 1; number <= 4000; number++) {
      // The lower half of a hash chooses the bucket: some eighths of all, the last among them. Most
      // of the upper half, which splits leaves, is the same.
      const uint64_t low = ((7 + random.below(crowds)) % 8 << 29) + random.below(uint64_t{1} << 20);
      const auto key = static_cast<int64_t>(hash.key_of((random.below(256) << 32) | low));
      if (random.below(4) == 0 && !reference.empty()) {
        const int64_t victim = reference.begin()->first;
        reference.erase(victim);
        EXPECT_TRUE(map.erase(victim));
      } else {
        map.put(key, number);
        reference[key] = number;
      }
    }
    ASSERT_EQ(map->size(), reference.size());
    for (const auto& [key, value] : reference) ASSERT_EQ(map.get(key), value);
  }
}

TEST(CowMap, ADiffTakesTimeInProportionToTheDifference) {
  TestMap map;
  for (int64_t key = 0; key < 100'000; key++) map.put(key, 1);
  TestMap copy = map.clone();
  for (int64_t key = 0; key < 10; key++) copy.put(key, 2);
  EXPECT_TRUE(copy.erase(50));
  copy.put(-1, 3);
  Diff diff(map.snapshot(), copy.snapshot());
  uint64_t changed = 0;
  uint64_t added = 0;
  uint64_t removed = 0;
  while (diff.next().ok()) {
    changed += diff.change() == Change::changed ? 1u : 0u;
    added += diff.change() == Change::added ? 1u : 0u;
    removed += diff.change() == Change::removed ? 1u : 0u;
  }
  EXPECT_EQ(changed, 10u);
  EXPECT_EQ(added, 1u);
  EXPECT_EQ(removed, 1u);
  EXPECT_LE(diff.entries_compared(), 12u * 2 * 62);
}

TEST(CowMap, InsertStoresOnlyWhatIsAbsent) {
  for (const bool fixed : {true, false}) {
    TestMap map(fixed ? words : Options{});
    EXPECT_TRUE(map->insert(1, as_bytes("12345678", 8)).ok());
    EXPECT_TRUE(map->insert(1, as_bytes("abcdefgh", 8)).is(Code::exists));
    EXPECT_EQ(map.text(1), "12345678");
    // The arguments are checked first, whether or not the key exists.
    const Code refused = fixed ? Code::invalid_argument : Code::exists;
    EXPECT_EQ(map->insert(1, as_bytes("short", 5)).code(), refused);
    EXPECT_EQ(map->size(), 1u);
  }
}

TEST(CowMap, ReplaceStoresOnlyWhatIsPresent) {
  TestMap map(Options{});
  std::string previous;
  const auto to_previous = [&](Bytes value) {
    previous = as_text(value);
    return Status();
  };
  EXPECT_TRUE(map->replace(1, as_bytes("new", 3), to_previous).is(Code::not_found));
  EXPECT_EQ(map->size(), 0u);
  map.put(1, std::string("old"));
  EXPECT_TRUE(map->replace(1, as_bytes("new", 3), to_previous).ok());
  EXPECT_EQ(previous, "old");
  EXPECT_EQ(map.text(1), "new");
}

TEST(CowMap, MultiPutStoresInOrderUpToTheFirstFailure) {
  TestMap map;
  std::vector<int64_t> keys;
  for (int64_t i = 0; i < 10'000; i++) keys.push_back(i % 7'000);
  std::vector<uint64_t> values(keys.size());
  const auto value_of = [&](size_t i) {
    values[i] = i;
    return as_bytes(&values[i], i == 9'000 ? 3 : sizeof(uint64_t));
  };
  size_t replaced = 0;
  const auto stored = [&](size_t i, bool had_value) {
    EXPECT_EQ(had_value, i >= 7'000);
    replaced += had_value ? 1 : 0;
  };
  size_t done = 0;
  EXPECT_TRUE(map->multi_put(keys, value_of, stored, done).is(Code::invalid_argument));
  EXPECT_EQ(done, 9'000u);
  EXPECT_EQ(replaced, 2'000u);
  EXPECT_EQ(map->size(), 7'000u);
  for (size_t i = 0; i < 7'000; i++) EXPECT_EQ(map.get(keys[i]), i < 2'000 ? i + 7'000 : i);
}

TEST(CowMap, MultiGetFindsWhatGetFinds) {
  for (const Options& options : {words, Options{}}) {
    TestMap map(options);
    for (int64_t key = 0; key < 3'000; key++) map.put(key, static_cast<uint64_t>(key) + 1);
    for (const size_t count : std::initializer_list<size_t>{0, 1, 31, 32, 33, 1'000}) {
      std::vector<int64_t> keys;
      for (size_t i = 0; i < count; i++) keys.push_back(static_cast<int64_t>(i * 37 % 6'000));
      size_t calls = 0;
      EXPECT_EQ(map->multi_get(keys,
                               [&](size_t i, const Bytes* value) {
                                 EXPECT_EQ(i, calls++);
                                 const uint64_t expected = map.get(keys[i]);
                                 EXPECT_EQ(value != nullptr, expected != 0);
                                 if (value == nullptr) return Code::ok;
                                 EXPECT_TRUE(equal(*value, bytes_of(expected)));
                                 return Code::ok;
                               }),
                Code::ok);
      EXPECT_EQ(calls, count);
    }
  }
}

TEST(CowMap, WritesFromInsideACallbackAreBusy) {
  TestMap map;
  map.put(1, 1);
  const uint64_t two = 2;
  EXPECT_TRUE(map->modify(1,
                          [&](Bytes) -> Result<Bytes> {
                            EXPECT_TRUE(map->put(2, bytes_of(two), TestMap::ignore).is(Code::busy));
                            EXPECT_TRUE(map->close().is(Code::busy));
                            EXPECT_EQ(map.get(1), 1u);
                            return bytes_of(two);
                          })
                  .ok());
  EXPECT_EQ(map.get(1), 2u);
  EXPECT_EQ(map->size(), 1u);
}

TEST(CowMap, AClosedMapAnswersClosed) {
  TestMap map;
  map.put(1, 1);
  TestMap copy = map.clone();
  EXPECT_TRUE(map->close().ok());
  EXPECT_TRUE(map->close().ok());
  EXPECT_EQ(map->contains(1), Code::closed);
  EXPECT_TRUE(map->clear().is(Code::closed));
  EXPECT_EQ(copy.get(1), 1u);
}

}  // namespace
}  // namespace stave::cow_map
