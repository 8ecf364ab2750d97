// Makes states durable: superblocks, and what must be on the device before them.
//
// A superblock names a directory and where the log of unmerged changes begins. There are two
// reasons to write one: save() keeps the directory that is on disk and says how far the log was
// synced; save_segments() writes the directory as it is in memory, after which the pages of
// replaced segments and the log of merged changes are free.
//
// Thread safety: one thread at a time. REQUIRES: merge lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/disk_index/log/change_log.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

class Checkpointer {
 public:
  Checkpointer(State& state, ChangeLog& log, const Superblock& durable)
      : state_(state), log_(log), durable_(durable) {}

  // The last superblock that a sync has covered.
  const Superblock& durable() const noexcept { return durable_; }

  // What was written before the call survives a power loss. `lsn` stays in the file.
  Status save(WriterLock& writer, uint64_t lsn);
  // A superblock over state.directory, and the pages that it no longer needs are free once no
  // reader uses them. `no_space` leaves everything as it was; any other failure is final.
  Status save_segments(WriterLock& writer);
  // Like save_segments() in two steps, for a directory that no reader has yet. Between them the
  // caller makes it the readers'.
  Status write_directory(const Directory& directory, WriterLock& writer);
  void release_replaced() noexcept;
  // Brings the second copy of the last superblock to the device.
  Status sync_second_copy();

  // Pages that the next superblock of the directory makes free.
  void reserve_replaced(size_t count);
  // Does not throw within what was reserved.
  void add_replaced(const Extent& extent) { replaced_.push_back(extent); }
  void add_replaced(const std::vector<Extent>& extents) {
    replaced_.insert(replaced_.end(), extents.begin(), extents.end());
  }
  bool has_replaced() const noexcept { return !replaced_.empty(); }
  // So many pages wait for the next superblock that it is worth its syncs.
  bool holds_back_much() const noexcept;

  // The file has a name that is durable.
  void note_named() noexcept { durable_.is_named = true; }
  // Takes over what `other` knows of its file, which replaces this one's.
  void adopt(Checkpointer& other) noexcept;

  uint64_t syncs() const noexcept { return syncs_.load(std::memory_order_relaxed); }

 private:
  Result<Superblock> next_superblock(WriterLock& writer);
  Result<Extent> store_directory(const Directory& directory, uint64_t generation);
  Status write_superblock(Superblock& next, WriterLock& writer);
  Status write_copies(const Superblock& next);

  State& state_;
  ChangeLog& log_;
  Superblock durable_;
  bool second_copy_synced_ = true;
  std::vector<Extent> replaced_;
  std::atomic<uint64_t> syncs_{0};  // relaxed: for statistics
};

}  // namespace stave::disk_index
