// How a disk index is opened.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/disk_index/format/superblock.h"
#include "core/disk_index/owner.h"

namespace stave::disk_index {

struct Options {
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool create_parents = false;  // the directories that lead to the file
  bool read_only = false;
  // Properties of a new file; an existing one must agree. By default a file keeps what it was
  // created with, and a new one gets payload records.
  std::optional<RecordKind> record_kind;
  uint32_t record_size = 0;
  // Merge changes in a thread of the index's own rather than in slices of the writers' calls.
  bool background = true;
  uint64_t delta_memory = uint64_t{64} << 20;  // bytes of the tables of unmerged changes
  uint64_t bulk_memory = uint64_t{256} << 20;  // bytes that bulk_load() sorts at a time
  // Set for an index of locations, and for no other. The owner has locked out other processes, and
  // outlives the index. A new file gets `file_id`, which an existing one must have.
  Owner* owner = nullptr;
  FileId file_id{};

  // For tests: the bits of a key's hash that count, the entries of a delta (0: as many as
  // delta_memory allows), and how long nobody writes before the index merges by itself.
  uint64_t hash_mask = UINT64_MAX;
  uint32_t delta_entries = 0;
  std::chrono::steady_clock::duration idle_time = std::chrono::seconds(1);
};

}  // namespace stave::disk_index
