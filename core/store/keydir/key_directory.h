// The key directory: key -> place of its newest visible record. In memory or on disk, as the store
// was made (options.h).
//
// Looking up may read records and fail. Changing may not: it names the place that it replaces, and
// has what it needs from make_room(). Every call decides between the two by one branch that is
// always taken the same way, so that the directory in memory stays inline.
//
// Thread safety: readers from any thread, without locks. Changes by one thread at a time, in log
// order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/store/disk_key_directory.h"
#include "core/store/keydir/memory_key_directory.h"

namespace stave::store {

class KeyDirectory {
 public:
  // What one change needs, set aside.
  struct Room {
    MemoryKeyDirectory::Room memory;
    DiskKeyDirectory::Room disk;
  };

  explicit KeyDirectory(std::unique_ptr<MemoryKeyDirectory> memory) noexcept
      : memory_(std::move(memory)) {}
  explicit KeyDirectory(std::unique_ptr<DiskKeyDirectory> disk) noexcept : disk_(std::move(disk)) {}

  // Null when the directory is in memory.
  DiskKeyDirectory* on_disk() const noexcept { return disk_.get(); }

  uint64_t hash(Bytes key) const noexcept {
    return memory_ ? memory_->hash(key) : disk_->hash(key);
  }

  // Whether the key is there; then `reader` stands on its record.
  Result<bool> find(uint64_t hash, Bytes key, RecordReader& reader) const {
    return memory_ ? memory_->find(hash, key, reader) : disk_->find(key, reader);
  }

  // Prefetches what find() reads for some keys, at most prefetch_max. Nothing depends on it.
  static constexpr size_t prefetch_max = MemoryKeyDirectory::prefetch_max;
  void prefetch(std::span<const Bytes> keys) const noexcept {
    memory_ ? memory_->prefetch(keys) : disk_->prefetch(keys);
  }

  // `contended`: a change with this hash is under way, perhaps of another key.
  Status make_room(uint64_t hash, Bytes key, bool is_insertion, bool is_erase, bool contended,
                   Room* room) {
    if (!memory_) return make_room_on_disk(key, is_insertion, is_erase, contended, room);
    if (!is_insertion) return {};
    Result<MemoryKeyDirectory::Room> made = memory_->make_room(hash);
    if (!made) return made.status();
    room->memory = *std::move(made);
    return {};
  }

  // Makes a change visible. None in `prior`: the key was absent; none in `place`: it goes.
  // `frame` is where the change's frame in the log begins.
  void apply(uint64_t hash, Bytes key, const std::optional<RecordPlace>& prior,
             const std::optional<RecordPlace>& place, Location frame, uint64_t lsn,
             Room& room) noexcept {
    if (!memory_) return disk_->apply(key, prior, place, frame, lsn, room.disk);
    if (!place)
      memory_->erase(hash, prior->location);
    else if (prior)
      memory_->replace(hash, prior->location, place->location);
    else
      memory_->insert(hash, place->location, room.memory);
  }

  // A walk over all places beside changes; a key that is there throughout is met once.
  class Cursor {
   public:
    explicit Cursor(const KeyDirectory& directory) noexcept {
      if (directory.memory_)
        memory_.emplace(*directory.memory_);
      else
        disk_.emplace(*directory.disk_);
    }
    // Nothing behind the last.
    Result<std::optional<Location>> next() { return memory_ ? memory_->next() : disk_->next(); }

   private:
    std::optional<MemoryKeyDirectory::Cursor> memory_;
    std::optional<DiskKeyDirectory::Cursor> disk_;
  };

 private:
  Status make_room_on_disk(Bytes key, bool is_insertion, bool is_erase, bool contended,
                           Room* room) {
    Result<DiskKeyDirectory::Room> made = disk_->make_room(key, is_insertion, is_erase, contended);
    if (!made) return made.status();
    room->disk = *std::move(made);
    return {};
  }

  const std::unique_ptr<MemoryKeyDirectory> memory_;  // one of the two
  const std::unique_ptr<DiskKeyDirectory> disk_;
};

}  // namespace stave::store
