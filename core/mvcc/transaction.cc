#include "core/mvcc/transaction.h"

#include <utility>

namespace stave::mvcc {

SnapshotHold::SnapshotHold(Memtable& table) noexcept
    : table_(table),
      snapshot_(table.snapshots_.open(table.clock_)),
      timestamp_(snapshot_ != nullptr ? snapshot_->timestamp() : 0) {}

void SnapshotHold::end() noexcept {
  if (snapshot_ != nullptr) table_.end_snapshot(std::exchange(snapshot_, nullptr));
}

Transaction::Transaction(Memtable& table) noexcept
    : table_(table),
      hold_(table),
      writes_(hold_.number(), hold_.number()),
      ended_(!hold_.is_open()) {}

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
  Status status = table_.install_many(writes_, writes, snapshot(), written);
  wrote_ |= written != 0;
  return status;
}

Result<uint64_t> Transaction::commit() {
  if (ended_) return Code::closed;
  uint64_t timestamp = 0;
  if (!writes_.empty()) timestamp = table_.commit_managed(writes_, hold_);
  end();
  return timestamp;
}

Status Transaction::roll_back() noexcept {
  if (ended_) return Code::closed;
  table_.roll_back(writes_);
  end();
  return {};
}

void Transaction::end() noexcept {
  hold_.end();
  ended_ = true;
}

}  // namespace stave::mvcc
