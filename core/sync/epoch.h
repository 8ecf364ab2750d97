// Epoch-based reclamation (Fraser, "Practical lock-freedom", 2004): readers of shared structures
// take no lock, and what a writer unlinks is freed once no reader can see it any more.
//
//   reader: { EpochPin pin;  node = head.load(acquire);  use *node; }   // about 2 ns
//   writer: old = head.exchange(replacement, acq_rel);  EpochRegistry::retire(old);
//
// Rules for users
//   1. A pointer found under a pin is not used after it. Pins are short: none is held while a call
//      waits, nor by an object that a caller of Stave holds. A thread that stays pinned delays all
//      reclamation (memory grows), nothing else.
//   2. An object is retired once, after it can no longer be reached from the shared structure, by
//      any thread, pinned or not.
//   3. A deleter runs later in some thread, without a lock held. It may pin and retire. It must not
//      wait for other threads, and it owns what it needs: a handle that it points into is closed
//      only after reclaim_all() has returned true.
//
// When memory comes back. Every eighth retire() of a thread frees a few objects that this thread
// has retired before. So memory does not grow under traffic, it goes back to the allocator's cache
// that it came from, and no call pays for many others. When traffic ends, reclaim_free() reclaims
// the rest: the background thread calls it every 500 ms until it returns true, which keeps the
// promise "deferred memory is back within a second of idleness". A thread that ends frees what it
// has retired. What readers could still see then is left in its slot, and the next reclaimer adopts
// it.
//
// Thread safety: everything may be called from any thread, also while it exits, and in the child
// after fork(), where what was retired before the fork is never reclaimed. Not from signal
// handlers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/sync/epoch_protocol.h"
#include "core/sync/fast_thread_local.h"
#include "core/sync/full_barrier.h"

namespace stave::sync {

// The base of what can be retired: room for the waiting list inside the object, so that retiring
// allocates nothing and cannot fail.
struct Retired {
  using Reclaim = void (*)(Retired*) noexcept;
  Retired* next = nullptr;
  Reclaim reclaim = nullptr;
  uint64_t tag = 0;
};

namespace internal {

using Epochs = EpochProtocol<std::atomic, FullBarrier, Retired>;

// The one piece of global state of the process (and of each copy of the library in it).
extern constinit Epochs epochs;

struct EpochThread {
  Epochs::Slot* slot = nullptr;   // null before first use, when the thread has given it back at its
                                  // end, and when none was to be had
  uint32_t inside = 0;            // so many gates are announced in the slot
  const void* counted = nullptr;  // the innermost Gate::Entry that is not, if any
  uint32_t pins_without_slot = 0;
  uint32_t retired_since_step = 0;
  uint32_t units_since_decision = 0;
  bool in_deleter = false;
};
extern STAVE_FAST_THREAD_LOCAL EpochThread epoch_thread;

// Gets a thread its slot. Null without memory, when nobody would give the slot back, and while a
// call of the thread is counted in its gate: a thread with a slot that announces no gate is inside
// none (Gate::Entry).
Epochs::Slot* take_slot(EpochThread& thread) noexcept;
// Gets a thread its slot, and pins; null when it gets none: then the pin is counted.
Epochs::Slot* pin_slow_path(EpochThread& thread) noexcept;
void unpin_slow_path(EpochThread& thread) noexcept;

}  // namespace internal

// While it lives, nothing that this thread can reach is freed. Nests; belongs to one thread and
// scope.
class EpochPin {
 public:
  [[gnu::always_inline]] EpochPin() noexcept : slot_(internal::epoch_thread.slot) {
    if (slot_ == nullptr) [[unlikely]] {
      slot_ = internal::pin_slow_path(internal::epoch_thread);
      return;
    }
    // Relaxed: only this thread stores to it.
    is_inner_ = slot_->pinned.load(std::memory_order_relaxed) != 0;
    if (!is_inner_) internal::epochs.pin(*slot_);
  }
  [[gnu::always_inline]] ~EpochPin() {
    if (slot_ == nullptr) [[unlikely]] {
      internal::unpin_slow_path(internal::epoch_thread);
    } else if (!is_inner_) {
      internal::epochs.unpin(*slot_);
    }
  }
  EpochPin(const EpochPin&) = delete;
  EpochPin& operator=(const EpochPin&) = delete;

 private:
  internal::Epochs::Slot* slot_;
  bool is_inner_ = false;
};

class EpochRegistry {
 public:
  // A thread holds back no more than this many objects that could be freed.
  static constexpr uint32_t kHeldBackMax = 128;
  // Retiring this many makes a thread decide again which of its objects are free: they share the
  // walk over all slots.
  static constexpr uint32_t kDecideEvery = kHeldBackMax / 2;
  // Retiring this many makes it free twice as many of them: a backlog shrinks under traffic, and
  // the price of one call stays small.
  static constexpr uint32_t kStepEvery = 8;
  static constexpr size_t kFreedPerRetired = 2;
  // The most objects that try_reclaim() frees at once.
  static constexpr size_t kSliceObjects = 512;

  // `reclaim(object)` is called once, when no reader can see the object any more. May reclaim a few
  // other objects before it returns.
  static void retire(Retired* object, Retired::Reclaim reclaim) noexcept;
  // `count` objects that are linked from `first` to `last` and know how they are reclaimed: at the
  // price of one.
  static void retire_chain(Retired* first, Retired* last, uint32_t count) noexcept;
  // Counts like retiring so many objects, and so frees others in their place. For code that makes
  // objects while a retired object has brought many others with it, which were not retired one by
  // one. Nothing is freed before the next retire() or add_reclaim_pressure(), or before
  // kDecideEvery have gathered; then up to kFreedPerRetired times as many are.
  static void contribute(uint32_t objects) noexcept;
  // The object that this thread has just retired brings memory worth so many objects with it: the
  // next decision comes sooner, from kDecideEvery on in this call. Like every decision, that may
  // adopt kFreedPerRetired * kDecideEvery objects of threads that do not free theirs.
  static void add_reclaim_pressure(uint32_t objects) noexcept;
  // With `delete` as the deleter.
  template <typename T>
  static void retire(T* object) noexcept {
    static_assert(std::is_base_of_v<Retired, T>);
    retire(static_cast<Retired*>(object),
           [](Retired* retired) noexcept { delete static_cast<T*>(retired); });
  }

  // Reclaims up to kSliceObjects. True when nothing is waiting any more, in the whole process. Does
  // nothing while another thread decides what to reclaim, or inside a deleter (false).
  static bool try_reclaim() noexcept;

  // Calls try_reclaim() until nothing is left that could be reclaimed.
  static bool reclaim_free() noexcept;

  // Returns when everything retired before the call is reclaimed, its deleters included; waits for
  // the threads pinned at the moment. For the close of a handle whose deleters point into it; not
  // for the hot path. False, without waiting, when this thread is itself pinned or in a deleter:
  // waiting would never end. Objects that these deleters retire in turn need a second call.
  static bool reclaim_all() noexcept;

  // Retired and not yet reclaimed; exact when the process is quiet.
  static size_t waiting() noexcept;
};

}  // namespace stave::sync
