// Where a key lives: a bijection of 64 bits, seeded per family of maps so that nobody who does not
// know the seed can prepare keys that crowd one place.
//
// The top bits of a hash lead through the trie, the low 32 choose the slot inside a leaf. Being a
// bijection, it gives two keys the same 64 bits never, so a leaf can always be split.
//
// Markers. A leaf's slot that holds no entry holds a key that cannot be in that leaf, so that every
// int64_t remains a key: the trie always branches on the top bit first, and the markers of a leaf
// in one half are keys that hash into the other half.
#pragma once

#include <array>
#include <cstdint>

namespace stave::cow_map {

class KeyHash {
 public:
  explicit KeyHash(uint64_t seed) noexcept : seed_(seed) {
    std::array<uint32_t, 2> found{};
    for (uint64_t key = 0; found[0] < 2 || found[1] < 2; key++) {
      const uint64_t half = (*this)(key) >> 63;
      if (found[half] < 2) markers_[1 - half][found[half]++] = key;
    }
  }

  // Multiply, fold, multiply, fold: each step can be undone. Keys that are multiples of a power of
  // two, of 2^63 too, differ in all parts of the result.
  uint64_t operator()(uint64_t key) const noexcept {
    uint64_t hash = (key ^ seed_) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93;
    return hash ^ (hash >> 32);
  }

  // In a slot that has never held an entry: a search ends here.
  uint64_t empty_marker(uint64_t hash) const noexcept { return markers_[hash >> 63][0]; }
  // In a slot whose entry was removed: a search goes on.
  uint64_t buried_marker(uint64_t hash) const noexcept { return markers_[hash >> 63][1]; }

 private:
  uint64_t seed_;
  std::array<std::array<uint64_t, 2>, 2> markers_;  // [half of the leaf][empty, buried]
};

}  // namespace stave::cow_map
