// The 128-bit key of a disk index, and its hash.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/hash.h"

namespace stave::disk_index {

inline constexpr size_t key_size = 16;

// As bytes, `low` stands first; both are little-endian.
struct Key {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key& a, const Key& b) noexcept {
    return a.high != b.high ? a.high <=> b.high : a.low <=> b.low;
  }
};

inline Key load_key(const std::byte* from) noexcept {
  return {load_le64(from), load_le64(from + 8)};
}
inline void store_key(std::byte* to, const Key& key) noexcept {
  store_le64(to, key.low);
  store_le64(to + 8, key.high);
}

// Where a key lives follows from its hash alone: the top bits choose the segment, the next ones the
// page in it and the place in the page. The seed is the file's.
class KeyHasher {
 public:
  KeyHasher() noexcept = default;
  // `mask` is for tests, which make keys collide by leaving only a few of the top bits.
  KeyHasher(uint64_t seed, uint64_t mask) noexcept : seed_(seed), mask_(mask) {}

  uint64_t operator()(const Key& key) const noexcept {
    std::array<std::byte, key_size> bytes;
    store_key(bytes.data(), key);
    return (*this)(bytes.data());
  }
  uint64_t operator()(const std::byte* key) const noexcept {
    return XXH3_64bits_withSeed(key, key_size, seed_) & mask_;
  }

 private:
  uint64_t seed_ = 0;
  uint64_t mask_ = UINT64_MAX;
};

}  // namespace stave::disk_index
