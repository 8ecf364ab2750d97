// One key of a memtable with its versions.
#pragma once

#include <cstdint>
#include <new>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/mvcc/block_pool.h"
#include "core/mvcc/inline_value.h"
#include "core/mvcc/version_chain.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {

using ValueChain = VersionChain<InlineValue>;
using ValueVersion = ValueChain::Version;
using ValueRecord = ValueVersion::Record;

// A row is dead once it has lost its last version and its place in the key table: whoever holds a
// pointer to one looks the key up again. It is dead for ever.
class Row final : public sync::Retired, public ValueChain {
 public:
  // Null without memory.
  static Row* create(BlockPool* pool, Bytes key) noexcept {
    const BlockPool::Block block = BlockPool::take(pool, sizeof(Row) + key.size());
    return block.memory == nullptr ? nullptr : new (block.memory) Row(block.origin, key);
  }
  static void destroy(Row* row) noexcept {
    const BlockPool::Block block{row, row->origin_};
    const size_t size = row->memory();
    row->~Row();
    BlockPool::give_back(block, size);
  }
  static void destroy_retired(Retired* retired) noexcept { destroy(static_cast<Row*>(retired)); }

  Bytes key() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), key_size_}; }
  size_t memory() const noexcept { return sizeof(Row) + key_size_; }

  // Under the lock.
  bool is_empty() const noexcept { return newest() == nullptr && pending() == nullptr; }
  bool dead() const noexcept { return dead_; }
  void set_dead() noexcept { dead_ = true; }
  // Managed: the last commit of the key; so a writer need not look into the newest version. The
  // tag is free until the row is retired.
  uint64_t last_commit() const noexcept { return tag; }
  void set_last_commit(uint64_t timestamp) noexcept { tag = timestamp; }

 private:
  Row(BlockPool::Origin origin, Bytes key) noexcept
      : key_size_(static_cast<uint16_t>(key.size())), origin_(origin) {
    copy(reinterpret_cast<std::byte*>(this + 1), key);
  }
  ~Row() = default;

  static_assert(key_size_max <= UINT16_MAX);
  uint16_t key_size_;
  bool dead_ = false;
  BlockPool::Origin origin_;
};
// A key of 16 bytes makes it a cache line.
static_assert(sizeof(Row) == 48);

}  // namespace stave::mvcc
