// Loads many records at once: sorted by hash and merged into segments that nobody sees before all
// of them are written. The superblock and the View change to them in one step each.
#include <algorithm>
#include <utility>

#include "core/base/undo.h"
#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/record.h"
#include "core/disk_index/merge/segment_rewriter.h"

namespace stave::disk_index {

namespace {

// REQUIRES: merge lock and writer lock; no unmerged changes.
class BulkLoader {
 public:
  BulkLoader(State& state, EntryCounter& counter, Checkpointer& checkpointer)
      : state_(state), counter_(counter), checkpointer_(checkpointer), rewriter_(state) {}

  Status load(RecordSource source, WriterLock& writer) {
    directory_ = Directory::copy_of(*state_.directory);
    std::unique_ptr<View> changed = state_.copy_view();
    Undo give_back([&]() noexcept {
      // After a failed sync it is unknown which of the two states the device has: both stay.
      if (!state_.refuses()) undo();
    });
    STAVE_TRY(load_batches(source));
    // Until the superblock is written all of them are in use. After that nothing may fail.
    checkpointer_.reserve_replaced(replaced_.size() + 1);
    STAVE_TRY(checkpointer_.write_directory(*directory_, writer));
    give_back.forget();
    checkpointer_.add_replaced(replaced_);
    changed->directory = directory_.get();
    state_.publish(std::move(changed));
    std::swap(state_.directory, directory_);
    sync::EpochRegistry::retire(directory_.release());
    counter_.segments_replaced();
    checkpointer_.release_replaced();
    return {};
  }

 private:
  void undo() noexcept {
    directory_->for_each([&](uint64_t, const Segment& segment) {
      if (segment.pages() > 0 && segment.generation > checkpointer_.durable().generation)
        state_.file->free({segment.first_page, segment.pages()});
    });
  }

  // As many records at a time as bulk_memory holds, with what sorting them takes.
  Status load_batches(RecordSource source) {
    const size_t stride = entry_size(state_.record_size);
    const size_t batch_max = std::max<size_t>(
        1024, static_cast<size_t>(state_.options.bulk_memory) / (stride + 2 * sizeof(Entry)));
    std::vector<std::byte> bytes;
    std::vector<Entry> batch;
    for (bool done = false; !done;) {
      bytes.clear();
      size_t count = 0;
      for (; count < batch_max; count++) {
        bytes.resize(bytes.size() + stride);
        std::byte* const entry = bytes.data() + bytes.size() - stride;
        const MutableBytes record{entry + key_size, state_.record_size};
        Key key;
        const Status next = source(&key, record);
        done = next.is(Code::done);
        if (done) break;
        STAVE_TRY(next);
        STAVE_TRY(check_record(state_.record_kind, state_.record_size, record));
        store_key(entry, key);
      }
      batch.clear();
      for (size_t i = 0; i < count; i++)
        batch.push_back({state_.hasher(&bytes[i * stride]), &bytes[i * stride]});
      STAVE_TRY(load_batch(batch));
    }
    return {};
  }

  Status load_batch(std::vector<Entry>& batch) {
    // Of equal keys the later record lies after the earlier one, and counts.
    std::sort(batch.begin(), batch.end(), [](const Entry& a, const Entry& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      const Key left = load_key(a.bytes);
      const Key right = load_key(b.bytes);
      return left != right ? left < right : a.bytes < b.bytes;
    });
    std::vector<HashedChange> changes;
    for (size_t at = 0; at < batch.size();) {
      const uint64_t slot = directory_->first_slot(batch[at].hash);
      changes.clear();
      for (; at < batch.size() && directory_->first_slot(batch[at].hash) == slot; at++) {
        const Entry& entry = batch[at];
        const bool is_again = at + 1 < batch.size() && batch[at + 1].hash == entry.hash &&
                              load_key(batch[at + 1].bytes) == load_key(entry.bytes);
        if (!is_again) changes.push_back({entry.hash, LogKind::put, entry.bytes});
      }
      STAVE_TRY(merge(slot, changes));
    }
    return {};
  }

  Status merge(uint64_t slot, const std::vector<HashedChange>& changes) {
    const Segment old = directory_->segment_at(slot);
    const uint64_t range = directory_->first_hash(slot);
    const uint64_t durable = checkpointer_.durable().generation;
    // Once the directory has changed nothing may throw: the old extent would be lost.
    if (replaced_.size() == replaced_.capacity()) replaced_.reserve(2 * replaced_.size() + 8);
    STAVE_TRY(rewriter_.build(*directory_, slot, changes, durable + 1));
    while (rewriter_.depth() > directory_->depth()) directory_ = Directory::copy_of(*directory_, 1);
    STAVE_TRY(rewriter_.write());
    directory_->replace(directory_->slot_of(range), rewriter_.segments());
    if (old.pages() == 0) return {};
    const Extent extent{old.first_page, old.pages()};
    // Nobody has seen a segment that this load has made.
    if (old.generation > durable)
      state_.file->free(extent);
    else
      replaced_.push_back(extent);
    return {};
  }

  State& state_;
  EntryCounter& counter_;
  Checkpointer& checkpointer_;
  SegmentRewriter rewriter_;
  std::unique_ptr<Directory> directory_;  // with what is loaded so far
  std::vector<Extent> replaced_;          // of the readers' directory
};

}  // namespace

Status DiskIndex::bulk_load(RecordSource source) {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(merge_all(writer));
  STAVE_TRY(log_.find_free_pages());
  return BulkLoader(state_, counter_, checkpointer_).load(source, writer);
}

}  // namespace stave::disk_index
