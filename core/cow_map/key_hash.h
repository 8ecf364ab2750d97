// Where a key lives: a bijection of 64 bits, seeded per family of maps so that nobody who does not
// know the seed can prepare keys that crowd one place.
//
// The top bits of a hash lead through the trie, the low 32 choose the line inside a leaf. Being a
// bijection, it gives two keys the same 64 bits never: a leaf can always be split, and its slots
// hold the hash in place of the key.
#pragma once

#include <cstdint>

#include "core/base/wide_vectors.h"
#ifdef STAVE_WIDE_VECTORS
#include <immintrin.h>
#endif

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
#ifdef STAVE_WIDE_VECTORS
  // The same for eight.
  STAVE_WIDE __m512i keys_of(__m512i hashes) const noexcept {
    const __m512i reversed = _mm512_set_epi64(
        0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607,
        0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607);
    const __m512i swapped =
        _mm512_shuffle_epi8(_mm512_mullo_epi64(hashes, all(inverse(second_factor))), reversed);
    return _mm512_xor_si512(_mm512_mullo_epi64(swapped, all(inverse(first_factor))), all(seed_));
  }
#endif

 private:
#ifdef STAVE_WIDE_VECTORS
  STAVE_WIDE static __m512i all(uint64_t value) noexcept {
    return _mm512_set1_epi64(static_cast<int64_t>(value));
  }
#endif
  static constexpr uint64_t first_factor = 0x9e3779b97f4a7c15;
  static constexpr uint64_t second_factor = 0xd6e8feb86659fd93;

  // Of an odd number, modulo 2^64, by Newton's method: each step doubles the bits that are right,
  // of which a number has three as its own inverse.
  static constexpr uint64_t inverse(uint64_t odd) noexcept {
    uint64_t result = odd;
    for (int right_bits = 3; right_bits < 64; right_bits *= 2) result *= 2 - odd * result;
    return result;
  }

  uint64_t seed_;
};

}  // namespace stave::cow_map
