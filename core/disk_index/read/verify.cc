// Verification: everything that the newest superblock reaches, and what has been merged since.
#include <algorithm>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/log/redo_log.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// The superblocks, the directory and the saved part of the log as they are in the file now.
// REQUIRES: merge lock.
Status verify_fixed_pages(const State& state, const Superblock& durable) {
  SuperblockBytes bytes;
  for (const uint64_t page : superblock_pages) {
    STAVE_TRY(os::read_exactly(state.file->file(), state.path, page * page_size, bytes));
    Result<Superblock> block = decode_superblock(bytes, state.path);
    if (block.ok()) block->is_named = durable.is_named;
    if (!block.ok() || *block != durable) return damaged_at(state.path, page, "damaged superblock");
  }
  std::vector<std::byte> directory(page_size);
  for (uint64_t i = 0; i < directory_pages(durable.segments); i++) {
    const uint64_t page = durable.directory_page + i;
    STAVE_TRY(os::read_exactly(state.file->file(), state.path, page * page_size, directory));
    if (!page_is_whole(directory.data(), state.file->seed(), page))
      return damaged_at(state.path, page, "damaged directory page");
  }
  if (state.owner() != nullptr) return {};
  STAVE_TRY_ASSIGN(const LogContents log,
                   read_log(state.file->file(), state.path, {durable.log_page, durable.log_salt},
                            state.record_size, state.file->size_pages()));
  if (log.operations < durable.log_durable - durable.log_sequence)
    return damaged_at(state.path, log.chunks.back().chunk.page, "damaged chunk of the redo log");
  return {};
}

}  // namespace

Status DiskIndex::verify(FunctionRef<Status(uint64_t, uint64_t)> progress) {
  {
    const MergeLock merge(state_.merge_mutex);
    // A reader of a file whose writer died between the two copies has only one, and after a failed
    // sync it is unknown which superblock the file has. Relaxed: set under state_.merge_mutex.
    if (!state_.options.read_only && !state_.refuses())
      STAVE_TRY(verify_fixed_pages(state_, checkpointer_.durable()));
  }
  uint64_t first = 0;
  uint64_t done = 0;
  for (bool last = false; !last;) {
    uint64_t total = 0;
    {
      const MergeLock merge(state_.merge_mutex);
      const sync::EpochPin pin;
      const uint64_t slot = state_.directory->first_slot(first);
      const uint64_t end = slot + state_.directory->slots_of(state_.directory->segment_at(slot));
      STAVE_TRY(state_.view().reader->verify(*state_.file, *state_.directory, slot));
      total = state_.directory->segment_count();
      last = end == state_.directory->slots();
      if (!last) first = state_.directory->first_hash(end);
    }
    STAVE_TRY(progress(++done, std::max(done, total)));
  }
  return {};
}

}  // namespace stave::disk_index
