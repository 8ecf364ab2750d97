// The gate between a handle's calls and its close.
//
// Every call on a handle enters its gate and leaves it at the end; close shuts the gate and waits
// for the calls inside. So one thread may close while others are in calls: those finish, later ones
// are refused. The gate lives in the part of a handle that outlives close, because a refused call
// touches it too.
//
// Calls that run nobody else's code and take nanoseconds announce themselves in their thread's
// epoch slot instead (Visit), where they are pinned anyway: one barrier for both.
//
// Thread safety: everything may be called from any thread. An Entry is left by the thread that made
// it, in reverse order of entering.
//
// The protocol (GateCounters). A word per thread, each on its own cache line, counts its calls
// inside. Only that thread writes to it, with plain stores; whether the gate is open it asks after
// that, behind a full barrier: "I am inside" against "it is closed", as in Dekker's algorithm. A
// locked read-modify-write at each end of a call would cost more than it looks: both keep the
// memory accesses of one call from overlapping with those of the next (a lookup that misses the
// caches took a quarter longer with them).
//   1. Of an enter's barrier and that of close() one comes first. If it is the enter's, drained()
//   sees
//      it inside and waits; otherwise the enter sees that the gate is closed, and is refused.
//   2. A thread that sees `drained()` sees everything that the calls inside have done.
// Threads whose number is beyond the words of their own share a few more, where the number of calls
// and a closed bit are one word: entering adds one and sees in the same read-modify-write whether
// the bit was set, which gives invariant 1 without a barrier.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/sync/epoch.h"
#include "core/sync/fast_thread_local.h"
#include "core/sync/full_barrier.h"
#include "core/sync/thread_number.h"

namespace stave::sync {

template <template <typename> class Atomic, typename Barrier, size_t kOwnWords, size_t kSharedWords>
class GateCounters {
 public:
  using Word = Atomic<uint64_t>;

  // `thread` is the calling thread's number, which no other thread has. Null when closed; otherwise
  // where the call has been counted, which obliges to leave() there.
  Word* enter(size_t thread) noexcept {
    if (thread >= kOwnWords) [[unlikely]]
      return enter_shared(words_[kOwnWords + thread % kSharedWords].word);
    Word& word = words_[thread].word;
    // Relaxed: nobody else stores to it.
    const uint64_t inside = word.load(std::memory_order_relaxed);
    // Relaxed: drained() waits for another value.
    word.store(inside + 1, std::memory_order_relaxed);
    Barrier()();  // pairs with the one in close()
    // Relaxed: the order is the barrier's, and a call that is let in needs no more of close().
    if (!closed_.load(std::memory_order_relaxed)) [[likely]]
      return &word;
    // Release: drained() may read this value instead of the last leave()'s, whose order it needs
    // (since C++20 a store does not continue the release sequence of an earlier one). The barrier
    // would give it, but plain accesses do not rely on barriers (full_barrier.h).
    word.store(inside, std::memory_order_release);
    return nullptr;
  }

  void leave(Word* word) noexcept {
    if (word >= &words_[kOwnWords].word) [[unlikely]] {
      // Release: pairs with the acquire in drained(). The other read-modify-writes of this word
      // carry the release on, so that drained() meets every call that left, not just the last.
      word->fetch_sub(kOneCall, std::memory_order_release);
      return;
    }
    // Release: pairs with the acquire in drained().
    word->store(word->load(std::memory_order_relaxed) - 1, std::memory_order_release);
  }

  // True for the first caller. Calls inside are still running when it returns.
  bool close() noexcept {
    // Relaxed: the barrier below is what counts.
    const bool first = !closed_.exchange(true, std::memory_order_relaxed);
    for (size_t i = kOwnWords; i < words_.size(); i++) {
      // Relaxed: drained() reads the same word afterwards in this thread and so cannot miss an
      // enter that stands before the bit.
      words_[i].word.fetch_or(kClosedBit, std::memory_order_relaxed);
    }
    Barrier()();  // pairs with the one in enter()
    return first;
  }

  // After close(): true when no call is inside any more.
  bool drained() noexcept {
    for (size_t i = 0; i < words_.size(); i++) {
      // Acquire: pairs with the releases in leave() and enter().
      const uint64_t word = words_[i].word.load(std::memory_order_acquire);
      if (word != (i < kOwnWords ? 0 : kClosedBit)) return false;
    }
    return true;
  }

  bool closed() const noexcept {
    // Relaxed: a hint, where no barrier comes before it.
    return closed_.load(std::memory_order_relaxed);
  }

 private:
  // Of the shared words.
  static constexpr uint64_t kClosedBit = 1;
  static constexpr uint64_t kOneCall = 2;
  // A gate of one word has nothing to keep apart, and an allocator's usual alignment is much
  // cheaper.
  struct alignas(kOwnWords == 0 ? alignof(Atomic<uint64_t>) : 64) Line {
    Atomic<uint64_t> word{0};
  };

