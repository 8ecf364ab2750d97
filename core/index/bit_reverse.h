// The order in which cursors walk: by reversed positions. Splitting a bucket cuts its interval of
// reversed positions in two, so a place in this order means the same before and after.
#pragma once

#include <cstdint>

namespace stave::index {

inline uint64_t reverse_bits(uint64_t bits) noexcept {
  bits = (bits & 0x5555555555555555) << 1 | (bits >> 1 & 0x5555555555555555);
  bits = (bits & 0x3333333333333333) << 2 | (bits >> 2 & 0x3333333333333333);
  bits = (bits & 0x0f0f0f0f0f0f0f0f) << 4 | (bits >> 4 & 0x0f0f0f0f0f0f0f0f);
  return __builtin_bswap64(bits);
}

}  // namespace stave::index
