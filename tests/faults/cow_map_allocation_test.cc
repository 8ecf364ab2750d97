// Every allocation of every operation on maps fails once, and for ever: what fails changes nothing.
#include <gtest/gtest.h>

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
            ASSERT_TRUE(clone.put(key, as_bytes(value), ignore).ok());
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
          EXPECT_NE(failed, 0U);
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

Operation put(int64_t key, const std::string& value) {
  return {[=](Map& map) { return map.put(key, as_bytes(value), ignore); },
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

TEST(CowMapFaults, AFailedAllocationLeavesTheMapAsItWas) {
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
      Operation operation = grows ? put(key, value) : remove(key);
      if (random.one_in(4)) operation = modify(key, value);
      if (random.one_in(8)) operation = grows ? remove(key) : put(key, value);
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

TEST(CowMapFaults, AFailedCreateLeavesTheMapClosed) {
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
