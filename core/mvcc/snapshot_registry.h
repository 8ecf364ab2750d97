// The live snapshots of one table, and what waits for each of them to end.
//
// A snapshot publishes its timestamp (snapshot_slot.h); it holds no epoch, no lock, and belongs to
// no thread. Places for snapshots are spread over stripes by thread and made in chunks as they are
// needed. A chunk without a snapshot is retired again, so that scans look at not many more places
// than there are snapshots, however many there once were.
//
// A version that only a snapshot keeps alive is parked at that snapshot; when the snapshot closes,
// close() hands back what was parked there. So nobody looks again and again at what cannot be freed
// yet.
//
// Thread safety: everything may be called from any thread. A Place that a view has shown may be
// used under the EpochPin that was held when the view was made.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/function_ref.h"
#include "core/mvcc/commit_clock.h"
#include "core/mvcc/snapshot_slot.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/epoch.h"
#include "core/sync/full_barrier.h"

namespace stave::mvcc {

// A list through Retired::next, which is its owner's until the object is retired.
class ParkedList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  void push(sync::Retired* object) noexcept;
  // Moves all of `other` to the end.
  void append(ParkedList& other) noexcept;
  // Null when empty.
  sync::Retired* pop() noexcept;
  // The first `count` objects, or all.
  ParkedList take(uint64_t count) noexcept;
  uint64_t count() const noexcept { return count_; }
  // Retires all, which know how they are reclaimed. Nobody can reach them any more.
  void retire() noexcept;

 private:
  sync::Retired* first_ = nullptr;
  sync::Retired* last_ = nullptr;
  uint64_t count_ = 0;
};

class SnapshotView;

class SnapshotRegistry {
  struct Barrier {
    void operator()() const noexcept { sync::full_barrier(); }
  };
  using Slot = SnapshotSlot<std::atomic, Barrier>;
  struct Chunk;
  struct Stripe;

 public:
  using Clock = CommitClock<>;

  // Where one snapshot stands.
  class Place {
   public:
    uint64_t timestamp() const noexcept { return slot_->timestamp(); }

   private:
    friend class SnapshotRegistry;
    Slot* slot_ = nullptr;
    Stripe* stripe_ = nullptr;
    Chunk* chunk_ = nullptr;
    // In the list of the stripe's free places.
    Place* next_free_ = nullptr;
    Place* previous_free_ = nullptr;
    ParkedList parked_;
  };

  SnapshotRegistry() noexcept;
  ~SnapshotRegistry();
  SnapshotRegistry(const SnapshotRegistry&) = delete;
  SnapshotRegistry& operator=(const SnapshotRegistry&) = delete;

  // Opens a snapshot of this moment. Null without memory.
  Place* open(const Clock& clock) noexcept;
  // Ends it. What was parked there is first handed to adopt(list): run_without_snapshots() never
  // comes between. False when nothing was and nothing was retired either.
  bool close(Place* place, FunctionRef<void(ParkedList&)> adopt) noexcept;

  // Parks an object at a snapshot that a view has shown at this timestamp. False when it has ended
  // meanwhile.
  bool park(Place* place, uint64_t timestamp, sync::Retired* object) noexcept;

  // How many are open; exact when nobody opens or closes one.
  uint64_t count() const noexcept;

  // Locks out open() and close() while `action` runs, if there is no snapshot; otherwise false.
  template <typename Action>
  bool run_without_snapshots(Action action) noexcept {
    lock_all();
    const bool none = count() == 0;
    if (none) action();
    unlock_all();
    return none;
  }

 private:
  friend class SnapshotView;
  using Scan = SnapshotScan<std::atomic, Barrier>;

  static constexpr size_t kStripes = 8;
  static constexpr size_t kChunkPlaces = 7;  // the slots and the link fill one cache line
  static constexpr size_t kFreePlacesMax = 4 * kChunkPlaces;  // above, chunks are given back

  struct Chunk : sync::Retired {
    alignas(64) std::array<Slot, kChunkPlaces> slots;
    std::atomic<Chunk*> next_chunk{nullptr};
    Chunk* previous_chunk = nullptr;
    size_t open = 0;
    std::array<Place, kChunkPlaces> places;
  };
  struct alignas(64) Stripe {
    sync::AdaptiveMutex mutex;  // guards the lists, of which scans read the chunks'
    Place* free = nullptr;
    size_t free_count = 0;
    std::atomic<uint64_t> open{0};
    Chunk first;
  };

  static void add_places(Stripe& stripe, Chunk& chunk) noexcept;
  static bool add_chunk(Stripe& stripe) noexcept;
  static void remove_chunk(Stripe& stripe, Chunk& chunk) noexcept;
  static void push_free(Stripe& stripe, Place& place) noexcept;
  static void remove_free(Stripe& stripe, Place& place) noexcept;
  static void add_open(Stripe& stripe, uint64_t more) noexcept;
  void lock_all() noexcept;
  void unlock_all() noexcept;

  // Places of each stripe's first chunk that were ever taken, which is what a scan looks at. Apart
  // from what opening and closing change all the time.
  alignas(64) std::array<std::atomic<size_t>, kStripes> used_{};
  std::array<Stripe, kStripes> stripes_;
};

// Which timestamps are read at, as of one moment: what a pruner decides by.
class SnapshotView {
 public:
  // Of all but the snapshot at `but`, which its owner has ceased to read at. Under a pin.
  SnapshotView(SnapshotRegistry& registry, const SnapshotRegistry::Clock& clock,
               const SnapshotRegistry::Place* but = nullptr) noexcept;

  enum class Need {
    none,      // no snapshot, now or later, reads in that interval
    snapshot,  // the one in `blocker` does
    unknown,   // one that was just being opened may, or memory for the view was lacking
  };
  struct Blocker {
    SnapshotRegistry::Place* place;
    uint64_t timestamp;
  };
  // Whether a snapshot reads at a timestamp in (after, up_to]. `blocker` is one of them, drawn by
  // lot: a version that n snapshots need and that is looked at again when its blocker ends is so
  // looked at O(log n) times, in whatever order they end.
  Need need(uint64_t after, uint64_t up_to, Blocker& blocker) const noexcept;

 private:
  static constexpr size_t kInline = 16;

  // A live snapshot's stays the same. Fibonacci hashing (Knuth, The Art of Computer Programming 3).
  static uint64_t lot(const Blocker& live) noexcept {
    return (reinterpret_cast<uintptr_t>(live.place) + live.timestamp) * 0x9e3779b97f4a7c15;
  }
  void add(Blocker live) noexcept;

  uint64_t floor_ = 0;
  size_t count_ = 0;
  bool complete_ = true;
  std::array<Blocker, kInline> inline_;
  std::vector<Blocker> more_;
};

}  // namespace stave::mvcc
