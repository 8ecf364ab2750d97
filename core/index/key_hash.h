// The hash that an index gives to its keys.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/hash.h"

namespace stave::index {

// hash64() with the index's seed; faster for keys of 8 and 16 bytes.
class KeyHash {
 public:
  explicit KeyHash(uint64_t seed) noexcept : seed_(seed), word_hash_(seed) {}

  uint64_t operator()(Bytes key) const noexcept {
    constexpr size_t two_words = 2 * sizeof(uint64_t);
    if (key.size() == sizeof(uint64_t)) return word_hash_(word_of(key));
    if (key.size() == two_words) return hash64(key.first<two_words>(), seed_);
    return of_any_size(key);
  }
  // Not inline: it is large, and compilers warn of the sizes that a short buffer cannot have.
  [[gnu::noinline]] uint64_t of_any_size(Bytes key) const noexcept { return hash64(key, seed_); }

 private:
  static uint64_t word_of(Bytes key) noexcept {
    uint64_t word;
    std::memcpy(&word, key.data(), sizeof word);
    return word;
  }

  uint64_t seed_;
  WordHash word_hash_;
};

}  // namespace stave::index
