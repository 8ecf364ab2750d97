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

#include "core/mvcc/memtable_cursor.h"
#include "core/mvcc/memtable_test_support.h"
#include "core/mvcc/transaction.h"
#include "core/sync/thread_number.h"

namespace stave::mvcc {
namespace {

// ---- Explicit timestamps -----------------------------------------------------------------------

class ExplicitMemtable : public testing::Test {
 protected:
  void TearDown() override { expect_no_leak(table_); }

  std::string read(std::string_view key, uint64_t snapshot, uint64_t reader = 0) {
    return visible_text(table_->read(as_bytes(key), snapshot, reader, text_visitor(text_)), text_);
  }
  Status write(std::string_view key, std::string_view value, uint64_t transaction) {
    return table_->write(as_bytes(key), InlineValue::Source::value(as_bytes(value)), transaction);
  }
  Status remove(std::string_view key, uint64_t transaction) {
    return table_->write(as_bytes(key), InlineValue::Source::tombstone(), transaction);
  }
  Status commit(uint64_t transaction, uint64_t timestamp,
                const std::vector<std::string_view>& keys) {
    return table_->commit(transaction, timestamp, as_keys(keys));
  }
  Status abort(uint64_t transaction, const std::vector<std::string_view>& keys) {
    return table_->abort(transaction, as_keys(keys));
  }
  void put(std::string_view key, std::string_view value, uint64_t timestamp) {
    ASSERT_TRUE(write(key, value, 1000 + timestamp).ok());
    ASSERT_TRUE(commit(1000 + timestamp, timestamp, {key}).ok());
  }

