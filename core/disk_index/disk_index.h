// The disk index: a persistent hash index from 128-bit keys to records of one fixed size, in one
// memory-mapped file.
//
// This is what the C interface wraps; it knows nothing of handles, closing races and C types. Any
// number of threads may call anything at the same time; writers take turns. close() is made once,
// when no other call is running, and nothing is called after it.
// Format: docs/formats/disk_index.md. How it works: docs/internals/disk_index.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/disk_index/format/key.h"
#include "core/disk_index/format/superblock.h"
#include "core/disk_index/owner.h"
#include "core/os/file_system.h"

namespace stave::disk_index {

struct Options {
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool create_parents = false;  // the directories that lead to the file
  bool read_only = false;
  // Of a new file; an existing one must agree. Without them a file has what it was made with, and a
  // new one payload records.
  std::optional<RecordKind> record_kind;
  uint32_t record_size = 0;
  // Merge changes in a thread of the index's own rather than in slices of the writers' calls.
  bool background = true;
  uint64_t delta_memory = uint64_t{64} << 20;  // bytes of the tables of unmerged changes
  uint64_t bulk_memory = uint64_t{256} << 20;  // bytes that bulk_load() sorts at a time
  // Of an index of places, and of no other. The owner has locked out other processes, and outlives
  // the index. A new file gets `file_id`, which an existing one must have.
  Owner* owner = nullptr;
  FileId file_id{};

  // For tests: the part of a key's hash that counts, the entries of a delta (0: as many as
  // delta_memory allows), and how long nobody writes before the index merges by itself.
  uint64_t hash_mask = UINT64_MAX;
  uint32_t delta_entries = 0;
  std::chrono::steady_clock::duration idle_time = std::chrono::seconds(1);
};

struct Stats {
  uint64_t entries = 0;
  uint64_t file_bytes = 0;
  uint64_t free_bytes = 0;  // in the file, ready for use
  uint64_t segments = 0;
  uint64_t segment_bytes = 0;
  uint64_t log_bytes = 0;      // that the unmerged changes take in the file
  uint64_t delta_entries = 0;  // keys with unmerged changes
  uint64_t generation = 0;
  uint64_t lsn = 0;     // of the last save
  uint64_t merges = 0;  // segments rewritten since the open
  uint64_t syncs = 0;
  uint64_t recovered_operations = 0;  // that the open found in the log
  bool writes_refused = false;        // after a failed sync
};

enum class PutMode { always, only_absent };

class Cursor;

class DiskIndex {
 public:
  static Result<std::unique_ptr<DiskIndex>> open(os::FileSystem& files, const std::string& path,
                                                 const Options& options);
  // Makes the file at `path` anew from what `source` answers, as bulk_load() does, whatever there
  // was before; the old file stays until the new one is complete. `options` as for open.
  using Source = FunctionRef<Status(Key* key, MutableBytes record)>;
  static Status rebuild(os::FileSystem& files, const std::string& path, const Options& options,
                        Source source);
  virtual ~DiskIndex() = default;

  virtual uint32_t record_size() const noexcept = 0;
  virtual RecordKind record_kind() const noexcept = 0;

  // `not_found`, or the record has been copied into `record`, which has record_size() bytes.
  virtual Status get(const Key& key, MutableBytes record) = 0;
  virtual Status contains(const Key& key) = 0;
  // Begins to bring near what get() is going to read, so that it waits for several keys at once.
  // Each asks for a dozen lines; more keys together would wait for room to ask in.
  static constexpr size_t prefetch_max = 8;
  virtual void prefetch(const Key& key) const noexcept = 0;
  virtual uint64_t size() const noexcept = 0;

  // Survives the process when it returns. `exists` when the mode says so.
  virtual Status put(const Key& key, Bytes record, PutMode mode) = 0;
  // `not_found` when the key is not there.
  virtual Status remove(const Key& key) = 0;

  // `source` fills in a key and a record, or answers `done`; its errors stop the load and are
  // answered. Of one key the last record counts. Readers see all of it or nothing, before and
  // after a crash; it is durable on return. Writers wait. `source` may not call the index.
  virtual Status bulk_load(Source source) = 0;
  // Space for so many entries in all.
  virtual Status reserve(uint64_t entries) = 0;

  // What was written before the call survives a power loss. `lsn` stays in the file.
  virtual Status save(uint64_t lsn) = 0;
  // The same, with all changes merged into the segments and an empty log: the next open has nothing
  // to do.
  virtual Status checkpoint(uint64_t lsn) = 0;
  // Merges all changes made so far beside readers and writers, which promises nothing about the
  // device. The index's own thread does so once nobody has written for a while.
  virtual Status merge() = 0;
  // The lsn of the last save or checkpoint that is durable.
  virtual uint64_t lsn() const = 0;

  // Rewrites the file as small as it can be. Writers wait.
  virtual Status shrink_to_fit() = 0;
  // Reads everything. `progress(done, total)` counts segments and stops it with any status but ok.
  virtual Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress) = 0;
  virtual Stats stats() const = 0;

  // The cursor must be destroyed before the index, but may stand open during close().
  virtual Result<std::unique_ptr<Cursor>> open_cursor() = 0;

  // Saves and unlocks. The object is dead afterwards whatever it returns. Destruction without close
  // leaves the file as a killed process would.
  virtual Status close() = 0;
};

// All records in an order of its own. One that is there from the first call to the last is met
// exactly once; one that comes, goes or changes meanwhile may be met before or after that. One
// thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // ok on a record, `done` behind the last. `corruption` once for each segment with damaged pages;
  // the next call goes on. Left out are no keys but those that get() answers so.
  virtual Status next() = 0;
  // Of the record it stands on; valid until the next call.
  virtual const Key& key() const noexcept = 0;
  virtual Bytes record() const noexcept = 0;
};

}  // namespace stave::disk_index
