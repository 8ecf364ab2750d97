// The key directory on disk: key -> location of its newest visible record, for keys that do not fit
// in memory.
//
// An index of locations under the 128-bit hash of the key (core/disk_index/location_index.h), and a
// list of the keys whose hash another key had first. Which of two keys an entry of the index
// belongs to, only the record at its location says. docs/internals/key_directory.md argues why this
// is right.
//
// Thread safety: as MemoryKeyDirectory; apply() by one thread at a time.
//
//   1. A key that is present is in the index or in the list, never in both. It moves from one to
//      the other only by being removed in between.
//   2. An absent key has no entry in either. So an insert that finds an entry of its hash knows
//      without reading a record that the entry is another key's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/disk_index/location_index.h"
#include "core/store/format/manifest.h"
#include "core/store/keydir/collision_list.h"
#include "core/store/keydir/directory_position.h"
#include "core/store/log/log.h"
#include "core/store/log/record_reader.h"
#include "core/store/options.h"
#include "core/store/recovery/recovery.h"

namespace stave::store {

struct KeyChange;  // key_directory.h

class DiskKeyDirectory final : private disk_index::Owner {
 public:
  // What one change of a commit needs, set aside.
  class Reservation {
   private:
    friend class DiskKeyDirectory;
    struct ForgetPromise {
      void operator()(disk_index::LocationIndex* index) const noexcept { index->forget_promise(1); }
    };
    // A promise of the index, forgotten unless the change is made.
    std::unique_ptr<disk_index::LocationIndex, ForgetPromise> promise_;
    CollisionList::Reservation listed_;  // of a key that may have to go to the list
  };

  // Opens the files that exist. `segments` outlives it.
  static Result<std::unique_ptr<DiskKeyDirectory>> open(os::FileSystem& files,
                                                        const std::string& directory,
                                                        const Options& options,
                                                        const Manifest& manifest,
                                                        const SegmentDirectory& segments);
  ~DiskKeyDirectory() override;

  // What of the log need not be replayed.
  const KnownLog& known_log() const noexcept { return known_; }
  // Once known_log() has been found to fit the log. Makes the files that were missing.
  Status begin_replay();
  // A record of the log after known_log(), as if it had just been committed, whether or not the
  // directory has it or later ones already.
  Status replay(const Segment& segment, const LogReader::Record& record);
  // All of the log up to here was replayed. From now on `log`, which outlives it, is synced before
  // what names its records. Not called in a store that is opened for reading only.
  void end_replay(const LogEnd& end, Log& log) noexcept;
  // After replaying: keys, and bytes of their records.
  uint64_t size() const noexcept;
  uint64_t live_bytes() const noexcept { return live_bytes_; }

  uint64_t hash(Bytes key) const noexcept { return hash_of(key).low; }
  Result<bool> find(Bytes key, RecordReader& reader) const;
  // As Store::prefetch().
  void prefetch(std::span<const Bytes> keys) const noexcept;

  // As KeyDirectory's.
  Status reserve(KeyChange& change, bool contended);
  void apply(KeyChange& change) noexcept;
  // After a commit of so many bytes, without a lock.
  void committed(uint64_t bytes) noexcept;

  // A sync of the files has failed.
  bool refuses_changes() const noexcept {
    return collisions_.has_failed() || (index_ && index_->refuses_changes());
  }
  Status checkpoint() { return index_->checkpoint_owner(); }
  // Every page of the index.
  Status verify();
  uint64_t disk_bytes() const;
  // Everything before `end` was applied and is durable.
  Status close(const LogEnd& end);

  // A walk over all locations beside changes; a key that is present throughout is met once.
  // As KeyDirectory's. The index is the first part, in the order of its hashes; then come the
  // overlay and the list, with one position each.
  uint64_t order() const noexcept;

  class Cursor {
   public:
    explicit Cursor(const DiskKeyDirectory& directory);
    Status seek(const DirectoryPosition& position);
    Result<std::optional<Location>> next();
    const DirectoryPosition& position() const noexcept { return position_; }

   private:
    Result<std::optional<DiskLocation>> next_entry();
    std::optional<DiskLocation> next_listed();

    const DiskKeyDirectory& directory_;
    std::unique_ptr<disk_index::Cursor> entries_;
    std::vector<DiskLocation> overlaid_;
    uint64_t list_version_ = 0;          // when the walk began
    std::optional<std::string> listed_;  // the key of the list that came last
    DirectoryPosition position_;
  };

 private:
  struct KeyHash {
    size_t operator()(const disk_index::Key& key) const noexcept {
      return static_cast<size_t>(key.low);
    }
  };

  DiskKeyDirectory(os::FileSystem& files, std::string directory, const Options& options,
                   const Manifest& manifest, const SegmentDirectory& segments);
  Status open_files();
  Status open_index(bool create);

  disk_index::Key hash_of(Bytes key) const noexcept;
  Result<Location> locate(const DiskLocation& stored) const;
  DiskLocation disk_location_of(const RecordLocation& stored) const noexcept;
  // Goes to a record and compares its key.
  Result<bool> is_of(Bytes key, const DiskLocation& stored, RecordReader& reader) const;

  // The index with the overlay on it.
  Result<std::optional<DiskLocation>> entry(const disk_index::Key& hash) const;
  Status exchange(const disk_index::Key& hash, const std::optional<DiskLocation>& before,
                  const std::optional<DiskLocation>& after, const LogEnd& frame) noexcept;
  Status set_entry(const disk_index::Key& hash, const std::optional<DiskLocation>& before,
                   const std::optional<DiskLocation>& after, const LogEnd& frame);

  // ---- disk_index::Owner ----

  void delta_began() noexcept override;
  void older_deltas_merged() noexcept override;
  Result<disk_index::OwnerNote> before_superblock() override;
  bool has_advanced(const disk_index::OwnerNote& saved) const noexcept override;
  uint64_t weight_of(const std::byte* record) const noexcept override;

  // The change of this frame is made next.
  void note_change(const LogEnd& frame) noexcept;
  // All frames before `end` were applied.
  void note_end(const LogEnd& end) noexcept;
  // The list goes to the device, and before it the log up to `lsn` and to the list's newest change.
  Result<uint64_t> save_collisions(uint64_t lsn);
  Status refused(const Status& why) const;

  os::FileSystem& files_;
  const std::string path_;  // of the store
  const Options options_;
  const StoreId store_id_;
  const uint64_t hash_seed_;
  const SegmentDirectory& segments_;

  // Which frames of the log the index's segments have. A frame is named by its beginning and its
  // LSN. The index may be between any two of its steps when a change is noted, and need not wait.
  mutable std::mutex positions_mutex_;  // guards what follows
  LogEnd last_change_;       // the frame of the newest change; all before it were applied
  LogEnd delta_from_;        // last_change_ when the active delta began
  LogEnd replay_from_;       // the segments have all changes of frames before it
  uint64_t newest_lsn_ = 0;  // of all changes

  KnownLog known_;
  CollisionList collisions_;
  std::unique_ptr<disk_index::LocationIndex> index_;  // none in a read-only store without one
  // Null while replaying: the log that is replayed is on the device, and there is no other yet.
  std::atomic<Log*> log_{nullptr};
  uint64_t live_bytes_ = 0;  // while replaying
  // Of a store that is opened for reading only: what replaying has changed.
  std::unordered_map<disk_index::Key, std::optional<DiskLocation>, KeyHash> overlay_;
  int64_t overlay_size_ = 0;  // keys that it adds

  std::atomic<uint64_t> uncheckpointed_bytes_{0};  // relaxed: a rough count
};

}  // namespace stave::store
