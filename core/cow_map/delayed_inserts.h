// Inserts that have been answered but wait to be made, some at a time: what they read and write
// lies anywhere in a large map, and is asked for from memory for all of them at once.
//
// They are part of their map: nobody is told anything about it before they have been made, and what
// memory is missing for stays here and is found here. docs/internals/cow_map.md has the protocol.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace stave::cow_map {

// How calls go about a map.
enum class Way : uint8_t {
  any,       // they find out themselves how values are kept
  words,     // all values have 8 bytes
  delaying,  // the same, and inserts may wait
};

// Of one map. Read by any thread; changed under the map's lock, or while the process has one
// thread.
template <template <typename> class Atomic>
class WayFlag {
 public:
  Way get() const noexcept {
    // Acquire: pairs with the release in end_delaying(): who does not look for inserts that wait
    // sees the slots and nodes that they have been made in.
    return way_.load(std::memory_order_acquire);
  }
  // By whoever may change it.
  bool is_delaying() const noexcept {
    // Relaxed: the last one who changed it had the lock before, or is this thread.
    return way_.load(std::memory_order_relaxed) == Way::delaying;
  }
  // At the start. Relaxed: who is given the map is given this, too.
  void set_words() noexcept { way_.store(Way::words, std::memory_order_relaxed); }
  // While the process has one thread. Relaxed: those that are created later see both.
  void begin_delaying() noexcept {
    size_.store(unknown, std::memory_order_relaxed);
    way_.store(Way::delaying, std::memory_order_relaxed);
  }
  // Before the first of them is made beside other threads: how many entries there are with all.
  void begin_making(uint64_t size) noexcept {
    // Relaxed: carried by the release of the first slot that changes.
    size_.store(size, std::memory_order_relaxed);
  }
  // When none waits any more.
  void end_delaying() noexcept {
    way_.store(Way::words, std::memory_order_release);  // pairs with get()
  }
  // What begin_making() has said, or else `counted`: the entries as this reader has found them.
  uint64_t size_or(uint64_t counted) const noexcept {
    // Relaxed: a reader that has found one of those made has acquired its slot.
    const uint64_t size = size_.load(std::memory_order_relaxed);
    return size == unknown ? counted : size;
  }

 private:
  static constexpr uint64_t unknown = UINT64_MAX;

  Atomic<Way> way_{Way::any};
  Atomic<uint64_t> size_{unknown};
};

// A key, by its hash, and a value that lies in its slot.
struct DelayedInsert {
  uint64_t hash;
  uint64_t value;
};

// Changed while the process has one thread only, so that any can read it later.
class DelayedInserts {
 public:
  // More do not fit into the first cache beside what they ask for; with fewer the waits overlap
  // less.
  static constexpr uint32_t count_max = 32;

  // None waits any more.
  void clear() noexcept { count_ = 0; }
  // The map has so many entries in its trie.
  void set_made_size(uint64_t size) noexcept { made_size_ = size; }
  void add(uint64_t hash, uint64_t value) noexcept { inserts_[count_++] = {hash, value}; }

  bool full() const noexcept { return count_ == count_max; }
  std::span<const DelayedInsert> all() const noexcept { return {inserts_.data(), count_}; }
  // The last one with this hash, or null.
  const DelayedInsert* find(uint64_t hash) const noexcept {
    for (uint32_t i = count_; i != 0; i--)
      if (inserts_[i - 1].hash == hash) return &inserts_[i - 1];
    return nullptr;
  }
  // The entries of the map with these, of which `is_made(hash)` says whether it has them.
  template <typename IsMade>
  uint64_t size_with(IsMade is_made) const noexcept {
    uint64_t size = made_size_;
    for (const DelayedInsert& each : all())
      if (find(each.hash) == &each && !is_made(each.hash)) size++;
    return size;
  }

 private:
  uint64_t made_size_ = 0;
  uint32_t count_ = 0;
  std::array<DelayedInsert, count_max> inserts_;
};

}  // namespace stave::cow_map
