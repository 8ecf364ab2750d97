// The slots of one leaf: an open-addressed table with linear probing that one writer changes in
// place while any number of readers search it, without a lock, a retry or a sequence number.
//
// The life of a slot is one way: empty, then one key (whose value may be replaced), then buried. A
// buried slot is not used again; when the empty ones run out the writer builds a new leaf.
//   1. A reader that finds its key sees a value that was that key's: the value is stored before the
//      key, and no other key ever takes the slot.
//   2. A search never passes by a key that is there during all of it: entries do not move, and an
//      empty slot in their way would have been taken when they came.
//   3. One slot is empty at least, so every search ends.
// The orders are tested by tests/stress/weak_memory.
#pragma once

#include <atomic>
#include <cstdint>

namespace stave::cow_map {

template <template <typename> class Atomic>
struct Slot {
  Atomic<uint64_t> key;
  Atomic<uint64_t> value;  // the bytes of a small value, or a pointer
};

// Where the search for a hash begins.
inline uint32_t home_slot(uint64_t hash, uint32_t capacity) noexcept {
  return static_cast<uint32_t>(((hash & 0xffffffff) * capacity) >> 32);
}

inline constexpr uint32_t no_slot = UINT32_MAX;

// The position of `key`, or no_slot. Any thread.
template <template <typename> class Atomic>
uint32_t find_slot(const Slot<Atomic>* slots, uint32_t capacity, uint64_t hash, uint64_t key,
                   uint64_t empty_marker) noexcept {
  for (uint32_t i = home_slot(hash, capacity);;) {
    // Acquire: pairs with the release in publish_slot(), for invariant 1.
    const uint64_t found = slots[i].key.load(std::memory_order_acquire);
    if (found == key) return i;
    if (found == empty_marker) return no_slot;
    if (++i == capacity) i = 0;
  }
}

// The value of a slot that find_slot() gave. Any thread.
template <template <typename> class Atomic>
uint64_t slot_value(const Slot<Atomic>& slot) noexcept {
  // Acquire: pairs with the release in replace_slot_value(): what the value points to is complete.
  return slot.value.load(std::memory_order_acquire);
}

// The empty slot for a key that is not in the table. The writer.
template <template <typename> class Atomic>
uint32_t find_empty_slot(const Slot<Atomic>* slots, uint32_t capacity, uint64_t hash,
                         uint64_t empty_marker) noexcept {
  uint32_t i = home_slot(hash, capacity);
  // Relaxed: the writer reads what it has written itself.
  while (slots[i].key.load(std::memory_order_relaxed) != empty_marker) {
    if (++i == capacity) i = 0;
  }
  return i;
}

template <template <typename> class Atomic>
void publish_slot(Slot<Atomic>& slot, uint64_t key, uint64_t value) noexcept {
  // Relaxed: the key's release carries it, and what it points to.
  slot.value.store(value, std::memory_order_relaxed);
  // Release: pairs with the acquire in find_slot().
  slot.key.store(key, std::memory_order_release);
}

template <template <typename> class Atomic>
void replace_slot_value(Slot<Atomic>& slot, uint64_t value) noexcept {
  slot.value.store(value, std::memory_order_release);  // pairs with slot_value()
}

template <template <typename> class Atomic>
void bury_slot(Slot<Atomic>& slot, uint64_t buried_marker) noexcept {
  // Release: pairs with the acquire in find_slot(): who sees that the key is gone sees the changes
  // before. The value stays for those who have found the key already.
  slot.key.store(buried_marker, std::memory_order_release);
}

}  // namespace stave::cow_map
