#include "core/mvcc/transaction.h"

#include <new>
#include <utility>

namespace stave::mvcc {

bool SnapshotHold::begin(Memtable& table) noexcept {
  snapshot_ = table.snapshots_.open(table.clock_);
  if (snapshot_ == nullptr) return false;
  table_ = &table;
  timestamp_ = snapshot_->timestamp();
  return true;
}

void SnapshotHold::end() noexcept {
  if (snapshot_ != nullptr) table_->end_snapshot(std::exchange(snapshot_, nullptr));
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

Status Transaction::start() noexcept {
  if (!hold_.begin(*table_)) return Code::no_memory;
  const uint64_t number = hold_.snapshot()->number();
  writes_.emplace(number, number);
  return {};
}

Result<ReadView> Transaction::view() const {
  if (ended_) return Code::closed;
  return ReadView{.snapshot = snapshot(), .reader = wrote_ ? identity() : 0};
}

Status Transaction::write(const KeyWrite& write) {
  size_t written = 0;
  return multi_write({&write, 1}, written);
}

Status Transaction::multi_write(std::span<const KeyWrite> writes, size_t& written) {
  if (ended_) return Code::closed;
  Status status = table_->install_many(*writes_, writes, snapshot(), written);
  wrote_ |= written != 0;
  return status;
}

Result<uint64_t> Transaction::commit() {
  if (ended_) return Code::closed;
  uint64_t timestamp = 0;
  if (!writes_->empty()) timestamp = table_->commit_managed(*writes_, hold_);
  end();
  return timestamp;
}

Status Transaction::roll_back() noexcept {
  if (ended_) return Code::closed;
  if (writes_) table_->roll_back(*writes_);
  end();
  return {};
}

void Transaction::end() noexcept {
  hold_.end();
  ended_ = true;
}

}  // namespace stave::mvcc
