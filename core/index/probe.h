// What a call brings to the buckets: the parts of its key's hash, verdicts and decisions.
#pragma once

#include <cstdint>

#include "core/index/hash_parts.h"

namespace stave::index {

// Nodes of one shard are numbered from 1 in this many bits; 0 is none.
inline constexpr unsigned kNodeBits = 26;

// Beside a bucket's link to its chain, a bit for each class of tags says whether the chain may have
// entries with such tags: most lookups of keys that are not in the chain are spared its cache miss.
inline constexpr unsigned kTagClasses = 8;
constexpr uint64_t tag_class(uint8_t tag) noexcept {
  return uint64_t{1} << (tag % kTagClasses);
}

struct Probe {
  uint64_t position = 0;
  uint8_t shard = 0;
  uint8_t tag = 0;
  // For entries of several words: the last one of the key, the mask of the bits that an entry of
  // the key shares with it, and the word before it, if there are two.
  uint64_t word = 0;
  uint64_t word_mask = ~uint64_t{0};
  uint64_t first_word = 0;
};

// The probe for a hash alone; `word` is for layouts that keep it.
inline Probe probe_of(uint64_t hash) noexcept {
  const HashParts parts(hash);
  return {
      .position = parts.position(), .shard = parts.shard_byte(), .tag = parts.tag(), .word = hash};
}

// What a caller says about a candidate, an entry with the same bits of the hash.
enum class Verdict : uint8_t {
  equal,      // it is the key looked for
  different,  // it is another key
  stale,  // its record does not exist any more: counts as absent, and an insertion may replace it
  error,  // unknown; the operation ends and changes nothing
};

// What an update does to the entry of a key.
struct Decision {
  enum class Action : uint8_t {
    keep,
    set,     // to `value`, inserting the entry if the key is absent
    remove,  // nothing if the key is absent
  };
  Action action = Action::keep;
  uint64_t value = 0;
};

}  // namespace stave::index