  static Word* enter_shared(Word& word) noexcept {
    // Relaxed: nothing is published by entering. What the call does inside is ordered before the
    // end of close by leave(), and invariant 1 is a property of this one word.
    if ((word.fetch_add(kOneCall, std::memory_order_relaxed) & kClosedBit) == 0) return &word;
    // Relaxed: the refused call has touched nothing that close could tear down.
    word.fetch_sub(kOneCall, std::memory_order_relaxed);
    return nullptr;
  }

  Atomic<bool> closed_{false};
  std::array<Line, kOwnWords + kSharedWords> words_;
};

struct GateBarrier {
  void operator()() const noexcept { barrier_to_other_threads(); }
};

class Gate {
  // 1.5 KiB; programs that call from more threads at a time spend it where it counts more.
  static constexpr size_t kOwnWords = 16;
  static constexpr size_t kSharedWords = 8;
  using Counters = GateCounters<std::atomic, GateBarrier, kOwnWords, kSharedWords>;

 public:
  // One call inside the gate, for as long as the object lives:
  //   Gate::Entry entry(gate);
  //   if (!entry) return Code::closed;
  class Entry {
   public:
    explicit Entry(Gate& gate) noexcept
        : gate_(gate), word_(gate.counters_.enter(thread_number())) {
      if (word_ == nullptr) return;
      outer_ = innermost_;
      innermost_ = this;
    }
    ~Entry() {
      if (word_ == nullptr) return;
      innermost_ = outer_;
      gate_.counters_.leave(word_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    explicit operator bool() const noexcept { return word_ != nullptr; }

   private:
    friend class Gate;
    // The entries of this thread, innermost first: a list through the stack frames that hold them.
    inline static STAVE_FAST_THREAD_LOCAL Entry* innermost_ = nullptr;

    Gate& gate_;
    Counters::Word* const word_;
    Entry* outer_ = nullptr;
  };

  // The same with an EpochPin, for calls that run no code of their caller's, and so never close
  // what they are in: entered_by_this_thread() does not know of them. False not only when closed,
  // but whenever an Entry has to be tried instead: a thread visits one gate at a time, not while it
  // is pinned, and not before it has been pinned once.
  class Visit {
   public:
    explicit Visit(Gate& gate) noexcept : slot_(internal::epoch_thread.slot) {
      // Relaxed, both: only this thread stores to its slot.
      if (slot_ == nullptr || slot_->pinned.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        slot_ = nullptr;
        return;
      }
      internal::epochs.enter(*slot_, &gate);
      if (!gate.closed()) [[likely]]
        return;
      internal::epochs.leave(*slot_);
      slot_ = nullptr;
    }
    ~Visit() {
      if (slot_ != nullptr) internal::epochs.leave(*slot_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    explicit operator bool() const noexcept { return slot_ != nullptr; }

    // For a call that goes on in another function of the same thread.
    using Slot = internal::Epochs::Slot;
    Slot* hand_over() noexcept { return std::exchange(slot_, nullptr); }
    explicit Visit(Slot* handed_over) noexcept : slot_(handed_over) {}
    // What the last hand_over() of the calling thread returned, if that visit has not ended.
    static Slot* left_by_this_thread() noexcept { return internal::epoch_thread.slot; }

   private:
    Slot* slot_;
  };

  Gate() noexcept = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Refuses calls from now on and returns when none is inside. True for the first caller; every
  // other one, at the same time or later, waits for the same and gets false. Deadlocks when the
  // calling thread is inside itself: ask entered_by_this_thread() first.
  bool close_and_wait() noexcept;

  bool closed() const noexcept { return counters_.closed(); }

  // Whether the calling thread holds an Entry of any gate, as it does in a callback.
  static bool thread_is_inside_any() noexcept { return Entry::innermost_ != nullptr; }
  // Whether the calling thread holds an Entry of this gate: a close from inside a callback of the
  // same handle, to be answered with Code::busy.
  bool entered_by_this_thread() const noexcept {
    for (const Entry* entry = Entry::innermost_; entry != nullptr; entry = entry->outer_) {
      if (&entry->gate_ == this) return true;
    }
    return false;
  }

 private:
  Counters counters_;
};

// The gate of handles that are made by the million and used by one thread at a time: two words of
// memory, and a locked instruction at each end of a call. It does not know which thread is inside,
// so no callback may run there.
class SmallGate {
  using Counters = GateCounters<std::atomic, GateBarrier, 0, 1>;

 public:
  // As Gate's.
  class Entry {
   public:
    explicit Entry(SmallGate& gate) noexcept : gate_(gate), word_(gate.counters_.enter(0)) {}
    ~Entry() {
      if (word_ != nullptr) gate_.counters_.leave(word_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    explicit operator bool() const noexcept { return word_ != nullptr; }

   private:
    SmallGate& gate_;
    Counters::Word* const word_;
  };

  SmallGate() noexcept = default;
  SmallGate(const SmallGate&) = delete;
  SmallGate& operator=(const SmallGate&) = delete;

  bool close_and_wait() noexcept;

 private:
  Counters counters_;
};

}  // namespace stave::sync
