#include "core/sync/epoch.h"

#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <mutex>
#include <new>
#include <utility>

#include "core/sync/backoff.h"
#include "core/sync/thread_exit.h"

namespace stave::sync {

namespace internal {

// Neither is ever destroyed: threads may pin and retire until the process ends.
constinit Epochs epochs;
STAVE_FAST_THREAD_LOCAL EpochThread epoch_thread;

}  // namespace internal

namespace {

using internal::Epochs;
using internal::EpochThread;

// Retired objects on their way through one thread's deleters. Lies on that thread's stack.
struct Slice {
  const EpochThread* thread;
  size_t limit;
  Retired* first = nullptr;
  size_t count = 0;
  Retired** end = nullptr;  // of the list
  uint64_t oldest_tag = 0;
  Slice* next = nullptr;
};

// The single place that decides what is free. Held only for the decision, never while a deleter
// runs. A thread's objects wait in a list of its slot, which is in the order of their tags, so that
// the thread that has retired them frees them: they are in its cache, and so is the allocator's
// memory that they came from.
class Reclaimer {
 public:
  using Slot = Epochs::Slot;

  std::mutex& mutex() noexcept { return mutex_; }

  // The functions below need the mutex.

  // Takes over what all threads have retired, or only `own` thread and those that are gone. Returns
  // the tag at or below which everything that was retired there before the call is to be found.
  uint64_t collect(const Slot* own) noexcept {
    const size_t before = waiting_;
    internal::epochs.for_each_waiting([this, own](Slot& slot) {
      if (own == nullptr || &slot == own || is_ownerless(slot)) append(slot);
      return true;
    });
    // Without news the epoch may stay where it is.
    if (waiting_ != before) next_tag_ = internal::epochs.advance() + 1;
    return next_tag_ - 1;
  }

  // Moves objects that no reader can see into `slice`, as many as it may have, and notes it as
  // running: those of `own`, known to be free, or of all threads where that is null. `decide`:
  // finds out which are free, and takes those that their threads do not see to along with those of
  // `own`.
  void start(Slice& slice, Slot* own, bool decide) noexcept {
    slice.oldest_tag = next_tag_;
    slice.end = &slice.first;
    if (decide && waiting_ != 0) {
      const uint64_t oldest_pin = internal::epochs.oldest_pin(next_tag_);
      const auto decide_on = [&](Slot& slot) {
        slot.waiting.free_below = oldest_pin;
        move_free(slot, slice);
      };
      if (own != nullptr) {
        decide_on(*own);
        // Or there would never be room for the others'. Of those, too, more goes than comes.
        slice.limit += EpochRegistry::kFreedPerRetired * EpochRegistry::kDecideEvery;
      }
      internal::epochs.for_each_waiting([&](Slot& slot) {
        if (own == nullptr || is_ownerless(slot) || waits_for_long(slot)) decide_on(slot);
        return slice.count < slice.limit;
      });
    } else if (own != nullptr) {
      move_free(*own, slice);
    }
    *slice.end = nullptr;
    if (slice.count == 0) return;
    waiting_ -= slice.count;
    slice.next = running_;
    running_ = &slice;
  }

  void finish(const Slice& slice) noexcept {
    Slice** link = &running_;
    while (*link != &slice) link = &(*link)->next;
    *link = slice.next;
  }

  bool idle() const noexcept { return waiting_ == 0 && running_ == nullptr; }

  // Whether everything tagged up to `tag` has been through its deleter.
  bool finished(uint64_t tag) const noexcept {
    bool none = true;
    internal::epochs.for_each_waiting([&none, tag](const Slot& slot) {
      none = slot.waiting.head == nullptr || slot.waiting.head->tag > tag;
      return none;
    });
    if (!none) return false;
    for (const Slice* slice = running_; slice != nullptr; slice = slice->next) {
      if (slice->oldest_tag <= tag) return false;
    }
    return true;
  }

  size_t waiting() const noexcept {
    size_t count = waiting_;
    for (const Slice* slice = running_; slice != nullptr; slice = slice->next) {
      count += slice->count;
    }
    return count;
  }

