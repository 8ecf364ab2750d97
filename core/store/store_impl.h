// The store behind the interface of store.h: shards, log, key directory and pipeline together.
//
// store_read.cc reads, store_write.cc decides what a write changes, store_commit.cc makes the
// changes in the numbered steps of docs/internals/commit.md, store_impl.cc does the rest.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/store/commit/commit_pipeline.h"
#include "core/store/commit/shard.h"
#include "core/store/keydir/key_directory.h"
#include "core/store/log/log.h"
#include "core/store/log/record_reader.h"
#include "core/store/log/segment_directory.h"
#include "core/store/recovery/recovery.h"
#include "core/store/store.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/striped_counter.h"

namespace stave::store {

class StoreImpl final : public Store,
                        private CommitPipeline::Backend,
                        private DiskKeyDirectory::LogSync {
 public:
  StoreImpl(os::FileSystem& files, std::string directory, const Options& options,
            std::unique_ptr<os::FileLock> lock);

  // Reads the log. REQUIRES: the first call.
  Status recover(const Manifest& manifest);

  Status get(Bytes key, Sink sink) override;
  Status multi_get(std::span<const Bytes> keys, MultiSink sink) override;
  Result<PinnedValue> get_pin(Bytes key) override;
  Status contains(Bytes key) override;
  uint64_t size() const override { return size_.load(std::memory_order_relaxed); }

  Status put(Bytes key, Bytes value, WriteMode mode, Durability durability) override;
  Status remove(Bytes key, Durability durability) override;
  Status multi_put(std::span<const Bytes> keys, std::span<const Bytes> values,
                   Durability durability) override;
  Status multi_remove(std::span<const Bytes> keys, Durability durability,
                      uint64_t* removed) override;
  Status write(const Batch& batch, Durability durability, size_t* failed_position,
               uint64_t* removed) override;

  Result<std::unique_ptr<Cursor>> open_cursor(Bytes prefix, bool keys_only) override;
  Status flush() override;
  Status sync() override;
  Status checkpoint() override;
  Stats stats() const override;
  Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress) override;
  const Options& options() const noexcept override { return options_; }
  Status close() override;

 private:
  using ShardLocks = std::vector<std::unique_lock<sync::AdaptiveMutex>>;

  // The newest logged state of a key. REQUIRES: the write mutex of its shard, as long as it is
  // used.
  struct Newest {
    std::optional<RecordLocation> location;  // nothing: the key is absent
    uint64_t pending_lsn = 0;  // not 0: the commit of this state, which is not visible yet
  };

  Status open_keys(const Manifest& manifest);
  Status recover_in_memory(const Manifest& manifest);
  Status recover_on_disk(const Manifest& manifest, DiskKeyDirectory& keys);
  Status replay(const Segment& segment, const LogReader::Record& record);

  // Whether the key is present; then `reader` stands on its record.
  Result<bool> find(Bytes key, RecordReader& reader) const;
  Status find_newest(uint64_t hash, Bytes key, Newest* newest) const;

  Status check_writable() const;
  Change make_change(Bytes key, Bytes value, bool is_remove) const;
  // Returns `code` once the commit that it rests on is visible.
  Status answer(Code code, uint64_t pending_lsn);
  Status write_one(Change change, std::optional<bool> must_exist, Durability durability);
  Status write_many(std::vector<Change> changes, const Batch* conditions, Durability durability,
                    size_t* failed_position, uint64_t* removed);
  Status judge_conditions(const Batch& batch, size_t* failed_position, uint64_t* pending_lsn);
  Result<bool> condition_holds(const Batch::Entry& entry, uint64_t* pending_lsn);
  ShardLocks lock_shards(std::span<const Change> changes, const Batch* conditions) const;
  Status find_prior(std::vector<Change>& changes, uint64_t* removed, uint64_t* pending_lsn) const;
  void prefetch(std::span<const Change> changes) const noexcept;

  // REQUIRES: the write mutexes of the changes' shards. `unlock` gives them up once the order of
  // commits is fixed.
  Status commit(std::span<Change> changes, Durability durability, FunctionRef<void()> unlock);
  Status reserve_memory(std::span<Change> changes);
  void fill(std::span<Change> changes, const Log::Reservation& reserved) noexcept;
  void forget_pending(std::span<Change> changes) noexcept;
  void apply(Change& change) noexcept;

  // CommitPipeline::Backend, DiskKeyDirectory::LogSync
  void publish(Commit& commit, bool locked) noexcept override;
  Status sync_through(uint64_t lsn) noexcept override { return log_->sync_through(lsn); }
  uint64_t durable_lsn() const noexcept override { return log_->durable_lsn(); }
  Status sync_log(uint64_t lsn) noexcept override { return log_->sync_through(lsn); }
  Status check_in_place() override { return log_->check_in_place(); }

  os::FileSystem& files_;
  const std::string directory_;
  Options options_;
  std::unique_ptr<os::FileLock> lock_;

  std::unique_ptr<Shards> shards_;
  SegmentDirectory segments_;
  std::optional<Log> log_;              // nothing when opened for reading only
  std::unique_ptr<KeyDirectory> keys_;  // destroyed before the log: on disk it may sync that
  std::optional<CommitPipeline> pipeline_;

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
