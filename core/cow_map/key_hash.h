// Where a key lives: a bijection of 64 bits, seeded per family of maps so that nobody who does not
// know the seed can prepare keys that crowd one place.
//
// The top bits of a hash lead through the trie, the low 32 choose the group inside a leaf, the
// eight above them are the tag. Being a bijection, it gives two keys the same 64 bits never, so a
// leaf can always be split.
#pragma once

#include <cstdint>

namespace stave::cow_map {

class KeyHash {
 public:
  explicit KeyHash(uint64_t seed) noexcept : seed_(seed) {}

  // Multiply, fold, multiply, fold: each step can be undone. Keys that are multiples of a power of
  // two, of 2^63 too, differ in all parts of the result.
  uint64_t operator()(uint64_t key) const noexcept {
    uint64_t hash = (key ^ seed_) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93;
    return hash ^ (hash >> 32);
  }

 private:
  uint64_t seed_;
};

}  // namespace stave::cow_map
