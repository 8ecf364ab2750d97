#include "tools/stave/dump_format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stave::tool {

uint64_t dump_checksum(uint64_t seed, std::string_view head, std::string_view key,
                       std::string_view value) noexcept {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset_withSeed(&state, seed);
  for (const std::string_view part : {head, key, value}) {
    XXH3_64bits_update(&state, part.data(), part.size());
  }
  return XXH3_64bits_digest(&state);
}

}  // namespace stave::tool
