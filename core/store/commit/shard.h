// A part of the key space with its own locks. docs/internals/commit.md has the lock order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/store/commit/change.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/sequence_lock.h"

namespace stave::store {

struct alignas(64) Shard {
  // Held from judging a write's conditions to reserving in the log. Guards `pending`.
  sync::AdaptiveMutex write_mutex;
  PendingTable pending;

  // Held while a commit of several changes is published: readers see all of them or none.
  alignas(64) sync::SequenceLock<> publication;
};

// All shards of a store, and the one that a key belongs to.
class Shards {
 public:
  // `prefix_bits`: so many of a key's first bits choose its shard; 0, or a shorter key: all of
  // them.
  Shards(uint32_t count, uint32_t prefix_bits, uint64_t hash_seed)
      : prefix_bits_(prefix_bits), hash_seed_(hash_seed) {
    shards_.reserve(count);
    for (uint32_t i = 0; i < count; i++) shards_.push_back(std::make_unique<Shard>());
    while ((uint32_t{1} << bits_) < count) bits_++;
  }

  // The top bits of the hash; the pending table inside a shard uses the low ones.
  uint32_t index_of(Bytes key, uint64_t hash) const noexcept {
    if (bits_ == 0) return 0;
    if (prefix_bits_ != 0 && prefix_bits_ <= 8 * key.size()) hash = hash_of_prefix(key);
    return static_cast<uint32_t>(hash >> (64 - bits_));
  }
  Shard& operator[](uint32_t index) const noexcept { return *shards_[index]; }
  Shard& of(Bytes key, uint64_t hash) const noexcept { return *shards_[index_of(key, hash)]; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(shards_.size()); }

 private:
  // REQUIRES: the key has prefix_bits_.
  uint64_t hash_of_prefix(Bytes key) const noexcept {
    const size_t whole_bytes = prefix_bits_ / 8;
    const uint32_t rest = prefix_bits_ % 8;
    if (rest == 0) return hash64(key.first(whole_bytes), hash_seed_);
    const std::byte last = key[whole_bytes] & static_cast<std::byte>(0xff << (8 - rest));
    Hash64Stream hash(hash_seed_);
    hash.update(key.first(whole_bytes));
    hash.update({&last, 1});
    return hash.digest();
  }

  const uint32_t prefix_bits_;
  const uint64_t hash_seed_;
  int bits_ = 0;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace stave::store
