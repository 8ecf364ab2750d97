#include "core/index/entry_counts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/sync/thread_number.h"

namespace stave::index {
namespace {

TEST(EntryCounts, ShardsAreCountedApart) {
  for (const uint32_t shards : {1U, 8U, 16U, 256U}) {
    const EntryCounts counts(shards);
    ASSERT_TRUE(counts);
    for (uint32_t shard = 0; shard < shards; shard++) {
      for (uint32_t i = 0; i <= shard; i++) counts.shard(shard).add();
    }
    for (uint32_t shard = 0; shard < shards; shard++)
      EXPECT_EQ(counts.shard(shard).sum(), shard + 1);
  }
}

// More threads than have words of their own: some insert, others remove what those inserted.
TEST(EntryCounts, SumsAreExactWhenThreadsHaveCounted) {
  constexpr uint64_t kThreads = 20;
  constexpr uint64_t kRounds = 10'000;
  const EntryCounts counts(2);
  ASSERT_TRUE(counts);
  std::atomic<uint64_t> ready{0};
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; i++) {
    threads.emplace_back([&, i] {
      static_cast<void>(sync::thread_number());
      ready++;
      while (ready < kThreads) std::this_thread::yield();
      for (uint64_t round = 0; round < kRounds; round++) {
        counts.shard(0).add();
        counts.shard(0).add();
        counts.shard(1).add();
        if (i % 2 == 0) counts.shard(0).subtract();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts.shard(0).sum(), kThreads * kRounds * 3 / 2);
  EXPECT_EQ(counts.shard(1).sum(), kThreads * kRounds);
  // Removed by one thread, whose own counts are below zero then.
  for (uint64_t i = 0; i < kThreads * kRounds; i++) {
    counts.shard(0).subtract();
    counts.shard(1).subtract();
  }
  EXPECT_EQ(counts.shard(0).sum(), kThreads * kRounds / 2);
  EXPECT_EQ(counts.shard(1).sum(), 0U);
  counts.shard(1).subtract();
  EXPECT_EQ(counts.shard(1).sum(), 0U);
  counts.shard(1).add();
  EXPECT_EQ(counts.shard(1).sum(), 0U);
}

TEST(EntryCounts, AThreadAsksWhenItsAllowanceIsUsedUp) {
  static_cast<void>(sync::thread_number());
  const EntryCounts counts(1);
  ASSERT_TRUE(counts);
  const EntryCount count = counts.shard(0);
  EXPECT_TRUE(count.add());
  count.allow(2);
  for (int i = 0; i < 2; i++) EXPECT_FALSE(count.add());
  EXPECT_TRUE(count.add());
  count.allow(0);
  EXPECT_TRUE(count.add());
  EXPECT_TRUE(count.add());
  // Removals are not insertions made good.
  count.allow(2);
  count.subtract();
  EXPECT_FALSE(count.add());
  count.subtract();
  EXPECT_FALSE(count.add());
  count.subtract();
  EXPECT_TRUE(count.add());
  // Others' share is theirs.
  const uint64_t threads = sync::thread_numbers_given();
  count.allow(10 * (threads <= EntryCount::kOwnRows ? threads : EntryCount::kRows));
  for (int i = 0; i < 10; i++) EXPECT_FALSE(count.add());
  EXPECT_TRUE(count.add());
  count.allow(1'000'000);
  for (uint64_t i = 0; i < EntryCount::kAllowanceMax; i++) ASSERT_FALSE(count.add());
  EXPECT_TRUE(count.add());
  EXPECT_EQ(count.sum(), 6 + 11 + EntryCount::kAllowanceMax + 1);
}

// A number that is given back is the next thread's, with what was counted under it.
TEST(EntryCounts, ThreadsInTurnCountOn) {
  const EntryCounts counts(1);
  ASSERT_TRUE(counts);
  for (int i = 0; i < 100; i++) {
    std::thread([&] {
      counts.shard(0).add();
      counts.shard(0).add();
      counts.shard(0).subtract();
    }).join();
  }
  EXPECT_EQ(counts.shard(0).sum(), 100U);
}

}  // namespace
}  // namespace stave::index
