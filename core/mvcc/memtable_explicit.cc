// Transactions that are numbers, with timestamps given by the caller.
#include <mutex>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/mvcc/memtable.h"
#include "core/sync/backoff.h"

namespace stave::mvcc {

// Exists while it has writes, and during the call that makes the first. Others may find it before
// it has any: for them it does not exist yet.
struct Memtable::NumberedTransaction {
  // Callers may use one number again and again: it is no seed.
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
  std::shared_ptr<NumberedTransaction>& place = shard.transactions[number];
  if (place == nullptr) {
    try {
      place = std::make_shared<NumberedTransaction>(number, new_identity());
    } catch (const std::bad_alloc&) {
      shard.transactions.erase(number);
      throw;
    }
  }
  return place;
}

void Memtable::end_if_empty(NumberedTransaction& transaction) noexcept {
  if (!transaction.writes.empty()) return;
  transaction.ended = true;
  const uint64_t number = transaction.writes.identity();
  TransactionShard& shard = transactions_[number % kShards];
  const std::lock_guard lock(shard.mutex);
  shard.transactions.erase(number);
}

Status Memtable::write(Bytes key, InlineValue::Source source, uint64_t transaction) {
  while (true) {
    const std::shared_ptr<NumberedTransaction> found = make_transaction(transaction);
    const std::lock_guard lock(found->mutex);
    // It ended between the two lines above: the number begins anew.
    if (found->ended) continue;
    Status status = install(found->writes, key, std::move(source), UINT64_MAX);
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
      commit_checked(found->writes, timestamp);
      end_if_empty(*found);
      return {};
    }
  }
  if (keys.empty()) return {};
  return Status::error(Code::invalid_argument, "the transaction has written none of the keys");
}

// The keys must be those of the writes, each at least once.
Status Memtable::check_commit(NumberedTransaction& transaction, uint64_t timestamp,
                              std::span<const Bytes> keys) const {
  WriteSet& writes = transaction.writes;
  const uint64_t call = ++transaction.commit_calls;
  size_t named = 0;
  for (const Bytes key : keys) {
    const Row* row = keys_->find(key);
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
  // The keys are this transaction's until it ends: no other commit can bring the timestamp in
  // between the look and the link.
  for (const WriteSet::Write& write : writes.writes()) {
    if (write.row->find_equal(timestamp) == nullptr) continue;
    return Status::error(Code::invalid_argument,
                         "a key has a version with this commit timestamp already");
  }
  return {};
}

void Memtable::commit_checked(WriteSet& writes, uint64_t timestamp) noexcept {
  for (const WriteSet::Write& write : writes.writes()) {
    const std::lock_guard lock(*write.row);
    write.row->link(write.version, timestamp);
    write.version->set_marked(true);
    if (STAVE_PLANTED_BUG(publish_while_linking)) writes.record()->publish(timestamp);
  }
  writes.record()->publish(timestamp);
  Totals change;
  for (const WriteSet::Write& write : writes.writes()) {
    const std::lock_guard lock(*write.row);
    write.version->set_marked(false);
    settle(*write.row, write.version, timestamp, change);
  }
  retire_record(writes);
  add(change);
}

Status Memtable::abort(uint64_t transaction, std::span<const Bytes> keys) {
  const std::shared_ptr<NumberedTransaction> found = find_transaction(transaction);
  if (found == nullptr) return {};
  const std::lock_guard lock(found->mutex);
  if (found->writes.empty()) return {};
  Totals change;
  {
    const sync::EpochPin pin;
    for (const Bytes key : keys) {
      Row* row = keys_->find(key);
      ValueVersion* pending = row == nullptr ? nullptr : row->pending();
      if (pending == nullptr || pending->record() != found->writes.record()) continue;
      found->writes.forget(pending);
      take_back(*row, pending, change);
    }
    if (found->writes.empty()) retire_record(found->writes);
  }
  add(change);
  end_if_empty(*found);
  return {};
}

bool Memtable::has_write_conflict(Bytes key, uint64_t transaction) const {
  const sync::EpochPin pin;
  const Row* row = keys_->find(key);
  const ValueVersion* pending = row == nullptr ? nullptr : row->pending();
  const ValueRecord* record = pending == nullptr ? nullptr : pending->record();
  return record != nullptr && record->identity() != transaction && record->committed() == 0;
}

// ---- Pruning -----------------------------------------------------------------------------------

void Memtable::settled_lock(Row& row) noexcept {
  sync::Backoff backoff;
  while (true) {
    row.lock();
    const ValueVersion* pending = row.pending();
    if (pending == nullptr || !pending->marked()) return;
    // Its commit is under way and takes no more than a few steps for each of its keys.
    row.unlock();
    backoff.wait();
  }
}

void Memtable::prune_row(Row& row, uint64_t oldest, Totals& change) noexcept {
  Aftermath after;
  settled_lock(row);
  {
    const std::lock_guard lock(row, std::adopt_lock);
    ValueVersion* kept = row.find(oldest);
    if (kept != nullptr) {
      ValueVersion* version = kept->next(0);
      row.cut_behind(kept);
      while (version != nullptr) {
        ValueVersion* older = version->next(0);
        drop(version, after, change);
        version = older;
      }
    }
  }
  finish(row, after, change);
}

Result<uint64_t> Memtable::prune(uint64_t oldest) {
  uint64_t horizon = horizon_.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in check_horizon(). Before anything is cut.
  while (horizon < oldest &&
         !horizon_.compare_exchange_weak(horizon, oldest, std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
  KeyTable::Walk walk(*keys_);
  uint64_t versions = 0;
  Status status;
  while (status.ok()) {
    // What is cut off is retired here alone: clear() does not come between.
    std::unique_lock prune_lock(prune_mutex_, std::defer_lock);
    if (!STAVE_PLANTED_BUG(unguarded_prune)) prune_lock.lock();
    const sync::EpochPin pin;
    Totals change;
    status = walk.next([&](Row& row) { prune_row(row, oldest, change); });
    versions -= change.versions;
    add(change);
  }
  if (!status.is(Code::done)) return status;
  return versions;
}

}  // namespace stave::mvcc
