// Memtables with timestamps of the caller.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/mvcc/memtable.h"
#include "core/mvcc/memtable_test_support.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {
namespace {

class ExplicitMemtable : public testing::Test {
 protected:
  void TearDown() override { expect_no_leak(table_); }

  std::string read(std::string_view key, uint64_t snapshot, uint64_t reader = 0) {
    return visible_text(table_->read(as_bytes(key), {snapshot, reader}, text_visitor(text_)),
                        text_);
  }
  Status write(std::string_view key, std::string_view value, uint64_t transaction) {
    return table_->write({as_bytes(key), as_bytes(value)}, transaction);
  }
  Status remove(std::string_view key, uint64_t transaction) {
    return table_->write({.key = as_bytes(key), .tombstone = true}, transaction);
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

  std::unique_ptr<Memtable> table_ = *Memtable::create({.managed = false});
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

TEST_F(ExplicitMemtable, ReadTellsDeletedFromAbsent) {
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

TEST_F(ExplicitMemtable, ALaterWriteReplacesTheTransactionsEarlierOne) {
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

TEST_F(ExplicitMemtable, CommitRequiresExactlyTheKeysWritten) {
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

TEST_F(ExplicitMemtable, ReadReturnsValuesOfEverySize) {
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

TEST_F(ExplicitMemtable, ReadFindsVersionsOfAnyAge) {
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

}  // namespace
}  // namespace stave::mvcc
