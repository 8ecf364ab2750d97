// The key directory: key -> location of its newest visible record. In memory or on disk, as the
// store was made (options.h).
//
// A lookup may read records and fail. A change may not: it names the location that it replaces, and
// reserve() has set aside what it needs. Every call decides between the two kinds by one branch.
//
// Thread safety: readers from any thread, without locks. Changes by one thread at a time, in log
// order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/store/keydir/directory_position.h"
#include "core/store/keydir/disk_key_directory.h"
#include "core/store/keydir/memory_key_directory.h"

namespace stave::store {

// What a commit changes about one key.
struct KeyChange {
  // What applying the change needs.
  struct Reservation {
    MemoryKeyDirectory::Reservation memory;
    DiskKeyDirectory::Reservation disk;
  };

  Bytes key;
  uint64_t hash = 0;
  bool is_remove = false;
  std::optional<RecordLocation> prior;  // visible when this is applied; nothing: the key is absent
  RecordLocation location;  // of the change's record; with `frame` and `lsn` once logged
  Location frame;           // where the frame begins that the record is in
  uint64_t lsn = 0;
  Reservation reservation;
};

class KeyDirectory {
 public:
  explicit KeyDirectory(std::unique_ptr<MemoryKeyDirectory> memory) noexcept
      : memory_(std::move(memory)) {}
  explicit KeyDirectory(std::unique_ptr<DiskKeyDirectory> disk) noexcept : disk_(std::move(disk)) {}

  // Null when the directory is in memory.
  DiskKeyDirectory* on_disk() const noexcept { return disk_.get(); }

  uint64_t hash(Bytes key) const noexcept {
    return memory_ ? memory_->hash(key) : disk_->hash(key);
  }

  // Whether the key is present; then `reader` stands on its record. Errors of reading records.
  Result<bool> find(uint64_t hash, Bytes key, RecordReader& reader) const {
    return memory_ ? memory_->find(hash, key, reader) : disk_->find(key, reader);
  }
  // Prefetches what find() reads for the first prefetch_max of several keys.
  static constexpr size_t prefetch_max = MemoryKeyDirectory::prefetch_max;
  void prefetch(std::span<const Bytes> keys) const noexcept {
    if (keys.size() < 2) return;
    keys = keys.first(std::min(keys.size(), prefetch_max));
    memory_ ? memory_->prefetch(keys) : disk_->prefetch(keys);
  }

  // Sets aside what apply() needs, once `prior` is known. `contended`: a change with this hash is
  // not visible yet, perhaps of another key.
  Status reserve(KeyChange& change, bool contended) {
    if (disk_) return disk_->reserve(change, contended);
    if (change.prior) return {};
    STAVE_TRY_ASSIGN(change.reservation.memory, memory_->reserve_insertion(change.hash));
    return {};
  }
  // Makes a logged change visible.
  void apply(KeyChange& change) noexcept {
    if (disk_) return disk_->apply(change);
    if (change.is_remove)
      memory_->remove(change.hash, change.prior->location);
    else if (change.prior)
      memory_->replace(change.hash, change.prior->location, change.location.location);
    else
      memory_->insert(change.hash, change.location.location, change.reservation.memory);
  }

  // Names the order in which a cursor visits the keys.
  uint64_t order() const noexcept { return memory_ ? memory_->order() : disk_->order(); }

  // Visits all locations, beside changes; a key that is present throughout comes once.
  class Cursor {
   public:
    explicit Cursor(const KeyDirectory& directory) {
      if (directory.memory_)
        memory_.emplace(*directory.memory_);
      else
        disk_.emplace(*directory.disk_);
    }
    // Goes on from a position. Before the first next(). `invalid_argument` when there is no such.
    Status seek(const DirectoryPosition& position) {
      return memory_ ? memory_->seek(position) : disk_->seek(position);
    }
    // Nothing after the last.
    Result<std::optional<Location>> next() { return memory_ ? memory_->next() : disk_->next(); }
    // Of what next() has returned last. Others of the same position may have come before it.
    const DirectoryPosition& position() const noexcept {
      return memory_ ? memory_->position() : disk_->position();
    }

   private:
    std::optional<MemoryKeyDirectory::Cursor> memory_;
    std::optional<DiskKeyDirectory::Cursor> disk_;
  };

 private:
  const std::unique_ptr<MemoryKeyDirectory> memory_;  // one of the two
  const std::unique_ptr<DiskKeyDirectory> disk_;
};

}  // namespace stave::store
