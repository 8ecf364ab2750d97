// clear() beside those whom it must not meet: commits that are still at work on their rows, and
// pruners.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/mvcc/memtable.h"
#include "core/mvcc/memtable_test_support.h"
#include "core/mvcc/transaction.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {
namespace {

// One commit of many keys that settles them in their order, and is stopped at the last one if this
// thread locks that row in time, which takes an attempt or two. What clear() answered then, else
// nothing.
std::optional<Status> clear_beside_settling(const std::unique_ptr<Memtable>& table) {
  constexpr int keys = 2000;
  const auto transaction = std::make_shared<Transaction>(*table);
  for (int i = 0; i < keys; i++) {
    EXPECT_TRUE(transaction->write({as_bytes(std::to_string(i)), as_bytes("v")}).ok());
  }
  const sync::EpochPin pin;
  Row* const last = table->keys().find(as_bytes(std::to_string(keys - 1)));
  std::thread committer([&] { EXPECT_TRUE(transaction->commit().ok()); });
  const Row* const first = table->keys().find(as_bytes("0"));
  while (first->pending() != nullptr) continue;
  std::optional<Status> cleared;
  {
    const std::lock_guard lock(*last);
    if (last->pending() != nullptr) cleared = table->clear();
  }
  committer.join();
  EXPECT_TRUE(is_visible(*table, std::to_string(keys - 1)));
  return cleared;
}

// A commit used to end its snapshot, which is what keeps clear() away, before it was done with its
// rows.
TEST(MemtableClear, IsRefusedWhileACommitSettles) {
  std::optional<Status> cleared;
  for (int attempt = 0; attempt < 10'000 && !cleared; attempt++) {
    auto table = *Memtable::create({.background = false});
    cleared = clear_beside_settling(table);
    expect_no_leak(table);
  }
  ASSERT_TRUE(cleared.has_value()) << "no commit was met between its publishing and its settling";
  EXPECT_TRUE(cleared->is(Code::busy));
}

// Both used to retire the versions that prune() had just cut off.
TEST(MemtableClear, NeverRetiresWhatPruneRetires) {
  constexpr int rounds = 200;
  constexpr int keys = 200;
  auto table = *Memtable::create({.managed = false});
  std::vector<std::string> names;
  for (int i = 0; i < keys; i++) names.push_back(std::to_string(i));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::vector<Bytes> all = as_keys(views);
  uint64_t timestamp = 0;
  for (int round = 0; round < rounds; round++) {
    for (int version = 0; version < 4; version++) {
      timestamp++;
      for (const Bytes key : all) {
        ASSERT_TRUE(table->write({key, as_bytes("v")}, timestamp).ok());
      }
      ASSERT_TRUE(table->commit(timestamp, timestamp, all).ok());
    }
    std::atomic<int> ready{0};
    const auto meet = [&ready] {
      ready++;
      while (ready != 2) continue;
    };
    std::thread pruner([&] {
      meet();
      EXPECT_TRUE(table->prune(timestamp + 1).ok());
    });
    meet();
    EXPECT_TRUE(table->clear().ok());
    pruner.join();
    ASSERT_EQ(table->stats().versions, 0U) << round;
    ASSERT_EQ(table->size_bytes(), 0U) << round;
  }
  expect_no_leak(table);
}

}  // namespace
}  // namespace stave::mvcc
