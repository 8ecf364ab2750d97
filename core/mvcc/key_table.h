// The rows of a memtable by key: an index whose values are the rows' addresses and which finds the
// keys in the rows.
//
// Thread safety: everything may be called from any thread. A row that was found is used under the
// EpochPin that was held when it was found; rows are retired, so an address means one key as long
// as any thread may hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/hash.h"
#include "core/base/status.h"
#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/table.h"
#include "core/mvcc/row.h"

namespace stave::mvcc {

class KeyTable {
  // What the index needs to know of keys that it does not keep.
  struct RowKeys {
    using Storage = index::NoStorage;
    static constexpr bool kMatchesUnderLock = false;
    uint64_t seed = 0;

    Result<uint64_t> fetch_hash(uint64_t value) const noexcept;
    template <typename Shards, typename Entry>
    void discard(Shards&, uint32_t, uint8_t, Entry) const noexcept {}
  };
  // Buckets split earlier than the index's own: beside a row a bucket weighs little, and one that
  // overflows costs a reader another cache miss.
  struct Layout : index::NarrowLayout<> {
    static constexpr uint64_t kGrowAtNumerator = 1;
    static constexpr uint64_t kGrowAtDenominator = 2;
  };
  using Table = index::Table<Layout, RowKeys>;

 public:
  // With memory for `capacity` keys. `seed` is of the keys' hash: a secret one keeps an attacker
  // from choosing keys that collide.
  static Result<KeyTable> create(uint64_t capacity, uint64_t seed) noexcept;

  // Null when the key has no row.
  Row* find(Bytes key) const noexcept;
  // Prefetches what find() and a read of the newest version need, of up to prefetch_max keys, whose
  // cache misses overlap. REQUIRES a pin.
  static constexpr size_t prefetch_max = 32;
  void prefetch(std::span<const Bytes> keys) const noexcept;
  // Returns the row that the key has now: `fresh`, or one that was there before and stays. Null
  // without memory.
  Row* insert(Row* fresh) noexcept;
  // REQUIRES: the row is in the table.
  void erase(const Row* row) noexcept;
  // Removes all rows at one moment. REQUIRES: no thread inserts or erases meanwhile.
  Status clear() noexcept;

  // Visits all rows beside any traffic: a row that is there throughout is visited once.
  class Walk;

 private:
  KeyTable(std::unique_ptr<Table> table, uint64_t seed) noexcept
      : seed_(seed), table_(std::move(table)) {}

  uint64_t seed_;
  std::unique_ptr<Table> table_;
};

class KeyTable::Walk {
 public:
  explicit Walk(const KeyTable& table) noexcept : table_(*table.table_) {}
  // Visits the next few rows, a bounded number. `done` when none are left. After `no_memory` the
  // next call goes on. REQUIRES a pin.
  Status next(FunctionRef<void(Row&)> visit);

 private:
  const Table& table_;
  Table::Cursor cursor_;
};

}  // namespace stave::mvcc
