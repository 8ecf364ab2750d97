// The redo log: every operation since the last checkpoint, stored into mapped pages of the file, so
// that the kernel has it before the call returns.
//
// Thread safety: one writer at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/status.h"
#include "core/disk_index/format/log_format.h"
#include "core/disk_index/pages/page_file.h"
#include "core/disk_index/pages/page_stock.h"

namespace stave::disk_index {

// The end of the log, where operations are appended.
class RedoLog {
 public:
  RedoLog(os::FileSystem& files, std::shared_ptr<PageFile> file, uint32_t record_size);

  // Goes on after `slot` slots of a chunk that an earlier process wrote. What it wrote after them
  // and was lost could come back, so the next operation needs a new chunk.
  void resume(LogChunk chunk, uint32_t slot, uint64_t sequence) noexcept;
  // A new chunk, linked from the one before it: a reserved one, or from a run of chunks, which are
  // allocated and made ready for stores together. `no_space` changes nothing.
  Status begin_chunk();
  // Allocates chunks until those that are reserved hold so many operations.
  Status reserve_chunks_for(uint64_t operations);
  // REQUIRES: a chunk is reserved.
  void begin_reserved_chunk() noexcept;
  bool needs_chunk() const noexcept { return ended_ || slot_ == log_chunk_slots - 1; }
  // Appends to the current chunk and returns the slot. What `record` lacks is zero. REQUIRES:
  // !needs_chunk(), an EpochPin.
  uint32_t append(LogKind kind, const Key& key, Bytes record) noexcept;

  // Where the next operation will be, when a chunk has just begun.
  LogStart start() const noexcept { return {chunk_, sequence_}; }
  const LogChunk& chunk() const noexcept { return chunk_; }
  uint64_t slots_left() const noexcept { return needs_chunk() ? 0 : log_chunk_slots - 1 - slot_; }
  // Of the next operation.
  uint64_t sequence() const noexcept { return sequence_; }
  // Where runs come from, while it has any.
  PageStock& stock() const noexcept { return *stock_; }
  // What was stored into since the last call, and some pages more, without the newest runs.
  // Neighbours are joined.
  std::vector<Extent> take_stored(size_t runs_kept);
  // Before a sync: the next operation needs a new chunk, in another run, unless the sync would find
  // nothing of this one. A store into a page that a sync is writing waits for the file system.
  void leave_run();

 private:
  Result<Extent> allocate_run();
  Result<Extent> allocate_chunk_pages();
  Status begin_run();
  Result<uint64_t> make_salt();
  void go_on_in(const LogChunk& next) noexcept;
  void store_slot(LogKind kind, const Key& key, Bytes record) noexcept;

  os::FileSystem* files_;
  std::shared_ptr<PageFile> file_;
  std::shared_ptr<PageStock> stock_;
  uint32_t record_size_;
  uint32_t slot_size_;
  LogChunk chunk_;
  uint32_t slot_ = 0;
  bool ended_ = false;       // the current chunk takes a link and nothing else
  bool sync_comes_ = false;  // before the next run is stored into
  uint64_t sequence_ = 0;
  Extent run_;                  // chunks that begin_chunk() has not handed out
  Extent current_run_;          // where chunk_ is, unless it was left
  bool run_is_ready_ = false;   // current_run_ counts as stored into already
  std::vector<Extent> stored_;  // runs before it
  std::vector<LogChunk> reserved_;
};

// What a recovery finds from some chunk on.
struct LogContents {
  struct Chunk {
    LogChunk chunk;
    uint32_t operations;
  };
  std::vector<Chunk> chunks;  // at least one
  uint64_t operations = 0;
};

// Follows the log to its end: the first slot that is not whole. Reads the file, not the mapping.
Result<LogContents> read_log(os::File& file, std::string_view path, const LogChunk& first,
                             uint32_t record_size, uint64_t file_pages);

}  // namespace stave::disk_index
