#include "core/mvcc/transaction.h"

#include <new>
#include <utility>

namespace stave::mvcc {

std::shared_ptr<SnapshotLease> SnapshotLease::open(
    const std::shared_ptr<Memtable>& table) noexcept {
  try {
    auto lease = std::make_shared<SnapshotLease>(table);
    lease->place_ = table->snapshots_.open(table->clock_);
    if (lease->place_ == nullptr) return nullptr;
    lease->timestamp_ = lease->place_->timestamp();
    return lease;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Result<std::shared_ptr<Transaction>> Transaction::begin(
    const std::shared_ptr<Memtable>& table) noexcept {
  std::shared_ptr<SnapshotLease> lease = SnapshotLease::open(table);
  if (lease == nullptr) return Code::no_memory;
  try {
    // Relaxed: only that each has a number of its own matters.
    const uint64_t identity = table->next_transaction_.fetch_add(1, std::memory_order_relaxed);
    return std::make_shared<Transaction>(table, std::move(lease), identity);
  } catch (const std::bad_alloc&) {
    return Code::no_memory;
  }
}

Result<Visible> Transaction::read(Bytes key, Memtable::Visit visit) const {
  if (ended()) return Code::closed;
  // Relaxed: a thread sees its own writes.
  const uint64_t reader = wrote_.load(std::memory_order_relaxed) ? identity() : 0;
  return table_->read(key, snapshot_, reader, visit);
}

Status Transaction::write(Bytes key, InlineValue::Source source) {
  const std::lock_guard lock(mutex_);
  if (ended()) return Code::closed;
  Status status = table_->install(writes_, key, std::move(source), snapshot_);
  if (status.ok()) wrote_.store(true, std::memory_order_relaxed);
  return status;
}

Result<uint64_t> Transaction::commit() {
  const std::lock_guard lock(mutex_);
  if (ended()) return Code::closed;
  uint64_t timestamp = 0;
  if (!writes_.empty()) timestamp = table_->commit_managed(writes_, lease_);
  lease_.reset();
  ended_.store(true, std::memory_order_release);  // pairs with ended()
  return timestamp;
}

Status Transaction::roll_back() noexcept {
  const std::lock_guard lock(mutex_);
  if (ended()) return Code::closed;
  table_->roll_back(writes_);
  lease_.reset();
  ended_.store(true, std::memory_order_release);
  return {};
}

std::shared_ptr<SnapshotLease> Transaction::lease() const {
  const std::lock_guard lock(mutex_);
  return lease_;
}

}  // namespace stave::mvcc
