// Many threads on one memtable: for ThreadSanitizer, and for what only the outcome shows.
//
// What each thread knows at any moment, whatever the others do:
//   - keys that it alone writes: their exact values, now and in every snapshot that it holds;
//   - accounts, between which transactions move amounts: their sum, in every snapshot;
//   - with explicit timestamps two keys that are always committed together: whoever has seen one
//     sees the other.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/mvcc/memtable.h"
#include "core/mvcc/memtable_cursor.h"
#include "core/mvcc/transaction.h"
#include "core/sync/epoch.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using mvcc::Memtable;
using mvcc::MemtableCursor;
using mvcc::SnapshotHold;
using mvcc::Transaction;
using mvcc::Visible;

constexpr uint64_t threads = 4;
constexpr uint64_t operations_full = 10'000'000;
constexpr uint64_t accounts = 16;
constexpr uint64_t balance_at_first = 1000;

auto into(std::optional<std::string>& text) {
  return [&text](const mvcc::ValueRef& value) { text = as_text(value.bytes); };
}
std::string account(uint64_t number) {
  return "account" + std::to_string(number);
}

// ---- Managed -----------------------------------------------------------------------------------

struct Figures {
  std::atomic<uint64_t> operations{0};
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> conflicts{0};
  std::atomic<uint64_t> audits{0};
  std::atomic<uint64_t> held{0};
  std::atomic<uint64_t> scans{0};
};

class Worker {
 public:
  Worker(const std::shared_ptr<Memtable>& table, uint64_t number, uint64_t seed, Figures& figures)
      : table_(table),
        prefix_("own" + std::to_string(number) + "-"),
        random_(seed),
        figures_(figures) {}

  void run(uint64_t operations) {
    for (uint64_t i = 0; i < operations && !testing::Test::HasFailure(); i++) operate();
    figures_.operations += operations;
  }

 private:
  using Own = std::map<std::string, std::string>;
  struct Held {
    std::shared_ptr<SnapshotHold> lease;
    Own own;
  };

