// The gate between a handle's calls and its close.
//
// Every call on a handle enters its gate and leaves it at the end; close shuts the gate and waits
// for the calls inside. So one thread may close while others are in calls: those finish, later ones
// are refused. A child's gate (a cursor's, a transaction's) names its parent's: a call on the child
// is inside both, and is refused when either is closed.
//
//   Gate::Entry entry;
//   STAVE_TRY(entry.enter(gate, Reentry::refused, Pinned::no));
//
// Entering costs one full barrier, whatever the number of gates, and in the common case an epoch
// pin comes with it for nothing (Pinned::yes). The gate itself is two words: what calls announce
// lies in their threads' epoch slots (gate_protocol.h).
//
// Thread safety: everything may be called from any thread. An Entry is left by the thread that made
// it, in reverse order of entering. A gate lives until the last call on its handle has returned,
// refused ones included, and until its children have been closed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/status.h"
#include "core/sync/epoch.h"
#include "core/sync/gate_protocol.h"

namespace stave::sync {

// What a call answers that a callback of the same handle makes.
enum class Reentry : bool { refused, allowed };
// Whether the call's barrier also pins an epoch, for the whole call. Not for calls that may wait.
// No promise: a call that is nested, or counted for want of a slot, has no pin of its own. What
// needs one makes an EpochPin, which then costs next to nothing where the call has it.
enum class Pinned : bool { no, yes };

class Gate {
  using Protocol = GateProtocol<std::atomic, internal::Epochs>;

 public:
  explicit Gate(Gate* parent = nullptr) noexcept
      : parents_{parent, parent != nullptr ? parent->parents_[0] : nullptr} {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // A handle, its parent, and that one's parent, which has none.
  static constexpr uint32_t kDepthMax = 3;

  class Entry {
   public:
    Entry() noexcept = default;
    [[gnu::always_inline]] ~Entry() {
      if (gate_ != nullptr) leave();
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    // Once. ok: inside `gate` and all that are above it, until the end of the scope. closed. busy:
    // this thread is inside one of these gates already, that is, in a callback, and `reentry` is
    // refused. A call that is allowed there is let in even when another thread is closing the gate:
    // close waits for the callback, and so for this call too.
    [[gnu::always_inline]] Code enter(Gate& gate, Reentry reentry, Pinned pinned) noexcept {
      internal::EpochThread& thread = internal::epoch_thread;
      // A thread without a slot, and one that is inside already.
      if (thread.slot == nullptr || thread.inside != 0) [[unlikely]]
        return enter_nested(gate, reentry);
      announce(gate, thread);
      // Relaxed: only this thread stores to it.
      is_pinned_ = pinned == Pinned::yes && slot_->pinned.load(std::memory_order_relaxed) == 0;
      if (is_pinned_)
        internal::epochs.pin(*slot_);
      else
        internal::Epochs::barrier();
      if (!gate.any_closed()) [[likely]]
        return Code::ok;
      leave();
      return Code::closed;
    }

   private:
    friend class Gate;

    [[gnu::always_inline]] void announce(Gate& gate, internal::EpochThread& thread) noexcept {
      gate_ = &gate;
      slot_ = thread.slot;
      inside_before_ = thread.inside;
      gate.for_each([&](Gate& each) {
        each.protocol_.announce(*slot_, thread.inside++);
        return true;
      });
    }
    Code enter_nested(Gate& gate, Reentry reentry) noexcept;
    Code enter_counted(Gate& gate, Reentry reentry) noexcept;
    // Does not touch the gates: the last withdrawal lets their closer go on.
    [[gnu::always_inline]] void leave() noexcept {
      if (slot_ == nullptr) [[unlikely]]
        return leave_counted();
      internal::EpochThread& thread = internal::epoch_thread;
      do {
        Protocol::withdraw(*slot_, --thread.inside);
      } while (thread.inside != inside_before_);
      if (is_pinned_) internal::epochs.unpin(*slot_);
      gate_ = nullptr;
    }
    static void leave_gates(Gate& gate, uint32_t depth) noexcept;
    void leave_counted() noexcept;

    Gate* gate_ = nullptr;                    // null: not inside
    internal::Epochs::Slot* slot_ = nullptr;  // null: counted in the gates
    const Entry* outer_counted_ = nullptr;    // of this thread
    uint32_t inside_before_ = 0;              // gates that the thread was inside of before
    bool is_pinned_ = false;
  };

  // Refuses calls from now on and returns when none is inside. True for the first caller, which
  // takes apart what is behind the gate and then calls finish_close(); every other one, at the same
  // time or later, waits for that and gets false. Deadlocks when the calling thread is inside
  // itself: ask entered_by_this_thread() first.
  bool close_and_wait() noexcept;
  void finish_close() noexcept { protocol_.finish(); }
  // After close_and_wait() of any thread has begun.
  void await_finished() const noexcept;

  bool closed() const noexcept { return protocol_.closed(); }

  // Whether the calling thread is inside this gate: in a callback that a call on the handle, or on
  // one of its children, runs.
  bool entered_by_this_thread() const noexcept {
    const internal::EpochThread& thread = internal::epoch_thread;
    return (thread.inside != 0 || thread.counted != nullptr) && is_among_entries_of(thread);
  }
  // The same for the parent's gate. REQUIRES: this one is open, or has a call inside.
  bool parent_entered_by_this_thread() const noexcept {
    return parents_[0] != nullptr && parents_[0]->entered_by_this_thread();
  }

 private:
  // Calls `visit(gate)` for this gate and those above it until it returns false. Returns how many
  // there were.
  template <typename Visit>
  [[gnu::always_inline]] uint32_t for_each(Visit visit) noexcept {
    if (!visit(*this)) return 1;
    for (uint32_t depth = 1; depth < kDepthMax; depth++) {
      Gate* const parent = parents_[depth - 1];
      if (parent == nullptr || !visit(*parent)) return depth;
    }
    return kDepthMax;
  }
  // Whether this gate or one above it is closed. This one is asked first: what is above it lives as
  // long as this one is open or has a call inside.
  [[gnu::always_inline]] bool any_closed() noexcept {
    bool closed = false;
    for_each([&closed](Gate& each) { return !(closed = each.closed()); });
    return closed;
  }
  bool is_among_entries_of(const internal::EpochThread& thread) const noexcept;

  Protocol protocol_;
  // The parent's and its parent's: here, so that a call which is refused does not touch them.
  const std::array<Gate*, kDepthMax - 1> parents_;
};

}  // namespace stave::sync
