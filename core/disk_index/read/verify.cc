// Verification: everything that the newest superblock reaches, and what has been merged since.
#include "core/disk_index/disk_index_impl.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

// The superblocks, the directory and the saved part of the log as they are in the file now.
Status DiskIndexImpl::verify_fixed_pages() {
  SuperblockBytes bytes;
  for (const uint64_t page : superblock_pages) {
    STAVE_TRY(os::read_exactly(file_->file(), path_, page * page_size, bytes));
    Result<Superblock> block = decode_superblock(bytes, path_);
    if (block.ok()) block->is_named = durable_.is_named;
    if (!block.ok() || *block != durable_)
      return Status::error(Code::corruption, "damaged superblock in '" + path_ + "' at offset " +
                                                 std::to_string(page * page_size) +
                                                 "; rebuild the index");
  }
  std::vector<std::byte> directory(page_size);
  for (uint64_t i = 0; i < directory_pages(durable_.segments); i++) {
    const uint64_t page = durable_.directory_page + i;
    STAVE_TRY(os::read_exactly(file_->file(), path_, page * page_size, directory));
    if (!page_is_whole(directory.data(), file_->seed(), page))
      return Status::error(Code::corruption, "damaged directory page in '" + path_ +
                                                 "' at offset " + std::to_string(page * page_size) +
                                                 "; rebuild the index");
  }
  if (holds_places()) return {};
  const Result<LogContents> log =
      read_log(file_->file(), path_, {durable_.log_page, durable_.log_salt}, record_size_,
               file_->size_pages());
  if (!log) return log.status();
  if (log->operations < durable_.log_durable - durable_.log_sequence)
    return Status::error(Code::corruption,
                         "damaged redo log in '" + path_ + "' in the chunk at offset " +
                             std::to_string(log->chunks.back().chunk.page * page_size) +
                             "; rebuild the index");
  return {};
}

Status DiskIndexImpl::verify(FunctionRef<Status(uint64_t, uint64_t)> progress) {
  {
    const MergeLock merge(merge_mutex_);
    // A reader of a file whose writer died between the two copies has only one, and after a failed
    // sync it is unknown which superblock the file has. Relaxed: set under merge_mutex_.
    if (!options_.read_only && !refuses_.load(std::memory_order_relaxed))
      STAVE_TRY(verify_fixed_pages());
  }
  uint64_t first = 0;
  uint64_t done = 0;
  for (bool last = false; !last;) {
    uint64_t total = 0;
    {
      const MergeLock merge(merge_mutex_);
      const sync::EpochPin pin;
      const uint64_t slot = directory_->first_slot(first);
      const uint64_t end = slot + directory_->slots_of(directory_->segment_at(slot));
      STAVE_TRY(view().reader->verify(*file_, *directory_, slot));
      total = directory_->segment_count();
      last = end == directory_->slots();
      if (!last) first = directory_->first_hash(end);
    }
    STAVE_TRY(progress(++done, std::max(done, total)));
  }
  return {};
}

}  // namespace stave::disk_index
