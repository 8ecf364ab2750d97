// XXH3 with a seed: the hash of keys and, seeded with a record's place, the checksum of records.
//
// hash64 is inline: for short inputs, and above all for those of a length known to the compiler,
// the call would cost as much as the hash. The results are part of the file formats
// (hash_test.cc pins them); XXH3 is frozen since xxHash 0.8.0.
//
// A seed that an attacker does not know keeps them from preparing colliding keys; XXH3 is not
// cryptographic and authenticates nothing.
#pragma once

#include <bit>
#include <cstdint>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include "core/base/bytes.h"

namespace stave {

// XXH3-64.
inline uint64_t hash64(Bytes bytes, uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}
// hash64 of 8 bytes, with what depends on the seed alone computed beforehand: half the
// instructions.
class WordHash {
 public:
  explicit WordHash(uint64_t seed) noexcept
      : flips_(secret - (seed ^ uint64_t{__builtin_bswap32(static_cast<uint32_t>(seed))} << 32)) {}

  // `word`: the bytes, as they are in memory.
  uint64_t operator()(uint64_t word) const noexcept {
    uint64_t hash = std::rotl(word, 32) ^ flips_;
    hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
    hash *= factor;
    hash ^= (hash >> 35) + sizeof word;
    hash *= factor;
    return hash ^ hash >> 28;
  }

 private:
  // XXH3's default secret, of which inputs of 4 to 8 bytes use this much, and its multiplier.
  static constexpr uint64_t secret = 0xc73ab174c5ecd5a2;
  static constexpr uint64_t factor = 0x9fb21c651e98df25;
  uint64_t flips_;
};

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// XXH3-128. `low` is not hash64 of the same bytes.
Hash128 hash128(Bytes bytes, uint64_t seed) noexcept;

// hash64 of the concatenation of all bytes passed to update(). About 600 bytes: keep it on the
// stack. Not thread safe.
class Hash64Stream {
 public:
  explicit Hash64Stream(uint64_t seed) noexcept;
  void update(Bytes bytes) noexcept;
  // Of what was passed so far; update() may follow.
  uint64_t digest() const noexcept;

 private:
  XXH3_state_t state_;
};

}  // namespace stave
