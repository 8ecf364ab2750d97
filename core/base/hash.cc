#include "core/base/hash.h"

namespace stave {

Hash128 hash128(Bytes bytes, uint64_t seed) noexcept {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

Hash64Stream::Hash64Stream(uint64_t seed) noexcept {
  XXH3_INITSTATE(&state_);
  XXH3_64bits_reset_withSeed(&state_, seed);
}

void Hash64Stream::update(Bytes bytes) noexcept {
  // xxHash calls a null pointer an error even when there is nothing to read.
  if (!bytes.empty()) XXH3_64bits_update(&state_, bytes.data(), bytes.size());
}

uint64_t Hash64Stream::digest() const noexcept {
  return XXH3_64bits_digest(&state_);
}

}  // namespace stave
