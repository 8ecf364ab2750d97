// A value of several words under a SequenceLock, for its tests.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/sync/backoff.h"
#include "core/sync/sequence_lock.h"

namespace stave::sync {

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
