// Transactions and snapshots of a memtable that keeps the time itself.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/write_set.h"

namespace stave::mvcc {

// An open snapshot: keeps a table from freeing what is visible at one timestamp. One thread at a
// time; the table must outlive it.
class SnapshotHold {
 public:
  // Opens a snapshot of this moment, unless there is no memory.
  explicit SnapshotHold(Memtable& table) noexcept;
  ~SnapshotHold() { end(); }
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

  bool is_open() const noexcept { return snapshot_ != nullptr; }
  // May be called again.
  void end() noexcept;
  uint64_t timestamp() const noexcept { return timestamp_; }
  ReadView view() const noexcept { return {.snapshot = timestamp_}; }
  // 0, and null, unless it is open.
  uint64_t number() const noexcept { return is_open() ? snapshot_->number() : 0; }
  const SnapshotRegistry::OpenSnapshot* snapshot() const noexcept { return snapshot_; }

 private:
  Memtable& table_;
  SnapshotRegistry::OpenSnapshot* snapshot_;
  const uint64_t timestamp_;
};

// Reads at the moment of its begin, and its own writes; its writes become visible to others with
// the commit. A transaction that is destroyed without commit is rolled back.
//
// Thread safety: one thread at a time, cursors that see its writes included.
class Transaction {
 public:
  // REQUIRES: the table outlives it. Without memory it has ended already.
  explicit Transaction(Memtable& table) noexcept;
  ~Transaction() { static_cast<void>(roll_back()); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  uint64_t identity() const noexcept { return writes_.identity(); }
  uint64_t snapshot() const noexcept { return hold_.timestamp(); }
  // After commit or rollback every other call is `closed`.
  bool ended() const noexcept { return ended_; }

  // What its reads see.
  Result<ReadView> view() const;
  // `conflict` when another transaction has written the key and not ended, or has committed it
  // since this one began; nothing changes then.
  Status write(const KeyWrite& write);
  // Writes in order until one fails; `written` becomes the number of writes made.
  Status multi_write(std::span<const KeyWrite> writes, size_t& written);
  // Returns the commit timestamp, 0 when nothing was written.
  Result<uint64_t> commit();
  Status roll_back() noexcept;

 private:
  void end() noexcept;

  Memtable& table_;
  SnapshotHold hold_;
  WriteSet writes_;
  bool wrote_ = false;  // otherwise reads need not look for own writes
  bool ended_;
};

}  // namespace stave::mvcc
