// The key directory in memory: key -> place of its newest visible record.
//
// An index over the log (docs/internals/index.md). Its entries hold a place and some bits of the
// key's hash; the record at the place says whose it is. Looking up may therefore read records and
// fail. Changing may not: it names the place that it replaces, and insertions have their memory
// from make_room().
//
// Thread safety: readers from any thread, without locks. Changes of one key come one after the
// other; those of different keys at any time.
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
#include "core/store/log/location.h"
#include "core/store/log/record_reader.h"

namespace stave::store {

class MemoryKeyDirectory {
  // What the index asks about its values.
  class Keys {
   public:
    using Storage = index::NoStorage;
    Keys(const SegmentDirectory& segments, uint64_t seed) noexcept
        : segments_(&segments), seed_(seed) {}

    // Of the key of the record at a place. Asked rarely: when a part of the index has outgrown the
    // bits that it keeps.
    Result<uint64_t> fetch_hash(uint64_t value) const noexcept;
    const SegmentDirectory& segments() const noexcept { return *segments_; }
    template <typename Root, typename Entry>
    void discard(Root&, uint32_t, uint8_t, Entry) const noexcept {}

   private:
    const SegmentDirectory* segments_;
    uint64_t seed_;
  };
  using Table = index::Table<index::NarrowLayout<>, Keys>;
  static_assert(Location::bits == index::NarrowLayout<>::kValueBits);

 public:
  // Memory for one insertion.
  using Room = Table::Reservation;

  // `segments` outlives it and has every place that is looked at.
  static Result<std::unique_ptr<MemoryKeyDirectory>> create(uint64_t hash_seed,
                                                            const SegmentDirectory& segments);

  uint64_t hash(Bytes key) const noexcept { return hash64(key, seed_); }

  // Whether the key is there; then `reader` stands on its record. What reading records may answer.
  Result<bool> find(uint64_t hash, Bytes key, RecordReader& reader) const;
  // Prefetches what find() reads for some keys, at most prefetch_max. Nothing depends on it.
  static constexpr size_t prefetch_max = 32;
  void prefetch(std::span<const Bytes> keys) const noexcept;

  // For the insertion of a key of this hash.
  Result<Room> make_room(uint64_t hash) { return table_->reserve_insertion(hash); }
  // The key is absent.
  void insert(uint64_t hash, Location place, const Room& room) noexcept;
  // The key's record is at `old`.
  void replace(uint64_t hash, Location old, Location place) noexcept;
  void erase(uint64_t hash, Location old) noexcept;

  // A walk over all places beside changes; a key that is there throughout is met once.
  class Cursor {
   public:
    explicit Cursor(const MemoryKeyDirectory& directory) noexcept : table_(*directory.table_) {}
    // Nothing behind the last.
    Result<std::optional<Location>> next();

   private:
    const Table& table_;
    Table::Cursor cursor_;
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
