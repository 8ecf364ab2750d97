// Transactions and snapshots of a memtable that keeps the time itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/write_set.h"

namespace stave::mvcc {

// Keeps a table from freeing what is visible at one timestamp. Shared by a transaction or snapshot
// and its cursors.
class SnapshotLease {
 public:
  // Of this moment. Null without memory.
  static std::shared_ptr<SnapshotLease> open(const std::shared_ptr<Memtable>& table) noexcept;
  explicit SnapshotLease(const std::shared_ptr<Memtable>& table) noexcept : table_(table) {}
  ~SnapshotLease() {
    if (place_ != nullptr) table_->end_snapshot(place_);
  }
  SnapshotLease(const SnapshotLease&) = delete;
  SnapshotLease& operator=(const SnapshotLease&) = delete;

  uint64_t timestamp() const noexcept { return timestamp_; }
  Memtable& table() const noexcept { return *table_; }

 private:
  std::shared_ptr<Memtable> table_;
  SnapshotRegistry::Place* place_ = nullptr;
  uint64_t timestamp_ = 0;
};

// Reads at the moment of its begin, and its own writes; writes become visible to others with the
// commit. Dropped without commit it is rolled back.
//
// Thread safety: any thread, one call at a time in the order that matters to the caller; calls that
// overlap are safe and take some order.
class Transaction {
 public:
  static Result<std::shared_ptr<Transaction>> begin(
      const std::shared_ptr<Memtable>& table) noexcept;
  Transaction(const std::shared_ptr<Memtable>& table, std::shared_ptr<SnapshotLease> lease,
              uint64_t identity) noexcept
      : table_(table),
        lease_(std::move(lease)),
        snapshot_(lease_->timestamp()),
        writes_(identity) {}
  ~Transaction() { static_cast<void>(roll_back()); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  uint64_t identity() const noexcept { return writes_.identity(); }
  uint64_t snapshot() const noexcept { return snapshot_; }
  // After commit or rollback nothing else works: `closed`.
  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  Result<Visible> read(Bytes key, Memtable::Visit visit) const;
  // `conflict` when another transaction has written the key and not ended, or has committed it
  // since this one began; nothing changes then.
  Status write(Bytes key, InlineValue::Source source);
  // The commit timestamp; 0 when nothing was written.
  Result<uint64_t> commit();
  // What is left to do when it ended before: nothing.
  Status roll_back() noexcept;

  // For a cursor; null once it ended.
  std::shared_ptr<SnapshotLease> lease() const;

 private:
  const std::shared_ptr<Memtable> table_;
  mutable std::mutex mutex_;  // guards what follows, but for the atomics
  std::shared_ptr<SnapshotLease> lease_;
  const uint64_t snapshot_;
  WriteSet writes_;
  // Spares reads of a transaction that has written nothing the look for own writes.
  std::atomic<bool> wrote_{false};
  std::atomic<bool> ended_{false};
};

}  // namespace stave::mvcc