  // In the child after fork(): nothing that was retired before is reclaimed there. Deleters take
  // locks that another thread of the parent may have held, and change what it may have half
  // changed. What another thread had in a slice is lost; the rest is kept where a leak checker
  // finds it.
  void abandon_all_but_slices_of(const EpochThread* mine) noexcept {
    for (Slice** link = &running_; *link != nullptr;) {
      if ((*link)->thread == mine) {
        link = &(*link)->next;
      } else {
        *link = (*link)->next;
      }
    }
    internal::epochs.for_each_waiting([this](Slot& slot) {
      append(slot);
      Retired* const first = std::exchange(slot.waiting.head, nullptr);
      if (first != nullptr) slot.waiting.tail->next = std::exchange(abandoned_, first);
      return true;
    });
    waiting_ = 0;
  }

 private:
  // An object that waits for so many epochs has a thread that retires no more, or readers that have
  // kept all reclaiming from it.
  static constexpr uint64_t kLongWait = 512;

  // A hint, so relaxed will do: the lists are the mutex's, the stack is anybody's. The shared slot
  // is nobody's.
  static bool is_ownerless(const Slot& slot) noexcept {
    return !slot.taken.load(std::memory_order_relaxed);
  }
  bool waits_for_long(const Slot& slot) const noexcept {
    return slot.waiting.head != nullptr && slot.waiting.head->tag + kLongWait < next_tag_;
  }

  // What the slot's owner has retired joins what waits there.
  void append(Slot& slot) noexcept {
    Retired* chain = slot.retired.take_all();
    if (chain == nullptr) return;
    Retired*& tail = slot.waiting.tail;
    (slot.waiting.head == nullptr ? slot.waiting.head : tail->next) = chain;
    for (Retired* node = chain; node != nullptr; node = node->next) {
      node->tag = next_tag_;
      tail = node;
      waiting_++;
    }
  }

  // Moves what is known to be free to the end of the slice, as long as there is room.
  static void move_free(Slot& slot, Slice& slice) noexcept {
    WaitingList<Retired>& waiting = slot.waiting;
    while (waiting.head != nullptr && waiting.head->tag < waiting.free_below &&
           slice.count < slice.limit) {
      slice.oldest_tag = std::min(slice.oldest_tag, waiting.head->tag);
      *slice.end = waiting.head;
      slice.end = &waiting.head->next;
      waiting.head = waiting.head->next;
      slice.count++;
    }
  }

