// All shards of a table at one time. clear() puts a new root in place of the old one.
//
// Ownership: the table owns its root; keys on their way back to a shard's storage own it too, until
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
class Root : public sync::Retired {
 public:
  using Storage = typename Keys::Storage;

  // Null without memory.
  static Root* create(uint32_t shards, unsigned bucket_bits) noexcept {
    std::unique_ptr<Root> root(new (std::nothrow) Root(shards));
    if (!root || !root->storage_ || !root->counts_) return nullptr;
    for (uint32_t i = 0; i < shards; i++) {
      TableShard* const shard = TableShard::create(bucket_bits, root->counts_.shard(i));
      if (shard == nullptr) return nullptr;
      root->set_shard(i, shard);
    }
    return root.release();
  }

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void disown() noexcept {
    // Release and acquire: what every owner did comes before the deletion.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  uint32_t shards() const noexcept { return shard_mask_ + 1; }
  uint32_t shard_number(uint8_t byte) const noexcept { return byte & shard_mask_; }
  Shard<Layout>& shard(uint32_t number) const noexcept {
    // Acquire: pairs with the release in set_shard().
    return *shards_[number].load(std::memory_order_acquire);
  }
  // The shard of the keys whose hashes have this byte (hash_parts.h).
  Shard<Layout>& shard_of(uint8_t byte) const noexcept { return shard(byte); }
  void set_shard(uint32_t number, Shard<Layout>* shard) noexcept {
    // The first last: it is where who replaces a shard looks for it, and waits at the old one's
    // lock until all are stored.
    for (size_t byte = shards_.size() - shards() + number;; byte -= shards()) {
      // Release: pairs with the acquire in shard().
      shards_[byte].store(shard, std::memory_order_release);
      if (byte == number) return;
    }
  }
  Storage& storage(uint32_t number) const noexcept { return storage_[number]; }

 private:
  using TableShard = Shard<Layout>;
  friend std::default_delete<Root>;

  explicit Root(uint32_t shards) noexcept
      : shard_mask_(shards - 1), storage_(new (std::nothrow) Storage[shards]), counts_(shards) {}
  ~Root() {
    for (uint32_t i = 0; i < shards(); i++) {
      TableShard* const shard = shards_[i].load(std::memory_order_relaxed);
      if (shard != nullptr) shard->disown();
    }
  }

  const uint32_t shard_mask_;
  const std::unique_ptr<Storage[]> storage_;
  const EntryCounts counts_;
  std::atomic<uint64_t> owners_{1};
  // For each byte that a hash can have, the shards again and again: a lookup has nothing to
  // compute, and one pointer less to follow.
  std::array<std::atomic<TableShard*>, size_t{1} << shard_bits_max> shards_{};
};

}  // namespace stave::index
