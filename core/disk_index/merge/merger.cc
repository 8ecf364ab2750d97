#include "core/disk_index/merge/merger.h"

#include <algorithm>
#include <utility>

#include "core/base/planted_bug.h"

namespace stave::disk_index {

namespace {

// Segments without changes that one step passes by.
constexpr uint32_t untouched_per_step = 256;

// Of the segment that begins at `first`.
uint64_t last_hash(uint64_t first, uint32_t depth) noexcept {
  return depth == 0 ? UINT64_MAX : first | UINT64_MAX >> depth;
}

}  // namespace

// ---- Passes -------------------------------------------------------------------------------------

Status Merger::finish_pass() {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex, std::defer_lock);
  return finish_pass(writer);
}

Status Merger::finish_pass(WriterLock& writer) {
  for (bool goes_on = true; goes_on;) {
    STAVE_TRY_ASSIGN(goes_on, step(writer));
  }
  return {};
}

Status Merger::merge() {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex, std::defer_lock);
  for (;;) {
    STAVE_TRY(finish_pass(writer));
    writer.lock();
    if (state_.view().frozen == nullptr) break;
    // A writer has frozen the next one meanwhile.
    writer.unlock();
  }
  STAVE_TRY(state_.refusal());
  if (state_.view().active->operations() == 0) return {};
  STAVE_TRY(log_.begin_delta(0));
  writer.unlock();
  return finish_pass(writer);
}

Status Merger::drain(WriterLock& writer) {
  for (;;) {
    STAVE_TRY(finish_pass(writer));
    // What an earlier pass has left when the disk was full.
    if (checkpointer_.has_replaced()) STAVE_TRY(checkpointer_.save_segments(writer));
    if (state_.view().active->operations() == 0) return {};
    STAVE_TRY(log_.begin_delta(0));
  }
}

void Merger::merge_slice() noexcept {
  const MergeLock merge(state_.merge_mutex, std::try_to_lock);
  if (!merge) return;
  WriterLock writer(state_.writer_mutex);
  if (state_.view().frozen == nullptr) return;
  const double filled = 2.0 * state_.view().active->filled();
  writer.unlock();
  if (filled <= static_cast<double>(next_hash_) / 0x1p64) return;
  try {
    static_cast<void>(step(writer));
  } catch (const std::exception&) {
    // Without memory now: the next writer tries again.
  }
}

// ---- Steps --------------------------------------------------------------------------------------

Result<bool> Merger::step(WriterLock& writer) {
  // Only a thread that holds the merge lock ends a pass, so the delta stays.
  const Delta* const frozen = [&] {
    const sync::EpochPin pin;
    return state_.view().frozen;
  }();
  if (frozen == nullptr) return false;
  for (uint32_t passed = 0; passed < untouched_per_step; passed++) {
    const uint64_t first = next_hash_;
    const uint64_t last = last_hash(first, state_.directory->word_of(first).depth());
    collect_changes(*frozen, first, last);
    if (!changes_.empty()) {
      Status merged = merge_segment(first, writer);
      if (merged.is(Code::no_space)) merged = merge_segment_on_full_disk(first, writer);
      STAVE_TRY(merged);
    }
    if (last == UINT64_MAX) {
      end_pass(writer);
      STAVE_TRY(checkpointer_.save_segments(writer));
      return false;
    }
    next_hash_ = last + 1;
    if (!changes_.empty()) break;
  }
  if (checkpointer_.holds_back_much()) STAVE_TRY(checkpointer_.save_segments(writer));
  return true;
}

void Merger::collect_changes(const Delta& frozen, uint64_t first, uint64_t last) {
  changes_.clear();
  const sync::EpochPin pin;
  frozen.for_range(*state_.file, state_.hasher, first, last,
                   [&](const HashedChange& change) { changes_.push_back(change); });
}

// Merges changes_ into the segment whose lowest hash is `range`.
Status Merger::merge_segment(uint64_t range, WriterLock& writer) {
  const uint64_t slot = state_.directory->slot_of(range);
  const Segment old = state_.directory->segment_at(slot);
  // Once the directory has changed nothing may throw: the old extent would be lost.
  checkpointer_.reserve_replaced(1);
  STAVE_TRY(
      rewriter_.build(*state_.directory, slot, changes_, checkpointer_.durable().generation + 1));
  while (rewriter_.depth() > state_.directory->depth()) grow_directory(writer);
  STAVE_TRY(rewriter_.write());
  {
    // The count goes by which changes are merged: one step with the change of the directory.
    const HeldLock held(writer);
    state_.directory->replace(state_.directory->slot_of(range), rewriter_.segments());
    counter_.segment_merged(last_hash(range, old.depth));
  }
  state_.weight += rewriter_.weight_change();
  merges_.fetch_add(1, std::memory_order_relaxed);
  if (old.pages() == 0) return {};
  const Extent extent{old.first_page, old.pages()};
  if (STAVE_PLANTED_BUG(disk_index_early_reuse))
    state_.file->free(extent);
  else
    checkpointer_.add_replaced(extent);
  return {};
}

// Gets back what waits to be free, and tries again.
Status Merger::merge_segment_on_full_disk(uint64_t range, WriterLock& writer) {
  log_.stock().give_back();
  if (checkpointer_.has_replaced()) STAVE_TRY(checkpointer_.save_segments(writer));
  static_cast<void>(sync::EpochRegistry::reclaim_all());
  return merge_segment(range, writer);
}

void Merger::grow_directory(WriterLock& writer) {
  std::unique_ptr<Directory> grown = Directory::copy_of(*state_.directory, 1);
  {
    const HeldLock held(writer);
    std::unique_ptr<View> changed = state_.copy_view();
    // From here on nothing may throw: readers have the old directory until the view is published.
    std::swap(state_.directory, grown);
    changed->directory = state_.directory.get();
    state_.publish(std::move(changed));
  }
  sync::EpochRegistry::retire(grown.release());
}

// All changes of the frozen delta are in the segments.
void Merger::end_pass(WriterLock& writer) {
  Delta* ended = nullptr;
  {
    const HeldLock held(writer);
    std::unique_ptr<View> changed = state_.copy_view();
    ended = std::exchange(changed->frozen, nullptr);
    checkpointer_.add_replaced(ended->extents());
    state_.publish(std::move(changed));
    counter_.pass_ended();
    if (state_.owner() != nullptr) state_.owner()->older_deltas_merged();
    next_hash_ = 0;
  }
  sync::EpochRegistry::retire(ended);
}

// A segment is written anew, perhaps as two, before its pages are given back; then a directory.
Status Merger::keep_reserve() {
  constexpr uint64_t halves = uint64_t{2} * SegmentBuilder::segment_pages_target;
  const Directory& directory = *state_.directory;
  return state_.file->keep_free(std::min(uint64_t{2} * directory.pages() + 2, halves) +
                                directory_pages(directory.segment_count() + 1) +
                                uint64_t{2} * log_chunk_pages(state_.record_size));
}

}  // namespace stave::disk_index
