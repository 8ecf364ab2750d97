// The key directory on disk: key -> place of its newest visible record, for keys that do not fit in
// memory.
//
// An index of places under the 128-bit hash of the key (core/disk_index/place_index.h), and a list
// of the keys whose hash another key had first. Which of two keys an entry of the index is for,
// only the record at its place says. docs/internals/key_directory.md has the whole.
//
// Thread safety: as of MemoryKeyDirectory; apply() by one thread at a time.
//
//   1. A key that is there is in the index or in the list, never in both. It does not go from one
//      to the other but by being deleted.
//   2. A key that is not there has no entry in either, so whoever inserts a key and finds an entry
//      of its hash knows without reading a record that it is another key's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/disk_index/place_index.h"
#include "core/store/collision_list.h"
#include "core/store/format/manifest.h"
#include "core/store/log/record_reader.h"
#include "core/store/options.h"
#include "core/store/recovery/recovery.h"

namespace stave::store {

class DiskKeyDirectory final : private disk_index::Owner {
 public:
  // What it needs of the log, which it brings up to an LSN to the device.
  class LogSync {
   public:
    virtual ~LogSync() = default;
    virtual Status sync_log(uint64_t lsn) noexcept = 0;
    // As Log's.
    virtual Status check_in_place() = 0;
  };

  // What one change of a commit needs.
  class Room {
   public:
    Room() noexcept = default;
    ~Room() { forget(); }
    Room(Room&& other) noexcept
        : index_(std::exchange(other.index_, nullptr)), listed_(std::move(other.listed_)) {}
    Room& operator=(Room&& other) noexcept {
      forget();
      index_ = std::exchange(other.index_, nullptr);
      listed_ = std::move(other.listed_);
      return *this;
    }

   private:
    friend class DiskKeyDirectory;
    void forget() noexcept {
      if (index_ != nullptr) index_->forget_promise(1);
      index_ = nullptr;
    }
    disk_index::PlaceIndex* index_ = nullptr;
    CollisionList::Room listed_;  // of a key that may have to go to the list
  };

  // What is there already. `segments` and `log` outlive it.
  static Result<std::unique_ptr<DiskKeyDirectory>> open(
      os::FileSystem& files, const std::string& directory, const Options& options,
      const Manifest& manifest, const SegmentDirectory& segments, LogSync& log);
  ~DiskKeyDirectory() override;

  // What of the log need not be replayed.
  const KnownLog& known_log() const noexcept { return known_; }
  // When that has been found to fit the log. Makes the files that were missing.
  Status begin_replay();
  // A record of the log behind known_log(), as if it had just been committed, whether or not the
  // directory has heard of it or of later ones.
  Status replay(Bytes key, bool erase, const Segment& segment, uint64_t offset, uint32_t size,
                const LogEnd& frame);
  // All of the log up to here was replayed.
  Status end_replay(const LogEnd& end);
  // After that: keys, and bytes of their records.
  uint64_t size() const noexcept;
  uint64_t live_bytes() const noexcept { return live_bytes_; }

  uint64_t hash(Bytes key) const noexcept { return hash_of(key).low; }
  Result<bool> find(Bytes key, RecordReader& reader) const;
  // As Store::prefetch().
  void prefetch(std::span<const Bytes> keys) const noexcept;

  // `contended`: a change of a key with this hash, not visible yet, may be another key's.
  Result<Room> make_room(Bytes key, bool is_insertion, bool is_erase, bool contended);
  // `prior` and `place` as in Change: none is an insertion, an erase. `frame` is where the frame of
  // the change begins, `lsn` its LSN.
  void apply(Bytes key, const std::optional<RecordLocation>& prior,
             const std::optional<RecordLocation>& place, Location frame, uint64_t lsn,
             Room& room) noexcept;
  // After a commit of so many bytes, without a lock.
  void committed(uint64_t bytes) noexcept;

  // A sync of the files has failed.
  bool refuses_changes() const noexcept {
    return collisions_.has_failed() || (index_ && index_->refuses_changes());
  }
  Status checkpoint() { return index_->checkpoint_beside(); }
  // Every page of the index.
  Status verify();
  uint64_t disk_bytes() const;
  // Everything before `end` was applied and is durable.
  Status close(const LogEnd& end);

  // A walk over all places beside changes; a key that is there throughout is met once.
  class Cursor {
   public:
    explicit Cursor(const DiskKeyDirectory& directory) noexcept : directory_(&directory) {}
    Result<std::optional<Location>> next();

   private:
    Status begin();
    Result<std::optional<Place>> next_entry();
    std::optional<Place> next_listed();

    const DiskKeyDirectory* directory_;
    std::unique_ptr<disk_index::Cursor> entries_;
    std::vector<Place> overlaid_;
    uint64_t list_version_ = 0;          // when the walk began
    std::optional<std::string> listed_;  // the key of the list that came last
    bool begun_ = false;
  };

 private:
  struct KeyHash {
    size_t operator()(const disk_index::Key& key) const noexcept {
      return static_cast<size_t>(key.low);
    }
  };

  DiskKeyDirectory(os::FileSystem& files, std::string directory, const Options& options,
                   const Manifest& manifest, const SegmentDirectory& segments, LogSync& log);
  Status open_files();
  disk_index::Options index_options() const;

  disk_index::Key hash_of(Bytes key) const noexcept;
  Result<Location> locate(const Place& place) const;
  Place place_of(const RecordLocation& place) const noexcept;
  // Goes to a record and compares its key.
  Result<bool> is_of(Bytes key, const Place& place, RecordReader& reader) const;

  // The index with the overlay on it.
  Result<std::optional<Place>> entry(const disk_index::Key& hash) const;
  Status set_entry(const disk_index::Key& hash, const std::optional<Place>& before,
                   const std::optional<Place>& after, const LogEnd& frame);

  Result<uint64_t> before_superblock(uint64_t lsn) override;
  uint64_t weight_of(const std::byte* record) const noexcept override;
  Result<uint64_t> save_collisions(uint64_t lsn);
  Status refused(const Status& why) const;

  os::FileSystem& files_;
  const std::string path_;  // of the store
  const Options options_;
  const StoreId store_id_;
  const uint64_t hash_seed_;
  const SegmentDirectory& segments_;
  LogSync& log_;

  KnownLog known_;
  CollisionList collisions_;
  std::unique_ptr<disk_index::PlaceIndex> index_;  // none when reading only a store without one
  // The log that is replayed is on the device, and there is no other yet.
  std::atomic<bool> replaying_{true};
  uint64_t live_bytes_ = 0;  // while replaying
  // Of a store that is opened for reading only: what replaying has changed.
  std::unordered_map<disk_index::Key, std::optional<Place>, KeyHash> overlay_;
  int64_t overlay_size_ = 0;  // keys that it adds

  std::atomic<uint64_t> uncheckpointed_bytes_{0};  // relaxed: a rough count
};

}  // namespace stave::store
