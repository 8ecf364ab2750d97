#include "core/sync/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace stave::sync {
namespace {

TEST(Gate, OpenUntilClosed) {
  Gate gate;
  EXPECT_FALSE(gate.closed());
  {
    Gate::Entry entry(gate);
    EXPECT_TRUE(entry);
  }
  EXPECT_TRUE(gate.close_and_wait());
  EXPECT_TRUE(gate.closed());
  Gate::Entry refused(gate);
  EXPECT_FALSE(refused);
  EXPECT_FALSE(Gate::Visit(gate));
}

TEST(Gate, OneVisitAtATime) {
  Gate gate;
  Gate other;
  { const EpochPin gets_the_thread_its_slot; }
  {
    const Gate::Visit visit(gate);
    EXPECT_TRUE(visit);
    EXPECT_FALSE(Gate::Visit(other));
    const Gate::Entry entry(other);
    EXPECT_TRUE(entry);
    const EpochPin inner;
  }
  {
    const EpochPin outer;
    EXPECT_FALSE(Gate::Visit(other));
    EXPECT_TRUE(Gate::Entry(other));
  }
  EXPECT_TRUE(Gate::Visit(other));
  EXPECT_TRUE(other.close_and_wait());
  EXPECT_FALSE(Gate::Visit(other));
}

TEST(Gate, CloseWaitsForVisits) {
  Gate gate;
  std::atomic<bool> inside{false};
  std::atomic<bool> may_leave{false};
  std::atomic<bool> left{false};
  std::thread call([&] {
    { const EpochPin gets_the_thread_its_slot; }
    const Gate::Visit visit(gate);
    ASSERT_TRUE(visit);
    inside = true;
    while (!may_leave) std::this_thread::yield();
    left = true;
  });
  while (!inside) std::this_thread::yield();
  std::thread closer([&] {
    EXPECT_TRUE(gate.close_and_wait());
    EXPECT_TRUE(left);
  });
  while (!gate.closed()) std::this_thread::yield();
  may_leave = true;
  closer.join();
  call.join();
}

TEST(Gate, OnlyTheFirstCloseIsFirst) {
  Gate gate;
  EXPECT_TRUE(gate.close_and_wait());
  EXPECT_FALSE(gate.close_and_wait());
  EXPECT_FALSE(gate.close_and_wait());
}

TEST(Gate, CloseWaitsForTheCallsInside) {
  Gate gate;
  std::atomic<bool> inside{false};
  std::atomic<bool> may_leave{false};
  std::atomic<bool> left{false};
  std::thread call([&] {
    Gate::Entry entry(gate);
    ASSERT_TRUE(entry);
    inside = true;
    while (!may_leave) std::this_thread::yield();
    left = true;
  });
  while (!inside) std::this_thread::yield();

  std::atomic<int> firsts{0};
  std::vector<std::thread> closers;
  for (int i = 0; i < 3; i++) {
    closers.emplace_back([&] {
      if (gate.close_and_wait()) firsts++;
      EXPECT_TRUE(left);
    });
  }
  while (!gate.closed()) std::this_thread::yield();
  EXPECT_FALSE(Gate::Visit(gate));
  may_leave = true;
  for (auto& closer : closers) closer.join();
  call.join();
  EXPECT_EQ(firsts, 1);
}

TEST(Gate, KnowsWhatThisThreadHasEntered) {
  Gate outer;
  Gate inner;
  EXPECT_FALSE(outer.entered_by_this_thread());
  {
    Gate::Entry first(outer);
    Gate::Entry second(inner);
    Gate::Entry again(outer);
    EXPECT_TRUE(outer.entered_by_this_thread());
    EXPECT_TRUE(inner.entered_by_this_thread());
    std::thread([&] { EXPECT_FALSE(outer.entered_by_this_thread()); }).join();
  }
  EXPECT_FALSE(outer.entered_by_this_thread());
  EXPECT_FALSE(inner.entered_by_this_thread());
}

TEST(Gate, ARefusedEntryIsNotInside) {
  Gate gate;
  gate.close_and_wait();
  Gate::Entry refused(gate);
  EXPECT_FALSE(gate.entered_by_this_thread());
  EXPECT_FALSE(gate.close_and_wait());
}

}  // namespace
}  // namespace stave::sync
