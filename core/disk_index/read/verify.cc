#include "core/disk_index/read/verify.h"

#include <algorithm>

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
    if (!block.ok() || *block != durable)
      return Status::error(Code::corruption, "damaged superblock in '" + state.path +
                                                 "' at offset " + std::to_string(page * page_size) +
                                                 "; rebuild the index");
  }
  std::vector<std::byte> directory(page_size);
  for (uint64_t i = 0; i < directory_pages(durable.segments); i++) {
    const uint64_t page = durable.directory_page + i;
    STAVE_TRY(os::read_exactly(state.file->file(), state.path, page * page_size, directory));
    if (!page_is_whole(directory.data(), state.file->seed(), page))
      return Status::error(Code::corruption, "damaged directory page in '" + state.path +
                                                 "' at offset " + std::to_string(page * page_size) +
                                                 "; rebuild the index");
  }
  if (state.owner() != nullptr) return {};
  STAVE_TRY_ASSIGN(const LogContents log,
                   read_log(state.file->file(), state.path, {durable.log_page, durable.log_salt},
                            state.record_size, state.file->size_pages()));
  if (log.operations < durable.log_durable - durable.log_sequence)
    return Status::error(Code::corruption,
                         "damaged redo log in '" + state.path + "' in the chunk at offset " +
                             std::to_string(log.chunks.back().chunk.page * page_size) +
                             "; rebuild the index");
  return {};
}

}  // namespace

Status verify(const State& state, const Superblock& durable,
              FunctionRef<Status(uint64_t, uint64_t)> progress) {
  {
    const MergeLock merge(state.merge_mutex);
    // A reader of a file whose writer died between the two copies has only one, and after a failed
    // sync it is unknown which superblock the file has. Relaxed: set under state.merge_mutex.
    if (!state.options.read_only && !state.refuses()) STAVE_TRY(verify_fixed_pages(state, durable));
  }
  uint64_t first = 0;
  uint64_t done = 0;
  for (bool last = false; !last;) {
    uint64_t total = 0;
    {
      const MergeLock merge(state.merge_mutex);
      const sync::EpochPin pin;
      const uint64_t slot = state.directory->first_slot(first);
      const uint64_t end = slot + state.directory->slots_of(state.directory->segment_at(slot));
      STAVE_TRY(state.view().reader->verify(*state.file, *state.directory, slot));
      total = state.directory->segment_count();
      last = end == state.directory->slots();
      if (!last) first = state.directory->first_hash(end);
    }
    STAVE_TRY(progress(++done, std::max(done, total)));
  }
  return {};
}

}  // namespace stave::disk_index
