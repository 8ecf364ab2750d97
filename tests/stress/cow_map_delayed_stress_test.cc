// Inserts that wait when the process gets its second thread. That happens once in a process: each
// round is one of its own.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "core/cow_map/map.h"
#include "core/sync/only_thread.h"
#include "tests/support/cow_map_insert.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using cow_map::Map;

// A failure ends the process.
void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::_Exit(1);
}

uint64_t get(const Map& map, int64_t key) {
  uint64_t value = 0;
  const Code code = map.get(key, [&](Bytes bytes) {
    std::memcpy(&value, bytes.data(), sizeof value);
    return Code::ok;
  });
  return code == Code::ok ? value : 0;
}

// Keys 0 to `entries` - 1 have values of 1, and those below `changed` get others, in this order,
// from a thread; meanwhile the others find every key, no value that is older than before, and the
// size.
void run_round(uint64_t seed) {
  Random random(seed);
  const auto entries = static_cast<int64_t>(random.between(40, 400));
  const int64_t changed = random.one_in(2) ? 0 : 8;
  Map map;
  require(map.create({.fixed_values = true, .value_size = 8, .delays_from = 0}, seed).ok(), "made");
  std::array<uint64_t, 2> values = {0, 1};
  for (int64_t key = 0; key < entries; key++) {
    // Some of those that wait replace others that wait.
    for (const uint64_t& value : values)
      if (value != 0 || random.one_in(3))
        require(insert_unasked(map, key, as_bytes(&value, sizeof value)) == Code::ok, "inserted");
  }
  require(sync::is_only_thread(), "one thread");
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (int64_t key = 0; key < changed; key++) {
      const uint64_t value = static_cast<uint64_t>(key) + 2;
      require(insert_unasked(map, entries - 1, as_bytes(&value, sizeof value)) == Code::ok,
              "changed");
    }
  });
  for (int reader = 0; reader < 2; reader++) {
    threads.emplace_back([&, reader] {
      if (reader == 0) require(map.size() == static_cast<uint64_t>(entries), "the size");
      uint64_t last = 0;
      for (int64_t key = entries - 1; key >= 0; key--) {
        require(key == entries - 1 || get(map, key) == 1, "a key that was inserted is there");
        const uint64_t value = get(map, entries - 1);
        require(value >= 1 && value >= last, "no older value than before");
        last = value;
      }
      require(map.size() == static_cast<uint64_t>(entries), "the size");
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::_Exit(0);
}

TEST(CowMapDelayedStressDeathTest, NewThreadsSeeWhatWaits) {
  // A forked child that ThreadSanitizer watches has a second thread from the start.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const uint64_t seed = ladder_seed(13);
  const uint64_t rounds = scaled(500);
  for (uint64_t round = 0; round < rounds && !HasFailure(); round++)
    EXPECT_EXIT(run_round(seed + round), testing::ExitedWithCode(0), "") << "round " << round;
}

}  // namespace
}  // namespace stave::test
