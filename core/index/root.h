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
    std::unique_ptr<Slot[]> slots(new (std::nothrow) Slot[shards]);
    if (!slots) return nullptr;
    for (uint32_t i = 0; i < shards; i++) {
      TableShard* const shard = TableShard::create(bucket_bits);
      slots[i].shard.store(shard, std::memory_order_relaxed);
      if (shard == nullptr) {
        disown_all(slots.get(), i);
        return nullptr;
      }
    }
    auto* const root = new (std::nothrow) Root(slots.get(), shards);
    if (root == nullptr) {
      disown_all(slots.get(), shards);
    } else {
      static_cast<void>(slots.release());
    }
    return root;
  }

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void disown() noexcept {
    // Release and acquire: what every owner did comes before the deletion.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  uint32_t shards() const noexcept { return shard_mask_ + 1; }
  uint32_t shard_mask() const noexcept { return shard_mask_; }
  Shard<Layout>& shard(uint32_t number) const noexcept {
    // Acquire: pairs with the release in set_shard().
    return *slots_[number].shard.load(std::memory_order_acquire);
  }
  void set_shard(uint32_t number, Shard<Layout>* shard) noexcept {
    slots_[number].shard.store(shard, std::memory_order_release);
  }
  Storage& storage(uint32_t number) const noexcept { return slots_[number].storage; }

 private:
  using TableShard = Shard<Layout>;
  struct Slot {
    std::atomic<TableShard*> shard{nullptr};
    [[no_unique_address]] mutable Storage storage;
  };

  Root(Slot* slots, uint32_t shards) noexcept : slots_(slots), shard_mask_(shards - 1) {}
  ~Root() { disown_all(slots_.get(), shards()); }

  static void disown_all(Slot* slots, uint32_t count) noexcept {
    for (uint32_t i = 0; i < count; i++) slots[i].shard.load(std::memory_order_relaxed)->disown();
  }

  const std::unique_ptr<Slot[]> slots_;
  const uint32_t shard_mask_;
  std::atomic<uint64_t> owners_{1};
};

}  // namespace stave::index
