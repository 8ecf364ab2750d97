// The hash of a key: a bijection of 64 bits, seeded per family of maps so that whoever does not
// know the seed cannot choose keys that all lie in one leaf.
//
// The top bits of a hash lead through the trie, the low 32 bits choose the bucket inside a leaf.
// Because it is a bijection, two keys never have the same hash: a leaf can always be split, and its
// slots hold the hash in place of the key.
#pragma once

#include <cstdint>

namespace stave::cow_map {

class KeyHash {
 public:
  explicit KeyHash(uint64_t seed = 0) noexcept : seed_(seed) {}

  // Multiply, fold, multiply: each step can be undone. Keys that are multiples of a power of two,
  // of 2^63 too, differ in the upper bits of both halves of the result.
  uint64_t operator()(uint64_t key) const noexcept {
    return __builtin_bswap64((key ^ seed_) * first_factor) * second_factor;
  }
  uint64_t key_of(uint64_t hash) const noexcept {
    return (__builtin_bswap64(hash * inverse(second_factor)) * inverse(first_factor)) ^ seed_;
  }

 private:
  static constexpr uint64_t first_factor = 0x9e3779b97f4a7c15;
  static constexpr uint64_t second_factor = 0xd6e8feb86659fd93;

  // The inverse of an odd number modulo 2^64, by Newton's method: a number agrees with its own
  // inverse in three bits, and each step doubles the bits that are right.
  static constexpr uint64_t inverse(uint64_t odd) noexcept {
    uint64_t result = odd;
    for (int right_bits = 3; right_bits < 64; right_bits *= 2) result *= 2 - odd * result;
    return result;
  }

  uint64_t seed_;
};

}  // namespace stave::cow_map
