// The redo log: every operation since the last checkpoint, stored into mapped pages of the file,
// so that it is with the kernel before the call returns; and the delta, the table that finds the
// operations in it. A record is written once: the delta's slots only number the log's.
//
// Thread safety: Delta::find() and for_range() by any number of threads under an EpochPin; all else
// by one writer at a time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/status.h"
#include "core/disk_index/delta_table.h"
#include "core/disk_index/directory_format.h"
#include "core/disk_index/log_format.h"
#include "core/disk_index/owner.h"
#include "core/disk_index/page_file.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

struct LogChunk {
  uint64_t page = 0;
  uint64_t salt = 0;
};

// Where a delta's operations begin.
struct LogStart {
  LogChunk chunk;
  uint64_t sequence = 0;  // of its first operation
};

// When a delta is merged. The fewer entries, the more often a segment is rewritten for few
// changes; the more, the larger log and memory.
struct DeltaLimits {
  uint32_t soft = 0;  // entries at which merging begins
  uint32_t hard = 0;  // entries at which writers wait for it
  // The log grows with every operation, the table only with new keys.
  uint64_t soft_operations() const noexcept { return uint64_t{soft} * 2; }
  uint64_t hard_operations() const noexcept { return uint64_t{hard} * 2; }
};

// An operation where it lies in the log.
struct Change {
  LogKind kind;            // put or remove
  const std::byte* entry;  // key, and behind it the record of a put
};

class Delta : public sync::Retired {
 public:
  // Room for limits.hard entries, and for as many more as a recovery has found operations in so
  // many chunks, or as an owner was promised.
  Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations = 0,
        uint64_t more_chunks = 0);
  // Of an index of places: no key's probe is ever too long, whatever the hashes.
  static std::unique_ptr<Delta> for_places(DeltaLimits limits, uint64_t promised);

  std::optional<Change> find(const PageFile& file, uint64_t hash, const Key& key) const noexcept {
    const std::optional<uint32_t> number =
        table_.find(hash, [&](uint32_t at) { return key_at(file, at) == key; });
    if (!number) return {};
    return change(file, *number);
  }
  void prefetch(uint64_t hash) const noexcept { table_.prefetch(hash); }
  // `visit(change)` for changes of hashes in [first, last], and of some others.
  // They lie all over the log: each is asked for some changes before it is visited.
  template <typename Visit>
  void for_range(const PageFile& file, uint64_t first, uint64_t last, Visit&& visit) const {
    std::array<uint32_t, 16> asked;
    size_t count = 0;
    table_.for_range(first, last, [&](uint32_t number) {
      const std::byte* const slot = slot_at(file, number);
      __builtin_prefetch(slot);
      __builtin_prefetch(slot + slot_size_ - 1);
      uint32_t& place = asked[count % asked.size()];
      if (count >= asked.size()) visit(change(file, place));
      place = number;
      count++;
    });
    for (size_t i = count - std::min(count, asked.size()); i < count; i++)
      visit(change(file, asked[i % asked.size()]));
  }

  // Writer: the next chunk of the log holds operations of this delta.
  void add_chunk(uint64_t page) noexcept { chunk_pages_[chunks_++] = page; }
  void set_start(const LogStart& start) noexcept { start_ = start; }
  bool wants_merge() const noexcept;
  // So many operations more, whatever their keys.
  bool has_room_for(uint64_t operations) const noexcept {
    return entries() + operations <= limits_.hard + more_operations_ &&
           operations_ + operations <= limits_.hard_operations() + more_operations_;
  }
  // Nothing may be added any more.
  bool is_full() const noexcept;
  Key key_in_newest_chunk(const PageFile& file, uint32_t slot) const noexcept {
    return key_at(file, (chunks_ - 1) * log_chunk_slots + slot);
  }
  bool has_room(const PageFile& file, uint64_t hash, const Key& key) const noexcept;
  // The operation in `slot` of the newest chunk; there is room. False when the table has none.
  bool add(const PageFile& file, uint64_t hash, const Key& key, uint32_t slot) noexcept;

  const DeltaLimits& limits() const noexcept { return limits_; }
  uint32_t entries() const noexcept {
    // Relaxed, here and in add(): a reader to whom a put has not been made known may miss it.
    return entries_.load(std::memory_order_relaxed);
  }
  uint64_t operations() const noexcept { return operations_; }
  uint32_t chunks() const noexcept { return chunks_; }
  const LogStart& start() const noexcept { return start_; }
  // Of an index of places: no frame of the owner's log before this one has a change in here.
  const LogMark& mark() const noexcept { return mark_; }
  void set_mark(const LogMark& mark) noexcept { mark_ = mark; }
  std::vector<Extent> extents() const;

 private:
  Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations, uint64_t more_chunks,
        uint64_t probe_max);
  const std::byte* slot_at(const PageFile& file, uint32_t number) const noexcept {
    const uint64_t page = chunk_pages_[number / log_chunk_slots];
    return file.region()->page(page) + size_t{number % log_chunk_slots} * slot_size_;
  }
  Key key_at(const PageFile& file, uint32_t number) const noexcept {
    return load_key(slot_at(file, number) + log_key_at);
  }
  Change change(const PageFile& file, uint32_t number) const noexcept {
    const std::byte* const slot = slot_at(file, number);
    return {log_kind(slot), slot + log_key_at};
  }

  DeltaLimits limits_;
  uint64_t more_operations_;
  uint32_t record_size_;
  uint32_t slot_size_;
  LogStart start_;
  LogMark mark_;
  DeltaTable<> table_;
  // By chunk. An element is written before the first number that needs it is published.
  std::unique_ptr<uint64_t[]> chunk_pages_;
  uint32_t chunks_max_;
  uint32_t chunks_ = 0;
  std::atomic<uint32_t> entries_{0};
  uint64_t operations_ = 0;
};

// The end of the log, where operations are appended.
class RedoLog {
 public:
  RedoLog(os::FileSystem& files, std::shared_ptr<PageFile> file, uint32_t record_size);

  // Behind `slot` slots of a chunk that an earlier process wrote: what it wrote behind them and
  // was lost could come back, so what comes next needs a new chunk.
  void resume(LogChunk chunk, uint32_t slot, uint64_t sequence) noexcept;
  // A new chunk, linked from the one before it: `no_space` changes nothing.
  Status begin_chunk();
  // The same in two steps, of which only the first can fail.
  Result<LogChunk> allocate_chunk();
  void begin_chunk(const LogChunk& next) noexcept;
  bool needs_chunk() const noexcept { return resumed_ || slot_ == log_chunk_slots - 1; }
  // Into the current chunk, unless it needs_chunk(). Answers the slot.
  uint32_t append(LogKind kind, const Key& key, Bytes record) noexcept;

  // Where the next operation will be, when a chunk has just begun.
  LogStart start() const noexcept { return {chunk_, sequence_}; }
  const LogChunk& chunk() const noexcept { return chunk_; }
  uint64_t slots_left() const noexcept { return needs_chunk() ? 0 : log_chunk_slots - 1 - slot_; }
  // Of the next operation.
  uint64_t sequence() const noexcept { return sequence_; }

 private:
  void store_slot(LogKind kind, const Key& key, Bytes record) noexcept;

  os::FileSystem* files_;
  std::shared_ptr<PageFile> file_;
  uint32_t record_size_;
  uint32_t slot_size_;
  LogChunk chunk_;
  uint32_t slot_ = 0;
  bool resumed_ = false;
  uint64_t sequence_ = 0;
};

// What a recovery finds from a place on.
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
