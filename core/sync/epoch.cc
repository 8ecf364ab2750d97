#include "core/sync/epoch.h"

#include <mutex>
#include <new>

#include "core/os/fork_handlers.h"
#include "core/sync/backoff.h"

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
  Retired* first = nullptr;
  size_t count = 0;
  uint64_t oldest_tag = 0;
  Slice* next = nullptr;
};

// The single place that decides what is free. Held only for the decision, never while a deleter
// runs. The waiting list is in the order of the tags, so its head decides for all.
class Reclaimer {
 public:
  std::mutex& mutex() noexcept { return mutex_; }

  // The functions below need the mutex.

  // Takes over what all threads have retired. Returns the tag at or below which everything that was
  // retired before the call is to be found.
  uint64_t collect() noexcept {
    const size_t before = waiting_;
    internal::epochs.take_retired([this](Retired* chain) { append(chain); });
    // Without news the epoch may stay where it is.
    if (waiting_ != before) next_tag_ = internal::epochs.advance() + 1;
    return next_tag_ - 1;
  }

  // Moves up to EpochRegistry::kSliceObjects objects that no reader can see into `slice` and, when
  // there are any, notes it as running.
  void start(Slice& slice) noexcept {
    if (head_ == nullptr) return;
    const uint64_t oldest_pin = internal::epochs.oldest_pin(next_tag_);
    slice.oldest_tag = head_->tag;
    Retired** end = &slice.first;
    while (head_ != nullptr && head_->tag < oldest_pin &&
           slice.count < EpochRegistry::kSliceObjects) {
      *end = head_;
      end = &head_->next;
      head_ = head_->next;
      slice.count++;
    }
    *end = nullptr;
    if (head_ == nullptr) tail_ = nullptr;
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

  bool idle() const noexcept { return head_ == nullptr && running_ == nullptr; }

  // Whether everything tagged up to `tag` has been through its deleter.
  bool finished(uint64_t tag) const noexcept {
    if (head_ != nullptr && head_->tag <= tag) return false;
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

  // In the child after fork(): what other threads were about to free is lost to it.
  void forget_other_threads(const EpochThread* mine) noexcept {
    for (Slice** link = &running_; *link != nullptr;) {
      if ((*link)->thread == mine) {
        link = &(*link)->next;
      } else {
        *link = (*link)->next;
      }
    }
  }

 private:
  void append(Retired* chain) noexcept {
    (head_ == nullptr ? head_ : tail_->next) = chain;
    for (Retired* node = chain; node != nullptr; node = node->next) {
      node->tag = next_tag_;
      tail_ = node;
      waiting_++;
    }
  }

  std::mutex mutex_;
  Retired* head_ = nullptr;
  Retired* tail_ = nullptr;
  size_t waiting_ = 0;
  uint64_t next_tag_ = 1;  // the current epoch, which only collect() advances
  Slice* running_ = nullptr;
};

constinit Reclaimer reclaimer;

// A forked child has the forking thread only: the others' pins and slices do not exist in it.
void before_fork() {
  reclaimer.mutex().lock();
}
void after_fork_in_parent() {
  reclaimer.mutex().unlock();
}
void after_fork_in_child() {
  const EpochThread& thread = internal::epoch_thread;
  internal::epochs.forget_other_threads(thread.slot, thread.pins_without_slot);
  reclaimer.forget_other_threads(&thread);
  reclaimer.mutex().unlock();
}

bool is_pinned(const EpochThread& thread) noexcept {
  // Relaxed: only this thread stores to its slot.
  return thread.pins_without_slot != 0 ||
         (thread.slot != nullptr && thread.slot->pinned.load(std::memory_order_relaxed) != 0);
}

// Gives the slot back at the end of its thread.
struct ThreadExit {
  ~ThreadExit() {
    EpochThread& thread = internal::epoch_thread;
    thread.exited = true;
    if (thread.slot == nullptr) return;
    // exit() inside a pin leaves the main thread pinned for the destructors that follow.
    if (is_pinned(thread)) internal::epochs.pin_without_slot();
    internal::epochs.unpin(*thread.slot);
    internal::epochs.give_back_slot(*thread.slot);
    thread.slot = nullptr;
  }
};

// Null without memory, and for a thread that would not give the slot back any more.
Epochs::Slot* take_slot(EpochThread& thread) noexcept {
  if (thread.exited) return nullptr;
  // A failure leaves only a forked child worse off: what its parent's threads had pinned stays so.
  [[maybe_unused]] static const bool handlers_added =
      os::add_fork_handlers(before_fork, after_fork_in_parent, after_fork_in_child);
  Epochs::Slot* slot = internal::epochs.take_slot();
  if (slot == nullptr) {
    auto* chunk = new (std::nothrow) Epochs::Chunk;
    if (chunk == nullptr) return nullptr;
    internal::epochs.add_chunk(chunk);  // owned by `epochs` for ever
    slot = internal::epochs.take_slot();
  }
  static thread_local ThreadExit thread_exit;
  static_cast<void>(&thread_exit);
  thread.slot = slot;
  return slot;
}

// Runs the deleters of one slice, without the lock; returns how many.
size_t reclaim_slice(std::unique_lock<std::mutex>& lock, EpochThread& thread) noexcept {
  Slice slice{.thread = &thread};
  reclaimer.start(slice);
  if (slice.count == 0) return 0;
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
  return slice.count;
}

}  // namespace

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
}

void EpochRegistry::retire(Retired* object, Retired::Reclaim reclaim) noexcept {
  object->reclaim = reclaim;
  EpochThread& thread = internal::epoch_thread;
  if (thread.slot == nullptr) take_slot(thread);
  if (thread.slot != nullptr) [[likely]] {
    thread.slot->retired.push(object);
  } else {
    internal::epochs.retired_without_slot().push(object);
  }
  if (++thread.retired_since_reclaim >= kReclaimEvery) {
    thread.retired_since_reclaim = 0;
    try_reclaim();
  }
}

bool EpochRegistry::try_reclaim() noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.in_deleter) return false;
  std::unique_lock lock(reclaimer.mutex(), std::try_to_lock);
  if (!lock) return false;
  reclaimer.collect();
  reclaim_slice(lock, thread);
  return reclaimer.idle();
}

bool EpochRegistry::reclaim_all() noexcept {
  EpochThread& thread = internal::epoch_thread;
  if (thread.in_deleter || is_pinned(thread)) return false;
  std::unique_lock lock(reclaimer.mutex());
  const uint64_t last_tag = reclaimer.collect();
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
  reclaimer.collect();
  return reclaimer.waiting();
}

}  // namespace stave::sync
