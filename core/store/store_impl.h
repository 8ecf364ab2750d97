// The store behind the interface of store.h: shards, log and pipeline put together.
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

  // Reads the log; once, before anything else.
  Status recover(const Manifest& manifest);

  Status get(Bytes key, Sink sink) override;
  void prefetch(std::span<const Bytes> keys) const noexcept override { keys_->prefetch(keys); }
  Result<PinnedValue> get_pin(Bytes key) override;
  Status contains(Bytes key) override;
  uint64_t size() const override { return size_.load(std::memory_order_relaxed); }

  Status put(Bytes key, Bytes value, PutMode mode, Durability durability) override;
  Status erase(Bytes key, Durability durability) override;
  Status write(const Batch& batch, Durability durability, size_t* failed_position,
               uint64_t* erased) override;

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

  // The newest logged state of a key, as a writer under the write mutex sees it.
  struct Newest {
    std::optional<RecordPlace> place;  // nothing: absent
    uint64_t pending_lsn = 0;          // not 0: rests on this commit, which is not visible yet
  };

  Status open_keys(const Manifest& manifest);
  Status recover_in_memory(const Manifest& manifest);
  Status recover_on_disk(const Manifest& manifest, DiskKeyDirectory& keys);
  Status replay(const Segment& segment, const LogReader::Record& record);
  Result<bool> find(Bytes key, RecordReader& reader) const;
  Change make_change(Bytes key, Bytes value, bool erase) const;
  Status newest(uint64_t hash, Bytes key, Newest* newest) const;
  // Once what it rests on is visible: `code`.
  Status answer(Code code, uint64_t pending_lsn);

  Status check_writable() const;
  Status write_one(Change& change, std::optional<bool> must_exist, Durability durability);
  Result<bool> condition_holds(const Batch::Entry& entry, uint64_t* pending_lsn);
  Status judge_conditions(const Batch& batch, size_t* failed_position, uint64_t* pending_lsn);
  std::vector<Change> changes_of(const Batch& batch) const;
  void prefetch(std::span<const Change> changes) const noexcept;
  std::vector<uint32_t> shards_touched(const Batch& batch) const;
  ShardLocks lock_shards(std::span<const uint32_t> shards) const;
  Status find_priors(std::vector<Change>& changes, uint64_t* erases, uint64_t* pending_lsn) const;

  // With the write mutexes held, which `unlock` gives up once the order is fixed.
  Status commit(std::span<Change> changes, Durability durability, FunctionRef<void()> unlock);
  Status prepare(std::span<Change> changes);
  Status reserve(std::span<const Change> changes, uint64_t frame_size, Log::Place* place);
  Status make_room(std::span<Change> changes);
  void fill(std::span<Change> changes, const Log::Place& place, uint64_t frame_size) noexcept;
  void forget_pending(std::span<Change> changes) noexcept;

  void publish(Commit& commit, bool locked) noexcept override;
  void apply_all(std::span<Change> changes) noexcept;
  void apply(Change& change) noexcept;
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
  std::optional<Log> log_;              // none when opened for reading only
  std::unique_ptr<KeyDirectory> keys_;  // on disk it may sync the log until it is gone
  std::optional<CommitPipeline> pipeline_;

  // Statistics, relaxed: nothing is read on the strength of them. Stored by whoever publishes, one
  // at a time.
  std::atomic<uint64_t> size_{0};  // keys
  std::atomic<uint64_t> live_bytes_{0};
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> bytes_written_{0};
  mutable sync::StripedCounter reads_;
  Recovered recovered_;
};

}  // namespace stave::store
