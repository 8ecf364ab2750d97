#include "core/store/commit/change.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "core/base/hash.h"
#include "core/store/batch.h"

namespace stave::store {
namespace {

Change change_of(const std::string& key, uint64_t lsn) {
  Change change;
  change.key = as_bytes(key);
  change.hash = hash64(change.key, 0);
  change.lsn = lsn;
  return change;
}

TEST(PendingTable, FindReturnsNewestChange) {
  const std::string key = "k";
  Change older = change_of(key, 1);
  Change newer = change_of(key, 2);
  PendingTable table;
  EXPECT_EQ(table.find(older.hash, older.key), nullptr);
  table.reserve(2);
  table.add(older);
  table.add(newer);
  EXPECT_EQ(table.find(older.hash, older.key), &newer);
  table.remove(newer);
  EXPECT_EQ(table.find(older.hash, older.key), &older);
  table.remove(older);
  table.remove(older);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.find(older.hash, older.key), nullptr);
}

TEST(PendingTable, GrowthKeepsNewestInFront) {
  PendingTable table;
  std::deque<std::string> keys;
  std::deque<Change> changes;
  for (uint64_t i = 0; i < 1000; i++) {
    keys.push_back(std::to_string(i % 300));
    changes.push_back(change_of(keys.back(), i));
    table.reserve(1);
    table.add(changes.back());
  }
  for (uint64_t i = 0; i < 300; i++) {
    const std::string key = std::to_string(i);
    const Change* found = table.find(hash64(as_bytes(key), 0), as_bytes(key));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->lsn, i < 100 ? 900 + i : 600 + i);
  }
}

TEST(PendingTable, EqualHashesAreDistinguishedByKey) {
  const std::string a = "a";
  const std::string b = "b";
  Change first = change_of(a, 1);
  Change second = change_of(b, 2);
  second.hash = first.hash;
  PendingTable table;
  table.reserve(2);
  table.add(first);
  table.add(second);
  EXPECT_EQ(table.find(first.hash, first.key), &first);
  EXPECT_EQ(table.find(first.hash, second.key), &second);
}

TEST(Batch, KeepsOrderAndRefusesTooLargeEntries) {
  Batch batch;
  ASSERT_TRUE(batch.add(Batch::Kind::put, as_bytes("k"), as_bytes("v")).ok());
  ASSERT_TRUE(batch.add(Batch::Kind::remove, {}).ok());
  const std::string long_key(65'536, 'x');
  EXPECT_TRUE(batch.add(Batch::Kind::put, as_bytes(long_key)).is(Code::too_large));
  ASSERT_TRUE(batch.add(Batch::Kind::require_equal, as_bytes("k"), as_bytes("")).ok());
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(as_text(batch.entry(0).key), "k");
  EXPECT_EQ(as_text(batch.entry(0).value), "v");
  EXPECT_EQ(batch.entry(1).kind, Batch::Kind::remove);
  EXPECT_TRUE(batch.entry(1).key.empty());
  EXPECT_EQ(batch.entry(2).kind, Batch::Kind::require_equal);
  batch.clear();
  EXPECT_TRUE(batch.is_empty());
}

}  // namespace
}  // namespace stave::store
