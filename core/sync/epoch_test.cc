#include "core/sync/epoch.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/os/testing/late_calls.h"

namespace stave::sync {
namespace {

// Counts itself, so that a test sees what is reclaimed and what is not yet.
struct Counted : Retired {
  explicit Counted(std::atomic<int>& count) noexcept : alive(count) { alive++; }
  ~Counted() { alive--; }
  std::atomic<int>& alive;
};

class Epoch : public testing::Test {
 protected:
  // The registry is the process's: each test begins and ends with an empty one.
  void SetUp() override { ASSERT_TRUE(EpochRegistry::reclaim_all()); }
  void TearDown() override {
    EXPECT_TRUE(EpochRegistry::reclaim_all());
    EXPECT_EQ(alive_, 0);
    EXPECT_EQ(EpochRegistry::waiting(), 0U);
  }
  void retire_one() { EpochRegistry::retire(new Counted(alive_)); }

  std::atomic<int> alive_{0};
};

// Holds a pin in another thread for as long as it lives.
class PinnedThread {
 public:
  PinnedThread() : thread_([this] { hold(); }) {
    while (!pinned_) std::this_thread::yield();
  }
  ~PinnedThread() {
    release_ = true;
    thread_.join();
  }

 private:
  void hold() {
    const EpochPin pin;
    pinned_ = true;
    while (!release_) std::this_thread::yield();
  }
  std::atomic<bool> pinned_{false};
  std::atomic<bool> release_{false};
  std::thread thread_;
};

TEST_F(Epoch, WithoutPinsOneCallReclaims) {
  retire_one();
  EXPECT_EQ(EpochRegistry::waiting(), 1U);
  EXPECT_TRUE(EpochRegistry::try_reclaim());
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, APinDelaysWhatIsRetiredUnderIt) {
  {
    const PinnedThread reader;
    retire_one();
    EXPECT_FALSE(EpochRegistry::try_reclaim());
    EXPECT_FALSE(EpochRegistry::try_reclaim());
    EXPECT_EQ(alive_, 1);
  }
  EXPECT_TRUE(EpochRegistry::try_reclaim());
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, ALaterPinDoesNotDelay) {
  {
    const PinnedThread reader;
    retire_one();
    EXPECT_FALSE(EpochRegistry::try_reclaim());
  }
  const PinnedThread later;
  EXPECT_TRUE(EpochRegistry::try_reclaim());
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, PinsNest) {
  {
    const EpochPin outer;
    retire_one();
    {
      const EpochPin inner;
      EXPECT_FALSE(EpochRegistry::try_reclaim());
    }
    EXPECT_FALSE(EpochRegistry::try_reclaim());
    EXPECT_EQ(alive_, 1);
  }
  EXPECT_TRUE(EpochRegistry::try_reclaim());
}

TEST_F(Epoch, ReclaimAllRefusesUnderOnesOwnPin) {
  const EpochPin pin;
  EXPECT_FALSE(EpochRegistry::reclaim_all());
}

TEST_F(Epoch, ReclaimAllWaitsForReaders) {
  std::atomic<bool> reader_done{false};
  std::atomic<bool> pinned{false};
  std::thread reader([&] {
    const EpochPin pin;
    pinned = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    reader_done = true;
  });
  while (!pinned) std::this_thread::yield();
  retire_one();
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_TRUE(reader_done);
  EXPECT_EQ(alive_, 0);
  reader.join();
}

TEST_F(Epoch, TrafficAloneKeepsTheBacklogBounded) {
  int most = 0;
  for (int i = 0; i < 10'000; i++) {
    retire_one();
    most = std::max(most, alive_.load());
  }
  EXPECT_LE(most, static_cast<int>(EpochRegistry::kHeldBackMax));
}

// What a large transaction leaves behind, in the silence after it: the background thread looks
// only twice a second.
TEST_F(Epoch, ABacklogIsReclaimedAtOnceByWhoHasTime) {
  constexpr int kBacklog = 5'000;
  {
    const PinnedThread reader;
    for (int i = 0; i < kBacklog; i++) retire_one();
    EXPECT_FALSE(EpochRegistry::reclaim_free());
    EXPECT_EQ(alive_, kBacklog);
  }
  EXPECT_TRUE(EpochRegistry::reclaim_free());
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, AChainIsRetiredLikeItsObjects) {
  constexpr int kObjects = 1'000;
  Retired* first = nullptr;
  Retired* last = nullptr;
  for (int i = 0; i < kObjects; i++) {
    auto* object = new Counted(alive_);
    object->reclaim = [](Retired* retired) noexcept { delete static_cast<Counted*>(retired); };
    object->next = first;
    first = object;
    if (last == nullptr) last = object;
  }
  retire_one();
  EpochRegistry::retire_chain(first, last, kObjects);
  // Twice as many could be freed as were retired.
  EXPECT_EQ(alive_, 0);
}

// Notes which threads delete.
struct Traced : Retired {
  explicit Traced(std::atomic<int>& count) noexcept : deleted_by_others(count) {}
  ~Traced() {
    if (std::this_thread::get_id() != retired_by) deleted_by_others++;
  }
  std::atomic<int>& deleted_by_others;
  const std::thread::id retired_by = std::this_thread::get_id();
};

// The allocator takes memory back more cheaply from the thread that had it.
TEST_F(Epoch, AThreadUnderWayFreesWhatItHasRetired) {
  constexpr int kObjects = 20'000;
  std::atomic<int> deleted_by_others{0};
  std::atomic<int> ready{0};
  const auto retire_many = [&] {
    ready++;
    while (ready < 2) std::this_thread::yield();
    for (int i = 0; i < kObjects; i++) EpochRegistry::retire(new Traced(deleted_by_others));
    ready++;
    // Not before the other is done: what a thread leaves behind others do free.
    while (ready < 4) std::this_thread::yield();
  };
  std::thread other(retire_many);
  retire_many();
  EXPECT_EQ(deleted_by_others, 0);
  other.join();
  // The rest counts, too, and needs the counter.
  EXPECT_TRUE(EpochRegistry::reclaim_all());
}

TEST_F(Epoch, OthersFreeTheBacklogOfAThreadThatRetiresNoMore) {
  constexpr int kBacklog = 1'000;
  std::atomic<int> stage{0};
  std::atomic<int> alive_of_other{0};
  auto reader = std::make_unique<PinnedThread>();
  std::thread other([&] {
    for (int i = 0; i < kBacklog; i++) EpochRegistry::retire(new Counted(alive_of_other));
    stage = 1;
    while (stage < 2) std::this_thread::yield();
  });
  while (stage < 1) std::this_thread::yield();
  reader.reset();
  for (int i = 0; i < 100'000; i++) retire_one();
  // What it has not looked at since its last slice stays.
  EXPECT_LT(alive_of_other, static_cast<int>(EpochRegistry::kHeldBackMax));
  stage = 2;
  other.join();
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(alive_of_other, 0);
}

TEST_F(Epoch, ABacklogIsReclaimedInBoundedSlices) {
  constexpr int kBacklog = 5'000;
  {
    const PinnedThread reader;
    for (int i = 0; i < kBacklog; i++) retire_one();
    EXPECT_EQ(alive_, kBacklog);
  }
  int slices = 1;
  for (int before = alive_; !EpochRegistry::try_reclaim(); before = alive_) {
    EXPECT_LE(before - alive_, static_cast<int>(EpochRegistry::kSliceObjects));
    slices++;
  }
  EXPECT_GE(slices, kBacklog / static_cast<int>(EpochRegistry::kSliceObjects));
}

// One call in 128 used to free all that had gathered, and took a hundred times as long as the
// others.
TEST_F(Epoch, NoRetireFreesManyObjects) {
  constexpr int kBacklog = 5'000;
  constexpr int kFreedMax = 2 * EpochRegistry::kFreedPerRetired * EpochRegistry::kStepEvery;
  {
    const PinnedThread reader;
    for (int i = 0; i < kBacklog; i++) retire_one();
  }
  int retired = 0;
  while (alive_ > static_cast<int>(EpochRegistry::kHeldBackMax)) {
    const int before = alive_;
    retire_one();
    EXPECT_LE(before + 1 - alive_, kFreedMax);
    ASSERT_LE(++retired, 2 * kBacklog) << "the backlog does not shrink";
  }
}

// A thread that came and went with fewer objects than make it decide left them to the next
// decision, which never came: where all threads were like that, 20'000 of them left 290 MB.
TEST_F(Epoch, AThreadFreesWhatItHasRetiredAtItsEnd) {
  for (const int retired : {1, 8, 2'000}) {
    std::thread([this, retired] {
      const EpochPin pin;  // or 2'000 would be free before
      for (int i = 0; i < retired; i++) retire_one();
    }).join();
    EXPECT_EQ(alive_, 0);
  }
}

// Those that end while others decide wait for their turn.
TEST_F(Epoch, ThreadsThatEndTogetherLeaveNothing) {
  for (int round = 0; round < 200; round++) {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
      threads.emplace_back([this, &ready] {
        retire_one();
        ready++;
        while (ready < 4) std::this_thread::yield();
      });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(alive_, 0) << round;
  }
}

TEST_F(Epoch, TheNextThreadsEndFreesWhatWaitedForAReader) {
  {
    const PinnedThread reader;
    for (int i = 0; i < 100; i++) {
      std::thread([this] { retire_one(); }).join();
    }
    EXPECT_EQ(alive_, 100);
  }
  EXPECT_EQ(alive_, 0);  // the reader's
}

TEST_F(Epoch, GarbageOfExitedThreadsIsAdopted) {
  {
    const PinnedThread reader;
    for (int i = 0; i < 200; i++) {  // more than one chunk of slots, were they not reused
      std::thread([this] { retire_one(); }).join();
    }
    EXPECT_EQ(alive_, 200);
  }
  EXPECT_TRUE(EpochRegistry::try_reclaim());
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, MoreThreadsThanOneChunkHasSlots) {
  constexpr int kThreads = 150;
  std::atomic<int> pinned{0};
  std::atomic<bool> release{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      const EpochPin pin;
      pinned++;
      while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  }
  while (pinned < kThreads) std::this_thread::yield();
  retire_one();
  EXPECT_FALSE(EpochRegistry::try_reclaim());
  release = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(EpochRegistry::try_reclaim());
}

// Retires another object from its deleter.
struct Chained : Retired {
  explicit Chained(std::atomic<int>& count) noexcept : alive(count) {}
  ~Chained() {
    {
      const EpochPin pin;
      EpochRegistry::retire(new Counted(alive));
    }
    EXPECT_FALSE(EpochRegistry::try_reclaim());
    EXPECT_FALSE(EpochRegistry::reclaim_all());
  }
  std::atomic<int>& alive;
};

// Retires as many as a node of a tree has children, each of which does the same.
struct Parent : Retired {
  Parent(std::atomic<int>& count, int levels) noexcept : deleted(count), levels_below(levels) {}
  ~Parent() {
    deleted++;
    for (int i = 0; levels_below != 0 && i < 16; i++)
      EpochRegistry::retire(new Parent(deleted, levels_below - 1));
  }
  std::atomic<int>& deleted;
  const int levels_below;
};

// What deleters retired used to be counted as what a thread has to pay for with its next step: one
// brought 16 others, these 256, and the step after them freed all that there was.
TEST_F(Epoch, NoRetireFreesATreeAtOnce) {
  constexpr int kFreedMax = 2 * EpochRegistry::kFreedPerRetired * EpochRegistry::kStepEvery;
  constexpr int kNodes = 1 + 16 + 256 + 4'096;
  std::atomic<int> deleted{0};
  EpochRegistry::retire(new Parent(deleted, 3));
  for (int retired = 0; deleted < kNodes; retired++) {
    const int before = deleted;
    retire_one();
    EXPECT_LE(deleted - before, kFreedMax);
    ASSERT_LE(retired, 2 * kNodes) << "the backlog does not shrink";
  }
}

TEST_F(Epoch, AThreadsEndFreesWhatItsDeletersRetire) {
  std::atomic<int> deleted{0};
  std::thread([&deleted] { EpochRegistry::retire(new Parent(deleted, 2)); }).join();
  EXPECT_EQ(deleted, 1 + 16 + 256);
}

TEST_F(Epoch, ContributionsFreeWhatWaits) {
  for (int i = 0; i < 50; i++) retire_one();
  for (uint32_t i = 0; i < 8 * EpochRegistry::kDecideEvery; i++) EpochRegistry::contribute(1);
  EXPECT_EQ(alive_, 0);
}

TEST_F(Epoch, WhatIsWorthManyIsFreedAtOnce) {
  for (int i = 0; i < 3; i++) {
    retire_one();
    EpochRegistry::add_reclaim_pressure(EpochRegistry::kDecideEvery);
    EXPECT_EQ(alive_, 0);
  }
}

TEST_F(Epoch, DeletersMayPinAndRetire) {
  EpochRegistry::retire(new Chained(alive_));
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(alive_, 1);
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_EQ(alive_, 0);
}

// Uses the registry from a thread that has no slot any more.
TEST_F(Epoch, UsableWhileTheThreadExits) {
  os::LateCalls late;
  std::thread([&] {
    ASSERT_TRUE(late.add([this](int round) {
      if (round != os::LateCalls::kFirstAfterLeaving) return;
      const EpochPin pin;
      EpochRegistry::retire(new Counted(alive_));
    }));
    const EpochPin pin;
  }).join();
  EXPECT_EQ(alive_, 1);
  EXPECT_TRUE(EpochRegistry::try_reclaim());
  EXPECT_EQ(alive_, 0);
}

// Whether `check` comes to an end in a forked child, and is true.
template <typename Check>
bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(check() ? 0 : 1);
  }
  int wait_status = 0;
  return child > 0 && waitpid(child, &wait_status, 0) == child && WIFEXITED(wait_status) &&
         WEXITSTATUS(wait_status) == 0;
}

TEST_F(Epoch, AForkedChildForgetsTheParentsThreads) {
  const PinnedThread reader;
  EXPECT_TRUE(holds_in_child([this] {
    retire_one();
    return EpochRegistry::try_reclaim() && alive_ == 0;
  }));
}

// Takes a lock that belongs to its handle.
struct Locking : Retired {
  explicit Locking(std::mutex& locked) noexcept : mutex(locked) {}
  ~Locking() { const std::lock_guard lock(mutex); }
  std::mutex& mutex;
};

// A child used to run the deleters of what its parent's threads had retired, and hung in the first
// whose lock one of them had held at the fork: with an index of its own, and two threads that
// removed keys from another in the parent, two children of ten.
TEST_F(Epoch, AForkedChildReclaimsNothingOfItsParent) {
  std::mutex mutex;
  std::atomic<int> stage{0};
  std::thread other([&] {
    {
      const PinnedThread reader;
      EpochRegistry::retire(new Locking(mutex));
      EXPECT_FALSE(EpochRegistry::try_reclaim());  // it waits in the list
    }
    EpochRegistry::retire(new Locking(mutex));  // and this in the stack
    const std::lock_guard lock(mutex);
    stage = 1;
    while (stage < 2) std::this_thread::yield();
  });
  while (stage < 1) std::this_thread::yield();
  EpochRegistry::retire(new Locking(mutex));
  EXPECT_EQ(EpochRegistry::waiting(), 3U);
  EXPECT_TRUE(holds_in_child([this] {
    if (EpochRegistry::waiting() != 0 || !EpochRegistry::reclaim_all()) return false;
    for (int i = 0; i < 1'000; i++) retire_one();
    return alive_ <= static_cast<int>(EpochRegistry::kHeldBackMax) &&
           EpochRegistry::reclaim_free() && alive_ == 0;
  }));
  stage = 2;
  other.join();
  EXPECT_TRUE(EpochRegistry::reclaim_all());
}

TEST_F(Epoch, AChildForkedUnderAPinKeepsItsOwnPin) {
  const pid_t child = [this] {
    const EpochPin pin;
    const pid_t forked = fork();
    if (forked == 0) {
      retire_one();
      if (EpochRegistry::try_reclaim() || alive_ != 1) _exit(1);
    }
    return forked;
  }();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(EpochRegistry::try_reclaim() && alive_ == 0 ? 0 : 2);
  int wait_status = 0;
  ASSERT_EQ(waitpid(child, &wait_status, 0), child);
  EXPECT_EQ(WEXITSTATUS(wait_status), 0);
}

}  // namespace
}  // namespace stave::sync
