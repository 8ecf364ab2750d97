// Merges: a pass takes the changes of the frozen delta into the segments, one segment after the
// other in order of hashes, each written anew into free pages.
//
// A pass is under way iff the View has a frozen delta. Any thread may take it on by a step: the
// merger's thread, a writer that finds no room, or writers in slices.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/disk_index/checkpoint/checkpointer.h"
#include "core/disk_index/log/change_log.h"
#include "core/disk_index/log/entry_counter.h"
#include "core/disk_index/merge/segment_rewriter.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

class Merger {
 public:
  Merger(State& state, EntryCounter& counter, ChangeLog& log, Checkpointer& checkpointer)
      : state_(state),
        counter_(counter),
        log_(log),
        checkpointer_(checkpointer),
        rewriter_(state) {}

  // ---- From any thread, with no lock held ----

  // Merges the frozen delta, if there is one, beside writers.
  Status finish_pass();
  // Merges all changes made so far, beside writers.
  Status merge();
  // As far as the active delta has filled since the pass began, twice as fast: one step. An error
  // is left to the writer that can no longer do without the merge.
  void merge_slice() noexcept;

  // ---- REQUIRES: merge lock ----

  // One step of the pass: one segment rewritten, or some passed by, or a superblock written.
  // Whether there is more to do.
  Result<bool> step(WriterLock& writer);
  // Merges all changes. REQUIRES: writer lock, throughout: writers wait.
  Status drain(WriterLock& writer);

  // Keeps pages free for rewriting a segment and writing a superblock. REQUIRES: writer lock only.
  Status keep_reserve();

  // Segments rewritten since the open.
  uint64_t merges() const noexcept { return merges_.load(std::memory_order_relaxed); }

 private:
  // All REQUIRE: merge lock.
  Status finish_pass(WriterLock& writer);
  void collect_changes(const Delta& frozen, uint64_t first, uint64_t last);
  Status merge_segment(uint64_t range, WriterLock& writer);
  Status merge_segment_on_full_disk(uint64_t range, WriterLock& writer);
  void grow_directory(WriterLock& writer);
  void end_pass(WriterLock& writer);

  State& state_;
  EntryCounter& counter_;
  ChangeLog& log_;
  Checkpointer& checkpointer_;
  SegmentRewriter rewriter_;
  uint64_t next_hash_ = 0;  // the lowest hash of the segment that is merged next
  std::vector<HashedChange> changes_;
  std::atomic<uint64_t> merges_{0};  // relaxed: for statistics
};

}  // namespace stave::disk_index
