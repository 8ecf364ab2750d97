// Transactions and snapshots of a memtable that keeps the time itself.
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/write_set.h"

namespace stave::mvcc {

// Keeps a table from freeing what is visible at one timestamp. One thread at a time; the table must
// live.
class SnapshotHold {
 public:
  SnapshotHold() noexcept = default;
  ~SnapshotHold() { end(); }
  SnapshotHold(const SnapshotHold&) = delete;
  SnapshotHold& operator=(const SnapshotHold&) = delete;

  // Of this moment. Once. False without memory.
  bool begin(Memtable& table) noexcept;
  // Repeatedly.
  void end() noexcept;
  uint64_t timestamp() const noexcept { return timestamp_; }
  const SnapshotRegistry::Place* place() const noexcept { return place_; }

 private:
  Memtable* table_ = nullptr;
  SnapshotRegistry::Place* place_ = nullptr;
  uint64_t timestamp_ = 0;
};

// The same with an owner: shared by a snapshot and its cursors.
class SnapshotLease {
 public:
  // Null without memory.
  static std::shared_ptr<SnapshotLease> open(const std::shared_ptr<Memtable>& table) noexcept;
  explicit SnapshotLease(const std::shared_ptr<Memtable>& table) noexcept : table_(table) {}

  uint64_t timestamp() const noexcept { return hold_.timestamp(); }

 private:
  const std::shared_ptr<Memtable> table_;
  SnapshotHold hold_;
};

// Reads at the moment of its begin, and its own writes; writes become visible to others with the
// commit. Dropped without commit it is rolled back.
//
// Thread safety: one thread at a time, cursors that see its writes included.
class Transaction {
 public:
  static Result<std::shared_ptr<Transaction>> begin(
      const std::shared_ptr<Memtable>& table) noexcept;
  // start() comes next, once.
  explicit Transaction(const std::shared_ptr<Memtable>& table) noexcept;
  ~Transaction() { static_cast<void>(roll_back()); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Status start() noexcept;

  uint64_t identity() const noexcept { return writes_.identity(); }
  uint64_t snapshot() const noexcept { return hold_.timestamp(); }
  // After commit or rollback nothing else works: `closed`.
  bool ended() const noexcept { return ended_; }

  Result<Visible> read(Bytes key, Memtable::Visit visit) const;
  // `conflict` when another transaction has written the key and not ended, or has committed it
  // since this one began; nothing changes then.
  Status write(Bytes key, InlineValue::Source&& source);
  // The commit timestamp; 0 when nothing was written.
  Result<uint64_t> commit();
  // What is left to do when it ended before: nothing.
  Status roll_back() noexcept;

 private:
  void end() noexcept;

  const std::shared_ptr<Memtable> table_;
  SnapshotHold hold_;
  WriteSet writes_;
  bool wrote_ = false;  // else reads need not look for own writes
  bool ended_ = false;
};

}  // namespace stave::mvcc
