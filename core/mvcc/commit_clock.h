// The clock of a managed table: hands out commit timestamps and snapshots in one order.
//
// Thread safety: everything may be called from any thread.
//
// Invariant: when next() is t, every transaction with a timestamp below t is published. So a
// snapshot at t sees exactly the commits below t, now and later.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "core/mvcc/spin_lock.h"
#include "core/mvcc/version.h"

namespace stave::mvcc {

template <template <typename> class Atomic = std::atomic>
class CommitClock {
 public:
  // The timestamp of a snapshot taken now, which is that of the next commit.
  uint64_t next() const noexcept {
    // Acquire: pairs with the release in commit(): the versions below are linked and published.
    return next_.load(std::memory_order_acquire);
  }

  // Publishes the record at the next timestamp and returns that.
  uint64_t commit(TransactionRecord<Atomic>& record) noexcept {
    const std::lock_guard lock(lock_);
    // Relaxed: changed under the lock only.
    const uint64_t timestamp = next_.load(std::memory_order_relaxed);
    record.publish(timestamp);
    // Release: pairs with the acquire in next(). After the publishing: see the invariant.
    next_.store(timestamp + 1, std::memory_order_release);
    return timestamp;
  }

 private:
  alignas(64) Atomic<uint64_t> next_{1};
  SpinLock<Atomic> lock_;
};

}  // namespace stave::mvcc
