#include "core/sync/thread_number.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "core/os/testing/late_calls.h"

namespace stave::sync {
namespace {

TEST(ThreadNumber, StaysTheThreads) {
  const uint32_t number = thread_number();
  std::thread([number] { EXPECT_NE(thread_number(), number); }).join();
  EXPECT_EQ(thread_number(), number);
}

TEST(ThreadNumber, ThreadsInTurnHaveTheSame) {
  static_cast<void>(thread_number());
  std::set<uint32_t> numbers;
  for (int i = 0; i < 2000; i++) {
    std::thread([&numbers] { numbers.insert(thread_number()); }).join();
  }
  EXPECT_EQ(numbers.size(), 1U);
}

TEST(ThreadNumber, LivingThreadsHaveDifferentOnes) {
  constexpr size_t kThreads = 1100;  // more than are given back
  std::mutex mutex;
  std::set<uint32_t> numbers;
  std::atomic<size_t> asked{0};
  std::atomic<bool> release{false};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      {
        const std::lock_guard lock(mutex);
        numbers.insert(thread_number());
      }
      asked++;
      release.wait(false);
    });
  }
  while (asked < kThreads) std::this_thread::yield();
  EXPECT_EQ(numbers.size(), kThreads);
  release = true;
  release.notify_all();
  for (std::thread& thread : threads) thread.join();
}

TEST(ThreadNumber, AllAreBelowTheNumbersGiven) {
  const uint32_t number = thread_number();
  EXPECT_LT(number, thread_numbers_given());
  uint32_t others = 0;
  std::thread([&others] { others = thread_number(); }).join();
  EXPECT_LT(others, thread_numbers_given());
}

TEST(ThreadNumber, AThreadThatExitsHasOneOfItsOwn) {
  uint32_t number = 0;
  uint32_t late_number = 0;
  os::LateCalls late;
  std::thread([&] {
    ASSERT_TRUE(late.add([&](int round) {
      if (round == os::LateCalls::kFirstAfterLeaving) late_number = thread_number();
    }));
    number = thread_number();
  }).join();
  std::thread([&] { EXPECT_EQ(thread_number(), number); }).join();
  EXPECT_GT(late_number, number);
}

}  // namespace
}  // namespace stave::sync
