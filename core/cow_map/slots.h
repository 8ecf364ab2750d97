// The slots of one leaf: a table that one writer changes in place while any number of readers
// search it, without a lock, a retry or a sequence number.
//
// Slots come in buckets of eight, two cache lines. An entry lies in the bucket that its hash
// chooses or in the one behind it (the first follows the last), nowhere else: a search looks at
// sixteen slots at most, and never has to know which of them are empty. When both buckets of a new
// entry are full the writer builds a new leaf.
//
// A slot holds the whole hash of its key, which the key can be computed from. An empty one holds a
// number that is the hash of no key in this leaf: all of them begin with the same bit.
//
// The life of a slot is one way: empty, then one entry (whose value may be replaced), then buried,
// which to a reader is as good as empty. A buried slot is not used again.
//   1. A reader that finds its key sees a value that was that key's: the value is stored before the
//      hash, and no other key ever takes the slot.
//   2. A search never passes by a key that is there during all of it: entries do not move.
// The orders are tested by tests/stress/weak_memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stave::cow_map {

inline constexpr uint32_t bucket_slots = 8;

template <template <typename> class Atomic>
struct Slot {
  Atomic<uint64_t> hash;
  Atomic<uint64_t> value;  // the bytes of a small value, or a pointer
};

// What an empty slot holds in a leaf where this hash may be.
constexpr uint64_t no_hash(uint64_t hash) noexcept {
  return static_cast<int64_t>(hash) < 0 ? 0 : UINT64_MAX;
}

// The bucket where the search for a hash begins, and the other one.
constexpr uint32_t home_bucket(uint64_t hash, uint32_t bucket_count) noexcept {
  return static_cast<uint32_t>(((hash & 0xffffffff) * bucket_count) >> 32);
}
constexpr uint32_t next_bucket(uint32_t bucket, uint32_t bucket_count) noexcept {
  return bucket + 1 == bucket_count ? 0 : bucket + 1;
}

template <template <typename> class Atomic>
constexpr Slot<Atomic>* bucket_at(Slot<Atomic>* slots, uint32_t bucket) noexcept {
  return slots + size_t{bucket} * bucket_slots;
}

// Where in a bucket a hash lies is as good as random, and a mispredicted branch costs as much as
// all comparisons and keeps lookups from overlapping: so the position is computed. 0 without the
// hash: whoever asks compares once more.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic>* likely_slot(Slot<Atomic>* bucket,
                                                        uint64_t hash) noexcept {
  uint32_t position = 0;
#pragma GCC unroll 8
  for (uint32_t i = 1; i < bucket_slots; i++) {
    // Acquire: as in find_in_bucket(), which does not look again at what differs.
    const uint64_t found = bucket[i].hash.load(std::memory_order_acquire);
    position = found == hash ? i : position;
    asm("" : "+r"(position));
  }
  return bucket + position;
}

template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic>* find_in_bucket(Slot<Atomic>* bucket,
                                                           uint64_t hash) noexcept {
  Slot<Atomic>* const slot = likely_slot(bucket, hash);
  // Acquire: pairs with the releases in publish_slot() and bury_slot(): with a hash comes the
  // value, and with the absence of one what was changed before.
  return slot->hash.load(std::memory_order_acquire) == hash ? slot : nullptr;
}

// The slot of the key with this hash, or null. Any thread.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic>* find_slot(Slot<Atomic>* slots, uint32_t bucket_count,
                                                      uint64_t hash) noexcept {
  const uint32_t home = home_bucket(hash, bucket_count);
  Slot<Atomic>* const slot = find_in_bucket(bucket_at(slots, home), hash);
  // Few entries are not at home.
  if (slot != nullptr) [[likely]]
    return slot;
  return find_in_bucket(bucket_at(slots, next_bucket(home, bucket_count)), hash);
}

// The value of a slot that find_slot() gave. Any thread.
template <template <typename> class Atomic>
uint64_t slot_value(const Slot<Atomic>& slot) noexcept {
  // Acquire: pairs with the release in replace_slot_value(): what the value points to is complete.
  return slot.value.load(std::memory_order_acquire);
}

// Gives an entry an empty slot. The writer.
template <template <typename> class Atomic>
void publish_slot(Slot<Atomic>& slot, uint64_t hash, uint64_t value) noexcept {
  // Relaxed: the hash's release carries it, and what the value points to.
  slot.value.store(value, std::memory_order_relaxed);
  // Release: pairs with the acquires in find_in_bucket().
  slot.hash.store(hash, std::memory_order_release);
}

template <template <typename> class Atomic>
void replace_slot_value(Slot<Atomic>& slot, uint64_t value) noexcept {
  slot.value.store(value, std::memory_order_release);  // pairs with slot_value()
}

template <template <typename> class Atomic>
void bury_slot(Slot<Atomic>& slot, uint64_t hash) noexcept {
  // Release: pairs with the acquires in find_in_bucket(): who sees that the key is gone sees the
  // changes before. The value stays for those who have found the slot already.
  slot.hash.store(no_hash(hash), std::memory_order_release);
}

}  // namespace stave::cow_map
