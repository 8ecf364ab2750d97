#include "core/mvcc/memtable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/cow_map/node_pool.h"
#include "core/mvcc/memtable_cursor.h"
#include "core/mvcc/memtable_test_support.h"
#include "core/mvcc/transaction.h"
#include "core/sync/thread_number.h"

namespace stave::mvcc {
namespace {

class ManagedMemtable : public testing::Test {
 protected:
  void TearDown() override { expect_no_leak(table_); }

  std::shared_ptr<Transaction> begin() { return std::make_shared<Transaction>(*table_); }
  std::string read(const Transaction& transaction, std::string_view key) {
    return visible_text(table_->read(as_bytes(key), *transaction.view(), text_visitor(text_)),
                        text_);
  }
  std::string read(const SnapshotHold& snapshot, std::string_view key) {
    return visible_text(table_->read(as_bytes(key), snapshot.view(), text_visitor(text_)), text_);
  }
  static Status put(Transaction& transaction, std::string_view key, std::string_view value) {
    return transaction.write({as_bytes(key), as_bytes(value)});
  }
  static Status remove(Transaction& transaction, std::string_view key) {
    return transaction.write({.key = as_bytes(key), .tombstone = true});
  }
  uint64_t commit_one(std::string_view key, std::string_view value) {
    const auto transaction = begin();
    EXPECT_TRUE(put(*transaction, key, value).ok());
    return *transaction->commit();
  }
  void remove_one(std::string_view key) {
    const auto transaction = begin();
    EXPECT_TRUE(remove(*transaction, key).ok());
    EXPECT_TRUE(transaction->commit().ok());
  }
  uint64_t versions() { return table_->stats().versions; }

  std::unique_ptr<Memtable> table_ = *Memtable::create({.background = false});
  std::string text_;
};

TEST_F(ManagedMemtable, ATransactionSeesItsMomentAndItsOwnWrites) {
  commit_one("a", "old");
  const auto first = begin();
  commit_one("a", "new");
  EXPECT_EQ(read(*first, "a"), "=old");
  const auto second = begin();
  EXPECT_EQ(read(*second, "a"), "=new");
  ASSERT_TRUE(put(*second, "a", "mine").ok());
  ASSERT_TRUE(remove(*second, "b").ok());
  EXPECT_EQ(read(*second, "a"), "=mine");
  EXPECT_EQ(read(*second, "b"), "deleted");
  EXPECT_EQ(read(*first, "a"), "=old");
  const uint64_t timestamp = *second->commit();
  EXPECT_GT(timestamp, 0U);
  EXPECT_EQ(read(*first, "a"), "=old");
  EXPECT_TRUE(second->commit().status().is(Code::closed));
  EXPECT_TRUE(put(*second, "a", "x").is(Code::closed));
  EXPECT_EQ(*first->commit(), 0U);
}

TEST_F(ManagedMemtable, FirstWriterWins) {
  commit_one("k", "0");
  const auto early = begin();
  const auto late = begin();
  ASSERT_TRUE(put(*late, "k", "1").ok());
  EXPECT_TRUE(put(*early, "k", "2").is(Code::conflict));
  ASSERT_TRUE(late->commit().ok());
  // Committed after its snapshot: still a conflict, also for a key that it has never seen.
  EXPECT_TRUE(put(*early, "k", "2").is(Code::conflict));
  ASSERT_TRUE(put(*early, "other", "2").ok());
  ASSERT_TRUE(early->commit().ok());
  const auto next = begin();
  EXPECT_TRUE(put(*next, "k", "3").ok());
}

TEST_F(ManagedMemtable, ADroppedTransactionIsRolledBack) {
  {
    const auto transaction = begin();
    ASSERT_TRUE(put(*transaction, "k", "v").ok());
  }
  EXPECT_TRUE(table_->is_empty());
  EXPECT_EQ(table_->stats().rows, 0U);
  EXPECT_EQ(table_->stats().snapshots, 0U);
  EXPECT_EQ(table_->size_bytes(), 0U);
}

TEST_F(ManagedMemtable, WithoutSnapshotsOnlyTheNewestVersionStays) {
  for (int i = 0; i < 100; i++) commit_one("k", std::to_string(i));
  EXPECT_EQ(versions(), 1U);
  remove_one("k");
  EXPECT_EQ(versions(), 0U);
  EXPECT_TRUE(table_->is_empty());
  EXPECT_EQ(table_->stats().rows, 0U);
  EXPECT_EQ(table_->size_bytes(), 0U);
}

TEST_F(ManagedMemtable, ASnapshotCostsAtMostOneVersionOfAKey) {
  commit_one("k", "first");
  const auto held = std::make_shared<SnapshotHold>(*table_);
  for (int i = 0; i < 1000; i++) {
    commit_one("k", std::to_string(i));
    ASSERT_LE(versions(), 2U);
  }
  EXPECT_EQ(read(*held, "k"), "=first");
  for (int i = 0; i < 100; i++) {
    remove_one("k");
    ASSERT_LE(versions(), 2U);
    commit_one("k", std::to_string(i));
    ASSERT_LE(versions(), 2U);
  }
  EXPECT_EQ(read(*held, "k"), "=first");
}

TEST_F(ManagedMemtable, VersionsThatASnapshotKeptAreFreedAfterIt) {
  commit_one("k", "0");
  std::vector<std::shared_ptr<SnapshotHold>> held;
  for (int i = 1; i <= 20; i++) {
    held.push_back(std::make_shared<SnapshotHold>(*table_));
    commit_one("k", std::to_string(i));
  }
  EXPECT_EQ(versions(), 21U);
  // Every second one ends, in an order that is neither theirs nor its reverse.
  for (size_t i = 0; i < held.size(); i += 2) held[(i * 7) % 20].reset();
  table_->prune_now();
  EXPECT_EQ(versions(), 11U);
  for (size_t i = 0; i < held.size(); i++) {
    if (held[i] == nullptr) continue;
    EXPECT_EQ(read(*held[i], "k"), "=" + std::to_string(i));
  }
  held.clear();
  EXPECT_EQ(table_->prune_now(), 10U);
  EXPECT_EQ(versions(), 1U);
}

// It was the difference of two totals: less than nothing when somebody wrote meanwhile.
TEST_F(ManagedMemtable, PruneCountsOnlyWhatItHasFreed) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 50'000; i++) commit_one(std::to_string(i), "v");
    done = true;
  });
  uint64_t pruned = 0;
  while (!done) pruned = std::max(pruned, table_->prune_now());
  EXPECT_EQ(pruned, 0U);
  writer.join();
  auto held = std::make_shared<SnapshotHold>(*table_);
  commit_one("0", "a");
  commit_one("0", "b");
  held.reset();
  EXPECT_EQ(table_->prune_now(), 1U);
}

