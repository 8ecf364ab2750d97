// A part of the key space, with locks of its own. docs/internals/commit.md has the lock order.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/store/change.h"
#include "core/store/key_directory.h"

namespace stave::store {

struct alignas(64) Shard {
  explicit Shard(uint64_t seed) : directory(seed) {}

  // From judging a condition to reserving in the log; guards `pending`.
  std::mutex write_mutex;
  PendingTable pending;

  // Guards `directory`; held for moments only.
  mutable std::shared_mutex directory_mutex;
  KeyDirectory directory;

  std::optional<DirectoryEntry> find(Bytes key) const {
    const std::shared_lock lock(directory_mutex);
    return directory.find(key);
  }
};

// All shards of a store, and which one a key belongs to.
class Shards {
 public:
  Shards(uint32_t count, uint64_t seed) : seed_(seed) {
    shards_.reserve(count);
    for (uint32_t i = 0; i < count; i++) shards_.push_back(std::make_unique<Shard>(seed));
    while ((uint32_t{1} << bits_) < count) bits_++;
  }

  uint64_t hash(Bytes key) const noexcept { return hash64(key, seed_); }
  // The top bits; hash tables inside a shard use the low ones.
  uint32_t index_of(uint64_t hash) const noexcept {
    return bits_ == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - bits_));
  }
  Shard& operator[](uint32_t index) const noexcept { return *shards_[index]; }
  Shard& of(Bytes key) const noexcept { return *shards_[index_of(hash(key))]; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(shards_.size()); }

 private:
  const uint64_t seed_;
  int bits_ = 0;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace stave::store
