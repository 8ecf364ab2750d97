// The parts of a disk index and who may touch them. docs/internals/disk_index.md tells the whole.
//
// Three kinds of threads meet here:
//   readers  find everything through one View, under an EpochPin, without locks;
//   a writer holds writer_mutex_: appends to the log, adds to the active delta;
//   a merger holds merge_mutex_: rewrites segments, writes superblocks, frees extents.
// merge_mutex_ is taken before writer_mutex_.
//
//   1. A key's newest change is found first: active delta, then frozen delta, then segment. A
//      reader that has passed one of them by without finding the key misses no change that was
//      made before it began: changes only move towards the segments, and a View that names a
//      delta names it until a segment holds what it held.
//   2. What a View reaches is not used for anything else before every reader that may have the
//      View is done (epochs), and what the durable superblock reaches not before the next one is
//      durable.
//   3. Nothing that a durable superblock reaches is changed, but the log behind its durable end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/payload.h"
#include "core/disk_index/format/superblock.h"
#include "core/disk_index/log/delta.h"
#include "core/disk_index/log/pacing.h"
#include "core/disk_index/log/redo_log.h"
#include "core/disk_index/merge/idleness.h"
#include "core/disk_index/pages/page_file.h"
#include "core/disk_index/place_index.h"
#include "core/disk_index/segments/directory.h"
#include "core/disk_index/segments/segment_builder.h"
#include "core/disk_index/segments/segment_reader.h"
#include "core/os/helper_thread.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

// All that a reader needs, as of some moment; never changed once published.
struct View final : sync::Retired {
  std::shared_ptr<PageFile> file;
  std::shared_ptr<const SegmentReader> reader;
  const Directory* directory = nullptr;
  Delta* active = nullptr;
  Delta* frozen = nullptr;  // being merged; may be null
};

// What happens to a key in a merge.
struct MergeChange {
  uint64_t hash;
  LogKind kind;
  const std::byte* entry;
};

// What is known of the number of records; counting.cc explains it.
struct Counting {
  static constexpr size_t older_puts_max = size_t{64} << 10;

  uint64_t base = 0;  // entries in segments when the frozen delta's pass began
  int64_t frozen = 0;
  int64_t active = 0;
  bool frozen_known = true;
  bool active_known = true;
  std::optional<uint64_t> merged_last;  // the highest hash that the pass has merged
  // Numbers in the active delta. Never more than their capacity.
  std::vector<uint32_t> recent_puts;
  std::vector<uint32_t> older_puts;
};

class DiskIndexImpl final : public PlaceIndex {
 public:
  // What an open has found in the file.
  struct Opened {
    std::shared_ptr<PageFile> file;
    Superblock superblock;
    std::unique_ptr<Directory> directory;
  };
  DiskIndexImpl(os::FileSystem& files, std::string path, const Options& options,
                std::unique_ptr<os::FileLock> lock, Opened opened);
  ~DiskIndexImpl() override;

  // Once, before anything else: finds the log's operations.
  Status recover(const LogContents& log);
  // A writer, before anybody else knows of the index.
  void merge_leftovers();
  // The same for an index of places: its log begins anew.
  Status begin_places();

