// The store: a durable log-structured key-value store over a directory.
//
// The C interface wraps this; handles, calls that race with close, and C types are its business.
//
// Thread safety: all calls from any thread. REQUIRES of close(): no other call is running, and none
// follows. Formats: docs/formats/. Protocols: docs/internals/commit.md and
// docs/internals/recovery.md.
//
// store_open.cc opens, store_read.cc reads, store_write.cc decides what a write changes,
// store_commit.cc makes the changes in the numbered steps of docs/internals/commit.md, store_all.cc
// changes or visits all records, store.cc does the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/batch.h"
#include "core/store/call_time.h"
#include "core/store/commit/commit_pipeline.h"
#include "core/store/commit/hooks.h"
#include "core/store/commit/shard.h"
#include "core/store/cursor.h"
#include "core/store/keydir/key_directory.h"
#include "core/store/log/log.h"
#include "core/store/log/record_reader.h"
#include "core/store/log/segment_directory.h"
#include "core/store/options.h"
#include "core/store/recovery/recovery.h"
#include "core/store/sweeper.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/striped_counter.h"

namespace stave::store {

class Atomic;
class OwnedChanges;

struct Stats {
  uint64_t keys = 0;
  uint64_t segments = 0;
  uint64_t log_bytes = 0;
  uint64_t live_bytes = 0;
  uint64_t disk_bytes = 0;
  uint64_t version = 0;
  uint64_t durable_version = 0;
  uint64_t commits = 0;
  uint64_t bytes_written = 0;
  uint64_t syncs = 0;
  uint64_t reads = 0;
  uint64_t recovered_commits = 0;
  uint64_t recovered_cut_bytes = 0;
  bool recovered = false;
  bool writes_refused = false;
};

// Whether a commit that ended so was made.
inline bool stands(const Status& committed) noexcept {
  return committed.ok() || committed.is(Code::hook_failed);
}

enum class WriteMode {
  put,      // insert or replace
  insert,   // only if the key is absent
  replace,  // only if the key is present
};

class Store final : private CommitPipeline::Backend {
 public:
  static Result<std::unique_ptr<Store>> open(os::FileSystem& files, const std::string& directory,
                                             const Options& options);
  // For open(), which calls recover() next.
  Store(os::FileSystem& files, std::string directory, const Options& options,
        std::unique_ptr<os::FileLock> lock);

  // Called once with the size of a value that was found; returns the memory to copy the value to,
  // or an empty span for no copy. May throw bad_alloc.
  using Sink = FunctionRef<MutableBytes(size_t size)>;
  // Likewise, for the key at `position`.
  using MultiSink = FunctionRef<MutableBytes(size_t position, size_t size)>;

  // `not_found`, or ok and the value is where `sink` said.
  Status get(Bytes key, Sink sink);
  // Gets the keys in order, and prefetches what that reads. Calls `sink` for the keys that are
  // present. Stops at the first error.
  Status multi_get(std::span<const Bytes> keys, MultiSink sink);
  Result<PinnedValue> get_pin(Bytes key);
  Status contains(Bytes key);
  // Unix time in milliseconds; 0: never.
  Result<uint64_t> expires_at(Bytes key);
  // With keys that have expired and are not removed yet.
  uint64_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  // `exists` or `not_found` as the mode says.
  Status put(Bytes key, Bytes value, WriteMode mode, const WriteOptions& options);
  // `not_found` when the key is absent.
  Status remove(Bytes key, const WriteOptions& options);
  // Keeps the value. `expires_at` is Unix time in milliseconds, 0 or never_expires; a time that has
  // passed removes the key. `not_found` when the key is absent.
  Status expire(Bytes key, uint64_t expires_at, const WriteOptions& options);
  // Sets the key's value to what compute() returns, in one step with finding out the present one,
  // null when the key is absent. compute() runs at most once, under the lock of the key's shard,
  // and must not write to the store. What it returns stays valid until this returns; a status that
  // is not ok is returned unchanged, and the key left as it is. May throw what compute() throws.
  using Compute = FunctionRef<Result<Bytes>(const Bytes* present)>;
  Status modify(Bytes key, Compute compute, const WriteOptions& options);
  // Replaces `expected`: `not_found`, or `mismatch` when the value is another one.
  Status compare_and_swap(Bytes key, Bytes expected, Bytes value, const WriteOptions& options);
  // Like modify(), for a key that is present; else `not_found`, without a call of compute(). Keeps
  // the record's expiry unless `options` have one.
  Status update(Bytes key, FunctionRef<Result<Bytes>(Bytes present)> compute,
                const WriteOptions& options);
  // The part of the store whose writes exclude each other in which the key lies.
  uint32_t shard_for(Bytes key) const noexcept { return shard_of(key, keys_->hash(key)); }
  // One commit. The last of several values for one key counts.
  Status multi_put(std::span<const Bytes> keys, std::span<const Bytes> values,
                   const WriteOptions& options);
  // One commit. `*removed` (may be null) counts the keys that were present.
  Status multi_remove(std::span<const Bytes> keys, const WriteOptions& options, uint64_t* removed);
  // One commit. `mismatch` when a condition fails: `*failed_position` (may be null) is the entry's
  // position. `*removed` (may be null) counts the keys that were present and no longer are.
  // `*version` (may be null) is the commit's LSN, 0 when nothing was written.
  Status write(const Batch& batch, const WriteOptions& options, size_t* failed_position,
               uint64_t* removed, uint64_t* version = nullptr);
  // Runs the callback once, under the write mutex of the shard of `shard_key`, and makes what it
  // wrote one commit; `*version` as of write(). A status that is not ok is returned unchanged, and
  // changes nothing, as does what the callback throws.
  Status atomic(Bytes shard_key, FunctionRef<Status(Atomic&)> callback, const WriteOptions& options,
                uint64_t* version);

