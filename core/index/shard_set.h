// All shards of a table at one time. clear() replaces the set by another.
//
// Ownership: the table owns its set; so do records on their way back to a shard's storage, until
// they are there.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>

#include "core/index/entry_counts.h"
#include "core/index/hash_parts.h"
#include "core/index/shard.h"
#include "core/sync/epoch.h"

namespace stave::index {

template <typename Layout, typename Keys>
class ShardSet : public sync::Retired {
 public:
  using Storage = typename Keys::Storage;

  // Null without memory.
  static ShardSet* create(uint32_t shards, unsigned bucket_bits) noexcept {
    std::unique_ptr<ShardSet> set(new (std::nothrow) ShardSet(shards));
    if (!set || !set->storage_ || !set->counts_) return nullptr;
    for (uint32_t i = 0; i < shards; i++) {
      TableShard* const shard = TableShard::create(bucket_bits, set->counts_.shard(i));
      if (shard == nullptr) return nullptr;
      set->replace_shard(i, shard);
    }
    return set.release();
  }

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void disown() noexcept {
    // Release and acquire: what every owner did comes before the deletion.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  uint32_t shards() const noexcept { return shard_mask_ + 1; }
  uint32_t shard_number(uint8_t byte) const noexcept { return byte & shard_mask_; }
  // The shard with this number, or of the keys whose hashes have this byte (hash_parts.h).
  Shard<Layout>& shard(uint32_t number) const noexcept {
    // Acquire: pairs with the release in replace_shard().
    return *shards_[number].load(std::memory_order_acquire);
  }
  void replace_shard(uint32_t number, Shard<Layout>* shard) noexcept {
    // From the last one down: a thread that replaces a shard looks for it in the first, and waits
    // at the old one's lock until all are stored.
    for (size_t byte = shards_.size() - shards() + number;; byte -= shards()) {
      // Release: pairs with the acquire in shard().
      shards_[byte].store(shard, std::memory_order_release);
      if (byte == number) return;
    }
  }
  Storage& storage(uint32_t number) const noexcept { return storage_[number]; }

 private:
  using TableShard = Shard<Layout>;
  friend std::default_delete<ShardSet>;

  explicit ShardSet(uint32_t shards) noexcept
      : shard_mask_(shards - 1), storage_(new (std::nothrow) Storage[shards]), counts_(shards) {}
  ~ShardSet() {
    for (uint32_t i = 0; i < shards(); i++) {
      TableShard* const shard = shards_[i].load(std::memory_order_relaxed);
      if (shard != nullptr) shard->disown();
    }
  }

  const uint32_t shard_mask_;
  const std::unique_ptr<Storage[]> storage_;
  const EntryCounts counts_;
  std::atomic<uint64_t> owners_{1};
  // A shard for each value of the hash's byte, repeated as needed: a lookup computes nothing and
  // follows one pointer less.
  std::array<std::atomic<TableShard*>, size_t{1} << shard_bits_max> shards_{};
};

}  // namespace stave::index
