// The changes that no segment holds yet: the end of the redo log, and the active delta that finds
// its operations.
//
// Thread safety: all REQUIRES: writer lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/disk_index/log/entry_counter.h"
#include "core/disk_index/log/pacing.h"
#include "core/disk_index/log/redo_log.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

class ChangeLog {
 public:
  ChangeLog(State& state, EntryCounter& counter, const Superblock& durable);

  // Once, at the open: the operations of the log become the active delta.
  Status recover(const LogContents& log, const Superblock& durable);
  // Instead of recover() in an index of locations: no operation in the file is believed.
  Status begin_empty();

  // ---- Room for changes ----

  // The active delta becomes the frozen one, which a pass will merge. The new one has room for what
  // is promised and `changes` more. REQUIRES: there is no frozen delta.
  Status begin_delta(uint64_t changes);
  // The log goes on in a new chunk.
  Status begin_chunk();
  bool needs_chunk() const noexcept { return log_.needs_chunk(); }
  // True iff the active delta has room for `changes` more than are promised.
  bool has_room_for(uint64_t changes) const noexcept {
    return state_.view().active->has_room_for(promised_ + changes);
  }
  // Makes room among the recent changes.
  void settle_full_recent();
  // How fast writers may go while a pass merges the frozen delta.
  Pacing& pacing() noexcept { return pacing_; }
  // Moves the recent changes into the active delta's large table. With `gather` new changes are
  // gathered again.
  void settle_recent(bool gather);
  // `count` more changes can be appended without failing. Promises reach over begin_delta().
  Status promise(uint64_t count);
  void forget_promise(uint64_t count) noexcept { promised_ -= count; }

  // The next writer shall begin a pass, if there are changes. May be called without the writer
  // lock.
  void request_merge() noexcept { merge_requested_.store(true, std::memory_order_relaxed); }
  bool wants_requested_merge() const noexcept {
    return merge_requested_.load(std::memory_order_relaxed) && state_.view().active->entries() > 0;
  }

  // ---- Changes ----

  struct Appended {
    uint32_t number;               // of the operation in the active delta
    std::optional<Change> before;  // the key's recent change before this one
  };
  // REQUIRES: an EpochPin; the delta has room, and the chunk, unless the change was promised. The
  // record of a remove is empty.
  Appended append(LogKind kind, uint64_t hash, const Key& key, Bytes record) noexcept;

  // ---- Deltas made before they are needed ----

  // Whether the next delta will be needed soon and there is none.
  bool wants_spare() const noexcept;
  bool has_spare() const noexcept { return spare_ != nullptr; }
  void set_spare(std::unique_ptr<Delta> spare) noexcept { spare_ = std::move(spare); }
  DeltaLimits limits() const noexcept;

  // ---- The file ----

  // Finds out which pages are free, at the first need: an open takes the same time at every size.
  Status find_free_pages();
  // As many entries are expected in all.
  void expect_entries(uint64_t entries) noexcept { expected_entries_ = entries; }
  uint64_t expected_entries() const noexcept { return expected_entries_; }
  // Pages of the log for a delta that begins to be merged.
  uint64_t pages_of_delta() const noexcept;
  // Pages set aside for the log. May be called without the writer lock.
  PageStock& stock() const noexcept { return log_.stock(); }

  // Before a sync: notes in `next` how far the log will be on the device, and takes the log's pages
  // out of the mapping. The only function here that takes the lock itself, and leaves it as it was.
  void prepare_sync(Superblock* next, WriterLock& writer);
  // Of the next operation.
  uint64_t sequence() const noexcept { return log_.sequence(); }
  // Where the log of unmerged changes begins, for a superblock.
  LogStart start() const noexcept;

  // Takes over the log of `other`, whose file replaces this one's.
  void adopt(ChangeLog& other) noexcept { log_ = std::move(other.log_); }

 private:
  std::unique_ptr<Delta> next_delta(uint64_t changes);
  void leave_run();

  State& state_;
  EntryCounter& counter_;
  const Extent opened_directory_;  // on disk, when the file was opened
  RedoLog log_;
  Pacing pacing_;
  std::unique_ptr<Delta> spare_;
  uint64_t expected_entries_ = 0;
  uint64_t promised_ = 0;
  bool free_pages_known_ = false;
  std::atomic<bool> merge_requested_{false};  // relaxed: when it is noticed does not matter
};

}  // namespace stave::disk_index
