// Histories of transactions on a memtable are snapshot isolated: no anomaly but write skew, and
// that does happen. Both kinds of timestamps.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "tests/history/isolation_checker.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using mvcc::Memtable;
using mvcc::Transaction;

constexpr uint64_t transactions_full = 250'000;
constexpr uint32_t transactions_per_round = 5'000;
constexpr uint32_t keys = 24;
constexpr uint32_t threads = 4;

Bytes key_bytes(const uint32_t& key) {
  return as_bytes(&key, sizeof key);
}

// Decodes what a read finds.
auto into(AppendList& list) {
  return [&list](const mvcc::ValueRef& value) {
    const Bytes bytes = value.bytes;
    list.resize(bytes.size() / sizeof(uint32_t));
    copy(reinterpret_cast<std::byte*>(list.data()), bytes);
  };
}
Bytes list_bytes(const AppendList& list) {
  return as_bytes(list.data(), list.size() * sizeof(uint32_t));
}

struct Counts {
  std::atomic<uint64_t> committed{0};
  std::atomic<uint64_t> conflicts{0};
  std::atomic<uint64_t> rolled_back{0};
};

// The steps of one transaction, on keys of its choice. `Access` reads and writes for it.
template <typename Access>
void operate(Access& access, uint32_t number, HistoryTransaction& history, Random& random,
             Counts& counts) {
  const uint64_t steps = random.between(1, 5);
  bool conflict = false;
  for (uint64_t step = 0; step < steps && !conflict; step++) {
    const auto key = static_cast<uint32_t>(random.below(keys));
    const bool known = std::any_of(history.reads.begin(), history.reads.end(),
                                   [key](const auto& read) { return read.key == key; });
    if (known) continue;
    AppendList list;
    access.read(key, list);
    history.reads.push_back({key, list});
    if (random.one_in(8)) std::this_thread::yield();
    if (random.coin()) continue;
    list.push_back(number);
    conflict = !access.write(key, list);
    if (conflict) break;
    history.appends.push_back(key);
    AppendList again;
    access.read(key, again);
    ASSERT_EQ(again, list) << "a transaction does not see its own write";
  }
  if (conflict || random.one_in(20)) {
    access.roll_back(history);
    (conflict ? counts.conflicts : counts.rolled_back)++;
    return;
  }
  access.commit(history);
  history.committed = true;
  counts.committed++;
}

// ---- Managed timestamps ------------------------------------------------------------------------

struct ManagedTable {
  std::shared_ptr<Memtable> table = *Memtable::create({});

  struct Access {
    std::shared_ptr<Memtable> table;
    std::shared_ptr<Transaction> transaction;

    void read(uint32_t key, AppendList& list) {
      ASSERT_TRUE(table->read(key_bytes(key), *transaction->view(), into(list)).ok());
    }
    bool write(uint32_t key, const AppendList& list) {
      return transaction->write({key_bytes(key), list_bytes(list)}).ok();
    }
    void roll_back(HistoryTransaction&) { ASSERT_TRUE(transaction->roll_back().ok()); }
    void commit(HistoryTransaction& history) { history.timestamp = *transaction->commit(); }
  };
  Access begin(uint32_t, HistoryTransaction& history) {
    Access access{table, std::make_shared<Transaction>(*table)};
    history.snapshot = access.transaction->snapshot();
    return access;
  }
  void read_finally(uint32_t key, AppendList& list) {
    ASSERT_TRUE(table->read(key_bytes(key), {.snapshot = UINT64_MAX}, into(list)).ok());
  }
};

// ---- Explicit timestamps -----------------------------------------------------------------------

// A clock and first-committer-wins as an engine above the table might have them: the table itself
// refuses only uncommitted writes of others.
struct ExplicitTable {
  std::shared_ptr<Memtable> table = *Memtable::create({.managed = false});
  std::mutex mutex;  // a commit and the clock's step
  std::atomic<uint64_t> clock{1};
  std::array<std::atomic<uint64_t>, keys> committed_at{};

  struct Access {
    ExplicitTable& owner;
    uint64_t number;
    uint64_t snapshot;
    std::vector<uint32_t> written;

    void read(uint32_t key, AppendList& list) {
      ASSERT_TRUE(owner.table->read(key_bytes(key), {snapshot, number}, into(list)).ok());
    }
    bool write(uint32_t key, const AppendList& list) {
      if (!owner.table->write({key_bytes(key), list_bytes(list)}, number).ok()) return false;
      written.push_back(key);
      // The key is ours now: nobody can commit it from here on.
      return owner.committed_at[key].load() < snapshot;
    }
    std::vector<Bytes> names() const {
      std::vector<Bytes> names;
      for (const uint32_t& key : written) names.push_back(key_bytes(key));
      return names;
    }
    void roll_back(HistoryTransaction&) { ASSERT_TRUE(owner.table->abort(number, names()).ok()); }
    void commit(HistoryTransaction& history) {
      const std::lock_guard lock(owner.mutex);
      history.timestamp = written.empty() ? 0 : owner.clock.load();
      if (written.empty()) return;
      for (const uint32_t key : written) owner.committed_at[key] = history.timestamp;
      ASSERT_TRUE(owner.table->commit(number, history.timestamp, names()).ok());
      owner.clock = history.timestamp + 1;
    }
  };
  Access begin(uint32_t number, HistoryTransaction& history) {
    history.snapshot = clock.load();
    return {*this, uint64_t{number} + 1, history.snapshot, {}};
  }
  void read_finally(uint32_t key, AppendList& list) {
    ASSERT_TRUE(table->read(key_bytes(key), {.snapshot = UINT64_MAX}, into(list)).ok());
  }
};

template <typename Table>
IsolationVerdict run_round(uint64_t seed, Counts& counts) {
  Table table;
  std::vector<HistoryTransaction> history(transactions_per_round);
  std::atomic<uint32_t> next{0};
  std::vector<std::thread> workers;
  for (uint32_t worker = 0; worker < threads; worker++) {
    workers.emplace_back([&, worker] {
      Random random(seed + worker);
      for (uint32_t i = next++; i < history.size(); i = next++) {
        auto access = table.begin(i, history[i]);
        operate(access, i, history[i], random, counts);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::vector<AppendList> final_lists(keys);
  for (uint32_t key = 0; key < keys; key++) table.read_finally(key, final_lists[key]);
  return check_isolation(history, final_lists);
}

template <typename Table>
void run(const char* ladder, uint64_t seed) {
  seed = ladder_seed(seed);
  Counts counts;
  uint64_t write_skews = 0;
  const uint64_t rounds = std::max<uint64_t>(1, scaled(transactions_full) / transactions_per_round);
  for (uint64_t round = 0; round < rounds; round++) {
    const IsolationVerdict verdict = run_round<Table>(seed + round * threads, counts);
    ASSERT_EQ(verdict.anomaly, "") << "round " << round;
    write_skews += verdict.write_skew ? 1 : 0;
  }
  report_counts(ladder, {{"transactions", rounds * transactions_per_round},
                         {"committed", counts.committed},
                         {"conflicts", counts.conflicts},
                         {"rolled back", counts.rolled_back},
                         {"rounds with write skew", write_skews}});
}

TEST(MemtableIsolation, Managed) {
  run<ManagedTable>("managed", 81'271);
}

TEST(MemtableIsolation, Explicit) {
  run<ExplicitTable>("explicit", 55'201);
}

}  // namespace
}  // namespace stave::test
