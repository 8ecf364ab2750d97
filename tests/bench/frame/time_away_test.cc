// What is taken off an operation is what the machine took, and nothing that the operation did.
#include "tests/bench/frame/time_away.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <ctime>
#include <thread>

#include "tests/bench/frame/operation_times.h"

namespace stave::bench {
namespace {

constexpr uint64_t millisecond = 1'000'000;

uint64_t processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}
void compute(uint64_t nanoseconds) {
  const uint64_t end = processor_time() + nanoseconds;
  while (processor_time() < end) {
  }
}

uint64_t longest(const OperationTimes& times) {
  return times.durations().percentile(1);
}

// However often the machine was away meanwhile.
TEST(TimeAway, IsNotWhatAnOperationComputes) {
  OperationTimes times(Counted::not_away);
  compute(6 * millisecond);
  times.next();
  EXPECT_GE(longest(times), 5 * millisecond);
}

TEST(TimeAway, IsNotWhatAnOperationWaitsFor) {
  OperationTimes times(Counted::not_away);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  times.next();
  EXPECT_GE(longest(times), 5 * millisecond);
}

TEST(TimeAway, IsNoMoreThanThePassageOfTime) {
  const Clock::time_point start = Clock::now();
  TimeAway away;
  compute(millisecond);
  const uint64_t taken = away.take();
  EXPECT_LE(static_cast<double>(taken + millisecond), nanoseconds_since(start));
}

// Two threads on one processor: while both compute, one of them is away.
TEST(TimeAway, IsWhatAnotherThreadHasTheProcessorFor) {
  constexpr uint64_t work = 50 * millisecond;
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  std::array<uint64_t, 2> away{};
  std::array<double, 2> passed{};
  run_team(2, [&](unsigned thread) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
      if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    TimeAway time;
    const Clock::time_point start = Clock::now();
    compute(work);
    away[thread] = time.take();
    passed[thread] = nanoseconds_since(start);
  });
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  for (const unsigned thread : {0u, 1u}) {
    // All but what it computed, and what looking took.
    EXPECT_GE(static_cast<double>(away[thread]), (passed[thread] - static_cast<double>(work)) * 0.5)
        << passed[thread];
  }
  EXPECT_GT(away[0] + away[1], work / 4);
}

TEST(OperationTimes, CountTheClockIfAsked) {
  OperationTimes times(Counted::whole);
  for (int i = 0; i < 200; i++) times.next();
  EXPECT_LT(times.durations().percentile(0.5), millisecond);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  times.next();
  EXPECT_GE(longest(times), 5 * millisecond);
}

}  // namespace
}  // namespace stave::bench
