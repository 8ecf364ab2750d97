// A part of the key space with its own locks. docs/internals/commit.md has the lock order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

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

// All shards of a store, and the one that a hash belongs to.
class Shards {
 public:
  explicit Shards(uint32_t count) {
    shards_.reserve(count);
    for (uint32_t i = 0; i < count; i++) shards_.push_back(std::make_unique<Shard>());
    while ((uint32_t{1} << bits_) < count) bits_++;
  }

  // The top bits; the pending table inside a shard uses the low ones.
  uint32_t index_of(uint64_t hash) const noexcept {
    return bits_ == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - bits_));
  }
  Shard& operator[](uint32_t index) const noexcept { return *shards_[index]; }
  Shard& of(uint64_t hash) const noexcept { return *shards_[index_of(hash)]; }
  uint32_t size() const noexcept { return static_cast<uint32_t>(shards_.size()); }

 private:
  int bits_ = 0;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace stave::store
