// What each bit of a key's hash is used for.
//
// The caller's hash is first scattered, so that hashes that differ in a few bits only (counters,
// say) are as good as others.
// Then the parts come from bits of their own: taking shard, bucket and tag from the same bits makes
// keys of one shard crowd in few of its buckets.
//
//   bits 0-7     the tag: what a bucket's control word keeps of each entry
//   bits 8-15    the shard
//   bits 16-63   the position: bucket i of 2^l holds the keys whose position ends with the l bits
//   of i
#pragma once

#include <cstdint>

namespace stave::index {

inline constexpr unsigned tag_bits = 8;
inline constexpr unsigned shard_bits_max = 8;
inline constexpr unsigned position_bits = 64 - tag_bits - shard_bits_max;

class HashParts {
 public:
  explicit HashParts(uint64_t hash) noexcept : HashParts(scatter(hash), AsItIs()) {}
  // Of a hash that needs no scattering: each of its bits depends on all of the key.
  static HashParts as_it_is(uint64_t hash) noexcept { return {hash, AsItIs()}; }

  uint8_t tag_byte() const noexcept { return static_cast<uint8_t>(scattered_); }
  // Never 0, which marks a free slot.
  uint8_t tag() const noexcept { return tag_byte() == 0 ? 1 : tag_byte(); }
  uint8_t shard_byte() const noexcept { return static_cast<uint8_t>(scattered_ >> tag_bits); }
  uint64_t position() const noexcept { return scattered_ >> (tag_bits + shard_bits_max); }

 private:
  struct AsItIs {};
  HashParts(uint64_t scattered, AsItIs) noexcept : scattered_(scattered) {}

  // The two halves of a product of 128 bits (as in wyhash, Wang Yi): every bit of the hash has its
  // part in the low bits, which are used first; those below in the low half, those above in the
  // high half.
  static uint64_t scatter(uint64_t hash) noexcept {
    const auto product = static_cast<unsigned __int128>(hash) * 0x9e3779b97f4a7c15;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  uint64_t scattered_;
};

constexpr uint64_t low_bits(uint64_t bits, unsigned count) noexcept {
  return bits & ((uint64_t{1} << count) - 1);
}

// The order in which cursors walk: by reversed positions. Splitting a bucket cuts its interval of
// reversed positions in two, so a place in this order means the same before and after.
inline uint64_t reverse_bits(uint64_t bits) noexcept {
  bits = (bits & 0x5555555555555555) << 1 | (bits >> 1 & 0x5555555555555555);
  bits = (bits & 0x3333333333333333) << 2 | (bits >> 2 & 0x3333333333333333);
  bits = (bits & 0x0f0f0f0f0f0f0f0f) << 4 | (bits >> 4 & 0x0f0f0f0f0f0f0f0f);
  return __builtin_bswap64(bits);
}

}  // namespace stave::index
