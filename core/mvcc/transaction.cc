#include "core/mvcc/transaction.h"

#include <new>
#include <utility>

namespace stave::mvcc {

bool SnapshotHold::begin(Memtable& table) noexcept {
  place_ = table.snapshots_.open(table.clock_);
  if (place_ == nullptr) return false;
  table_ = &table;
  timestamp_ = place_->timestamp();
  return true;
}

void SnapshotHold::end() noexcept {
  if (place_ != nullptr) table_->end_snapshot(std::exchange(place_, nullptr));
}

std::shared_ptr<SnapshotLease> SnapshotLease::open(
    const std::shared_ptr<Memtable>& table) noexcept {
  try {
    auto lease = std::make_shared<SnapshotLease>(table);
    return lease->hold_.begin(*table) ? lease : nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Result<std::shared_ptr<Transaction>> Transaction::begin(
    const std::shared_ptr<Memtable>& table) noexcept {
  try {
    auto transaction = std::make_shared<Transaction>(table);
    STAVE_TRY(transaction->start());
    return transaction;
  } catch (const std::bad_alloc&) {
    return Code::no_memory;
  }
}

Transaction::Transaction(const std::shared_ptr<Memtable>& table) noexcept
    : table_(table), writes_(table->new_identity()) {}

Status Transaction::start() noexcept {
  return hold_.begin(*table_) ? Code::ok : Code::no_memory;
}

Result<Visible> Transaction::read(Bytes key, Memtable::Visit visit) const {
  if (ended_) return Code::closed;
  return table_->read(key, snapshot(), wrote_ ? identity() : 0, visit);
}

Status Transaction::write(Bytes key, InlineValue::Source&& source) {
  if (ended_) return Code::closed;
  Status status = table_->install(writes_, key, std::move(source), snapshot());
  if (status.ok()) wrote_ = true;
  return status;
}

Result<uint64_t> Transaction::commit() {
  if (ended_) return Code::closed;
  uint64_t timestamp = 0;
  if (!writes_.empty()) timestamp = table_->commit_managed(writes_, hold_);
  end();
  return timestamp;
}

Status Transaction::roll_back() noexcept {
  if (ended_) return Code::closed;
  table_->roll_back(writes_);
  end();
  return {};
}

void Transaction::end() noexcept {
  hold_.end();
  ended_ = true;
}

}  // namespace stave::mvcc
