#include "core/disk_index/disk_index.h"

#include <algorithm>
#include <utility>

namespace stave::disk_index {

namespace {

// Operations in the log that the next open may find again without taking long.
constexpr uint64_t operations_left_max = 4096;
constexpr uint32_t chunks_left_max = 32;

}  // namespace

DiskIndex::DiskIndex(os::FileSystem& files, std::string path, const Options& options,
                     std::unique_ptr<os::FileLock> lock, Opened& opened)
    : state_(files, std::move(path), options, std::move(lock), opened),
      counter_(state_),
      log_(state_, counter_, opened.superblock),
      checkpointer_(state_, log_, opened.superblock),
      merger_(state_, counter_, log_, checkpointer_),
      thread_(state_, log_, merger_) {}

// ---- Opening ------------------------------------------------------------------------------------

Status DiskIndex::recover(const LogContents& log) {
  recovered_operations_ = log.operations;
  return log_.recover(log, checkpointer_.durable());
}

// Processes that end without a close, each after few changes, leave their logs to the next: none of
// them would live to see a merge. If there are fewer keys than chunks, a merge writes about as much
// as this open has read; more than that waits for the merger.
void DiskIndex::merge_leftovers() {
  const Delta& active = *state_.view().active;
  if (!active.wants_merge() || active.entries() > active.chunks()) return;
  // Without it the index is as good as before. A failed sync refuses writes from here on.
  static_cast<void>(checkpoint(checkpointer_.durable().lsn));
}

// ---- Durability ---------------------------------------------------------------------------------

Status DiskIndex::save(uint64_t lsn) {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex, std::defer_lock);
  return checkpointer_.save(writer, lsn);
}

Status DiskIndex::merge_all(WriterLock& writer) {
  STAVE_TRY(state_.refusal());
  counter_.count_all();
  return merger_.drain(writer);
}

Status DiskIndex::checkpoint(uint64_t lsn) {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(merge_all(writer));
  writer.unlock();
  return checkpointer_.save(writer, lsn);
}

uint64_t DiskIndex::lsn() {
  const MergeLock merge(state_.merge_mutex);
  return checkpointer_.durable().lsn;
}

Status DiskIndex::close() {
  thread_.stop();
  const Status status = state_.options.read_only ? Status() : save_at_close();
  state_.lock.reset();
  return status;
}

Status DiskIndex::save_at_close() {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(state_.refusal());
  uint64_t operations = 0;
  uint64_t chunks = 0;
  for (const Delta* delta : {state_.view().active, state_.view().frozen}) {
    if (delta == nullptr) continue;
    operations += delta->operations();
    chunks += delta->chunks();
  }
  Owner* const owner = state_.owner();
  const Superblock& durable = checkpointer_.durable();
  // An open keeps no more free pages at the end of the file than the superblock tells of.
  const bool is_reserved =
      log_.expected_entries() > 0 && state_.file->size_pages() != durable.file_pages;
  bool is_changed =
      owner != nullptr ? operations > 0 : log_.sequence() != durable.log_durable || is_reserved;
  const bool merges = owner != nullptr
                          ? operations > 0
                          : operations > operations_left_max || chunks > chunks_left_max;
  if (merges) {
    const Status merged = merger_.drain(writer);
    // A full disk leaves the log as it is: the next open reads it, or the owner repeats its own.
    if (merged.is(Code::no_space) && owner != nullptr) return {};
    if (!merged.ok() && !merged.is(Code::no_space)) return merged;
  }
  if (owner != nullptr) {
    owner->delta_began();
    owner->older_deltas_merged();
    is_changed = is_changed || owner->has_advanced(durable.owner);
  }
  writer.unlock();
  if (is_changed) STAVE_TRY(checkpointer_.save(writer, durable.lsn));
  return checkpointer_.sync_second_copy();
}

// ---- The file -----------------------------------------------------------------------------------

Status DiskIndex::reserve(uint64_t entries) {
  if (entries / page_capacity(state_.record_size) >= file_pages_max / 2)
    return Status::error(Code::too_large, "no file has room for so many entries");
  const MergeLock merge(state_.merge_mutex);
  const WriterLock writer(state_.writer_mutex);
  STAVE_TRY(state_.refusal());
  STAVE_TRY(log_.find_free_pages());
  log_.expect_entries(entries);
  // Pages as full as a merge makes them, and the log of a full delta.
  const uint64_t wanted =
      entries / SegmentBuilder::entries_per_page(state_.record_size) + log_.pages_of_delta();
  const uint64_t has = state_.directory->pages() + state_.file->free_pages();
  return wanted > has ? state_.file->reserve(wanted - has) : Status();
}

Stats DiskIndex::stats() {
  const MergeLock merge(state_.merge_mutex);
  const WriterLock writer(state_.writer_mutex);
  counter_.count_all();
  log_.settle_recent(false);
  const View& view = state_.view();
  Stats stats;
  stats.entries = counter_.counted();
  stats.file_bytes = state_.file->size_pages() * page_size;
  stats.free_bytes = state_.file->free_pages() * page_size;
  stats.segments = state_.directory->segment_count();
  stats.segment_bytes = state_.directory->pages() * page_size;
  for (const Delta* delta : {view.active, view.frozen}) {
    if (delta == nullptr) continue;
    stats.delta_entries += delta->entries();
    stats.log_bytes += delta->chunks() * log_chunk_pages(state_.record_size) * page_size;
  }
  stats.generation = checkpointer_.durable().generation;
  stats.lsn = checkpointer_.durable().lsn;
  stats.merges = merger_.merges();
  stats.syncs = checkpointer_.syncs();
  stats.recovered_operations = recovered_operations_;
  stats.writes_refused = state_.refuses();
  return stats;
}

}  // namespace stave::disk_index
