// The lock-free half of gate.h: how calls announce that they are inside a gate, and how close finds
// out that none is. docs/internals/reclamation.md argues each order; tests/stress/weak_memory
// weakens each of them and sees it fail.
//
// The protocol. A call stores the gate into its thread's slot (the one that also holds the thread's
// epoch), passes a full barrier, and asks whether the gate is closed. Close sets the closed bit,
// passes a full barrier, and looks at all slots until none holds the gate.
//   1. Of the two barriers one comes first. If it is the call's, close finds the announcement and
//      waits; otherwise the call finds the gate closed and is refused.
//   2. A thread that sees drained() sees everything that the calls inside have done.
// A call that has no room in a slot is counted in the gate's own word, beside the closed bit: one
// read-modify-write announces it and sees the bit, which gives invariant 1 without a barrier.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stave::sync {

// `Epochs` is an EpochProtocol with the same `Atomic`.
template <template <typename> class Atomic, typename Epochs>
class GateProtocol {
 public:
  using Slot = typename Epochs::Slot;

  // Announces a call in the calling thread's slot. The caller passes a full barrier (that of a pin
  // will do) before it asks closed().
  void announce(Slot& slot, size_t index) noexcept {
    // Release: drained() may read this value instead of the null of the thread's last withdraw(),
    // whose order it needs (since C++20 a store does not continue the release sequence of an
    // earlier one).
    slot.inside[index].store(this, std::memory_order_release);
  }
  static void withdraw(Slot& slot, size_t index) noexcept {
    // Release: pairs with the acquire in drained(); what the call did comes before.
    slot.inside[index].store(nullptr, std::memory_order_release);
  }
  bool closed() const noexcept {
    // Relaxed: the order is the barrier's, and a call that is let in needs no more of close().
    return (word_.load(std::memory_order_relaxed) & kClosed) != 0;
  }

  // The same for a call that has no room in a slot. False when the gate is closed.
  bool enter_counted() noexcept {
    // Relaxed: nothing is published by entering. What the call does inside is ordered before the
    // end of close by leave_counted(), and invariant 1 is a property of this one word.
    if ((word_.fetch_add(kOneCall, std::memory_order_relaxed) & kClosed) == 0) return true;
    // Relaxed: the refused call has touched nothing that close could take apart.
    word_.fetch_sub(kOneCall, std::memory_order_relaxed);
    return false;
  }
  // The same from inside a callback of a call that is inside the gate: close waits for that one,
  // and so for this one too, even when it has begun.
  void enter_counted_again() noexcept {
    // Relaxed: as above.
    word_.fetch_add(kOneCall, std::memory_order_relaxed);
  }
  void leave_counted() noexcept {
    // Release: pairs with the acquire in drained(). The other read-modify-writes of this word carry
    // the release on, so that drained() meets every call that left, not just the last.
    word_.fetch_sub(kOneCall, std::memory_order_release);
  }

  // True for the first caller. Calls inside are still running when it returns.
  bool close() noexcept {
    // Relaxed: the barrier below is what counts.
    const bool first = (word_.fetch_or(kClosed, std::memory_order_relaxed) & kClosed) == 0;
    Epochs::barrier();  // pairs with the one behind announce()
    return first;
  }
  // After close(): true when no call is inside any more.
  bool drained(Epochs& epochs) const noexcept {
    // Acquire: pairs with the release in leave_counted().
    if (word_.load(std::memory_order_acquire) / kOneCall != 0) return false;
    return epochs.for_each_slot([this](Slot& slot) {
      for (const auto& gate : slot.inside) {
        // Acquire: pairs with the releases in withdraw() and announce().
        if (gate.load(std::memory_order_acquire) == this) return false;
      }
      return true;
    });
  }

  // The first caller of close() has taken apart what was behind the gate.
  void finish() noexcept {
    // Release: pairs with the acquire in finished().
    word_.fetch_or(kFinished, std::memory_order_release);
  }
  bool finished() const noexcept {
    // Acquire: pairs with the release in finish().
    return (word_.load(std::memory_order_acquire) & kFinished) != 0;
  }

 private:
  static constexpr uint64_t kClosed = 1;
  static constexpr uint64_t kFinished = 2;
  static constexpr uint64_t kOneCall = 4;

  Atomic<uint64_t> word_{0};
};

}  // namespace stave::sync
