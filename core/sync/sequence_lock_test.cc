#include "core/sync/sequence_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/sync/sequence_lock_test_support.h"

namespace stave::sync {
namespace {

struct Odd {  // not a multiple of the word
  uint64_t a;
  uint64_t b;
  uint32_t c;
};

TEST(SequenceLock, ReadsWhatWasWritten) {
  Sequenced<Odd> value(Odd{1, 2, 3});
  EXPECT_EQ(value.read().c, 3U);
  value.write(Odd{4, 5, 6});
  const Odd read = value.read();
  EXPECT_EQ(read.a, 4U);
  EXPECT_EQ(read.b, 5U);
  EXPECT_EQ(read.c, 6U);
  value.update([](Odd odd) {
    odd.a++;
    return odd;
  });
  EXPECT_EQ(value.read().a, 5U);
}

TEST(SequenceLock, AWriterAtWorkSendsReadersRoundAgain) {
  SequenceLock<> lock;
  const uint64_t before = lock.begin_read();
  EXPECT_TRUE(lock.end_read(before));
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  EXPECT_FALSE(lock.end_read(before));
  EXPECT_FALSE(lock.end_read(lock.begin_read()));
  lock.unlock();
  EXPECT_FALSE(lock.end_read(before));
  EXPECT_TRUE(lock.end_read(lock.begin_read()));
}

TEST(SequenceLock, ReadsAreNeverTornAndUpdatesNeverLost) {
  constexpr uint64_t kUpdates = 100'000;
  struct Pair {
    uint64_t a;
    uint64_t b;
    uint64_t c;
  };
  Sequenced<Pair> value(Pair{0, 0, 0});
  const auto increment = [&value] {
    for (uint64_t i = 0; i < kUpdates; i++) {
      value.update([](Pair pair) { return Pair{pair.a + 1, pair.b + 1, pair.c + 1}; });
    }
  };
  std::thread first(increment);
  std::thread second(increment);
  uint64_t last = 0;
  while (last < 2 * kUpdates) {
    const Pair pair = value.read();
    ASSERT_EQ(pair.a, pair.b);
    ASSERT_EQ(pair.a, pair.c);
    ASSERT_GE(pair.a, last);
    last = pair.a;
  }
  first.join();
  second.join();
}

}  // namespace
}  // namespace stave::sync
