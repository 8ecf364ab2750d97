// One key of a memtable with its versions.
#pragma once

#include <cstdint>
#include <new>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/cow_map/node_pool.h"
#include "core/mvcc/inline_value.h"
#include "core/mvcc/version_chain.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {

using ValueChain = VersionChain<InlineValue>;
using ValueVersion = ValueChain::Version;
using ValueRecord = ValueVersion::Record;

// A row that has lost its last version is dead, for ever, and then leaves the key table: a writer
// that holds a pointer to one looks the key up again.
class Row final : public sync::Retired, public ValueChain {
 public:
  // Null without memory.
  static Row* create(Bytes key) noexcept {
    void* const memory = cow_map::NodePool::allocate_bytes(sizeof(Row) + key.size());
    return memory == nullptr ? nullptr : new (memory) Row(key);
  }
  static void destroy(Row* row) noexcept {
    const size_t size = row->memory();
    row->~Row();
    cow_map::NodePool::free_bytes(row, size);
  }
  static void destroy_retired(Retired* retired) noexcept { destroy(static_cast<Row*>(retired)); }

  Bytes key() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), key_size_}; }
  size_t memory() const noexcept { return sizeof(Row) + key_size_; }

  // REQUIRES the lock, like the rest.
  bool is_empty() const noexcept { return newest() == nullptr && pending() == nullptr; }
  bool dead() const noexcept { return dead_; }
  void set_dead() noexcept { dead_ = true; }
  // The key's last commit in a managed table, so that a writer finds a conflict without loading the
  // newest version. Kept in the tag, which is free until the row is retired.
  uint64_t last_commit() const noexcept { return tag; }
  void set_last_commit(uint64_t timestamp) noexcept { tag = timestamp; }

 private:
  explicit Row(Bytes key) noexcept : key_size_(static_cast<uint16_t>(key.size())) {
    copy(reinterpret_cast<std::byte*>(this + 1), key);
  }
  ~Row() = default;

  static_assert(key_size_max <= UINT16_MAX);
  uint16_t key_size_;
  bool dead_ = false;
};
// With a key of up to 16 bytes a row is one cache line.
static_assert(sizeof(Row) == 48);

}  // namespace stave::mvcc
