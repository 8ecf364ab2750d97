// Transactions and snapshots of a memtable that keeps the time itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  SnapshotHold() noexcept = default;
  ~SnapshotHold() { end(); }
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

  // Opens a snapshot of this moment. Once. False without memory.
  bool begin(Memtable& table) noexcept;
  // May be called again.
  void end() noexcept;
  uint64_t timestamp() const noexcept { return timestamp_; }
  // Null after end().
  const SnapshotRegistry::OpenSnapshot* snapshot() const noexcept { return snapshot_; }

 private:
  Memtable* table_ = nullptr;
  SnapshotRegistry::OpenSnapshot* snapshot_ = nullptr;
  uint64_t timestamp_ = 0;
};

// A SnapshotHold that keeps its table alive, to be shared by a snapshot and its cursors.
class SnapshotLease {
 public:
  // Null without memory.
  static std::shared_ptr<SnapshotLease> open(const std::shared_ptr<Memtable>& table) noexcept;
  explicit SnapshotLease(const std::shared_ptr<Memtable>& table) noexcept : table_(table) {}

  uint64_t timestamp() const noexcept { return hold_.timestamp(); }
  ReadView view() const noexcept { return {.snapshot = timestamp()}; }

 private:
  const std::shared_ptr<Memtable> table_;
  SnapshotHold hold_;
};

// Reads at the moment of its begin, and its own writes; its writes become visible to others with
// the commit. A transaction that is destroyed without commit is rolled back.
//
// Thread safety: one thread at a time, cursors that see its writes included.
class Transaction {
 public:
  static Result<std::shared_ptr<Transaction>> begin(
      const std::shared_ptr<Memtable>& table) noexcept;
  // REQUIRES: start() is called next, once.
  explicit Transaction(const std::shared_ptr<Memtable>& table) noexcept : table_(table) {}
  ~Transaction() { static_cast<void>(roll_back()); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status start() noexcept;

  uint64_t identity() const noexcept { return writes_ ? writes_->identity() : 0; }
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

  const std::shared_ptr<Memtable> table_;
  SnapshotHold hold_;
  std::optional<WriteSet> writes_;  // from start() on
  bool wrote_ = false;              // otherwise reads need not look for own writes
  bool ended_ = false;
};

}  // namespace stave::mvcc
