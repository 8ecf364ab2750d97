// Every allocation of every operation on maps fails once, and for ever: what fails changes nothing.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/cow_map/cursor.h"
#include "core/cow_map/diff.h"
#include "core/cow_map/map.h"
#include "core/cow_map/node_pool.h"
#include "tests/faults/failing_allocator.h"
#include "tests/support/cow_map_insert.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using cow_map::Cursor;
using cow_map::Map;
using cow_map::Options;
using Contents = std::unordered_map<int64_t, std::string>;

constexpr auto ignore = [](Bytes) { return Status(); };

Contents contents(Map& map) {
  Contents all;
  auto snapshot = map.snapshot();
  EXPECT_TRUE(snapshot);
  Cursor cursor(*std::move(snapshot));
  while (cursor.next()) all.emplace(cursor.key(), as_text(cursor.value()));
  return all;
}

// A map and the operation whose allocations fail. `apply` says what the map holds when it succeeds.
struct Operation {
  std::function<Status(Map&)> run;
  std::function<void(Contents&)> apply;
};

class Faults {
 public:
  explicit Faults(const Options& options) : options_(options) {
    cow_map::NodePool::ask(FailingAllocations::permit);
  }
  ~Faults() { cow_map::NodePool::ask(nullptr); }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  std::string value(uint64_t n) const {
    return std::string(options_.fixed_values ? options_.value_size : n % 50,
                       static_cast<char>('a' + n % 26));
  }

  // Fails each allocation of the operation on a clone of `map`, once as it is and once when it has
  // made all nodes its own.
  void fail_each(Map& map, const Operation& operation) {
    const Contents before = contents(map);
    Contents after = before;
    operation.apply(after);
    for (const int variant : {0, 1, 2, 3}) {
      const bool forever = variant % 2 != 0;
      for (uint64_t point = 1;; point++) {
        Map clone;
        ASSERT_TRUE(clone.clone_from(map).ok());
        if (variant >= 2) {
          for (const auto& [key, value] : before)
            ASSERT_TRUE(clone.insert(key, as_bytes(value), ignore).ok());
        }
        Status status;
        uint64_t failed = 0;
        {
          const FailingAllocations failing(point, forever);
          status = operation.run(clone);
          failed = FailingAllocations::failures();
        }
        points_ += failed != 0 ? 1 : 0;
        if (status.is(Code::no_memory)) {
          refused_++;
          EXPECT_TRUE(contents(clone) == before);
          // It works again, and on what the failure left.
          EXPECT_FALSE(operation.run(clone).is_error());
        } else {
          EXPECT_FALSE(status.is_error());
        }
        EXPECT_TRUE(contents(clone) == after);
        EXPECT_TRUE(contents(map) == before);
        if (failed == 0) break;
      }
    }
  }

  uint64_t points_ = 0;
  uint64_t refused_ = 0;

 private:
  Options options_;
};

Operation insert(int64_t key, const std::string& value) {
  return {[=](Map& map) { return map.insert(key, as_bytes(value), ignore); },
          [=](Contents& all) { all[key] = value; }};
}
Operation remove(int64_t key) {
  return {[=](Map& map) { return map.remove(key, ignore); },
          [=](Contents& all) { all.erase(key); }};
}
Operation modify(int64_t key, const std::string& value) {
  return {[=](Map& map) {
            return map.modify(key, [&](Bytes) { return Result<Bytes>(as_bytes(value)); });
          },
          [=](Contents& all) {
            if (all.count(key) != 0) all[key] = value;
          }};
}
Operation clear() {
  return {[](Map& map) { return map.clear(); }, [](Contents& all) { all.clear(); }};
}
Operation shrink() {
  return {[](Map& map) { return map.shrink_to_fit(); }, [](Contents&) {}};
}

