#include "core/sync/striped_counter.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

namespace stave::sync {
namespace {

// More threads at a time than have words of their own, and more one after the other.
TEST(StripedCounter, SumsTheAdditionsOfAllThreads) {
  constexpr uint64_t additions = 100'000;
  constexpr uint64_t threads = 40;
  constexpr uint64_t rounds = 3;
  StripedCounter counter;
  for (uint64_t round = 0; round < rounds; round++) {
    std::latch all_count(threads);
    std::vector<std::thread> adding;
    for (uint64_t thread = 0; thread < threads; thread++) {
      adding.emplace_back([&counter, &all_count] {
        counter.add(1);
        // Each has its number by then, and keeps it.
        all_count.arrive_and_wait();
        for (uint64_t i = 1; i < additions; i++) counter.add(1);
      });
    }
    for (std::thread& thread : adding) thread.join();
    EXPECT_EQ(counter.sum(), (round + 1) * threads * additions);
  }
}

TEST(StripedCounter, OneThreadSubtractsWhatAnotherAdded) {
  StripedCounter counter;
  counter.add(5);
  std::thread([&counter] { counter.add(-3); }).join();
  EXPECT_EQ(counter.sum(), 2U);
  counter.add(-3);
  EXPECT_EQ(counter.sum(), 0U) << "never negative";
}

}  // namespace
}  // namespace stave::sync
