// Sequence locks: readers of a payload wider than a word take no lock and write nothing; they read,
// and repeat if a writer was active meanwhile.
//
// Thread safety: any number of readers and writers. A reader is never blocked by other readers or
// by a waiting writer; it repeats because of an active one.
//
// The protocol is the fence-free form (after Boehm, "Can seqlocks get along with programming
// language memory models?", 2012): the payload is atomic words, stored with release and loaded with
// acquire, so that ThreadSanitizer, which does not understand fences, can check it.
//   1. The sequence is odd exactly while a writer is at work.
//   2. A reader that loads a word of a write sees that write's odd sequence, or a later one, in
//      its closing look at the sequence, and so repeats.
//   3. A reader that begins at an even sequence sees at least the words stored before it.
// By 2 none of the words is newer than the sequence the reader began at, by 3 none is older.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/sync/backoff.h"

namespace stave::sync {

// The lock alone. Its user loads the words of the payload with acquire and stores them with
// release.
template <template <typename> class Atomic = std::atomic>
class SequenceLock {
 public:
  // Reader: words read between begin_read() and a true end_read() are of one moment.
  //   do { sequence = lock.begin_read(); ... load the words ... } while (!lock.end_read(sequence));
  uint64_t begin_read() const noexcept {
    // Acquire: pairs with the release in unlock(), for invariant 3.
    return sequence_.load(std::memory_order_acquire);
  }
  bool end_read(uint64_t sequence) const noexcept {
    // Relaxed: the acquire of each payload word keeps this load behind it, and a word of a write
    // brings the odd sequence with it (invariant 2).
    return (sequence & 1) == 0 && sequence_.load(std::memory_order_relaxed) == sequence;
  }

  // Writer. What it stores to the words meanwhile appears to readers as one change.
  void lock() noexcept {
    Backoff backoff;
    while (!try_lock()) backoff.wait();
  }
  bool try_lock() noexcept {
    uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    // Acquire: pairs with the release in unlock(); this writer sees the words of the last one and
    // stores after it.
    return (sequence & 1) == 0 &&
           sequence_.compare_exchange_strong(sequence, sequence + 1, std::memory_order_acquire,
                                             std::memory_order_relaxed);
  }
  void unlock() noexcept {
    // Relaxed: only the holder changes an odd sequence.
    const uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    // Release: pairs with the acquires in begin_read() and try_lock().
    sequence_.store(sequence + 1, std::memory_order_release);
  }

 private:
  // 64 bits: a reader that sleeps between its two looks must not find the same number again.
  Atomic<uint64_t> sequence_{0};
};

}  // namespace stave::sync
