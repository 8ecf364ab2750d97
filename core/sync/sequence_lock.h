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

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/sync/backoff.h"

namespace stave::sync {

// The lock alone, for a payload of SequencedWords that its user lays out.
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

// One word of a payload under a SequenceLock. Copied whole by load and store.
template <template <typename> class Atomic = std::atomic>
class SequencedWord {
 public:
  uint64_t load() const noexcept {
    // Acquire: pairs with the release in store(), for invariant 2.
    return word_.load(std::memory_order_acquire);
  }
  void store(uint64_t value) noexcept {
    // Release: pairs with the acquire in load(); the odd sequence comes before the word.
    word_.store(value, std::memory_order_release);
  }

 private:
  Atomic<uint64_t> word_{0};
};

// A value and its sequence lock.
template <typename T, template <typename> class Atomic = std::atomic>
class Sequenced {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Sequenced() noexcept : Sequenced(T{}) {}
  explicit Sequenced(const T& value) noexcept { store_words(value); }

  // Repeats while writers are at work.
  T read() const noexcept {
    T value;
    Backoff backoff;
    while (!try_read(value)) backoff.wait();
    return value;
  }
  // False, and `value` unspecified, when a writer was at work.
  bool try_read(T& value) const noexcept {
    const uint64_t sequence = lock_.begin_read();
    value = load_words();
    return lock_.end_read(sequence);
  }

  void write(const T& value) noexcept {
    lock_.lock();
    store_words(value);
    lock_.unlock();
  }
  // Replaces the value by `change(value)` with no other write between.
  template <typename Change>
  void update(Change change) noexcept {
    lock_.lock();
    store_words(change(load_words()));
    lock_.unlock();
  }

 private:
  static constexpr size_t kWords = (sizeof(T) + sizeof(uint64_t) - 1) / sizeof(uint64_t);

  T load_words() const noexcept {
    std::array<uint64_t, kWords> words;
    for (size_t i = 0; i < kWords; i++) words[i] = words_[i].load();
    T value;
    std::memcpy(static_cast<void*>(&value), words.data(), sizeof value);
    return value;
  }
  void store_words(const T& value) noexcept {
    std::array<uint64_t, kWords> words{};
    std::memcpy(words.data(), &value, sizeof value);
    for (size_t i = 0; i < kWords; i++) words_[i].store(words[i]);
  }

  SequenceLock<Atomic> lock_;
  std::array<SequencedWord<Atomic>, kWords> words_;
};

}  // namespace stave::sync