  std::mutex mutex_;
  size_t waiting_ = 0;     // in the lists of all slots
  uint64_t next_tag_ = 1;  // the current epoch, which only collect() advances
  Slice* running_ = nullptr;
  Retired* abandoned_ = nullptr;  // in a forked child: retired before the fork
};

constinit Reclaimer reclaimer;

// A forked child has the forking thread only, which may be pinned. The others' pins do not exist in
// it, and what was retired belongs to handles that it may not use.
void before_fork() {
  reclaimer.mutex().lock();
}
void after_fork_in_parent() {
  reclaimer.mutex().unlock();
}
void after_fork_in_child() {
  const EpochThread& thread = internal::epoch_thread;
  internal::epochs.forget_other_threads(thread.slot, thread.pins_without_slot);
  reclaimer.abandon_all_but_slices_of(&thread);
  reclaimer.mutex().unlock();
}

// With the library: at the first use a fork could come in the middle. A failure leaves only a
// forked child worse off: what its parent's threads had pinned stays so.
[[maybe_unused]] const bool handlers_added =
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;

bool is_pinned(const EpochThread& thread) noexcept {
  // Relaxed: only this thread stores to its slot.
  return thread.pins_without_slot != 0 ||
         (thread.slot != nullptr && thread.slot->pinned.load(std::memory_order_relaxed) != 0);
}

// Runs the deleters of a slice that has been started, without the lock.
void run_deleters(std::unique_lock<std::mutex>& lock, EpochThread& thread,
                  const Slice& slice) noexcept {
  if (slice.count == 0) return;
  lock.unlock();
  thread.in_deleter = true;
  for (Retired* node = slice.first; node != nullptr;) {
    Retired* next = node->next;
    node->reclaim(node);
    node = next;
  }
  thread.in_deleter = false;
  lock.lock();
  reclaimer.finish(slice);
}

// A slice of everything; returns how many objects.
size_t reclaim_slice(std::unique_lock<std::mutex>& lock, EpochThread& thread) noexcept {
  Slice slice{.thread = &thread, .limit = EpochRegistry::kSliceObjects};
  reclaimer.start(slice, nullptr, true);
  run_deleters(lock, thread, slice);
  return slice.count;
}

struct Reclaimed {
  size_t count = 0;
  bool idle = false;  // nothing is known to wait any more
};
Reclaimed reclaim_some(EpochThread& thread) noexcept {
  if (thread.in_deleter) return {};
  std::unique_lock lock(reclaimer.mutex(), std::try_to_lock);
  if (!lock) return {};
  reclaimer.collect(nullptr);
  const size_t count = reclaim_slice(lock, thread);
  return {count, reclaimer.idle()};
}

// A decision costs as much as many steps. What is contributed needs fewer of them: it retires
// nothing that would have to be found free.
constexpr uint32_t units_of_retired = 4;
constexpr uint32_t units_of_contributed = 1;
bool is_decision_due(const EpochThread& thread) noexcept {
  return thread.units_since_decision >= EpochRegistry::kDecideEvery * units_of_retired;
}

// What a thread does for the objects that it has retired since it did so last.
void take_step(EpochThread& thread, Epochs::Slot& own) noexcept {
  std::unique_lock lock(reclaimer.mutex(), std::try_to_lock);
  if (!lock) return;  // the next retire() comes again
  Slice slice{.thread = &thread,
              .limit = EpochRegistry::kFreedPerRetired * size_t{thread.retired_since_step}};
  thread.retired_since_step = 0;
  const bool decide = is_decision_due(thread);
  if (decide) {
    thread.units_since_decision = 0;
    reclaimer.collect(&own);
  }
  reclaimer.start(slice, &own, decide);
  run_deleters(lock, thread, slice);
}

// What a thread does at its end: it frees all that it has retired and no reader can see any more,
// and some of what those have left that went before it. Its count of what it has retired ends with
// it, so where threads come and go after a few calls each, no retire() would ever decide.
void reclaim_at_exit(EpochThread& thread, Epochs::Slot& own) noexcept {
  // Waits for its turn: of threads that end at the same time each would leave it to the others.
  // That is for as long as a decision takes: nobody waits for anything under the mutex.
  std::unique_lock lock(reclaimer.mutex());
  for (bool progress = true; progress;) {
    reclaimer.collect(&own);
    Slice slice{.thread = &thread, .limit = EpochRegistry::kSliceObjects};
    const Retired* const first = own.waiting.head;
    reclaimer.start(slice, &own, true);
    // Deleters may have retired others.
    progress = own.waiting.head != first;
    run_deleters(lock, thread, slice);
  }
}

// At the end of a thread. That is outside of calls, so it is not pinned, nor in a deleter.
void give_back_slot() noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.slot == nullptr) return;
  assert(!is_pinned(thread) && !thread.in_deleter);
  // The deleters find the slot in its place.
  reclaim_at_exit(thread, *thread.slot);
  internal::epochs.give_back_slot(*thread.slot);
  thread.slot = nullptr;
}

Epochs::Slot& slot_of(const EpochThread& thread) noexcept {
  return thread.slot != nullptr ? *thread.slot : internal::epochs.shared_slot();
}

// What deleters retire is not counted: if it were, a slice whose objects bring others with them
// would be followed by a larger one, and so on, until one call had to free all that there is.
void count_retired(EpochThread& thread, uint32_t count, uint32_t units) noexcept {
  if (thread.in_deleter) return;
  thread.retired_since_step += count;
  thread.units_since_decision += units;
  if (thread.retired_since_step >= EpochRegistry::kStepEvery || is_decision_due(thread))
      [[unlikely]]
    take_step(thread, slot_of(thread));
}

// What threads without a slot have retired since one of them decided. Counted together: such a
// thread decides nothing while it is pinned, and it may end after any call.
constinit std::atomic<uint32_t> units_without_slot{0};

