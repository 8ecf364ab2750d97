// The lock-free half of the snapshot registry: how a snapshot announces the timestamp that it reads
// at, and how a pruner learns which timestamps are read at, now or later.
//
// The protocol. A snapshot takes its timestamp from the clock and then announces it; a pruner that
// looks between the two steps must not free what the snapshot needs:
//
//   snapshot                                pruner
//   S1 slot = claim(clock)                  P1 now = clock
//   S2 full barrier                         P2 full barrier
//   S3 timestamp = clock                    P3 read all slots
//   S4 slot = timestamp                     P4 floor = min(now, claims), live = the timestamps
//
// The pruner keeps what is needed by a timestamp of `live` or by any from `floor` on.
//   1. P3 reads S4 or a claim: the timestamp is in `live`, or not below the claim (the clock does
//      not go back).
//   2. P3 reads something older than S1: then P2 comes before S2, so S3 sees what P1 saw, or later:
//      the timestamp is not below `now`.
// A snapshot makes two stores and a barrier, and never repeats.
//
// The slots are relaxed: they hold numbers only, and their order to the clock is given by the
// barriers. A pruner that has seen a snapshot's end cannot disturb the reads before it: a read that
// met the pruner's unlinking (acquire, release) would come after the pruner's look at the slot, and
// so the look before the end that it saw.
#pragma once

#include <atomic>
#include <cstdint>

namespace stave::mvcc {

// `Barrier` is a type whose call operator is a full barrier (core/sync/full_barrier.h).
template <template <typename> class Atomic, typename Barrier>
class SnapshotSlot {
 public:
  // `clock.next()` is what a snapshot reads at. Returns it.
  template <typename Clock>
  uint64_t announce(const Clock& clock) noexcept {
    word_.store(clock.next() | claim_bit, std::memory_order_relaxed);
    Barrier()();  // pairs with the barrier in SnapshotScan
    const uint64_t timestamp = clock.next();
    word_.store(timestamp, std::memory_order_relaxed);
    return timestamp;
  }
  void withdraw() noexcept { word_.store(0, std::memory_order_relaxed); }
  // REQUIRES: the caller holds the slot, or keeps its holder from withdrawing.
  uint64_t timestamp() const noexcept { return word_.load(std::memory_order_relaxed); }

 private:
  template <template <typename> class, typename>
  friend class SnapshotScan;
  static constexpr uint64_t claim_bit = uint64_t{1} << 63;

  Atomic<uint64_t> word_{0};  // 0: no snapshot
};

// One scan of all slots. REQUIRES: look_at() is called for each, after the construction.
template <template <typename> class Atomic, typename Barrier>
class SnapshotScan {
 public:
  using Slot = SnapshotSlot<Atomic, Barrier>;

  template <typename Clock>
  explicit SnapshotScan(const Clock& clock) noexcept : floor_(clock.next()) {
    Barrier()();  // pairs with the barrier in SnapshotSlot::announce()
  }

  // The timestamp announced in the slot, or 0.
  uint64_t look_at(const Slot& slot) noexcept {
    const uint64_t word = slot.word_.load(std::memory_order_relaxed);
    if ((word & Slot::claim_bit) == 0) return word;
    const uint64_t claim = word & ~Slot::claim_bit;
    if (claim < floor_) floor_ = claim;
    return 0;
  }

  // After every slot was looked at: snapshots that the scan has not met read at this or later.
  uint64_t floor() const noexcept { return floor_; }

 private:
  uint64_t floor_;
};

}  // namespace stave::mvcc
