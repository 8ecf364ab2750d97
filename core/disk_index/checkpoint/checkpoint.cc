// Making states durable: superblocks, and what must be on the device before them.
#include "core/base/planted_bug.h"
#include "core/base/undo.h"
#include "core/disk_index/disk_index_impl.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// Operations in the log that the next open may find again without taking long.
constexpr uint64_t operations_left_max = 4096;
constexpr uint32_t chunks_left_max = 32;

// The log's newest runs, in which the recent changes lie (Delta::recent_max).
constexpr size_t runs_read = 4;

}  // namespace

void DiskIndexImpl::go_on_in_new_run() {
  settle_recent(true);
  log_.leave_run();
  // What fails now fails the next writer, who tries again.
  Delta& active = *view().active;
  if (log_.needs_chunk() && !active.is_full()) static_cast<void>(begin_chunk(active));
}

// Takes what the sync will find of the log out of the mapping, and notes how far it comes. That
// takes a while: so twice, and the second time there is little. Then writers shall neither store
// into those pages nor read in them: so recent changes are settled, and the next chunk is begun and
// linked to.
void DiskIndexImpl::ready_log_for_sync(Superblock& next, WriterLock& writer) {
  if (holds_places()) return;
  const bool lock_here = !writer.owns_lock();
  for (const bool last : {false, true}) {
    if (lock_here) writer.lock();
    const bool leaves = last && lock_here && options_.background;
    if (leaves) go_on_in_new_run();
    const std::vector<Extent> stored = log_.take_stored(leaves ? 0 : runs_read);
    if (last) next.log_durable = log_.sequence();
    if (lock_here) writer.unlock();
    for (const Extent& extent : stored) file_->expect_sync(extent);
  }
}

// Both copies name the same state before this begins, or the second does and the first is torn. The
// first copy is written, synced, and only then the second: one of them is whole at any moment, and
// once the sync has returned a state older than this one is never shown again. What it throws it
// throws before it begins.
Status DiskIndexImpl::write_superblock(Superblock& next, WriterLock& writer) {
  ready_log_for_sync(next, writer);
  try {
    return write_copies(next);
  } catch (const std::exception&) {
    // It is the words for a failure that found no memory.
    return Code::io;
  }
}

Status DiskIndexImpl::write_copies(const Superblock& next) {
  const SuperblockBytes bytes = encode_superblock(next);
  const auto write = [&](uint64_t page) {
    return os::write_all(file_->file(), path_, page * page_size, bytes);
  };
  syncs_.fetch_add(2, std::memory_order_relaxed);
  if (!STAVE_PLANTED_BUG(disk_index_unsynced_superblock)) STAVE_TRY(file_->sync());
  STAVE_TRY(write(superblock_pages[0]));
  // Of this page alone: writers meanwhile store into pages of the log, which a sync of them would
  // make read-only one by one.
  if (!STAVE_PLANTED_BUG(disk_index_torn_superblocks))
    STAVE_TRY(file_->sync({superblock_pages[0], 1}));
  durable_ = next;
  second_copy_synced_ = false;
  return write(superblock_pages[1]);
}

Result<Extent> DiskIndexImpl::write_directory(const Directory& directory, uint64_t generation) {
  const Extent extent{0, directory_pages(directory.segment_count())};
  std::vector<std::byte> bytes(extent.pages * page_size, std::byte{0});
  uint64_t number = 0;
  STAVE_TRY(directory.for_each([&](uint64_t, const Segment& segment) {
    std::byte* const page = &bytes[number / segments_per_page * page_size];
    encode_segment(page + page_header_size + number % segments_per_page * segment_entry_size,
                   segment);
    number++;
    return Status();
  }));
  const Result<uint64_t> place = file_->allocate(extent.pages);
  if (!place) return place.status();
  Undo give_back([&]() noexcept { file_->free({*place, extent.pages}); });
  for (uint64_t i = 0; i < extent.pages; i++) {
    PageHeader header;
    header.kind = PageKind::directory;
    header.generation = generation;
    header.index = static_cast<uint32_t>(i);
    const uint64_t rest = number - i * segments_per_page;
    header.count = static_cast<uint8_t>(std::min<uint64_t>(rest, segments_per_page));
    encode_page_header(&bytes[i * page_size], header);
    seal_page(&bytes[i * page_size], file_->seed(), *place + i);
  }
  STAVE_TRY(file_->write(*place, bytes));
  give_back.forget();
  return Extent{*place, extent.pages};
}

