// The slots of one leaf: a table that one writer changes in place while any number of readers
// search it, without a lock, a retry or a sequence number.
//
// A bucket has eight slots, in two cache lines: the hashes, and the values. An entry is in the
// bucket that its hash chooses, its home, or in the next one (the first follows the last): a search
// compares at most sixteen slots, and need not know which of them are empty. When both buckets of a
// new entry are full the writer builds a new leaf.
//
// A slot holds the complete hash of its key, from which the key can be computed. An empty slot
// holds a number that is the hash of no key in this leaf: all of them begin with the same bit.
//
// A slot goes through three states in one direction: empty, then one entry (whose value may be
// replaced), then buried, which readers cannot tell from empty. A buried slot is not used again.
//   1. A reader that finds its key sees a value that this key has had: the value is stored before
//      the hash, and no other key ever takes the slot.
//   2. A search never misses a key that is present during all of it: entries do not move.
//
// Thread safety: find_slot() and slot_value() from any thread; all other functions by the writer.
// The memory orders are tested by tests/stress/weak_memory.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/base/prefetch.h"

// ThreadSanitizer checks the loads one by one.
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
#define STAVE_VECTOR_SEARCH 1
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef STAVE_VECTOR_SEARCH
#endif
#endif
#endif
#ifdef STAVE_VECTOR_SEARCH
#include <emmintrin.h>
#endif

namespace stave::cow_map {

inline constexpr uint32_t bucket_slots = 8;

// Hashes first, then values: the bytes of small values, or pointers.
template <template <typename> class Atomic>
struct alignas(64) Bucket {
  std::array<Atomic<uint64_t>, size_t{2} * bucket_slots> words;
};

// A reference to a slot, or to none.
template <template <typename> class Atomic>
class Slot {
 public:
  Slot() noexcept = default;
  Slot(Bucket<Atomic>& bucket, uint32_t index) noexcept : hash_(&bucket.words[index]) {}
  // The slot at a position, counted through all buckets of a leaf.
  static Slot at(Bucket<Atomic>* buckets, uint32_t position) noexcept {
    return Slot(buckets[position / bucket_slots], position % bucket_slots);
  }

  explicit operator bool() const noexcept { return hash_ != nullptr; }
  Atomic<uint64_t>& hash() const noexcept { return *hash_; }
  Atomic<uint64_t>& value() const noexcept { return hash_[bucket_slots]; }

 private:
  Atomic<uint64_t>* hash_ = nullptr;
};

// What an empty slot holds in a leaf in which this hash may occur.
constexpr uint64_t no_hash(uint64_t hash) noexcept {
  return static_cast<int64_t>(hash) < 0 ? 0 : UINT64_MAX;
}

// The home bucket of a hash, and the bucket after it.
constexpr uint32_t home_bucket(uint64_t hash, uint32_t bucket_count) noexcept {
  return static_cast<uint32_t>(((hash & 0xffffffff) * bucket_count) >> 32);
}
constexpr uint32_t next_bucket(uint32_t bucket, uint32_t bucket_count) noexcept {
  return bucket + 1 == bucket_count ? 0 : bucket + 1;
}

// The slots of a bucket whose hashes have the same lower half, as a set of bits.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline uint32_t candidates(const Bucket<Atomic>& bucket,
                                                  uint64_t hash) noexcept {
  uint32_t found = 0;
  for (uint32_t i = 0; i < bucket_slots; i++) {
    // Acquire: as in find_in_bucket(), which does not load again the hashes that differ.
    const uint64_t other = bucket.words[i].load(std::memory_order_acquire);
    found |= uint32_t{static_cast<uint32_t>(other) == static_cast<uint32_t>(hash)} << i;
  }
  return found;
}

#ifdef STAVE_VECTOR_SEARCH
// Like the function above, with vectors. The processor loads each aligned word of a vector at once,
// and every load of x86-64 is an acquire.
[[gnu::always_inline]] inline uint32_t candidates(const Bucket<std::atomic>& bucket,
                                                  uint64_t hash) noexcept {
  const auto* const words = reinterpret_cast<const float*>(bucket.words.data());
  const auto lower_halves = [words](size_t first) {
    return _mm_castps_si128(_mm_shuffle_ps(
        _mm_load_ps(words + first), _mm_load_ps(words + first + 4), _MM_SHUFFLE(2, 0, 2, 0)));
  };
  const __m128i wanted = _mm_set1_epi32(static_cast<int32_t>(hash));
  const __m128i equal = _mm_packs_epi32(_mm_cmpeq_epi32(lower_halves(0), wanted),
                                        _mm_cmpeq_epi32(lower_halves(8), wanted));
  return static_cast<uint8_t>(_mm_movemask_epi8(_mm_packs_epi16(equal, equal)));
}
#endif

// The slot of a hash in one bucket, or none. The position is computed without a branch, which would
// be mispredicted.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic> find_in_bucket(Bucket<Atomic>& bucket,
                                                          uint64_t hash) noexcept {
  // The line of values arrives together with that of the hashes.
  stave::prefetch(&bucket.words[bucket_slots]);
  for (uint32_t left = candidates(bucket, hash); left != 0; left &= left - 1) {
    const Slot<Atomic> slot(bucket, static_cast<uint32_t>(std::countr_zero(left)));
    // Acquire: pairs with the releases in publish_slot() and bury_slot(): whoever sees a hash sees
    // its value, and whoever sees that one has been removed sees the changes before.
    if (slot.hash().load(std::memory_order_acquire) == hash) [[likely]]
      return slot;
  }
  return {};
}

// The slot of the key with this hash, or none.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic> find_slot(Bucket<Atomic>* buckets, uint32_t bucket_count,
                                                     uint64_t hash) noexcept {
  const uint32_t home = home_bucket(hash, bucket_count);
  const Slot<Atomic> slot = find_in_bucket(buckets[home], hash);
  // Few entries are not in their home bucket.
  if (slot) [[likely]]
    return slot;
  return find_in_bucket(buckets[next_bucket(home, bucket_count)], hash);
}

// The value of a slot that find_slot() has returned.
template <template <typename> class Atomic>
uint64_t slot_value(Slot<Atomic> slot) noexcept {
  // Acquire: pairs with the release in replace_slot_value(): what the value points to is complete.
  return slot.value().load(std::memory_order_acquire);
}

// Stores an entry in an empty slot.
template <template <typename> class Atomic>
void publish_slot(Slot<Atomic> slot, uint64_t hash, uint64_t value) noexcept {
  // Relaxed: the hash's release carries it, and what the value points to.
  slot.value().store(value, std::memory_order_relaxed);
  // Release: pairs with the acquires in find_in_bucket().
  slot.hash().store(hash, std::memory_order_release);
}

template <template <typename> class Atomic>
void replace_slot_value(Slot<Atomic> slot, uint64_t value) noexcept {
  slot.value().store(value, std::memory_order_release);  // pairs with slot_value()
}

template <template <typename> class Atomic>
void bury_slot(Slot<Atomic> slot, uint64_t hash) noexcept {
  // Release: pairs with the acquires in find_in_bucket(): whoever sees that the key has been
  // removed sees the changes before. The value stays for readers that have found the slot already.
  slot.hash().store(no_hash(hash), std::memory_order_release);
}

}  // namespace stave::cow_map
