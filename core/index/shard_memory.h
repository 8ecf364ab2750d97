// The buckets and overflow nodes of one shard, and how discarded nodes come back.
//
// A node that left its chain may still be read by calls that began before: it is free when their
// epochs have ended. Nodes wait for that in batches, one allocated object each.
//
// The memory has several owners: the table, and every batch. The last one frees it.
//
// Thread safety: nodes are taken and given back by any thread; ensure_bucket() under the growth
// lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/index/chunked_array.h"
#include "core/index/probe.h"
#include "core/sync/epoch.h"

namespace stave::index {

template <typename Layout>
class ShardMemory {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;

  explicit ShardMemory(unsigned) noexcept {}

  Bucket& bucket(uint64_t index) const noexcept { return buckets_[index]; }
  Node& node(uint32_t number) const noexcept { return nodes_[number]; }

  bool ensure_bucket(uint64_t index) noexcept { return buckets_.ensure(index); }

  // Takes one of the nodes set aside by reserve_node(), or another. 0 without memory.
  uint32_t take_node(bool reserved) noexcept {
    const std::lock_guard lock(mutex_);
    const uint64_t others = STAVE_PLANTED_BUG(unreserved_node) ? 0 : reserved_;
    return reserved || ensure_nodes(others + 1) ? take() : 0;
  }
  // Takes back a node that no reader has seen.
  void give_back_node(uint32_t number) noexcept {
    const std::lock_guard lock(mutex_);
    used_--;
    add_free(number);
  }
  // Takes back a node when the readers of this moment have ended.
  void discard_node(uint32_t number) noexcept {
    if (STAVE_PLANTED_BUG(early_reclamation)) return give_back_node(number);
    {
      const std::lock_guard lock(mutex_);
      Layout::set_next_discarded(node(number), discarded_);
      discarded_ = number;
      used_--;
      if (++discarded_count_ < kNodesOfBatch) return;
    }
    auto* batch = new (std::nothrow) Discarded(this);
    if (batch == nullptr) return;  // until the next one is discarded
    {
      const std::lock_guard lock(mutex_);
      batch->first = std::exchange(discarded_, 0);
      discarded_count_ = 0;
    }
    add_owner();
    sync::EpochRegistry::retire(batch, give_back);
  }

  // Sets a node aside until take_node(true) or release_node(). False without memory.
  bool reserve_node() noexcept {
    const std::lock_guard lock(mutex_);
    if (!ensure_nodes(reserved_ + 1)) return false;
    reserved_++;
    return true;
  }
  void release_node() noexcept {
    const std::lock_guard lock(mutex_);
    reserved_--;
  }
  // Nodes in chains.
  uint64_t used_nodes() const noexcept {
    const std::lock_guard lock(mutex_);
    return used_;
  }
  // Of so many buckets, and of the nodes, in chains or not.
  uint64_t bytes(uint64_t buckets) const noexcept {
    const std::lock_guard lock(mutex_);
    return buckets_.bytes(buckets) + nodes_.bytes(fresh_);
  }

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  // True for the last owner: then the caller deletes the object that this is a part of.
  bool remove_owner() noexcept {
    // Release and acquire: what every owner did comes before the deletion.
    return owners_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 protected:
  // Virtual: the last owner may be a batch, which knows this part only.
  virtual ~ShardMemory() = default;

 private:
  static constexpr unsigned kBucketBits = 36;
  static constexpr uint32_t kNodesOfBatch = 16;

  struct Discarded : sync::Retired {
    explicit Discarded(ShardMemory* owner) noexcept : memory(owner) {}
    ShardMemory* memory;
    uint32_t first = 0;
  };

  static void give_back(sync::Retired* retired) noexcept {
    auto* batch = static_cast<Discarded*>(retired);
    ShardMemory* const memory = batch->memory;
    {
      const std::lock_guard lock(memory->mutex_);
      for (uint32_t number = batch->first; number != 0;) {
        const uint32_t next = Layout::next_discarded(memory->node(number));
        memory->add_free(number);
        number = next;
      }
    }
    delete batch;
    if (memory->remove_owner()) delete memory;
  }

  // ---- Under the mutex -------------------------------------------------------------------------

  bool ensure_nodes(uint64_t count) noexcept {
    if (free_count_ >= count) return true;
    const uint64_t last = fresh_ + count - free_count_ - 1;
    return last < (uint64_t{1} << kNodeBits) && nodes_.ensure(last);
  }
  uint32_t take() noexcept {
    used_++;
    if (free_ == 0) return fresh_++;
    const uint32_t number = free_;
    free_ = Layout::next_discarded(node(number));
    free_count_--;
    return number;
  }
  void add_free(uint32_t number) noexcept {
    Layout::set_next_discarded(node(number), free_);
    free_ = number;
    free_count_++;
  }

  ChunkedArray<Bucket, kBucketBits> buckets_;
  ChunkedArray<Node, kNodeBits> nodes_;

  mutable std::mutex mutex_;
  uint32_t free_ = 0;       // list of free nodes
  uint32_t discarded_ = 0;  // list of discarded nodes that are in no batch yet
  uint32_t discarded_count_ = 0;
  uint32_t fresh_ = 1;  // never used so far: this node and all after it; 0 is no node
  uint64_t free_count_ = 0;
  uint64_t reserved_ = 0;
  uint64_t used_ = 0;
  std::atomic<uint64_t> owners_{1};
};

}  // namespace stave::index
