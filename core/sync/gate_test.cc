#include "core/sync/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/os/testing/late_calls.h"

namespace stave::sync {
namespace {

Code enter(Gate::Entry& entry, Gate& gate, Reentry reentry = Reentry::refused) {
  return entry.enter(gate, reentry, Pinned::no);
}
Code call(Gate& gate, Reentry reentry = Reentry::refused) {
  Gate::Entry entry;
  return enter(entry, gate, reentry);
}
void close(Gate& gate) {
  EXPECT_TRUE(gate.close_and_wait());
  gate.finish_close();
}

TEST(Gate, CallsAreLetInUntilItIsClosed) {
  Gate gate;
  EXPECT_FALSE(gate.closed());
  EXPECT_EQ(call(gate), Code::ok);
  close(gate);
  EXPECT_TRUE(gate.closed());
  EXPECT_EQ(call(gate), Code::closed);
  EXPECT_EQ(call(gate, Reentry::allowed), Code::closed);
}

TEST(Gate, OnlyTheFirstCloseIsFirst) {
  Gate gate;
  close(gate);
  EXPECT_FALSE(gate.close_and_wait());
  EXPECT_FALSE(gate.close_and_wait());
}

TEST(Gate, CloseWaitsForTheCallsInsideAndOtherClosesForTheFirst) {
  for (const Pinned pinned : {Pinned::no, Pinned::yes}) {
    Gate gate;
    std::atomic<bool> inside{false};
    std::atomic<bool> may_leave{false};
    std::atomic<bool> left{false};
    std::atomic<bool> taken_apart{false};
    std::thread thread([&] {
      Gate::Entry entry;
      ASSERT_EQ(entry.enter(gate, Reentry::refused, pinned), Code::ok);
      inside = true;
      while (!may_leave) std::this_thread::yield();
      left = true;
    });
    while (!inside) std::this_thread::yield();

    std::atomic<int> firsts{0};
    std::vector<std::thread> closers;
    for (int i = 0; i < 3; i++) {
      closers.emplace_back([&] {
        if (gate.close_and_wait()) {
          firsts++;
          EXPECT_TRUE(left);
          taken_apart = true;
          gate.finish_close();
        }
        EXPECT_TRUE(taken_apart);
      });
    }
    while (!gate.closed()) std::this_thread::yield();
    EXPECT_EQ(call(gate), Code::closed);
    may_leave = true;
    for (auto& closer : closers) closer.join();
    thread.join();
    EXPECT_EQ(firsts, 1);
  }
}

TEST(Gate, APinnedEntryIsAPin) {
  Gate gate;
  static std::atomic<bool> freed{false};
  struct Object : Retired {
    ~Object() { freed = true; }
  };
  std::atomic<bool> retired{false};
  {
    Gate::Entry entry;
    ASSERT_EQ(entry.enter(gate, Reentry::refused, Pinned::yes), Code::ok);
    EXPECT_FALSE(EpochRegistry::reclaim_all()) << "this thread is pinned";
    std::thread([&] {
      EpochRegistry::retire(new Object);
      retired = true;
      EpochRegistry::reclaim_free();
    }).join();
    EXPECT_TRUE(retired);
    EXPECT_FALSE(freed);
  }
  EXPECT_TRUE(EpochRegistry::reclaim_all());
  EXPECT_TRUE(freed);
}

TEST(Gate, KnowsWhatThisThreadHasEntered) {
  Gate outer;
  Gate inner;
  EXPECT_FALSE(outer.entered_by_this_thread());
  {
    Gate::Entry first;
    EXPECT_EQ(enter(first, outer), Code::ok);
    Gate::Entry second;
    EXPECT_EQ(enter(second, inner), Code::ok);
    EXPECT_EQ(call(outer), Code::busy);
    Gate::Entry again;
    EXPECT_EQ(enter(again, outer, Reentry::allowed), Code::ok);
    EXPECT_TRUE(outer.entered_by_this_thread());
    EXPECT_TRUE(inner.entered_by_this_thread());
    std::thread([&] { EXPECT_FALSE(outer.entered_by_this_thread()); }).join();
  }
  EXPECT_FALSE(outer.entered_by_this_thread());
  EXPECT_FALSE(inner.entered_by_this_thread());
}

TEST(Gate, ARefusedCallIsNotInside) {
  Gate gate;
  close(gate);
  Gate::Entry refused;
  EXPECT_EQ(enter(refused, gate), Code::closed);
  EXPECT_FALSE(gate.entered_by_this_thread());
  EXPECT_FALSE(gate.close_and_wait());
}

// What a callback of a call may call again is not refused while close waits for that call.
TEST(Gate, ACallFromACallbackIsLetInWhileCloseWaits) {
  Gate gate;
  Gate child(&gate);
  std::thread closer;
  {
    Gate::Entry outer;
    ASSERT_EQ(enter(outer, gate), Code::ok);
    closer = std::thread([&] { close(gate); });
    while (!gate.closed()) std::this_thread::yield();
    EXPECT_EQ(call(gate, Reentry::allowed), Code::ok);
    EXPECT_EQ(call(child, Reentry::allowed), Code::ok);
    EXPECT_EQ(call(gate), Code::busy);
    EXPECT_EQ(call(child), Code::busy) << "a child's call is one on its parent";
    std::thread([&] { EXPECT_EQ(call(gate, Reentry::allowed), Code::closed); }).join();
  }
  closer.join();
  EXPECT_EQ(call(child, Reentry::allowed), Code::closed);
}

TEST(Gate, ACallOnAChildIsInsideItsParentsToo) {
  Gate grandparent;
  Gate parent(&grandparent);
  Gate child(&parent);
  std::thread closer;
  {
    Gate::Entry entry;
    ASSERT_EQ(enter(entry, child), Code::ok);
    EXPECT_TRUE(grandparent.entered_by_this_thread());
    EXPECT_TRUE(parent.entered_by_this_thread());
    closer = std::thread([&] { close(grandparent); });
    while (!grandparent.closed()) std::this_thread::yield();
    std::thread([&] { EXPECT_EQ(call(child), Code::closed); }).join();
    std::thread([&] { EXPECT_EQ(call(parent), Code::closed); }).join();
    EXPECT_TRUE(grandparent.entered_by_this_thread());
  }
  closer.join();
  EXPECT_EQ(call(child), Code::closed);
}

// More gates than a slot announces: the others count such calls themselves.
TEST(Gate, CallsMayNestDeeperThanASlotAnnounces) {
  constexpr int depth = 20;
  std::vector<std::unique_ptr<Gate>> gates;
  std::vector<std::unique_ptr<Gate::Entry>> entries;
  for (int i = 0; i < depth; i++) {
    gates.push_back(std::make_unique<Gate>());
    entries.push_back(std::make_unique<Gate::Entry>());
    ASSERT_EQ(enter(*entries.back(), *gates.back()), Code::ok);
  }
  for (const auto& gate : gates) {
    EXPECT_TRUE(gate->entered_by_this_thread());
    EXPECT_EQ(call(*gate), Code::busy);
    EXPECT_EQ(call(*gate, Reentry::allowed), Code::ok);
  }
  std::atomic<bool> is_closed{false};
  std::thread closer([&] {
    close(*gates.back());
    is_closed = true;
  });
  while (!gates.back()->closed()) std::this_thread::yield();
  EXPECT_EQ(call(*gates.back(), Reentry::allowed), Code::ok);
  EXPECT_FALSE(is_closed);
  while (!entries.empty()) entries.pop_back();
  closer.join();
  for (const auto& gate : gates) EXPECT_FALSE(gate->entered_by_this_thread());
  EXPECT_EQ(call(*gates.back()), Code::closed);
  EXPECT_EQ(call(*gates.front()), Code::ok);
}

// At the end of a thread, when it has given back its slot, its calls are counted in the gate.
TEST(Gate, ACallBehindTheEndOfItsThreadsSlotIsInside) {
  Gate gate;
  os::LateCalls late;
  std::atomic<int> calls{0};
  std::thread thread([&] {
    EXPECT_EQ(call(gate), Code::ok);
    ASSERT_TRUE(late.add([&](int) {
      Gate::Entry entry;
      EXPECT_EQ(enter(entry, gate), Code::ok);
      EXPECT_TRUE(gate.entered_by_this_thread());
      EXPECT_EQ(call(gate), Code::busy);
      EXPECT_EQ(call(gate, Reentry::allowed), Code::ok);
      calls++;
    }));
  });
  thread.join();
  EXPECT_EQ(calls, os::LateCalls::kRounds);
  close(gate);
}

}  // namespace
}  // namespace stave::sync
