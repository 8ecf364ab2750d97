// XXH3 with a seed: the hash of keys and, seeded with a record's place, the checksum of records.
//
// hash64 is inline: for short inputs, and above all for those of a length known to the compiler,
// the call would cost as much as the hash. The results are part of the file formats
// (hash_test.cc pins them); XXH3 is frozen since xxHash 0.8.0.
//
// A seed that an attacker does not know keeps them from preparing colliding keys; XXH3 is not
// cryptographic and authenticates nothing.
#pragma once

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
// The same, for a size that the compiler knows: half the instructions for 8 bytes.
template <size_t kSize>
uint64_t hash64(std::span<const std::byte, kSize> bytes, uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), kSize, seed);
}

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
