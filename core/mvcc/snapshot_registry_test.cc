#include "core/mvcc/snapshot_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/sync/epoch.h"

namespace stave::mvcc {
namespace {

using Need = SnapshotView::Need;

class SnapshotRegistryTest : public testing::Test {
 protected:
  uint64_t commit() {
    TransactionRecord<> record(1);
    return clock_.commit(record);
  }
  Need need(uint64_t after, uint64_t up_to) {
    return SnapshotView(registry_, clock_).need(after, up_to, blocker_);
  }

  SnapshotRegistry::Clock clock_;
  // Returns what was parked there.
  RetiredList close(SnapshotRegistry::OpenSnapshot* snapshot) {
    RetiredList all;
    const auto adopt = [&all](RetiredList& parked) { all.append(parked); };
    registry_.close(snapshot, adopt);
    return all;
  }

  SnapshotRegistry registry_;
  SnapshotView::Blocker blocker_;
};

TEST_F(SnapshotRegistryTest, ASnapshotNeedsOnlyItsInterval) {
  commit();
  commit();
  SnapshotRegistry::OpenSnapshot* snapshot = registry_.open(clock_);
  EXPECT_EQ(snapshot->timestamp(), 3U);
  commit();
  commit();
  EXPECT_EQ(need(1, 2), Need::none);
  EXPECT_EQ(need(2, 3), Need::snapshot);
  EXPECT_EQ(blocker_.snapshot, snapshot);
  EXPECT_EQ(need(3, 4), Need::none);
  EXPECT_EQ(need(0, 4), Need::snapshot);
  EXPECT_TRUE(close(snapshot).empty());
  EXPECT_EQ(need(0, 4), Need::none);
}

TEST_F(SnapshotRegistryTest, NeedIsUnknownWhereALaterSnapshotMayRead) {
  commit();
  EXPECT_EQ(clock_.next(), 2U);
  EXPECT_EQ(need(0, 1), Need::none);
  EXPECT_EQ(need(0, 2), Need::unknown);
}

TEST_F(SnapshotRegistryTest, TheBlockerIsASnapshotInTheInterval) {
  std::vector<SnapshotRegistry::OpenSnapshot*> snapshots;
  // More than a chunk of slots, and more than a view keeps without memory of its own.
  for (int i = 0; i < 50; i++) {
    snapshots.push_back(registry_.open(clock_));
    commit();
  }
  EXPECT_EQ(registry_.count(), 50U);
  EXPECT_EQ(need(9, 50), Need::snapshot);
  EXPECT_GE(blocker_.timestamp, 10U);
  EXPECT_EQ(need(9, 10), Need::snapshot);
  EXPECT_EQ(blocker_.timestamp, 10U);
  for (int i = 0; i < 50; i += 2) close(snapshots[static_cast<size_t>(i)]);
  EXPECT_EQ(need(10, 50), Need::snapshot);
  EXPECT_GE(blocker_.timestamp, 12U);
  EXPECT_EQ(blocker_.timestamp % 2, 0U);
  EXPECT_EQ(need(10, 12), Need::snapshot);
  EXPECT_EQ(blocker_.timestamp, 12U);
  EXPECT_EQ(need(10, 11), Need::none);
  for (int i = 1; i < 50; i += 2) close(snapshots[static_cast<size_t>(i)]);
  EXPECT_EQ(registry_.count(), 0U);
}

// The oldest blocked: when snapshots ended in the order of their begin, what they all needed was
// looked at again at each one's end.
TEST_F(SnapshotRegistryTest, AVersionThatManySnapshotsNeedIsExaminedALogarithmicNumberOfTimes) {
  constexpr uint64_t many = 1000;
  for (const bool with_commits : {true, false}) {
    for (const bool first_ends_first : {true, false}) {
      std::vector<SnapshotRegistry::OpenSnapshot*> snapshots;
      const uint64_t before = clock_.next() - 1;
      for (uint64_t i = 0; i < many; i++) {
        snapshots.push_back(registry_.open(clock_));
        if (with_commits) commit();
      }
      if (!first_ends_first) std::reverse(snapshots.begin(), snapshots.end());
      const uint64_t end = commit();
      commit();
      uint64_t looks = 0;
      const SnapshotRegistry::OpenSnapshot* blocker = nullptr;
      for (SnapshotRegistry::OpenSnapshot* snapshot : snapshots) {
        if (blocker == nullptr) {
          looks++;
          EXPECT_EQ(need(before, end), Need::snapshot);
          blocker = blocker_.snapshot;
        }
        if (snapshot == blocker) blocker = nullptr;
        close(snapshot);
      }
      EXPECT_EQ(need(before, end), Need::none);
      EXPECT_LT(looks, 40U) << with_commits << first_ends_first;
    }
  }
}

// Every later look went over slots for as many snapshots as there had once been.
TEST_F(SnapshotRegistryTest, ChunksAreRetiredWithTheirLastSnapshot) {
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  constexpr size_t many = 1000;
  std::vector<SnapshotRegistry::OpenSnapshot*> snapshots;
  for (size_t i = 0; i < many; i++) {
    snapshots.push_back(registry_.open(clock_));
    commit();
  }
  {
    const sync::EpochPin pin;
    // Every other one first: no chunk is without a snapshot.
    for (size_t i = 0; i < many; i += 2) close(snapshots[i]);
    EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
    EXPECT_EQ(need(0, 2), Need::snapshot);
    EXPECT_EQ(blocker_.snapshot, snapshots[1]);
    for (size_t i = 1; i < many - 1; i += 2) close(snapshots[i]);
    // 7 slots to a chunk.
    EXPECT_GT(sync::EpochRegistry::waiting(), many / 7 - 7);
    EXPECT_EQ(need(0, many), Need::snapshot);
    EXPECT_EQ(blocker_.snapshot, snapshots[many - 1]);
  }
  EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
  EXPECT_EQ(registry_.count(), 1U);
  for (size_t i = 0; i < many - 1; i++) snapshots[i] = registry_.open(clock_);
  EXPECT_EQ(registry_.count(), many);
  EXPECT_EQ(need(0, many), Need::snapshot);
  for (SnapshotRegistry::OpenSnapshot* snapshot : snapshots) close(snapshot);
  EXPECT_EQ(need(0, many), Need::none);
}

TEST_F(SnapshotRegistryTest, CloseReturnsWhatIsParked) {
  SnapshotRegistry::OpenSnapshot* snapshot = registry_.open(clock_);
  const uint64_t timestamp = snapshot->timestamp();
  sync::Retired first;
  sync::Retired second;
  EXPECT_TRUE(registry_.park(snapshot, timestamp, &first));
  EXPECT_TRUE(registry_.park(snapshot, timestamp, &second));
  RetiredList parked = close(snapshot);
  EXPECT_EQ(parked.count(), 2U);
  EXPECT_EQ(parked.pop(), &first);
  EXPECT_EQ(parked.pop(), &second);
  EXPECT_EQ(parked.pop(), nullptr);
  // The snapshot has ended, and its snapshot may be another's.
  EXPECT_FALSE(registry_.park(snapshot, timestamp, &first));
  commit();
  SnapshotRegistry::OpenSnapshot* again = registry_.open(clock_);
  EXPECT_FALSE(registry_.park(again, timestamp, &first));
  close(again);
}

// Versions that were in nobody's list for a moment outlived the rows that clear() took away.
TEST_F(SnapshotRegistryTest, ParkedVersionsAreAdoptedBeforeTheSnapshotCountsAsEnded) {
  SnapshotRegistry::OpenSnapshot* snapshot = registry_.open(clock_);
  sync::Retired parked;
  ASSERT_TRUE(registry_.park(snapshot, snapshot->timestamp(), &parked));
  uint64_t open = 0;
  const auto adopt = [&](RetiredList& list) {
    EXPECT_EQ(list.pop(), &parked);
    open = registry_.count();
  };
  EXPECT_TRUE(registry_.close(snapshot, adopt));
  EXPECT_EQ(open, 1U);
  EXPECT_EQ(registry_.count(), 0U);
}

TEST_F(SnapshotRegistryTest, RunWithoutSnapshotsRunsAloneOrNotAtAll) {
  bool ran = false;
  SnapshotRegistry::OpenSnapshot* snapshot = registry_.open(clock_);
  EXPECT_FALSE(registry_.run_without_snapshots([&] { ran = true; }));
  EXPECT_FALSE(ran);
  close(snapshot);
  EXPECT_TRUE(registry_.run_without_snapshots([&] { ran = true; }));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace stave::mvcc
