// What a lookup brings to the buckets: the parts of its key's hash.
#pragma once

#include <cstdint>

#include "core/index/hash_parts.h"

namespace stave::index {

// Nodes of one shard are numbered from 1 in this many bits; 0 is none.
inline constexpr unsigned kNodeBits = 26;

// Beside a bucket's link to its chain stands which tags there may be in the chain: a bit for each
// class of them. Nearly all lookups that have no business in the chain are spared its cache miss.
inline constexpr unsigned kTagClasses = 8;
constexpr uint64_t tag_class(uint8_t tag) noexcept {
  return uint64_t{1} << (tag % kTagClasses);
}

struct Probe {
  uint64_t position = 0;
  uint8_t shard = 0;
  uint8_t tag = 0;
  // For entries of several words: the last one of the key, and which of its bits two keys must
  // share to be equal; the one before it, if there are two.
  uint64_t word = 0;
  uint64_t word_mask = ~uint64_t{0};
  uint64_t first_word = 0;
};

// What a caller says about the entry of a candidate, one with the same bits of the hash.
enum class Verdict : uint8_t {
  equal,      // it is the key looked for
  different,  // it is another key
  gone,       // it denotes nothing any more: as absent, and the next put may take its place
  error,      // cannot be told; the operation ends and changes nothing
};

// What an update does to the entry of a key.
struct Decision {
  enum class Action : uint8_t {
    keep,
    set,            // to `value`, inserting the entry if need be
    erase,          // nothing if it is absent
    out_of_memory,  // the operation ends and changes nothing
  };
  Action action = Action::keep;
  uint64_t value = 0;
};

}  // namespace stave::index
