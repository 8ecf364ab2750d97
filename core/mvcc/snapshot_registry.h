// The open snapshots of one table, and the versions that wait for each of them to end.
//
// A snapshot publishes its timestamp in a slot (snapshot_slot.h); it holds no epoch and no lock,
// and belongs to no thread. The slots are spread over stripes by thread and made in chunks as they
// are needed. A chunk without a snapshot is retired, so that the cost of a scan follows the number
// of snapshots that are open now.
//
// A version that only a snapshot keeps alive is parked at that snapshot, and close() hands back
// what was parked there: nobody examines again and again what cannot be freed yet.
//
// Thread safety: everything may be called from any thread. An OpenSnapshot that a view has shown
// may be used under the EpochPin that was held when the view was made.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/function_ref.h"
#include "core/base/small_list.h"
#include "core/mvcc/commit_clock.h"
#include "core/mvcc/retired_list.h"
#include "core/mvcc/snapshot_slot.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/epoch.h"
#include "core/sync/full_barrier.h"

namespace stave::mvcc {

class SnapshotView;

class SnapshotRegistry {
  using Slot = SnapshotSlot<std::atomic, sync::FullBarrier>;
  struct Chunk;
  struct Stripe;

 public:
  using Clock = CommitClock<>;

  class OpenSnapshot {
   public:
    uint64_t timestamp() const noexcept { return slot_->timestamp(); }
    // Not 0, and different for each snapshot that the registry has ever opened.
    uint64_t number() const noexcept { return number_; }

   private:
    friend class SnapshotRegistry;
    Slot* slot_ = nullptr;
    Stripe* stripe_ = nullptr;
    Chunk* chunk_ = nullptr;
    uint64_t number_ = 0;
    // The list of the stripe's free slots.
    OpenSnapshot* next_free_ = nullptr;
    OpenSnapshot* previous_free_ = nullptr;
    RetiredList parked_;
  };

  SnapshotRegistry() noexcept;
  ~SnapshotRegistry();
  SnapshotRegistry(const SnapshotRegistry&) = delete;
  SnapshotRegistry& operator=(const SnapshotRegistry&) = delete;

  // Opens a snapshot of this moment. Null without memory.
  OpenSnapshot* open(const Clock& clock) noexcept;
  // Ends it. First hands what was parked there to adopt(list), if anything: run_without_snapshots()
  // never runs between the two. True when there is something to reclaim now.
  bool close(OpenSnapshot* snapshot, FunctionRef<void(RetiredList&)> adopt) noexcept;

  // Parks an object at a snapshot that a view has shown at this timestamp. False when that has
  // ended meanwhile.
  bool park(OpenSnapshot* snapshot, uint64_t timestamp, sync::Retired* object) noexcept;

  // How many are open; exact while no thread opens or closes one.
  uint64_t count() const noexcept;

  // Runs `action` with open() and close() locked out and returns true; false when a snapshot is
  // open.
  template <typename Action>
  bool run_without_snapshots(Action action) noexcept {
    for (Stripe& stripe : stripes_) stripe.mutex.lock();
    const bool none = count() == 0;
    if (none) action();
    for (Stripe& stripe : stripes_) stripe.mutex.unlock();
    return none;
  }

 private:
  friend class SnapshotView;
  using Scan = SnapshotScan<std::atomic, sync::FullBarrier>;

  static constexpr size_t kStripes = 8;
  static constexpr size_t kChunkSlots = 7;  // the slots and the link fill one cache line
  static constexpr size_t kFreeSlotsMax = 4 * kChunkSlots;  // with more, empty chunks are retired

  struct Chunk : sync::Retired {
    alignas(64) std::array<Slot, kChunkSlots> slots;
    std::atomic<Chunk*> next_chunk{nullptr};
    Chunk* previous_chunk = nullptr;
    size_t open = 0;
    std::array<OpenSnapshot, kChunkSlots> snapshots;
  };
  struct alignas(64) Stripe {
    sync::AdaptiveMutex mutex;  // guards what follows; scans read the list of chunks without it
    OpenSnapshot* free = nullptr;
    size_t free_count = 0;
    std::atomic<uint64_t> open{0};
    uint64_t opened = 0;  // ever
    Chunk first;
  };

  static void add_slots(Stripe& stripe, Chunk& chunk) noexcept;
  static bool add_chunk(Stripe& stripe) noexcept;
  static void remove_chunk(Stripe& stripe, Chunk& chunk) noexcept;
  static void push_free(Stripe& stripe, OpenSnapshot& snapshot) noexcept;
  static void remove_free(Stripe& stripe, OpenSnapshot& snapshot) noexcept;
  static void add_open(Stripe& stripe, uint64_t more) noexcept;

  // How many slots of each stripe's first chunk were ever used: a scan looks at no others. On a
  // cache line that opening and closing rarely change.
  alignas(64) std::array<std::atomic<size_t>, kStripes> used_{};
  std::array<Stripe, kStripes> stripes_;
};

// The timestamps that are read at, as of one moment: what a pruner decides by.
class SnapshotView {
 public:
  // Of all snapshots except `except`, at which its owner reads no more. REQUIRES a pin.
  SnapshotView(SnapshotRegistry& registry, const SnapshotRegistry::Clock& clock,
               const SnapshotRegistry::OpenSnapshot* except = nullptr) noexcept;

  enum class Need {
    none,      // no snapshot, now or later, reads in that interval
    snapshot,  // the one in `blocker` does
    unknown,   // one that was being opened may, or there was no memory for the view
  };
  struct Blocker {
    SnapshotRegistry::OpenSnapshot* snapshot;
    uint64_t timestamp;
  };
  // Whether a snapshot reads at a timestamp in (after, up_to]. `blocker` is one of them, chosen
  // pseudo-randomly: a version that n snapshots need, and that is examined again when its blocker
  // ends, is examined O(log n) times in whatever order they end.
  Need need(uint64_t after, uint64_t up_to, Blocker& blocker) const noexcept;

 private:
  // The pseudo-random rank of a snapshot, which stays the same while it is open. Fibonacci hashing
  // (Knuth, The Art of Computer Programming 3).
  static uint64_t rank(const Blocker& live) noexcept {
    return (reinterpret_cast<uintptr_t>(live.snapshot) + live.timestamp) * 0x9e3779b97f4a7c15;
  }

  uint64_t floor_ = 0;
  bool complete_ = true;
  SmallList<Blocker, 16> live_;
};

}  // namespace stave::mvcc