  std::shared_ptr<Memtable> table_ = *Memtable::create({.managed = false});
  std::string text_;
};

TEST_F(ExplicitMemtable, AVersionIsVisibleAboveItsTimestamp) {
  EXPECT_EQ(read("k", UINT64_MAX), "absent");
  ASSERT_TRUE(write("k", "v", 7).ok());
  EXPECT_EQ(read("k", UINT64_MAX), "absent");
  EXPECT_EQ(read("k", UINT64_MAX, 8), "absent");
  EXPECT_EQ(read("k", 1, 7), "=v");
  ASSERT_TRUE(commit(7, 10, {"k"}).ok());
  EXPECT_EQ(read("k", 10), "absent");
  EXPECT_EQ(read("k", 11), "=v");
  EXPECT_EQ(read("k", UINT64_MAX), "=v");
  EXPECT_EQ(read("k", 0), "absent");
}

TEST_F(ExplicitMemtable, DeletedIsNotAbsent) {
  put("k", "", 1);
  EXPECT_EQ(read("k", 2), "=");
  ASSERT_TRUE(remove("k", 5).ok());
  EXPECT_EQ(read("k", 9, 5), "deleted");
  ASSERT_TRUE(commit(5, 5, {"k"}).ok());
  EXPECT_EQ(read("k", 6), "deleted");
  EXPECT_EQ(read("k", 5), "=");
  EXPECT_EQ(read("k", 1), "absent");
  EXPECT_EQ(table_->size(), 0U);
  EXPECT_FALSE(table_->is_empty());
}

TEST_F(ExplicitMemtable, TheFirstWriterOfAKeyWins) {
  ASSERT_TRUE(write("k", "1", 1).ok());
  EXPECT_TRUE(write("k", "2", 2).is(Code::conflict));
  EXPECT_EQ(read("k", 9, 2), "absent");
  EXPECT_TRUE(table_->has_write_conflict(as_bytes("k"), 2));
  EXPECT_FALSE(table_->has_write_conflict(as_bytes("k"), 1));
  EXPECT_FALSE(table_->has_write_conflict(as_bytes("other"), 2));
  ASSERT_TRUE(commit(1, 5, {"k"}).ok());
  EXPECT_FALSE(table_->has_write_conflict(as_bytes("k"), 2));
  ASSERT_TRUE(write("k", "2", 2).ok());
  ASSERT_TRUE(commit(2, 6, {"k"}).ok());
  EXPECT_EQ(read("k", 6), "=1");
  EXPECT_EQ(read("k", 7), "=2");
}

TEST_F(ExplicitMemtable, WritesTwiceThenCommitsThenAThirdAborts) {
  ASSERT_TRUE(write("k", "1", 1).ok());
  ASSERT_TRUE(write("k", "2", 1).ok());
  EXPECT_EQ(table_->stats().versions, 1U);
  EXPECT_EQ(read("k", 9, 1), "=2");
  ASSERT_TRUE(commit(1, 5, {"k"}).ok());
  ASSERT_TRUE(write("k", "3", 3).ok());
  ASSERT_TRUE(abort(3, {"k"}).ok());
  EXPECT_EQ(read("k", 9), "=2");
  EXPECT_EQ(table_->stats().versions, 1U);
  EXPECT_EQ(table_->stats().transactions, 0U);
}

TEST_F(ExplicitMemtable, CommitNamesExactlyTheKeysWritten) {
  ASSERT_TRUE(write("a", "1", 1).ok());
  ASSERT_TRUE(write("b", "2", 1).ok());
  ASSERT_TRUE(write("c", "3", 2).ok());
  EXPECT_TRUE(commit(1, 5, {"a"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, 5, {"a", "a"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, 5, {"a", "b", "c"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, 5, {"a", "b", "d"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, 5, {}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, 0, {"a", "b"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(1, timestamp_max + 1, {"a", "b"}).is(Code::invalid_argument));
  EXPECT_TRUE(commit(9, 5, {"a"}).is(Code::invalid_argument));
  EXPECT_EQ(read("a", 9), "absent");
  EXPECT_TRUE(commit(1, timestamp_max, {"b", "a", "b"}).ok());
  EXPECT_EQ(read("a", UINT64_MAX), "=1");
  EXPECT_EQ(read("a", timestamp_max), "absent");
  EXPECT_TRUE(commit(9, 5, {}).ok());
}

TEST_F(ExplicitMemtable, CommitsInAnyOrderOfTimestamps) {
  for (const uint64_t timestamp : {50U, 10U, 30U, 20U, 60U, 40U}) {
    put("k", std::to_string(timestamp), timestamp);
  }
  for (uint64_t snapshot = 1; snapshot <= 70; snapshot++) {
    const uint64_t newest = std::min<uint64_t>((snapshot - 1) / 10 * 10, 60);
    EXPECT_EQ(read("k", snapshot), newest == 0 ? "absent" : "=" + std::to_string(newest));
  }
  // A timestamp that the key has: refused, and the transaction goes on.
  ASSERT_TRUE(write("k", "x", 1).ok());
  ASSERT_TRUE(write("other", "x", 1).ok());
  EXPECT_TRUE(commit(1, 30, {"k", "other"}).is(Code::invalid_argument));
  EXPECT_EQ(read("other", 99), "absent");
  EXPECT_EQ(read("k", 31), "=30");
  EXPECT_TRUE(commit(1, 31, {"k", "other"}).ok());
  EXPECT_EQ(read("k", 32), "=x");
}

TEST_F(ExplicitMemtable, AbortTakesBackTheKeysNamed) {
  put("a", "old", 1);
  ASSERT_TRUE(write("a", "1", 7).ok());
  ASSERT_TRUE(write("b", "2", 7).ok());
  ASSERT_TRUE(abort(7, {"b", "never written"}).ok());
  EXPECT_EQ(table_->stats().rows, 1U);
  EXPECT_TRUE(write("b", "3", 8).ok());
  EXPECT_TRUE(commit(7, 5, {"a"}).ok());
  EXPECT_EQ(read("a", 9), "=1");
  ASSERT_TRUE(abort(8, {"b"}).ok());
  ASSERT_TRUE(abort(8, {"b"}).ok());
  EXPECT_EQ(table_->stats().rows, 1U);
  EXPECT_EQ(table_->stats().transactions, 0U);
}

TEST_F(ExplicitMemtable, PruneKeepsTheNewestBelowAndEverythingNewer) {
  for (uint64_t timestamp = 10; timestamp <= 50; timestamp += 10) {
    put("k", std::to_string(timestamp), timestamp);
  }
  ASSERT_TRUE(remove("t", 1).ok());
  ASSERT_TRUE(commit(1, 10, {"t"}).ok());
  ASSERT_TRUE(write("p", "pending", 2).ok());
  EXPECT_EQ(*table_->prune(31), 2U);
  EXPECT_EQ(read("k", 31), "=30");
  EXPECT_EQ(read("k", 41), "=40");
  EXPECT_EQ(read("k", 99), "=50");
  EXPECT_EQ(read("k", 30), "too_old");
  EXPECT_EQ(read("t", 31), "deleted");
  EXPECT_EQ(read("p", 31, 2), "=pending");
  EXPECT_EQ(*table_->prune(31), 0U);
  EXPECT_EQ(*table_->prune(5), 0U);
  EXPECT_EQ(read("k", 30), "too_old");
}

TEST_F(ExplicitMemtable, ValuesOfEverySizeAroundTheInlineLimit) {
  uint64_t timestamp = 1;
  for (const size_t size : {0U, 1U, 55U, 56U, 57U, 64U, 4096U, 1U << 20}) {
    const std::string value(size, static_cast<char>('a' + size % 7));
    put("k", value, timestamp);
    EXPECT_EQ(read("k", ++timestamp), "=" + value);
  }
  EXPECT_TRUE(write(std::string(65'536, 'k'), "v", 1).is(Code::too_large));
  EXPECT_TRUE(write(std::string(65'535, 'k'), "v", 1).ok());
  EXPECT_TRUE(write("", "empty key", 1).ok());
  EXPECT_EQ(read("", 0, 1), "=empty key");
}

TEST_F(ExplicitMemtable, AThousandVersionsReadAtAnyAge) {
  constexpr uint64_t kVersions = 1000;
  for (uint64_t i = 1; i <= kVersions; i++) put("k", std::to_string(i), i * 3);
  for (uint64_t snapshot = 0; snapshot <= kVersions * 3 + 5; snapshot++) {
    const uint64_t visible = snapshot == 0 ? 0 : std::min((snapshot - 1) / 3, kVersions);
    ASSERT_EQ(read("k", snapshot), visible == 0 ? "absent" : "=" + std::to_string(visible));
  }
}

// A caller who has one transaction at a time may call them all 1. Their versions all had the height
// that follows from the number: a read of an old one went through all newer ones.
TEST_F(ExplicitMemtable, VersionsOfOneTransactionNumberDifferInHeight) {
  constexpr uint64_t count = 1000;
  for (uint64_t timestamp = 1; timestamp <= count; timestamp++) {
    ASSERT_TRUE(write("k", "v", 1).ok());
    ASSERT_TRUE(commit(1, timestamp, {"k"}).ok());
  }
  std::map<unsigned, uint64_t> heights;
  const sync::EpochPin pin;
  const ValueVersion* version = table_->keys().find(as_bytes(std::string_view("k")))->newest();
  for (; version != nullptr; version = version->next(0)) heights[version->height()]++;
  EXPECT_GT(heights[1], count / 2);
  EXPECT_GT(heights[2], count / 10);
  EXPECT_GT(heights[3], 0U);
}

TEST_F(ExplicitMemtable, ClearRemovesEverythingUnlessATransactionHasWritten) {
  put("a", "1", 1);
  ASSERT_TRUE(write("b", "2", 5).ok());
  EXPECT_TRUE(table_->clear().is(Code::busy));
  EXPECT_EQ(read("a", 9), "=1");
  ASSERT_TRUE(abort(5, {"b"}).ok());
  ASSERT_TRUE(table_->clear().ok());
  EXPECT_EQ(read("a", 9), "absent");
  EXPECT_TRUE(table_->is_empty());
  EXPECT_EQ(table_->size_bytes(), 0U);
  EXPECT_EQ(table_->stats().rows, 0U);
  EXPECT_EQ(table_->size(), 0U);
  put("a", "again", 1);
  EXPECT_EQ(read("a", 9), "=again");
}

// ---- Managed -----------------------------------------------------------------------------------

class ManagedMemtable : public testing::Test {
 protected:
  void TearDown() override { expect_no_leak(table_); }

  std::shared_ptr<Transaction> begin() { return *Transaction::begin(table_); }
  std::string read(const Transaction& transaction, std::string_view key) {
    return visible_text(transaction.read(as_bytes(key), text_visitor(text_)), text_);
  }
  std::string read(const SnapshotLease& snapshot, std::string_view key) {
    return visible_text(table_->read(as_bytes(key), snapshot.timestamp(), 0, text_visitor(text_)),
                        text_);
  }
  static Status put(Transaction& transaction, std::string_view key, std::string_view value) {
    return transaction.write(as_bytes(key), InlineValue::Source::value(as_bytes(value)));
  }
  static Status remove(Transaction& transaction, std::string_view key) {
    return transaction.write(as_bytes(key), InlineValue::Source::tombstone());
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

  std::shared_ptr<Memtable> table_ = *Memtable::create({.background = false});
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
  const auto held = SnapshotLease::open(table_);
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

TEST_F(ManagedMemtable, WhatASnapshotKeptGoesWithIt) {
  commit_one("k", "0");
  std::vector<std::shared_ptr<SnapshotLease>> held;
  for (int i = 1; i <= 20; i++) {
    held.push_back(SnapshotLease::open(table_));
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
TEST_F(ManagedMemtable, PruneCountsWhatItHasFreedBesideAWriter) {
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 50'000; i++) commit_one(std::to_string(i), "v");
    done = true;
  });
  uint64_t pruned = 0;
  while (!done) pruned = std::max(pruned, table_->prune_now());
  EXPECT_EQ(pruned, 0U);
  writer.join();
  auto held = SnapshotLease::open(table_);
  commit_one("0", "a");
  commit_one("0", "b");
  held.reset();
  EXPECT_EQ(table_->prune_now(), 1U);
}

// Totals are sums over threads. When one thread adds and another takes away, a third must not find
// less than nothing.
TEST_F(ManagedMemtable, TotalsBesideWritersAreNotNegative) {
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

TEST_F(ManagedMemtable, KeysComeAndGoWhileASnapshotIsHeld) {
  const auto held = SnapshotLease::open(table_);
  for (int i = 0; i < 1000; i++) {
    commit_one("k", std::to_string(i));
    remove_one("k");
    ASSERT_LE(versions(), 2U) << i;
  }
  EXPECT_EQ(read(*held, "k"), "absent");
}

TEST_F(ManagedMemtable, ClearIsRefusedWhileAnybodyReads) {
  commit_one("k", "v");
  auto snapshot = SnapshotLease::open(table_);
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
  MemtableCursor cursor(table_, nullptr, transaction->snapshot(), transaction->identity(),
                        {.prefix = as_bytes("k")});
  std::map<std::string, std::string> found;
  while (cursor.next().ok()) {
    EXPECT_TRUE(found.emplace(as_text(cursor.key()), as_text(cursor.value())).second);
  }
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(cursor.next().is(Code::done));
}

TEST_F(ManagedMemtable, AThousandThreadsBornAndDeadInTurn) {
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