TEST(CowMapFaults, EveryAllocationFails) {
  Random random(ladder_seed(11));
  uint64_t points = 0;
  uint64_t refused = 0;
  for (const Options& options : {Options{.fixed_values = true, .value_size = 8}, Options{}}) {
    Faults faults(options);
    Map map;
    ASSERT_TRUE(map.create(options, random.next()).ok());
    const uint64_t rounds = scaled(10'000);
    for (uint64_t round = 0; round < rounds && !HasFailure(); round++) {
      // Grows to some hundreds of entries and back: splits, doublings and merges on the way.
      const auto key = static_cast<int64_t>(random.below(300));
      const std::string value = faults.value(round);
      const bool grows = round / 400 % 2 == 0;
      Operation operation = grows ? insert(key, value) : remove(key);
      if (random.one_in(4)) operation = modify(key, value);
      if (random.one_in(8)) operation = grows ? remove(key) : insert(key, value);
      faults.fail_each(map, operation);
      EXPECT_FALSE(operation.run(map).is_error());
      if (round % 100 == 50) faults.fail_each(map, shrink());
    }
    faults.fail_each(map, clear());
    points += faults.points_;
    refused += faults.refused_;
  }
  // A removal succeeds although there is no memory to tidy up behind it.
  report_counts(
      "cow_map allocation",
      {{"points", points}, {"refused", refused}, {"done all the same", points - refused}});
}

// A map of delayed inserts, and what it should hold: a letter for each key, 0 without it.
struct DelayingMap {
  Map map;
  std::array<char, 1000> expected{};

  // Allocates nothing of its own.
  Code insert(Random& random) {
    const uint64_t key = random.below(expected.size());
    std::array<char, 8> value;
    value.fill(static_cast<char>('a' + random.below(26)));
    const Code code = insert_unasked(map, static_cast<int64_t>(key), as_bytes(value.data(), 8));
    if (code == Code::ok) expected[key] = value[0];
    return code;
  }
  void check() const {
    uint64_t entries = 0;
    for (size_t key = 0; key < expected.size(); key++) {
      char found = 0;
      const Code code = map.get(static_cast<int64_t>(key), [&](Bytes value) {
        found = static_cast<char>(value[7]);
        return Code::ok;
      });
      EXPECT_EQ(code, expected[key] != 0 ? Code::ok : Code::not_found);
      EXPECT_EQ(found, expected[key]);
      entries += expected[key] != 0 ? 1 : 0;
    }
    EXPECT_EQ(map.size(), entries);
  }
};

// An insert that has been answered is there, whichever allocations fail before or behind it.
TEST(CowMapFaults, DelayedInsertsStay) {
  cow_map::NodePool::ask(FailingAllocations::permit);
  Random random(ladder_seed(12));
  uint64_t points = 0;
  uint64_t refused = 0;
  uint64_t waited = 0;
  const uint64_t rounds = scaled(100);
  for (uint64_t round = 0; round < rounds && !HasFailure(); round++) {
    const uint64_t seed = random.next();
    const uint64_t entries = random.below(600);
    const bool forever = round % 2 != 0;
    uint64_t failed = 1;
    for (uint64_t point = 1; failed != 0; point++) {
      Random choices(seed);
      DelayingMap delaying;
      ASSERT_TRUE(
          delaying.map.create({.fixed_values = true, .value_size = 8, .delays_from = 0}, seed)
              .ok());
      for (uint64_t i = 0; i < entries; i++) ASSERT_EQ(delaying.insert(choices), Code::ok);
      {
        const FailingAllocations failing(point, forever);
        for (int i = 0; i < 100; i++) {
          waited += delaying.map.is_delaying() ? 1 : 0;
          const Code code = delaying.insert(choices);
          EXPECT_TRUE(code == Code::ok || code == Code::no_memory);
          refused += code == Code::no_memory ? 1 : 0;
        }
        delaying.check();
        failed = FailingAllocations::failures();
      }
      delaying.check();
      EXPECT_EQ(contents(delaying.map).size(), delaying.map.size());
      points += failed != 0 ? 1 : 0;
    }
  }
  EXPECT_GT(waited, 0u);
  report_counts("cow_map delayed inserts",
                {{"points", points}, {"refused", refused}, {"waited", waited}});
  cow_map::NodePool::ask(nullptr);
}

TEST(CowMapFaults, MakingAMap) {
  cow_map::NodePool::ask(FailingAllocations::permit);
  for (uint64_t point = 1;; point++) {
    Map map;
    const FailingAllocations failing(point, false);
    const Status status = map.create({.capacity = 100'000}, 1);
    if (FailingAllocations::failures() == 0) {
      EXPECT_TRUE(status.ok());
      break;
    }
    EXPECT_TRUE(status.is(Code::no_memory));
    EXPECT_TRUE(map.closed());
  }
  cow_map::NodePool::ask(nullptr);
}

}  // namespace
}  // namespace stave::test
