// Histories of concurrent transactions of one key each, on a few keys of a memtable whose snapshots
// come and go, whose other keys die, and which is pruned and cleared meanwhile: each key's is that
// of a register.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "tests/support/ladder.h"
#include "tests/support/linearizability.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using mvcc::Memtable;
using mvcc::SnapshotHold;
using mvcc::Transaction;

constexpr uint64_t histories_full = 1000;
constexpr uint64_t threads = 4;
constexpr uint64_t calls_per_thread = 250;
constexpr uint64_t keys = 4;
constexpr uint64_t fillers = 20;  // other keys that come and go, a thread
constexpr uint64_t absent = ~uint64_t{0};

enum class CallKind : uint8_t { get, get_inside, put, put_twice, remove, compare_and_swap, clear };

struct Call {
  Interval interval;
  CallKind kind = CallKind::get;
  uint64_t key = 0;
  uint64_t value = 0;
  uint64_t expected = 0;
  std::optional<uint64_t> answer;  // the value read; nothing: not read
  bool changed = false;            // committed

  bool apply(uint64_t& state) const {
    if (answer && *answer != state) return false;
    if (changed) state = kind == CallKind::remove || kind == CallKind::clear ? absent : value;
    return true;
  }
};

// One memtable and the calls on it.
class History {
 public:
  explicit History(uint64_t seed)
      : seed_(seed), table_(*Memtable::create({.background = seed % 2 == 0})) {}

  void run() {
    std::array<std::vector<Call>, threads> calls;
    std::vector<std::thread> team;
    for (uint64_t thread = 0; thread < threads; thread++)
      team.emplace_back([this, thread, &mine = calls[thread]] { run_thread(thread, mine); });
    for (std::thread& thread : team) thread.join();
    for (const auto& of_thread : calls)
      calls_.insert(calls_.end(), of_thread.begin(), of_thread.end());
  }

  bool is_linearizable() const {
    for (uint64_t key = 0; key < keys; key++) {
      std::vector<Call> of_key;
      for (const Call& call : calls_)
        if (call.key == key || call.kind == CallKind::clear) of_key.push_back(call);
      if (!linearizable(of_key, absent)) return false;
    }
    return true;
  }

  const std::vector<Call>& calls() const { return calls_; }
  uint64_t conflicts() const { return conflicts_; }

 private:
  void run_thread(uint64_t thread, std::vector<Call>& calls) {
    Random random(seed_ * threads + thread);
    std::vector<std::shared_ptr<SnapshotHold>> held;
    // All begin together: a thread takes longer to start than to make its calls.
    started_.fetch_add(1);
    while (started_.load() < threads) std::this_thread::yield();
    for (uint64_t i = 0; i < calls_per_thread; i++) {
      calls.push_back(one_call(random, thread << 10 | i));
      if (random.coin()) disturb(random, thread, held);
    }
  }

  Call one_call(Random& random, uint64_t version) {
    Call call;
    call.key = random.below(keys);
    call.value = version;
    // A value that is likely to be there: one this thread put a short while ago.
    call.expected = version - std::min(version, random.below(6));
    call.kind = random.one_in(100) ? CallKind::clear : static_cast<CallKind>(random.below(6));
    call.interval.begin = clock_.fetch_add(1);
    if (call.kind == CallKind::clear) {
      call.changed = table_->clear().ok();  // or a transaction is open
    } else {
      make(call, random);
    }
    call.interval.end = clock_.fetch_add(1);
    return call;
  }