// For a thread without a slot that is not pinned.
void decide_without_slot(EpochThread& thread) noexcept {
  thread.retired_since_step = 0;
  const uint32_t units = std::exchange(thread.units_since_decision, 0);
  // Relaxed, both: a count, on which nothing else depends.
  if (units_without_slot.fetch_add(units, std::memory_order_relaxed) + units <
      EpochRegistry::kDecideEvery * units_of_retired)
    return;
  units_without_slot.store(0, std::memory_order_relaxed);
  reclaim_some(thread);
}

void retire_without_slot(EpochThread& thread, Retired* first, Retired* last,
                         uint32_t count) noexcept {
  internal::epochs.shared_slot().retired.push(first, last);
  if (thread.in_deleter) return;
  thread.units_since_decision += count * units_of_retired;
  if (!is_pinned(thread)) decide_without_slot(thread);
}

}  // namespace

internal::Epochs::Slot* internal::take_slot(EpochThread& thread) noexcept {
  if (thread.counted != nullptr) return nullptr;
  if (!will_give_back(ExitStage::epochs, give_back_slot)) return nullptr;
  Epochs::Slot* slot = epochs.take_slot();
  if (slot == nullptr) {
    auto* chunk = new (std::nothrow) Epochs::Chunk;
    if (chunk == nullptr) return nullptr;
    epochs.add_chunk(chunk);  // owned by `epochs` for ever
    slot = epochs.take_slot();
  }
  thread.slot = slot;
  return slot;
}

internal::Epochs::Slot* internal::pin_slow_path(EpochThread& thread) noexcept {
  Epochs::Slot* const slot = take_slot(thread);
  if (slot != nullptr) {
    epochs.pin(*slot);
  } else {
    thread.pins_without_slot++;
    epochs.pin_without_slot();
  }
  return slot;
}

void internal::unpin_slow_path(EpochThread& thread) noexcept {
  thread.pins_without_slot--;
  epochs.unpin_without_slot();
  if (thread.units_since_decision != 0 && !is_pinned(thread) && !thread.in_deleter)
    decide_without_slot(thread);
}

void EpochRegistry::retire(Retired* object, Retired::Reclaim reclaim) noexcept {
  object->reclaim = reclaim;
  retire_chain(object, object, 1);
}

void EpochRegistry::retire_chain(Retired* first, Retired* last, uint32_t count) noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.slot == nullptr && internal::take_slot(thread) == nullptr) [[unlikely]]
    return retire_without_slot(thread, first, last, count);
  thread.slot->retired.push(first, last);
  count_retired(thread, count, count * units_of_retired);
}

void EpochRegistry::contribute(uint32_t objects) noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.in_deleter) return;
  thread.retired_since_step += objects;
  thread.units_since_decision += objects * units_of_contributed;
  // Better with the next retire(): a copy waits for memory in many places at once, and the locked
  // instructions of a step would end that overlap.
  if (thread.retired_since_step >= kDecideEvery) [[unlikely]]
    take_step(thread, slot_of(thread));
}

void EpochRegistry::add_reclaim_pressure(uint32_t objects) noexcept {
  count_retired(internal::epoch_thread, 0, objects * units_of_retired);
}

bool EpochRegistry::try_reclaim() noexcept {
  return reclaim_some(internal::epoch_thread).idle;
}

bool EpochRegistry::reclaim_free() noexcept {
  Reclaimed reclaimed;
  do {
    reclaimed = reclaim_some(internal::epoch_thread);
  } while (reclaimed.count != 0 && !reclaimed.idle);
  return reclaimed.idle;
}

bool EpochRegistry::reclaim_all() noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.in_deleter || is_pinned(thread)) return false;
  std::unique_lock lock(reclaimer.mutex());
  const uint64_t last_tag = reclaimer.collect(nullptr);
  Backoff backoff;
  while (!reclaimer.finished(last_tag)) {
    if (reclaim_slice(lock, thread) != 0) continue;
    lock.unlock();
    backoff.wait();
    lock.lock();
  }
  return true;
}

size_t EpochRegistry::waiting() noexcept {
  const std::lock_guard lock(reclaimer.mutex());
  reclaimer.collect(nullptr);
  return reclaimer.waiting();
}

}  // namespace stave::sync
