#include "core/sync/thread_exit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "core/os/testing/late_calls.h"
#include "core/sync/epoch.h"
#include "core/sync/thread_number.h"

namespace stave::sync {
namespace {

struct Counted : Retired {
  explicit Counted(std::atomic<int>& counter) : freed(counter) {}
  ~Counted() { freed++; }
  std::atomic<int>& freed;
};

using Slot = internal::Epochs::Slot;
Slot* own_slot() {
  return internal::epoch_thread.slot;
}

TEST(ThreadExit, LeavesNothingBehind) {
  std::atomic<int> freed{0};
  std::set<uint32_t> numbers;
  std::set<Slot*> slots;
  static_cast<void>(thread_number());
  for (int i = 0; i < 2000; i++) {
    std::thread([&] {
      const EpochPin pin;
      EpochRegistry::retire(new Counted(freed));
      numbers.insert(thread_number());
      slots.insert(own_slot());
    }).join();
    EXPECT_EQ(freed, i + 1);
  }
  EXPECT_EQ(numbers.size(), 1U);
  EXPECT_EQ(slots.size(), 1U);
}

TEST(ThreadExit, OfAThreadThatDidNothingGivesNothingBack) {
  const uint32_t number = thread_number();
  std::thread([] {}).join();
  EXPECT_EQ(thread_number(), number);
  std::thread([&] { EXPECT_NE(thread_number(), number); }).join();
}

// A pin of a thread that has ended delays nobody.
TEST(ThreadExit, HoldsNobodyBack) {
  std::thread([] { const EpochPin pin; }).join();
  std::atomic<int> freed{0};
  EpochRegistry::retire(new Counted(freed));
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(freed, 1);
}

// Looks at what its thread has, and uses it.
struct Looking : Retired {
  explicit Looking(uint32_t& number_seen, Slot*& slot_seen)
      : number(number_seen), slot(slot_seen) {}
  ~Looking() {
    const EpochPin pin;
    number = thread_number();
    slot = own_slot();
  }
  uint32_t& number;
  Slot*& slot;
};

TEST(ThreadExit, DeletersStillHaveWhatTheThreadHas) {
  uint32_t number = 0;
  uint32_t number_in_deleter = 1;
  Slot* slot = nullptr;
  Slot* slot_in_deleter = nullptr;
  std::thread([&] {
    EpochRegistry::retire(new Looking(number_in_deleter, slot_in_deleter));
    number = thread_number();
    slot = own_slot();
  }).join();
  EXPECT_EQ(number_in_deleter, number);
  EXPECT_EQ(slot_in_deleter, slot);
  EXPECT_NE(slot, nullptr);
}

// Destroyed before what the thread has is given back, whichever was made first.
struct EarlyUser {
  ~EarlyUser() {
    if (number == nullptr) return;
    const EpochPin pin;
    *number = thread_number();
    *slot = own_slot();
  }
  uint32_t* number = nullptr;
  Slot** slot = nullptr;
};

TEST(ThreadExit, ComesAfterThreadLocalObjects) {
  uint32_t number = 0;
  uint32_t early_number = 1;
  Slot* slot = nullptr;
  Slot* early_slot = nullptr;
  std::thread([&] {
    static thread_local EarlyUser early_user;
    early_user.number = &early_number;
    early_user.slot = &early_slot;
    const EpochPin pin;
    number = thread_number();
    slot = own_slot();
  }).join();
  EXPECT_EQ(early_number, number);
  EXPECT_EQ(early_slot, slot);
  EXPECT_NE(slot, nullptr);
}

// The next thread finds both free, so they were not taken again when it was too late.
TEST(ThreadExit, LateCallsTakeNothing) {
  static_cast<void>(thread_number());
  std::atomic<int> freed{0};
  std::set<uint32_t> numbers;
  std::set<Slot*> slots;
  int late_calls = 0;
  for (int i = 0; i < 100; i++) {
    uint32_t number = 0;
    os::LateCalls late;
    std::thread([&] {
      ASSERT_TRUE(late.add([&](int round) {
        if (round < os::LateCalls::kFirstAfterLeaving) return;
        late_calls++;
        const EpochPin pin;
        EpochRegistry::retire(new Counted(freed));
        EXPECT_EQ(own_slot(), nullptr);
        EXPECT_FALSE(will_give_back(ExitStage::number, []() noexcept { ADD_FAILURE(); }));
        EXPECT_GT(thread_number(), number);
      }));
      const EpochPin pin;
      number = thread_number();
      numbers.insert(number);
      slots.insert(own_slot());
    }).join();
    EXPECT_TRUE(EpochRegistry::reclaim_all());
    EXPECT_EQ(freed, late_calls);
  }
  EXPECT_EQ(late_calls, 100 * (os::LateCalls::kRounds + 1 - os::LateCalls::kFirstAfterLeaving));
  EXPECT_EQ(numbers.size(), 1U);
  EXPECT_EQ(slots.size(), 1U);
}

// A key that is set in one round is seen to in the next.
TEST(ThreadExit, FirstCallsMayBeLate) {
  static_cast<void>(thread_number());
  std::atomic<int> freed{0};
  std::set<uint32_t> numbers;
  std::set<Slot*> slots;
  int threads = 0;
  int late_calls = 0;
  // Behind the last round there is none: that thread's slot and number stay taken. So it comes
  // last.
  for (int first = 1; first <= os::LateCalls::kFirstCallRounds; first++) {
    for (int i = 0; i < (first < os::LateCalls::kRounds ? 100 : 1); i++) {
      threads++;
      os::LateCalls late;
      std::thread([&] {
        ASSERT_TRUE(late.add([&](int round) {
          if (round != first) return;
          late_calls++;
          const EpochPin pin;
          EpochRegistry::retire(new Counted(freed));
          numbers.insert(thread_number());
          slots.insert(own_slot());
        }));
      }).join();
    }
  }
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(freed, late_calls);
  EXPECT_EQ(late_calls, threads);
  EXPECT_EQ(numbers.size(), 1U);
  EXPECT_EQ(slots.size(), 1U);
}

// Though no such thread retires enough for a decision.
TEST(ThreadExit, WhatThreadsWithoutASlotRetireIsFreed) {
  constexpr int kThreads = 1000;
  std::atomic<int> freed{0};
  int retired = 0;
  int waiting_max = 0;
  for (int i = 0; i < kThreads; i++) {
    os::LateCalls late;
    std::thread([&] {
      ASSERT_TRUE(late.add([&](int round) {
        if (round != os::LateCalls::kFirstAfterLeaving) return;
        {
          const EpochPin pin;
          EXPECT_EQ(own_slot(), nullptr);
          EpochRegistry::retire(new Counted(freed));
        }
        EpochRegistry::retire(new Counted(freed));
        retired += 2;
      }));
      // Has something to give back, but no slot.
      static_cast<void>(thread_number());
    }).join();
    waiting_max = std::max(waiting_max, retired - freed);
  }
  EXPECT_EQ(retired, 2 * kThreads);
  EXPECT_LE(waiting_max, static_cast<int>(EpochRegistry::kHeldBackMax));
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(freed, retired);
}

TEST(ThreadExit, OfManyAtATime) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 20;
  std::atomic<int> freed{0};
  for (int round = 0; round < kRounds; round++) {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; i++) {
      threads.emplace_back([&] {
        ready++;
        while (ready < kThreads) std::this_thread::yield();
        static_cast<void>(thread_number());
        const EpochPin pin;
        EpochRegistry::retire(new Counted(freed));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(freed, kThreads * kRounds);
}

}  // namespace
}  // namespace stave::sync