// Totals are sums over threads. When one thread adds and another takes away, a third must not find
// less than nothing.
TEST_F(ManagedMemtable, StatisticsAreNeverNegative) {
  std::atomic<bool> stop{false};
  std::atomic<int> turn{0};
  const auto take_turns = [&](int mine) {
    while (!stop) {
      while (turn != mine && !stop) std::this_thread::yield();
      mine == 0 ? static_cast<void>(commit_one("k", "v")) : remove_one("k");
      turn = 1 - mine;
    }
  };
  std::thread adds(take_turns, 0);
  // Threads with numbers, and so totals, between those of the two: time to be stopped in.
  std::vector<std::thread> between;
  std::atomic<int> ready{0};
  for (int i = 0; i < 12; i++) {
    between.emplace_back([&] {
      sync::thread_number();
      ready++;
      while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  }
  while (ready < 12) std::this_thread::yield();
  std::thread removes(take_turns, 1);
  uint64_t size = 0;
  uint64_t size_bytes = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; i++) {
      size = std::max(size, table_->size());
      size_bytes = std::max(size_bytes, table_->size_bytes());
    }
  }
  stop = true;
  EXPECT_LT(size, 10U);
  EXPECT_LT(size_bytes, 10'000U);
  adds.join();
  removes.join();
  for (std::thread& thread : between) thread.join();
}

TEST_F(ManagedMemtable, ATombstoneStaysWhileAnOlderTransactionMayWriteTheKey) {
  const auto old = begin();
  commit_one("k", "v");
  remove_one("k");
  EXPECT_EQ(read(*old, "k"), "absent");
  EXPECT_TRUE(put(*old, "k", "mine").is(Code::conflict));
  EXPECT_EQ(versions(), 1U);
  ASSERT_TRUE(old->roll_back().ok());
  table_->prune_now();
  EXPECT_EQ(versions(), 0U);
  EXPECT_EQ(table_->stats().rows, 0U);
}

TEST_F(ManagedMemtable, ASnapshotSeesNothingOfKeysThatComeAndGo) {
  const auto held = std::make_shared<SnapshotHold>(*table_);
  for (int i = 0; i < 1000; i++) {
    commit_one("k", std::to_string(i));
    remove_one("k");
    ASSERT_LE(versions(), 2U) << i;
  }
  EXPECT_EQ(read(*held, "k"), "absent");
}

// The version's block fails, and then the row's.
TEST_F(ManagedMemtable, AWriteWithoutMemoryChangesNothing) {
  static int permitted;
  for (int before_failure = 0; before_failure < 2; before_failure++) {
    const auto transaction = begin();
    permitted = before_failure;
    cow_map::NodePool::ask([]() noexcept { return permitted-- > 0; });
    EXPECT_TRUE(put(*transaction, "k", "v").is(Code::no_memory));
    cow_map::NodePool::ask(nullptr);
    EXPECT_EQ(versions(), 0U);
    EXPECT_EQ(table_->stats().rows, 0U);
    EXPECT_EQ(read(*transaction, "k"), "absent");
    EXPECT_TRUE(put(*transaction, "k", "v").ok());
  }
}

TEST_F(ManagedMemtable, MultiReadReturnsWhatReadsReturn) {
  constexpr size_t count = 100;
  for (size_t i = 0; i < count; i += 2) commit_one(std::to_string(i), std::to_string(i));
  remove_one("2");
  std::vector<std::string> names;
  for (size_t i = 0; i < count; i++) names.push_back(std::to_string(i));
  std::vector<Bytes> keys;
  for (const std::string& name : names) keys.push_back(as_bytes(name));
  const auto transaction = begin();
  ASSERT_TRUE(put(*transaction, "3", "mine").ok());
  size_t visited = 0;
  const auto compare = [&](size_t position, Visible visible, const ValueRef& value) -> Status {
    EXPECT_EQ(position, visited++);
    EXPECT_EQ(visible_text(visible, std::string(as_text(value.bytes))),
              read(*transaction, names[position]));
    return {};
  };
  EXPECT_TRUE(table_->multi_read(keys, *transaction->view(), compare).ok());
  EXPECT_EQ(visited, count);
  const auto stop = [](size_t position, Visible, const ValueRef&) -> Status {
    return position == 40 ? Code::no_memory : Code::ok;
  };
  EXPECT_TRUE(table_->multi_read(keys, *transaction->view(), stop).is(Code::no_memory));
}

TEST_F(ManagedMemtable, ClearIsRefusedWhileAnybodyReads) {
  commit_one("k", "v");
  auto snapshot = std::make_shared<SnapshotHold>(*table_);
  EXPECT_TRUE(table_->clear().is(Code::busy));
  snapshot.reset();
  ASSERT_TRUE(table_->clear().ok());
  EXPECT_TRUE(table_->is_empty());
  commit_one("k", "again");
  EXPECT_EQ(read(*begin(), "k"), "=again");
}

TEST_F(ManagedMemtable, ACursorVisitsOneMomentAndOwnWrites) {
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 500; i++) {
    const std::string key = "k" + std::to_string(i);
    commit_one(key, std::to_string(i));
    expected[key] = std::to_string(i);
  }
  const auto transaction = begin();
  commit_one("k1", "later");
  commit_one("k1000", "later");
  remove_one("k2");
  ASSERT_TRUE(put(*transaction, "k3", "mine").ok());
  ASSERT_TRUE(remove(*transaction, "k4").ok());
  expected["k3"] = "mine";
  expected.erase("k4");
  MemtableCursor cursor(*table_, *transaction->view(), {.prefix = as_bytes("k")});
  std::map<std::string, std::string> found;
  while (cursor.next().ok()) {
    EXPECT_TRUE(found.emplace(as_text(cursor.key()), as_text(cursor.value())).second);
  }
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(cursor.next().is(Code::done));
}

TEST_F(ManagedMemtable, ThreadsMayComeAndGo) {
  for (int i = 0; i < 1000; i++) {
    std::thread([&] {
      commit_one("k" + std::to_string(i % 10), std::to_string(i));
      const auto dropped = begin();
      EXPECT_TRUE(put(*dropped, "never", "x").ok());
    }).join();
  }
  EXPECT_EQ(table_->size(), 10U);
  table_->prune_now();
  EXPECT_EQ(versions(), 10U);
}

}  // namespace
}  // namespace stave::mvcc
