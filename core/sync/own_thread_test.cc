#include "core/sync/own_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace stave::sync {
namespace {

struct Counted : Retired {
  explicit Counted(std::atomic<int>& counter) : freed(counter) {}
  ~Counted() { freed++; }
  std::atomic<int>& freed;
};

TEST(OwnThread, LeavesNothingBehind) {
  std::atomic<int> freed{0};
  std::set<uint32_t> numbers;
  static_cast<void>(thread_number());
  for (int i = 0; i < 100; i++) {
    std::thread([&] {
      const OwnThread own;
      const EpochPin pin;
      EpochRegistry::retire(new Counted(freed));
      numbers.insert(thread_number());
    }).join();
    EXPECT_EQ(freed, i + 1);
  }
  EXPECT_EQ(numbers.size(), 1U);
}

TEST(OwnThread, ThatDoesNothingGivesNothingBack) {
  const uint32_t number = thread_number();
  std::thread([] { const OwnThread own; }).join();
  EXPECT_EQ(thread_number(), number);
  std::thread([&] { EXPECT_NE(thread_number(), number); }).join();
}

// A pin of a thread that has ended delays nobody.
TEST(OwnThread, HoldsNobodyBackWhenItHasEnded) {
  std::thread([] {
    const OwnThread own;
    const EpochPin pin;
  }).join();
  std::atomic<int> freed{0};
  EpochRegistry::retire(new Counted(freed));
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(freed, 1);
}

}  // namespace
}  // namespace stave::sync