  // One transaction. After a conflict it has changed nothing.
  void make(Call& call, Random& random) {
    const std::string key = "key" + std::to_string(call.key);
    if (call.kind == CallKind::get) {
      const auto snapshot = std::make_shared<SnapshotHold>(*table_);
      call.answer = read(*snapshot, key);
      return;
    }
    const auto transaction = std::make_shared<Transaction>(*table_);
    // So that transactions meet on a busy machine, too.
    if (random.one_in(8)) std::this_thread::yield();
    const bool reads = call.kind == CallKind::get_inside || call.kind == CallKind::compare_and_swap;
    std::optional<uint64_t> found;
    if (reads) found = read(*transaction, key);
    Status status;
    if (call.kind == CallKind::put_twice) status = write(*transaction, key, ~call.value);
    if (call.kind == CallKind::remove)
      status = transaction->write({.key = as_bytes(key), .tombstone = true});
    else if (status.ok() &&
             (!reads || (found == call.expected && call.kind != CallKind::get_inside)))
      status = write(*transaction, key, call.value);
    if (status.is(Code::conflict)) {
      // What it has read is of the moment of its begin, which lies within the call as well.
      call.answer = found;
      conflicts_++;
      return;
    }
    ASSERT_TRUE(status.ok());
    const Result<uint64_t> committed = transaction->commit();
    ASSERT_TRUE(committed.ok());
    call.answer = found;
    call.changed = *committed != 0;
  }

  static Status write(Transaction& transaction, const std::string& key, uint64_t value) {
    return transaction.write({as_bytes(key), as_bytes(&value, sizeof value)});
  }
  static auto into(uint64_t& value) {
    return [&value](const mvcc::ValueRef& found) {
      std::memcpy(&value, found.bytes.data(), sizeof value);
    };
  }
  uint64_t read(const SnapshotHold& snapshot, const std::string& key) const {
    uint64_t value = absent;
    EXPECT_TRUE(table_->read(as_bytes(key), snapshot.view(), into(value)).ok());
    return value;
  }
  uint64_t read(const Transaction& transaction, const std::string& key) const {
    uint64_t value = absent;
    EXPECT_TRUE(table_->read(as_bytes(key), *transaction.view(), into(value)).ok());
    return value;
  }

  // Versions are kept and let go of, rows live and die around the keys that are watched.
  void disturb(Random& random, uint64_t thread, std::vector<std::shared_ptr<SnapshotHold>>& held) {
    const std::string key =
        "filler" + std::to_string(thread) + "-" + std::to_string(random.below(fillers));
    const auto transaction = std::make_shared<Transaction>(*table_);
    ASSERT_TRUE((random.coin() ? transaction->write({.key = as_bytes(key), .tombstone = true})
                               : write(*transaction, key, 1))
                    .ok());
    if (!random.one_in(4)) {
      ASSERT_TRUE(transaction->commit().ok());
    }
    if (random.one_in(4)) held.push_back(std::make_shared<SnapshotHold>(*table_));
    if (held.size() > random.below(4)) held.erase(held.begin());
    if (random.one_in(50)) table_->prune_now();
    if (random.one_in(8)) std::this_thread::yield();
  }

  const uint64_t seed_;
  const std::shared_ptr<Memtable> table_;
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> clock_{0};
  std::atomic<uint64_t> conflicts_{0};
  std::vector<Call> calls_;
};

TEST(MemtableLinearizability, EachKeyIsARegister) {
  const uint64_t seed = ladder_seed(50'021);
  const uint64_t histories = scaled(histories_full);
  uint64_t calls = 0;
  uint64_t overlaps = 0;
  uint64_t conflicts = 0;
  uint64_t swaps = 0;
  uint64_t clears = 0;
  for (uint64_t i = 0; i < histories; i++) {
    History history(seed + i);
    history.run();
    ASSERT_FALSE(HasFailure());
    ASSERT_TRUE(history.is_linearizable()) << "history of seed " << seed + i;
    conflicts += history.conflicts();
    for (const Call& call : history.calls()) {
      calls++;
      if (call.interval.end > call.interval.begin + 1) overlaps++;
      if (call.kind == CallKind::compare_and_swap && call.changed) swaps++;
      if (call.kind == CallKind::clear && call.changed) clears++;
    }
  }
  report_counts("memtable linearizability", {{"histories", histories},
                                             {"calls", calls},
                                             {"overlapping calls", overlaps},
                                             {"conflicts", conflicts},
                                             {"swaps", swaps},
                                             {"clears", clears}});
}

}  // namespace
}  // namespace stave::test