// A new superblock over `directory`, with the log from log_start_ on. Any failure but a full disk
// while the directory is written is final. What it throws it throws while the old superblock is the
// only one.
Status DiskIndexImpl::flip(const Directory& directory, WriterLock& writer) {
  replaced_.reserve(replaced_.size() + 1);
  Superblock next = durable_;
  next.generation++;
  const bool lock_here = !writer.owns_lock();
  if (lock_here) writer.lock();
  Status status = refusal();
  const uint64_t newest_lsn = newest_lsn_;
  if (lock_here) writer.unlock();
  STAVE_TRY(status);
  STAVE_TRY(tell_owner(next, newest_lsn));

  const Result<Extent> place = write_directory(directory, next.generation);
  if (!place) return place.status();
  Undo give_back([&]() noexcept { file_->free(*place); });
  const Extent before{durable_.directory_page, directory_pages(durable_.segments)};
  next.file_pages = file_->size_pages();
  next.entries = directory.entries();
  next.directory_page = place->page;
  next.directory_generation = next.generation;
  next.segments = directory.segment_count();
  next.depth = directory.depth();
  if (!holds_places()) {
    next.log_page = log_start_.chunk.page;
    next.log_salt = log_start_.chunk.salt;
    next.log_sequence = log_start_.sequence;
  }
  status = write_superblock(next, writer);
  // Perhaps it is the durable one.
  give_back.forget();
  if (!status.ok()) {
    if (lock_here) writer.lock();
    refuse(status);
    if (lock_here) writer.unlock();
    return status;
  }
  replaced_.push_back(before);
  if (holds_places()) size_reserve();
  return {};
}

// After flip(), and after no View names what was replaced.
void DiskIndexImpl::release_replaced() noexcept {
  file_->free_after_readers(replaced_);
  // What earlier superblocks replaced comes back while this one's waits.
  static_cast<void>(sync::EpochRegistry::try_reclaim());
}

Status DiskIndexImpl::flip_and_release(WriterLock& writer) {
  STAVE_TRY(flip(*directory_, writer));
  release_replaced();
  return {};
}

Status DiskIndexImpl::save_locked(WriterLock& writer, uint64_t lsn) {
  Superblock next = durable_;
  next.generation++;
  next.lsn = lsn;
  next.file_pages = file_->size_pages();
  writer.lock();
  Status status = refusal();
  const uint64_t newest_lsn = newest_lsn_;
  writer.unlock();
  STAVE_TRY(status);
  STAVE_TRY(tell_owner(next, newest_lsn));
  if (status = write_superblock(next, writer); status.ok()) return {};
  writer.lock();
  refuse(status);
  writer.unlock();
  return status;
}

Status DiskIndexImpl::save(uint64_t lsn) {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_, std::defer_lock);
  return save_locked(writer, lsn);
}

Status DiskIndexImpl::checkpoint(uint64_t lsn) {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_);
  STAVE_TRY(refusal());
  count_all();
  STAVE_TRY(drain(writer));
  writer.unlock();
  return save_locked(writer, lsn);
}

Status DiskIndexImpl::close() {
  stop_merger();
  if (options_.read_only) {
    lock_.reset();
    return {};
  }
  Status status = [&]() -> Status {
    const MergeLock merge(merge_mutex_);
    WriterLock writer(writer_mutex_);
    STAVE_TRY(refusal());
    uint64_t operations = 0;
    uint64_t chunks = 0;
    for (const Delta* delta : {view().active, view().frozen}) {
      if (delta == nullptr) continue;
      operations += delta->operations();
      chunks += delta->chunks();
    }
    // An open keeps no more free pages at the end of the file than the superblock tells of.
    const bool reserved = reserved_entries_ > 0 && file_->size_pages() != durable_.file_pages;
    const bool changed = holds_places() ? operations > 0 || mark_ != durable_.owner.replay_from
                                        : log_.sequence() != durable_.log_durable || reserved;
    if ((holds_places() && operations > 0) || operations > operations_left_max ||
        chunks > chunks_left_max) {
      // A full disk leaves the log as it is, which the next open reads.
      const Status drained = drain(writer);
      if (drained.is(Code::no_space) && holds_places()) return {};
      if (!drained.ok() && !drained.is(Code::no_space)) return drained;
    }
    if (holds_places()) replay_from_ = mark_;
    writer.unlock();
    if (changed) STAVE_TRY(save_locked(writer, durable_.lsn));
    return second_copy_synced_ ? Status() : file_->sync();
  }();
  lock_.reset();
  return status;
}

}  // namespace stave::disk_index
