#include "core/sync/striped_counter.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace stave::sync {
namespace {

// More threads at a time than have words of their own, and more one after the other.
TEST(StripedCounter, LosesNothing) {
  constexpr uint64_t additions = 20'000;
  constexpr uint64_t threads = 40;
  constexpr uint64_t rounds = 3;
  StripedCounter counter;
  for (uint64_t round = 0; round < rounds; round++) {
    std::vector<std::thread> adding;
    for (uint64_t thread = 0; thread < threads; thread++) {
      adding.emplace_back([&counter] {
        for (uint64_t i = 0; i < additions; i++) counter.add_one();
      });
    }
    for (std::thread& thread : adding) thread.join();
    EXPECT_EQ(counter.sum(), (round + 1) * threads * additions);
  }
}

}  // namespace
}  // namespace stave::sync
