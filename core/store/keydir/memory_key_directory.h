// The key directory in memory: key -> location of its newest visible record.
//
// An index over the log (docs/internals/index.md). Its entries hold a location and some bits of the
// key's hash; the record there holds the key. So a lookup may read records and fail. A change may
// not: it names the location that it replaces, and reserve_insertion() sets aside the memory of an
// insertion.
//
// Thread safety: readers from any thread, without locks. Changes of one key come one after the
// other, those of different keys at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/status.h"
#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/table.h"
#include "core/store/keydir/directory_position.h"
#include "core/store/log/location.h"
#include "core/store/log/record_reader.h"

namespace stave::store {

class MemoryKeyDirectory {
  // What the index asks about its values.
  class Keys {
   public:
    using Storage = index::NoStorage;
    static constexpr bool kMatchesUnderLock = false;
    Keys(const SegmentDirectory& segments, uint64_t seed) noexcept
        : segments_(&segments), seed_(seed) {}

    // The hash of the key of the record at a location. Rare: for a part of the index that needs
    // more bits of the hashes than it keeps.
    Result<uint64_t> fetch_hash(uint64_t value) const noexcept;
    const SegmentDirectory& segments() const noexcept { return *segments_; }
    template <typename Shards, typename Entry>
    void discard(Shards&, uint32_t, uint8_t, Entry) const noexcept {}

   private:
    const SegmentDirectory* segments_;
    uint64_t seed_;
  };
  using Table = index::Table<index::NarrowLayout<>, Keys>;
  static_assert(Location::bits == index::NarrowLayout<>::kValueBits);

 public:
  // Memory for one insertion.
  using Reservation = Table::Reservation;

  // REQUIRES: `segments` outlives it, and has every location that is stored.
  static Result<std::unique_ptr<MemoryKeyDirectory>> create(uint64_t hash_seed,
                                                            const SegmentDirectory& segments);

  uint64_t hash(Bytes key) const noexcept { return hash64(key, seed_); }

  // Whether the key is present; then `reader` stands on its record. Errors of reading records.
  Result<bool> find(uint64_t hash, Bytes key, RecordReader& reader) const;
  // Prefetches what find() reads for at most prefetch_max keys.
  static constexpr size_t prefetch_max = 32;
  void prefetch(std::span<const Bytes> keys) const noexcept;

  Result<Reservation> reserve_insertion(uint64_t hash) { return table_->reserve_insertion(hash); }
  // REQUIRES: a key of this hash is absent.
  void insert(uint64_t hash, Location location, const Reservation& reservation) noexcept;
  // REQUIRES of both: the key's record is at `old`.
  void replace(uint64_t hash, Location old, Location location) noexcept;
  void remove(uint64_t hash, Location old) noexcept;

  // As KeyDirectory's: the order is that of the hashes.
  uint64_t order() const noexcept { return seed_; }

  // As KeyDirectory's.
  class Cursor {
   public:
    explicit Cursor(const MemoryKeyDirectory& directory) noexcept : table_(*directory.table_) {}
    Status seek(const DirectoryPosition& position);
    Result<std::optional<Location>> next();
    const DirectoryPosition& position() const noexcept { return position_; }

   private:
    const Table& table_;
    Table::Cursor cursor_;
    DirectoryPosition position_;   // of the bucket
    std::vector<Location> slice_;  // of one bucket, those not yet handed out
  };

 private:
  MemoryKeyDirectory(uint64_t seed, std::unique_ptr<Table> table) noexcept
      : seed_(seed), table_(std::move(table)) {}

  const SegmentDirectory& segments() const noexcept { return table_->keys().segments(); }

  const uint64_t seed_;
  const std::unique_ptr<Table> table_;
};

}  // namespace stave::store
