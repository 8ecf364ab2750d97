// Transactions that are numbers, with timestamps given by the caller.
#include <mutex>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/mvcc/memtable.h"
#include "core/sync/backoff.h"

namespace stave::mvcc {

// Exists while it has writes, and during the call that makes the first. A call that finds it before
// it has any treats it as absent.
struct Memtable::NumberedTransaction {
  // `seed` is not the number: callers may use one number again and again.
  NumberedTransaction(uint64_t number, uint64_t seed) : writes(number, seed) {}

  std::mutex mutex;  // guards what follows
  bool ended = false;
  WriteSet writes;
  uint64_t commit_calls = 0;
};

std::shared_ptr<Memtable::NumberedTransaction> Memtable::find_transaction(uint64_t number) {
  TransactionShard& shard = transactions_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.transactions.find(number);
  return found == shard.transactions.end() ? nullptr : found->second;
}

std::shared_ptr<Memtable::NumberedTransaction> Memtable::make_transaction(uint64_t number) {
  TransactionShard& shard = transactions_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.transactions.find(number); found != shard.transactions.end())
    return found->second;
  auto made =
      std::make_shared<NumberedTransaction>(number, shard.made++ * kShards + number % kShards);
  shard.transactions.emplace(number, made);
  return made;
}

void Memtable::end_if_empty(NumberedTransaction& transaction) noexcept {
  if (!transaction.writes.empty()) return;
  transaction.ended = true;
  const uint64_t number = transaction.writes.identity();
  TransactionShard& shard = transactions_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  shard.transactions.erase(number);
}

Status Memtable::write(const KeyWrite& write, uint64_t transaction) {
  size_t written = 0;
  return multi_write({&write, 1}, transaction, written);
}

Status Memtable::multi_write(std::span<const KeyWrite> writes, uint64_t transaction,
                             size_t& written) {
  while (true) {
    const std::shared_ptr<NumberedTransaction> found = make_transaction(transaction);
    const std::lock_guard lock(found->mutex);
    // It ended between the two lines above: the number is free again.
    if (found->ended) continue;
    Status status = install_many(found->writes, writes, UINT64_MAX, written);
    end_if_empty(*found);
    return status;
  }
}

Status Memtable::commit(uint64_t transaction, uint64_t timestamp, std::span<const Bytes> keys) {
  if (timestamp == 0 || timestamp > timestamp_max) {
    return Status::error(Code::invalid_argument,
                         "a commit timestamp is from 1 to 9223372036854775807");
  }
  const std::shared_ptr<NumberedTransaction> found = find_transaction(transaction);
  if (found != nullptr) {
    const std::lock_guard lock(found->mutex);
    if (!found->writes.empty()) {
      const sync::EpochPin pin;
      STAVE_TRY(check_commit(*found, timestamp, keys));
      DeferredCleanup cleanup;
      link(found->writes, timestamp);
      found->writes.record()->publish(timestamp);
      settle(found->writes, timestamp, nullptr, cleanup);
      drop_record(found->writes, cleanup);
      finish(cleanup);
      end_if_empty(*found);
      retire(cleanup);
      return {};
    }
  }
  if (keys.empty()) return {};
  return Status::error(Code::invalid_argument, "the transaction has written none of the keys");
}

// Checks that the keys are those of the writes, each at least once, and that the timestamp is new.
Status Memtable::check_commit(NumberedTransaction& transaction, uint64_t timestamp,
                              std::span<const Bytes> keys) const {
  WriteSet& writes = transaction.writes;
  const uint64_t call = ++transaction.commit_calls;
  size_t named = 0;
  for (const Bytes key : keys) {
    const Row* row = keys_.find(key);
    const ValueVersion* pending = row == nullptr ? nullptr : row->pending();
    if (pending == nullptr || pending->record() != writes.record()) {
      return Status::error(Code::invalid_argument,
                           "commit names a key that the transaction has not written");
    }
    WriteSet::Write& write = writes.writes()[pending->tag];
    if (write.named == call) continue;
    write.named = call;
    named++;
  }
  if (named != writes.size()) {
    return Status::error(Code::invalid_argument,
                         "commit leaves out a key that the transaction has written");
  }
  // The transaction owns the keys until it ends: no other commit can add the timestamp between this
  // check and the link.
  for (const WriteSet::Write& write : writes.writes()) {
    if (write.row->find_equal(timestamp) == nullptr) continue;
    return Status::error(Code::invalid_argument,
                         "a key has a version with this commit timestamp already");
  }
  return {};
}

Status Memtable::abort(uint64_t transaction, std::span<const Bytes> keys) {
  const std::shared_ptr<NumberedTransaction> found = find_transaction(transaction);
  if (found == nullptr) return {};
  const std::lock_guard lock(found->mutex);
  WriteSet& writes = found->writes;
  if (writes.empty()) return {};
  const sync::EpochPin pin;
  DeferredCleanup cleanup;
  for (const Bytes key : keys) {
    Row* row = keys_.find(key);
    ValueVersion* pending = row == nullptr ? nullptr : row->pending();
    if (pending == nullptr || pending->record() != writes.record()) continue;
    writes.remove(pending);
    take_back(*row, pending, cleanup);
  }
  if (writes.empty()) drop_record(writes, cleanup);
  finish(cleanup);
  end_if_empty(*found);
  retire(cleanup);
  return {};
}

bool Memtable::has_write_conflict(Bytes key, uint64_t transaction) const {
  const sync::EpochPin pin;
  const Row* row = keys_.find(key);
  const ValueVersion* pending = row == nullptr ? nullptr : row->pending();
  const ValueRecord* record = pending == nullptr ? nullptr : pending->record();
  return record != nullptr && record->identity() != transaction && record->committed() == 0;
}

// ---- Pruning -----------------------------------------------------------------------------------

void Memtable::lock_settled(Row& row) noexcept {
  sync::Backoff backoff;
  while (true) {
    row.lock();
    const ValueVersion* pending = row.pending();
    if (pending == nullptr || !pending->marked()) return;
    // Its commit is under way and takes only a few steps for each of its keys.
    row.unlock();
    backoff.wait();
  }
}

void Memtable::prune_row(Row& row, uint64_t oldest, DeferredCleanup& cleanup) noexcept {
  lock_settled(row);
  const std::lock_guard lock(row, std::adopt_lock);
  ValueVersion* const kept = row.find(oldest);
  if (kept == nullptr) return;
  ValueVersion* version = kept->next(0);
  row.cut_after(kept);
  while (version != nullptr) drop(std::exchange(version, version->next(0)), cleanup);
}

Result<uint64_t> Memtable::prune(uint64_t oldest) {
  uint64_t horizon = horizon_.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in check_horizon(). Before anything is cut.
  while (horizon < oldest &&
         !horizon_.compare_exchange_weak(horizon, oldest, std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
  KeyTable::Walk walk(keys_);
  uint64_t versions = 0;
  Status status;
  while (status.ok()) {
    // Keeps clear() away, which would retire the same versions.
    std::unique_lock prune_lock(prune_mutex_, std::defer_lock);
    if (!STAVE_PLANTED_BUG(unguarded_prune)) prune_lock.lock();
    const sync::EpochPin pin;
    DeferredCleanup cleanup;
    status = walk.next([&](Row& row) { prune_row(row, oldest, cleanup); });
    versions -= static_cast<uint64_t>(cleanup.versions);
    finish(cleanup);
    retire(cleanup);
  }
  if (!status.is(Code::done)) return status;
  return versions;
}

}  // namespace stave::mvcc