  // REQUIRES: the cursor is destroyed before the store. It may stand open during close().
  // Goes on where a cursor was when it made `token`; an empty one begins. `invalid_argument` for a
  // token that is none of this store's.
  Result<std::unique_ptr<Cursor>> open_cursor(Bytes prefix, bool keys_only, Bytes token = {});

  // The hook sees every change that is committed from now on. It must not write to the store.
  Status add_hook(Hook hook, bool wants_old_values);
  // Calls `visit` for every record. The first status that is not ok ends it, as `hook_failed`.
  Status visit_all(const Hook& visit);

  // Decides about a record: keeps it, or sets `*value` to the new value, or `*is_remove`.
  enum class Migrated { kept, updated, removed };
  using Migrate = FunctionRef<Result<Migrated>(Bytes key, std::vector<std::byte>& value)>;
  using MigrateProgress = FunctionRef<Status(uint64_t done, uint64_t total, Bytes token)>;
  // Calls `migrate` once for each record that exists now, or did when the migration began that
  // `token` is of, and commits what it decides some hundred records at a time. A record that
  // another write replaces meanwhile is left to that. Any status but ok of the two ends the
  // migration; a failed hook does not. `*changed` counts the records that were changed, also after
  // an error.
  Status migrate(Migrate migrate, MigrateProgress progress, Bytes token,
                 const WriteOptions& options, uint64_t* changed);
  // Removes every key that is present throughout, in many commits, until the first error; a failed
  // hook is none. `*removed` counts also after an error.
  Status clear(const WriteOptions& options, uint64_t* removed);
  // Removes every key that has expired; `*next_expiry` is the earliest expiry of the others,
  // never_expires when there is none. Calls no hook. Calls `pause` from time to time, which ends it
  // with any status but ok. Goes on after a damaged record, and returns that at the end.
  Status remove_expired(uint64_t* removed, uint64_t* next_expiry, FunctionRef<Status()> pause);

  Status flush();
  Status sync();
  // Saves the key directory on disk, beside traffic: an open after a crash reads the log from here.
  Status checkpoint();
  Stats stats() const;
  // `progress(done, total)` stops the verification with any status but ok.
  Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress);
  // As opened, with the stored number of shards.
  const Options& options() const noexcept { return options_; }

  // Syncs, marks the store clean, unlocks. Whatever it returns, only the destructor may follow.
  // Destruction without close leaves the files as a killed process would.
  Status close();

 private:
  using ShardLocks = std::vector<std::unique_lock<sync::AdaptiveMutex>>;

  // The newest logged state of a key. REQUIRES: the write mutex of its shard, as long as it is
  // used.
  struct Newest {
    std::optional<RecordLocation> location;  // nothing: there is no record
    uint64_t expires_at = 0;                 // of the record
    bool exists = false;                     // there is a record, and it has not expired
    uint64_t pending_lsn = 0;  // not 0: the commit of this state, which is not visible yet
  };

