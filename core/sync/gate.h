// The gate between a handle's calls and its close.
//
// Every call on a handle enters its gate and leaves it at the end; close shuts the gate and waits
// for the calls inside. So one thread may close while others are in calls: those finish, later ones
// are refused. The gate lives in the part of a handle that outlives close, because a refused call
// touches it too.
//
// Thread safety: everything may be called from any thread. An Entry is left by the thread that made
// it, in reverse order of entering.
//
// The protocol (GateCounters). Threads are spread over shards, each one word on its own cache line:
// the number of calls inside, and a closed bit. Entering adds one and sees in the same
// read-modify-write whether the bit was set, so "is it open?" and "I am inside" are one step and
// need no order between two variables.
//   1. Per shard, an enter stands either before close's fetch_or in the word's modification order
//      and is waited for, or after it and is refused.
//   2. A thread that sees `drained()` sees everything that the calls inside have done.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/sync/fast_thread_local.h"
#include "core/sync/thread_number.h"

namespace stave::sync {

template <template <typename> class Atomic = std::atomic, size_t kShards = 16>
class GateCounters {
 public:
  // False when closed. True obliges to leave(shard).
  bool enter(size_t shard) noexcept {
    // Relaxed: nothing is published by entering. What the call does inside is ordered before the
    // end of close by leave(), and invariant 1 is a property of this one word.
    if ((word(shard).fetch_add(kOneCall, std::memory_order_relaxed) & kClosedBit) == 0) return true;
    // Relaxed: the refused call has touched nothing that close could tear down.
    word(shard).fetch_sub(kOneCall, std::memory_order_relaxed);
    return false;
  }

  void leave(size_t shard) noexcept {
    // Release: pairs with the acquire in drained(). The other read-modify-writes of this word carry
    // the release on, so that drained() meets every call that left, not just the last.
    word(shard).fetch_sub(kOneCall, std::memory_order_release);
  }

  // True for the first caller. Calls inside are still running when it returns.
  bool close() noexcept {
    bool first = false;
    for (size_t shard = 0; shard < kShards; shard++) {
      // Relaxed: drained() reads the same word afterwards in this thread and so cannot miss an
      // enter that stands before the bit.
      const uint64_t before = word(shard).fetch_or(kClosedBit, std::memory_order_relaxed);
      if (shard == 0) first = (before & kClosedBit) == 0;
    }
    return first;
  }

  // After close(): true when no call is inside any more.
  bool drained() noexcept {
    for (size_t shard = 0; shard < kShards; shard++) {
      // Acquire: pairs with the release in leave().
      if (word(shard).load(std::memory_order_acquire) != kClosedBit) return false;
    }
    return true;
  }

  bool closed() const noexcept {
    // Relaxed: a hint; only enter() decides.
    return (shards_[0].word.load(std::memory_order_relaxed) & kClosedBit) != 0;
  }

 private:
  static constexpr uint64_t kClosedBit = 1;
  static constexpr uint64_t kOneCall = 2;
  struct alignas(64) Shard {
    Atomic<uint64_t> word{0};
  };

  Atomic<uint64_t>& word(size_t shard) noexcept { return shards_[shard].word; }

  std::array<Shard, kShards> shards_;
};

class Gate {
 public:
  // One call inside the gate, for as long as the object lives:
  //   Gate::Entry entry(gate);
  //   if (!entry) return Code::closed;
  class Entry {
   public:
    explicit Entry(Gate& gate) noexcept : gate_(gate.enter() ? &gate : nullptr) {
      if (gate_ == nullptr) return;
      outer_ = innermost_;
      innermost_ = this;
    }
    ~Entry() {
      if (gate_ == nullptr) return;
      innermost_ = outer_;
      gate_->leave();
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    explicit operator bool() const noexcept { return gate_ != nullptr; }

   private:
    friend class Gate;
    // The entries of this thread, innermost first: a list through the stack frames that hold them.
    inline static STAVE_FAST_THREAD_LOCAL Entry* innermost_ = nullptr;

    Gate* gate_;
    Entry* outer_ = nullptr;
  };

  Gate() noexcept = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // False when closed. True obliges the same thread to leave(). Prefer Entry, which cannot forget
  // and which entered_by_this_thread() knows of.
  bool enter() noexcept { return counters_.enter(thread_number() % kShards); }
  void leave() noexcept { counters_.leave(thread_number() % kShards); }

  // Refuses calls from now on and returns when none is inside. True for the first caller; every
  // other one, at the same time or later, waits for the same and gets false. Deadlocks when the
  // calling thread is inside itself: ask entered_by_this_thread() first.
  bool close_and_wait() noexcept;

  bool closed() const noexcept { return counters_.closed(); }

  // Whether the calling thread holds an Entry of this gate: a close from inside a callback of the
  // same handle, to be answered with Code::busy.
  bool entered_by_this_thread() const noexcept {
    for (const Entry* entry = Entry::innermost_; entry != nullptr; entry = entry->outer_) {
      if (entry->gate_ == this) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kShards = 16;
  GateCounters<std::atomic, kShards> counters_;
};

}  // namespace stave::sync