  void operate() {
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        return change_own();
      case 3:
      case 4:
        return transfer();
      case 5:
        return audit();
      case 6:
        return hold_or_let_go();
      default:
        return check_own();
    }
  }

  std::optional<std::string> read(std::string_view key, uint64_t snapshot) {
    std::optional<std::string> value;
    EXPECT_TRUE(table_->read(as_bytes(key), {.snapshot = snapshot}, into(value)).ok());
    return value;
  }

  void change_own() {
    const auto transaction = std::make_shared<Transaction>(*table_);
    Own changed = own_;
    for (uint64_t i = random_.between(1, 3); i != 0; i--) {
      const std::string key = prefix_ + std::to_string(random_.below(20));
      if (random_.one_in(4)) {
        ASSERT_TRUE(transaction->write({.key = as_bytes(key), .tombstone = true}).ok());
        changed.erase(key);
      } else {
        const std::string value(random_.below(100), static_cast<char>('a' + random_.below(26)));
        ASSERT_TRUE(transaction->write({as_bytes(key), as_bytes(value)}).ok());
        changed[key] = value;
      }
    }
    if (random_.one_in(8)) {
      ASSERT_TRUE(transaction->roll_back().ok());
      return;
    }
    ASSERT_TRUE(transaction->commit().ok());
    figures_.commits++;
    own_ = std::move(changed);
  }

  void transfer() {
    const auto transaction = std::make_shared<Transaction>(*table_);
    const std::string from = account(random_.below(accounts));
    const std::string to = account(random_.below(accounts));
    if (from == to) return;
    std::optional<std::string> a;
    std::optional<std::string> b;
    ASSERT_TRUE(table_->read(as_bytes(from), *transaction->view(), into(a)).ok());
    ASSERT_TRUE(table_->read(as_bytes(to), *transaction->view(), into(b)).ok());
    const std::string less = std::to_string(std::stoll(*a) - 1);
    const std::string more = std::to_string(std::stoll(*b) + 1);
    // Left without commit after a conflict: rolled back by the destructor.
    if (!transaction->write({as_bytes(from), as_bytes(less)}).ok() ||
        !transaction->write({as_bytes(to), as_bytes(more)}).ok()) {
      figures_.conflicts++;
      return;
    }
    ASSERT_TRUE(transaction->commit().ok());
    figures_.commits++;
  }

  void audit() {
    const auto lease = std::make_shared<SnapshotHold>(*table_);
    int64_t sum = 0;
    for (uint64_t i = 0; i < accounts; i++) {
      const auto balance = read(account(i), lease->timestamp());
      ASSERT_TRUE(balance.has_value());
      sum += std::stoll(*balance);
    }
    ASSERT_EQ(sum, static_cast<int64_t>(accounts * balance_at_first));
    figures_.audits++;
  }

  void hold_or_let_go() {
    if (held_.size() < 8 && random_.coin()) {
      held_.push_back({std::make_shared<SnapshotHold>(*table_), own_});
      return;
    }
    if (held_.empty()) return;
    const size_t which = random_.below(held_.size());
    check(held_[which]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  // The own keys as of a snapshot, through a cursor and one by one.
  void check(const Held& held) {
    const uint64_t snapshot = held.lease->timestamp();
    for (uint64_t i = 0; i < 20; i++) {
      const std::string key = prefix_ + std::to_string(i);
      const auto expected = held.own.find(key);
      const auto found = read(key, snapshot);
      ASSERT_EQ(found.has_value(), expected != held.own.end()) << key;
      if (found) {
        ASSERT_EQ(*found, expected->second);
      }
    }
    Own visited;
    MemtableCursor cursor(*table_, held.lease->view(), {.prefix = as_bytes(prefix_)});
    while (cursor.next().ok()) {
      ASSERT_TRUE(visited.emplace(as_text(cursor.key()), as_text(cursor.value())).second);
    }
    ASSERT_EQ(visited, held.own);
    figures_.held++;
    figures_.scans++;
  }

  void check_own() {
    const std::string key = prefix_ + std::to_string(random_.below(20));
    const auto transaction = std::make_shared<Transaction>(*table_);
    std::optional<std::string> found;
    ASSERT_TRUE(table_->read(as_bytes(key), *transaction->view(), into(found)).ok());
    const auto expected = own_.find(key);
    ASSERT_EQ(found.has_value(), expected != own_.end());
    if (found) {
      ASSERT_EQ(*found, expected->second);
    }
  }

  const std::shared_ptr<Memtable> table_;
  const std::string prefix_;
  Random random_;
  Figures& figures_;
  Own own_;
  std::vector<Held> held_;
};

TEST(MemtableStress, TransactionsSnapshotsAndCursors) {
  const uint64_t seed = ladder_seed(40'013);
  const std::shared_ptr<Memtable> table = *Memtable::create({});
  {
    const auto first = std::make_shared<Transaction>(*table);
    for (uint64_t i = 0; i < accounts; i++) {
      ASSERT_TRUE(
          first->write({as_bytes(account(i)), as_bytes(std::to_string(balance_at_first))}).ok());
    }
    ASSERT_TRUE(first->commit().ok());
  }
  Figures figures;
  // Threads come and go: each lives for a part of its work.
  constexpr uint64_t lives = 20;
  const uint64_t operations = scaled(operations_full) / threads / lives;
  std::vector<std::thread> seats;
  for (uint64_t seat = 0; seat < threads; seat++) {
    seats.emplace_back([&, seat] {
      Worker worker(table, seat, seed + seat, figures);
      for (uint64_t life = 0; life < lives; life++) {
        std::thread([&] { worker.run(operations); }).join();
      }
    });
  }
  for (std::thread& seat : seats) seat.join();
  EXPECT_EQ(table->stats().snapshots, 0U);
  table->prune_now();
  EXPECT_EQ(table->stats().versions, table->stats().rows);
  EXPECT_EQ(table->stats().versions, table->size());
  report_counts("memtable", {{"operations", figures.operations},
                             {"commits", figures.commits},
                             {"conflicts", figures.conflicts},
                             {"audits", figures.audits},
                             {"snapshots held and checked", figures.held},
                             {"scans", figures.scans}});
}

// ---- Explicit ----------------------------------------------------------------------------------

constexpr std::string_view left = "left";
constexpr std::string_view right = "right";

std::optional<uint64_t> read_number(const Memtable& table, std::string_view key,
                                    uint64_t snapshot) {
  std::optional<std::string> text;
  const Result<Visible> visible = table.read(as_bytes(key), {.snapshot = snapshot}, into(text));
  if (!visible || !text) return std::nullopt;
  return std::stoull(*text);
}

// Commits both keys at timestamps that grow by leaps, so that threads' commits come out of order.
void commit_pairs(Memtable& table, uint64_t number, uint64_t count, std::atomic<uint64_t>& done) {
  const std::vector<Bytes> both = {as_bytes(left), as_bytes(right)};
  for (uint64_t i = 1; i <= count; i++) {
    const uint64_t timestamp = i * threads + number;
    const std::string value = std::to_string(timestamp);
    const uint64_t transaction = timestamp;
    bool wrote = table.write({both[0], as_bytes(value)}, transaction).ok();
    if (wrote && !table.write({both[1], as_bytes(value)}, transaction).ok()) {
      ASSERT_TRUE(table.abort(transaction, {both.data(), 1}).ok());
      wrote = false;
    }
    if (!wrote) continue;
    ASSERT_TRUE(table.commit(transaction, timestamp, both).ok());
    done++;
  }
}

void read_pairs(const Memtable& table, uint64_t count, std::atomic<uint64_t>& seen) {
  // On a busy machine all reads were made before the first commit.
  while (!read_number(table, left, UINT64_MAX)) std::this_thread::yield();
  for (uint64_t i = 0; i < count; i++) {
    const auto first = read_number(table, left, UINT64_MAX);
    if (!first) continue;
    const auto newest = read_number(table, right, UINT64_MAX);
    ASSERT_TRUE(newest.has_value());
    ASSERT_GE(*newest, *first);
    const auto exact = read_number(table, right, *first + 1);
    // Unless it has been pruned.
    if (exact) {
      ASSERT_EQ(*exact, *first);
    }
    seen++;
  }
}

TEST(MemtableStress, ExplicitCommitsOutOfOrderBesidePruning) {
  const uint64_t count = scaled(1'000'000);
  const std::shared_ptr<Memtable> table = *Memtable::create({.managed = false});
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> pruned{0};
  std::atomic<uint64_t> writers{2};
  std::vector<std::thread> workers;
  for (uint64_t number = 0; number < 2; number++) {
    workers.emplace_back([&, number] {
      commit_pairs(*table, number, count, commits);
      writers--;
    });
  }
  workers.emplace_back([&] { read_pairs(*table, count, reads); });
  workers.emplace_back([&] {
    while (writers != 0) {
      const auto newest = read_number(*table, left, UINT64_MAX);
      // Some way behind the newest, so that late commits fall on both sides.
      if (newest && *newest > 200) pruned += *table->prune(*newest - 200);
      std::this_thread::yield();
    }
  });
  for (std::thread& worker : workers) worker.join();
  const auto newest = read_number(*table, left, UINT64_MAX);
  EXPECT_EQ(newest, read_number(*table, right, UINT64_MAX));
  EXPECT_EQ(table->stats().transactions, 0U);
  report_counts("explicit", {{"commits", commits}, {"reads", reads}, {"pruned", pruned}});
}

// Threads that meet again and again, by looking: nobody is woken.
class MeetingPoint {
 public:
  explicit MeetingPoint(uint64_t size) : size_(size) {}
  void arrive_and_wait() {
    const uint64_t meeting = arrived_.fetch_add(1) / size_ + 1;
    while (arrived_.load() < meeting * size_) std::this_thread::yield();
  }

 private:
  const uint64_t size_;
  std::atomic<uint64_t> arrived_{0};
};

// Two transactions that race to write the same keys, one behind the other or from both ends: of
// each key exactly one wins. Many keys between two meetings: where the machine is busy a meeting
// takes as long as the others' time slices.
TEST(MemtableStress, ExactlyOneOfTwoWritersWins) {
  constexpr uint64_t keys = 1000;
  const uint64_t rounds = scaled(1'000'000) / keys;
  const std::shared_ptr<Memtable> table = *Memtable::create({.managed = false});
  MeetingPoint start(2);
  std::atomic<uint64_t> winners{0};
  std::atomic<uint64_t> wins[2] = {};
  const auto race = [&](uint64_t racer) {
    for (uint64_t round = 0; round < rounds; round++) {
      const uint64_t transaction = 2 * round + racer + 1;
      std::vector<uint64_t> won;
      start.arrive_and_wait();
      for (uint64_t i = 0; i < keys; i++) {
        const uint64_t key = racer == 0 || round % 2 == 0 ? i : keys - 1 - i;
        if (table->write({as_bytes(&key, sizeof key), as_bytes("v")}, transaction).ok()) {
          won.push_back(key);
        }
      }
      winners += won.size();
      wins[racer] += won.size();
      start.arrive_and_wait();
      ASSERT_EQ(winners.load(), (round + 1) * keys);
      std::vector<Bytes> names;
      for (const uint64_t& key : won) names.push_back(as_bytes(&key, sizeof key));
      ASSERT_TRUE(table->commit(transaction, transaction, names).ok());
      start.arrive_and_wait();
    }
  };
  std::thread other([&] { race(1); });
  race(0);
  other.join();
  report_counts(
      "races",
      {{"races", rounds * keys}, {"won by the first", wins[0]}, {"won by the second", wins[1]}});
}

// ---- Memory ------------------------------------------------------------------------------------

TEST(MemtableStress, ASnapshotHeldForAMillionWritesKeepsMemoryBounded) {
  const uint64_t writes = scaled(1'000'000);
  constexpr uint64_t keys = 1000;
  const std::shared_ptr<Memtable> table = *Memtable::create({});
  std::shared_ptr<SnapshotHold> held;
  uint64_t most = 0;
  for (uint64_t i = 0; i < writes; i++) {
    if (i == keys) held = std::make_shared<SnapshotHold>(*table);
    const std::string key = std::to_string(i % keys);
    const auto transaction = std::make_shared<Transaction>(*table);
    ASSERT_TRUE(transaction->write({as_bytes(key), as_bytes(std::to_string(i))}).ok());
    ASSERT_TRUE(transaction->commit().ok());
    most = std::max(most, table->stats().versions);
  }
  // One live snapshot: two versions of each key.
  EXPECT_LE(most, 2 * keys + 1);
  std::optional<std::string> value;
  ASSERT_TRUE(table->read(as_bytes("7"), held->view(), into(value)).ok());
  EXPECT_EQ(value, "7");
  report_counts("held snapshot", {{"writes", writes}, {"versions at most", most}});
}

TEST(MemtableStress, IdleTableFreesOldVersions) {
  const std::shared_ptr<Memtable> table = *Memtable::create({});
  std::vector<std::shared_ptr<SnapshotHold>> held;
  for (uint64_t i = 0; i < 20'000; i++) {
    const std::string key = std::to_string(i % 1000);
    const auto transaction = std::make_shared<Transaction>(*table);
    ASSERT_TRUE(transaction->write({as_bytes(key), as_bytes(std::string(100, 'x'))}).ok());
    ASSERT_TRUE(transaction->commit().ok());
    if (i % 1000 == 0) held.push_back(std::make_shared<SnapshotHold>(*table));
  }
  EXPECT_GT(table->stats().versions, 10'000U);
  held.clear();
  // Nobody calls anything but this look.
  const auto start = std::chrono::steady_clock::now();
  const auto patience = start + std::chrono::seconds(60);
  while ((table->stats().versions != 1000 || sync::EpochRegistry::waiting() != 0) &&
         std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(table->stats().versions, 1000U);
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
  report_figures("silence",
                 {{"ms until all was back",
                   static_cast<uint64_t>(
                       std::chrono::duration_cast<std::chrono::milliseconds>(took).count())}});
}

}  // namespace
}  // namespace stave::test