  class Opening;
  friend class Atomic;
  friend class OwnedChanges;
  // Reads the log.
  Status recover(const Manifest& manifest);
  // `unsupported_version` for what a record can say and this store cannot do yet.
  static Status check_supported(const Segment& segment, const LogReader::Record& record);
  Status replay_on_disk(DiskKeyDirectory& keys);
  Status replay_in_memory(const Segment& segment, const LogReader::Record& record);

  // Whether the key is present; then `reader` stands on its record.
  Result<bool> find(Bytes key, RecordReader& reader, CallTime& time) const;
  Status get(Bytes key, Sink sink, CallTime& time);
  Result<Newest> find_newest(uint64_t hash, Bytes key, CallTime& time) const;
  uint32_t shard_of(Bytes key, uint64_t hash) const noexcept {
    return shards_->index_of(key, hash);
  }

  // May throw bad_alloc.
  Status read_value(const RecordLocation& record, std::vector<std::byte>& value) const;
  Status check_writable() const;
  Change make_change(Bytes key, Bytes value, uint64_t expires_at) const;
  Change make_remove(Bytes key) const;
  uint64_t expiry_of(const WriteOptions& options, CallTime& time) const noexcept;
  // Returns `status` once the commit that it rests on is visible.
  Status answer(Status status, uint64_t pending_lsn);
  // `judge` says whether the change is made, and may complete it.
  using Judge = FunctionRef<Status(const Newest&, Change&)>;
  Status write_one(Change change, Durability durability, CallTime& time, Judge judge);

  // A write of many keys.
  struct ManyChanges {
    std::vector<Change> changes;
    const Batch* conditions = nullptr;  // a batch whose conditions must hold
    size_t* failed_position = nullptr;  // of the first one that does not
    bool calls_hooks = true;
  };
  struct ManyChanged {
    uint64_t removed = 0;  // keys that were present and no longer are
    uint64_t changed = 0;  // keys
    uint64_t version = 0;
  };
  // Fills `*changed` also when a hook failed: the changes stand.
  Status write_many(ManyChanges many, Durability durability, CallTime& time, ManyChanged* changed);
  Status judge_conditions(const Batch& batch, CallTime& time, size_t* failed_position,
                          uint64_t* pending_lsn);
  Result<bool> condition_holds(const Batch::Entry& entry, CallTime& time, uint64_t* pending_lsn);
  ShardLocks lock_shards(std::span<const Change> changes, const Batch* conditions) const;
  ShardLocks lock_all_shards() const;
  Status find_prior(std::vector<Change>& changes, CallTime& time, uint64_t* removes,
                    uint64_t* pending_lsn) const;
  void prefetch(std::span<const Change> changes) const noexcept;

  // REQUIRES: the write mutexes of the changes' shards. `unlock` gives them up once the order of
  // commits is fixed.
  struct CommitOptions {
    Durability durability;
    bool calls_hooks = true;
  };
  Status commit(std::span<Change> changes, CommitOptions options, CallTime& time,
                FunctionRef<void()> unlock);
  Status read_old_values(std::span<const Change> changes, CallTime& time, Hooks::Due& hooks) const;
  Status reserve_memory(std::span<Change> changes);
  void fill(std::span<Change> changes, const Log::Reservation& reserved) noexcept;
  void forget_pending(std::span<Change> changes) noexcept;
  void apply(Change& change) noexcept;

  // CommitPipeline::Backend
  void publish(Commit& commit, bool locked) noexcept override;
  Status sync_through(uint64_t lsn) noexcept override { return log_->sync_through(lsn); }
  uint64_t durable_lsn() const noexcept override { return log_->durable_lsn(); }

  os::FileSystem& files_;
  const std::string directory_;
  Options options_;
  std::unique_ptr<os::FileLock> lock_;

  std::unique_ptr<Shards> shards_;
  SegmentDirectory segments_;
  std::optional<Log> log_;              // nothing when opened for reading only
  std::unique_ptr<KeyDirectory> keys_;  // destroyed before the log: on disk it may sync that
  std::optional<CommitPipeline> pipeline_;
  Hooks hooks_;
  std::unique_ptr<Sweeper> sweeper_;  // ends before what it uses; null when there is none

  // Statistics, relaxed: no memory access depends on them. One thread at a time publishes, and
  // stores to all but reads_.
  std::atomic<uint64_t> size_{0};  // keys
  std::atomic<uint64_t> live_bytes_{0};
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> bytes_written_{0};
  mutable sync::StripedCounter reads_;
  Recovered recovered_;
};

}  // namespace stave::store
