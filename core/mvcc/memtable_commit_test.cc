// A commit becomes visible at one moment, also for who looks in the middle of it.
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "core/mvcc/memtable.h"
#include "core/mvcc/memtable_test_support.h"
#include "core/mvcc/transaction.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {
namespace {

constexpr std::string_view first_key = "first";
constexpr std::string_view last_key = "last";

// `commit` has written the first key and then the last. It is stopped at the last one's row when
// the first one's version is in its chain already.
template <typename Commit>
void look_in_the_middle_of(Memtable& table, Commit commit) {
  const sync::EpochPin pin;
  const Row* const first = table.keys().find(as_bytes(first_key));
  Row* const last = table.keys().find(as_bytes(last_key));
  ASSERT_NE(first, nullptr);
  ASSERT_NE(last, nullptr);
  std::thread committer;
  {
    const std::lock_guard lock(*last);
    committer = std::thread(commit);
    while (first->newest() == nullptr) std::this_thread::yield();
    EXPECT_FALSE(is_visible(table, first_key));
    EXPECT_FALSE(is_visible(table, last_key));
  }
  committer.join();
  EXPECT_TRUE(is_visible(table, first_key));
  EXPECT_TRUE(is_visible(table, last_key));
}

TEST(MemtableCommit, IsVisibleAtOneMoment) {
  auto table = *Memtable::create({.background = false});
  auto transaction = std::make_shared<Transaction>(*table);
  ASSERT_TRUE(transaction->write({as_bytes(first_key), as_bytes("v")}).ok());
  ASSERT_TRUE(transaction->write({as_bytes(last_key), as_bytes("v")}).ok());
  look_in_the_middle_of(*table, [&] { EXPECT_TRUE(transaction->commit().ok()); });
  transaction.reset();
  expect_no_leak(table);
}

TEST(MemtableCommit, IsVisibleAtOneMomentInAnExplicitTable) {
  auto table = *Memtable::create({.managed = false});
  ASSERT_TRUE(table->write({as_bytes(first_key), as_bytes("v")}, 1).ok());
  ASSERT_TRUE(table->write({as_bytes(last_key), as_bytes("v")}, 1).ok());
  look_in_the_middle_of(*table, [&] {
    EXPECT_TRUE(table->commit(1, 10, as_keys({first_key, last_key})).ok());
  });
  expect_no_leak(table);
}

}  // namespace
}  // namespace stave::mvcc
