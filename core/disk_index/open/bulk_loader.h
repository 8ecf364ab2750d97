// Loads many records at once: sorted by hash and merged into segments that nobody sees before all
// of them are written. The superblock and the View change to them in one step each.
//
// Thread safety: one thread at a time. REQUIRES: merge lock and writer lock; no unmerged changes.
#pragma once

#include <memory>
#include <vector>

#include "core/base/function_ref.h"
#include "core/disk_index/checkpoint/checkpointer.h"
#include "core/disk_index/log/entry_counter.h"
#include "core/disk_index/merge/segment_rewriter.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

// Fills in a key and a record, or returns `done`.
using RecordSource = FunctionRef<Status(Key* key, MutableBytes record)>;

class BulkLoader {
 public:
  BulkLoader(State& state, EntryCounter& counter, Checkpointer& checkpointer)
      : state_(state), counter_(counter), checkpointer_(checkpointer), rewriter_(state) {}

  Status load(RecordSource source, WriterLock& writer);

 private:
  Status load_batches(RecordSource source);
  Status load_batch(std::vector<Entry>& batch);
  Status merge(uint64_t slot, const std::vector<MergeChange>& changes);
  void undo() noexcept;

  State& state_;
  EntryCounter& counter_;
  Checkpointer& checkpointer_;
  SegmentRewriter rewriter_;
  std::unique_ptr<Directory> directory_;  // with what is loaded so far
  std::vector<Extent> replaced_;          // of the readers' directory
};

}  // namespace stave::disk_index