  uint32_t record_size() const noexcept override { return record_size_; }
  RecordKind record_kind() const noexcept override { return record_kind_; }
  Status get(const Key& key, MutableBytes record) override;
  Status contains(const Key& key) override;
  void prefetch(const Key& key) const noexcept override;
  uint64_t size() const noexcept override;
  Status put(const Key& key, Bytes record, PutMode mode) override;
  Status remove(const Key& key) override;
  Status bulk_load(Source source) override;
  Status reserve(uint64_t entries) override;
  Status save(uint64_t lsn) override;
  Status checkpoint(uint64_t lsn) override;
  Status merge() override;
  uint64_t lsn() const override;
  Status shrink_to_fit() override;
  Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress) override;
  Stats stats() const override;
  Result<std::unique_ptr<Cursor>> open_cursor() override;
  Status close() override;

  OwnerState owner_state() const override;
  Status promise(uint64_t changes, bool from_reserve) override;
  void forget_promise(uint64_t changes) noexcept override;
  Status exchange(const Key& key, Bytes expected, Bytes record,
                  const LogMark& frame) noexcept override;
  void set_mark(const LogMark& next) override;
  bool refuses_changes() const noexcept override {
    return refuses_.load(std::memory_order_relaxed);
  }
  void want_merge() noexcept override { merge_wanted_soon_.store(true, std::memory_order_relaxed); }
  void merge_slice() noexcept override;
  Status checkpoint_beside() override;

 private:
  friend class DiskIndexCursor;
  using WriterLock = std::unique_lock<std::mutex>;
  using MergeLock = std::unique_lock<std::mutex>;

  bool holds_places() const noexcept { return record_kind_ == RecordKind::place; }

  // Readers, under a pin.
  const View& view() const noexcept {
    // Acquire: pairs with the release in publish().
    return *view_.load(std::memory_order_acquire);
  }
  static void prefetch(const View& view, uint64_t hash) noexcept;
  static SegmentReader::Home prefetch(const View& view, uint64_t hash,
                                      SegmentWord segment) noexcept;
  static std::optional<Change> find_change(const View& view, uint64_t hash,
                                           const Key& key) noexcept;
  // The entry's bytes, or null.
  Result<const std::byte*> find(const View& view, uint64_t hash, const Key& key) const;
  static bool find_at_once(const View& view, uint64_t hash, const Key& key,
                           const std::byte*& entry) noexcept;
  static bool find_beside_changes(const View& view, uint64_t hash, const Key& key,
                                  const std::byte*& entry) noexcept;
  Status get_slowly(uint64_t hash, const Key& key, MutableBytes record);
  void copy_record(MutableBytes to, const std::byte* entry) const noexcept {
    // Without a call for the size that most have.
    if (record_size_ == payload_size) [[likely]]
      std::memcpy(to.data(), entry + key_size, payload_size);
    else
      std::memcpy(to.data(), entry + key_size, record_size_);
  }

  // Writers; view() changes only under writer_mutex_, so its holder needs no pin. disk_index.cc
  Status check_record(Bytes record) const;
  Status refusal() const;
  Status change(LogKind kind, const Key& key, Bytes record, PutMode mode);
  Status make_room(WriterLock& writer);
  Pacing::Clock::duration pause_length(const Delta& active) noexcept;
  bool may_put_blindly(const View& view, uint64_t hash) const noexcept;
  void put_blindly(const View& view, uint64_t hash, const Key& key, Bytes record) noexcept;
  Status change_known(const View& view, uint64_t hash, LogKind kind, const Key& key, Bytes record,
                      PutMode mode);
  Status begin_chunk(Delta& delta);
  void pace() noexcept;
  Status find_free_pages();
  DeltaLimits limits() const noexcept;
  void publish(std::unique_ptr<View> next) noexcept;
  std::unique_ptr<View> copy_view() const;
  void refuse(const Status& why) noexcept;

  // counting.cc; writer_mutex_ held. Const, as size() is.
  void settle_recent(bool and_gather) const;
  void count_all() const noexcept;
  void count_recent() const noexcept;
  void note_blind_put(uint32_t number) noexcept;
  void note_open_questions() const noexcept;
  void add_to_count(int64_t change) const noexcept;
  void count_freeze() noexcept;
  void count_end_of_pass() noexcept;
  template <typename Prefetch, typename Visit>
  void for_keys(const std::vector<uint32_t>& numbers, Prefetch&& ask, Visit&& visit) const noexcept;
  bool was_there(const View& view, const Delta* delta, uint64_t hash,
                 const Key& key) const noexcept;
  int64_t sum_of(const View& view, const Delta& delta, const Delta* behind,
                 uint64_t first) const noexcept;

  // The merger; each wants merge_mutex_ held. `writer` is taken where it is needed and left as it
  // was. merge.cc
  // In slices of their calls: without a thread, by choice or because the system has none to give.
  bool writers_merge() const noexcept { return writers_merge_.load(std::memory_order_relaxed); }
  // Whether it is time for the next pass: with a thread for it, only once the next delta is ready.
  bool may_freeze() const noexcept {
    const View& now = view();
    return now.frozen == nullptr && now.active->wants_merge() && (spare_ || writers_merge());
  }
  Status freeze(WriterLock& writer, uint64_t changes = 0);
  void fill_stock();
  Status advance(WriterLock& writer, bool* done);
  Status finish_pass(WriterLock& writer);
  Status drain(WriterLock& writer);
  Status merge_beside(WriterLock& writer);
  void end_pass(WriterLock& writer);
  // With a `writer` the directory is the readers', otherwise nobody's yet.
  Status merge_segment(std::unique_ptr<Directory>& directory, uint64_t slot,
                       const std::vector<MergeChange>& changes, std::vector<Extent>& replaced,
                       WriterLock* writer);
  Status collect_entries(const Directory& directory, uint64_t slot,
                         const std::vector<MergeChange>& changes);
  Status split(const Directory& directory, std::vector<Entry> entries, uint64_t range,
               uint32_t depth, std::vector<Segment>& built);
  Status write_segments(std::vector<Segment>& built);
  void grow_directory(std::unique_ptr<Directory>& directory, WriterLock* writer);
  bool may_deepen(const Directory& directory, uint32_t depth) const noexcept;

  // merger.cc
  struct MergerTask {
    bool ends = false;
    bool wants_spare = false;
    bool is_idle = false;  // nobody has written for a while
  };
  bool wants_spare() const noexcept;
  bool wants_idle_merge() const noexcept;
  void wake_merger();
  void prepare_spare();
  std::unique_ptr<Delta> next_delta();
  MergerTask next_task(WriterLock& writer);
  void run_merger() noexcept;
  void start_merger() noexcept;
  void stop_merger() noexcept;

  // checkpoint.cc; merge_mutex_ held.
  Status flip(const Directory& directory, WriterLock& writer);
  void release_replaced() noexcept;
  Status flip_and_release(WriterLock& writer);
  Result<Extent> write_directory(const Directory& directory, uint64_t generation);
  void ready_log_for_sync(Superblock& next, WriterLock& writer);
  void go_on_in_new_run();
  Status write_superblock(Superblock& next, WriterLock& writer);
  Status write_copies(const Superblock& next);
  Status save_locked(WriterLock& writer, uint64_t lsn);

  // bulk_load.cc; both mutexes held.
  Status load_batches(Source source, std::unique_ptr<Directory>& directory,
                      std::vector<Extent>& replaced);
  Status load_batch(std::vector<Entry>& batch, std::unique_ptr<Directory>& directory,
                    std::vector<Extent>& replaced);
  void undo_load(const Directory& directory) noexcept;
  Status write_compact(DiskIndexImpl& other);
  void adopt(DiskIndexImpl& other, std::unique_ptr<View> ours,
             std::unique_ptr<View> shell) noexcept;

  // place_index.cc; set_chunks_aside() wants writer_mutex_, tell_owner() merge_mutex_ held.
  Status set_chunks_aside(uint64_t slots);
  void size_reserve() noexcept;
  Status tell_owner(Superblock& next, uint64_t newest_lsn);
  uint64_t weight_of(const std::vector<Entry>& entries) const noexcept;

  // verify.cc; merge_mutex_ held.
  Status verify_fixed_pages();

  os::FileSystem& files_;
  const std::string path_;
  const Options options_;
  std::unique_ptr<os::FileLock> lock_;
  const uint32_t record_size_;
  const RecordKind record_kind_;
  const KeyHasher hasher_;

  std::atomic<View*> view_{nullptr};
  mutable std::atomic<uint64_t> count_{0};  // relaxed: size() orders nothing
  mutable std::atomic<bool> is_counted_{true};

  mutable std::mutex merge_mutex_;
  std::shared_ptr<PageFile> file_;
  std::unique_ptr<Directory> directory_;  // the View's
  Superblock durable_;                    // the last one that a sync has covered
  bool second_copy_synced_ = true;        // of the superblock
  const Extent opened_directory_;         // on disk, when the file was opened
  LogStart log_start_;                    // of the oldest operation that no segment holds
  uint64_t pass_position_ = 0;            // hashes below it are merged
  std::vector<Extent> replaced_;          // freed by the next superblock
  uint64_t replaced_pages_ = 0;
  SegmentBuilder builder_;
  std::vector<SegmentBuilder> builders_;  // of the parts of one segment that is split
  std::vector<Entry> entries_;            // of merge_segment(), kept for their memory
  std::vector<MergeChange> changes_;
  std::vector<uint32_t> changed_;
  // Of an index of places: where the owner's log has the first change that no segment may hold, and
  // the sum of what the entries in segments weigh.
  LogMark replay_from_;
  uint64_t weight_ = 0;
  uint64_t merged_weight_ = 0;  // of merge_segment(): what it adds, modulo 2^64

  mutable std::mutex writer_mutex_;
  mutable Counting counting_;
  RedoLog log_;
  // The next active delta, its memory ready for stores; made by the merger.
  std::unique_ptr<Delta> spare_;
  Pacing pacing_;
  Idleness idleness_;
  uint64_t reserved_entries_ = 0;
  // Of an index of places: changes promised and not yet made, chunks set aside for them, and the
  // frame of the last change.
  uint64_t promised_ = 0;
  // Free pages that merging a segment and writing a superblock may need. Relaxed: set by the
  // merger, and an old figure does as well.
  std::atomic<uint64_t> reserve_pages_{0};
  std::vector<LogChunk> chunks_aside_;
  LogMark mark_;
  uint64_t newest_lsn_ = 0;
  bool free_pages_known_ = false;
  // A failed sync is final: what it covered is unknown, so nothing may be built on it.
  std::atomic<bool> refuses_{false};
  Status refused_because_;  // under writer_mutex_, set once before refuses_

  std::atomic<bool> merge_wanted_soon_{false};  // relaxed: when it is noticed does not matter

  std::optional<os::HelperThread> merger_;  // under writer_mutex_
  std::atomic<bool> writers_merge_;         // relaxed: when it is noticed does not matter
  std::condition_variable merge_wanted_;    // with writer_mutex_
  bool stopping_ = false;                   // under writer_mutex_

  std::atomic<uint64_t> merges_{0};  // for stats(), like the next
  std::atomic<uint64_t> syncs_{0};
  uint64_t recovered_operations_ = 0;
};

}  // namespace stave::disk_index
