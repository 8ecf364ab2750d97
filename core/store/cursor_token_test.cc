// Cursors that go on from a token.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

using CursorTokenTest = StoreTest;

TEST_P(CursorTokenTest, TokenGoesOnAfterTheRecord) {
  put_numbers(500);
  std::multiset<std::string> seen;
  std::vector<std::byte> token;
  for (int step = 0;; step++) {
    // The directory grows between the steps, and the store is opened again.
    if (step == 5) reopen();
    if (step == 7)
      for (int i = 0; i < 3'000; i++) put("other" + std::to_string(i), "");
    auto cursor = store_->open_cursor(as_bytes("key"), false, token);
    ASSERT_TRUE(cursor) << cursor.status().message();
    Status moved;
    for (int i = 0; i < 17 && moved.ok(); i++) {
      moved = (*cursor)->next();
      if (moved.ok()) seen.emplace(as_text((*cursor)->key()));
    }
    token = (*cursor)->token().encode();
    if (moved.is(Code::done)) break;
    ASSERT_TRUE(moved.ok()) << moved.message();
  }
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 500u);
}

TEST_P(CursorTokenTest, DamagedTokenIsRefused) {
  put_numbers(50);
  auto cursor = *store_->open_cursor({}, false);
  for (int i = 0; i < 20; i++) ASSERT_TRUE(cursor->next().ok());
  const std::vector<std::byte> token = cursor->token().encode();
  for (size_t at = 0; at < token.size(); at++) {
    std::vector<std::byte> damaged = token;
    damaged[at] ^= std::byte{1};
    EXPECT_TRUE(store_->open_cursor({}, false, damaged).status().is(Code::invalid_argument));
    EXPECT_TRUE(store_->open_cursor({}, false, Bytes(token).first(at)).ok() == (at == 0));
  }
  os::SimulatedFileSystem other_disk(2);
  auto other = *Store::open(other_disk, "/store", {.keydir = GetParam(), .background = false});
  EXPECT_TRUE(other->open_cursor({}, false, token).status().is(Code::invalid_argument));
}

// A token named the keys at its position by their hashes: of two keys of one hash, of which only
// the first had been visited, the second was then left out.
TEST(CursorTokenCollisions, KeyOfTheSameHashIsNotTakenForAVisitedOne) {
  os::SimulatedFileSystem disk;
  auto store = *Store::open(
      disk, "/store", {.keydir = KeyDirectoryKind::disk, .background = false, .test_hash_mask = 0});
  std::multiset<std::string> seen;
  for (const char* key : {"a", "b", "c"})
    ASSERT_TRUE(store->put(as_bytes(key), {}, WriteMode::put, Durability::os).ok());
  std::vector<std::byte> token;
  for (int i = 0; i < 3; i++) {
    auto cursor = *store->open_cursor({}, false, token);
    ASSERT_TRUE(cursor->next().ok());
    seen.emplace(as_text(cursor->key()));
    token = cursor->token().encode();
  }
  EXPECT_EQ(seen, (std::multiset<std::string>{"a", "b", "c"}));
  EXPECT_TRUE((*store->open_cursor({}, false, token))->next().is(Code::done));
}

INSTANTIATE_TEST_SUITE_P(, CursorTokenTest, every_keydir(), keydir_name);

}  // namespace
}  // namespace stave::store
