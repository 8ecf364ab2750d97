// The disk index: a persistent hash index from 128-bit keys to records of one fixed size, in one
// memory-mapped file.
//
// This is what the C interface wraps; it knows nothing of handles, closing races and C types. Any
// number of threads may call anything at the same time; writers take turns. close() is called once,
// when no other call is running, and nothing is called after it.
// Format: docs/formats/disk_index.md. How it works: docs/internals/disk_index.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/disk_index/checkpoint/checkpointer.h"
#include "core/disk_index/format/key.h"
#include "core/disk_index/log/change_log.h"
#include "core/disk_index/log/entry_counter.h"
#include "core/disk_index/merge/merger.h"
#include "core/disk_index/merge/merger_thread.h"
#include "core/disk_index/options.h"
#include "core/disk_index/read/cursor.h"
#include "core/disk_index/state.h"
#include "core/os/file_system.h"

namespace stave::disk_index {

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

// Fills in a key and a record, or returns `done`.
using RecordSource = FunctionRef<Status(Key* key, MutableBytes record)>;

class DiskIndex {
 public:
  static Result<std::unique_ptr<DiskIndex>> open(os::FileSystem& files, const std::string& path,
                                                 const Options& options);
  // Makes the file at `path` anew from what `source` returns, as bulk_load() does, whatever there
  // was before; the old file stays until the new one is complete. `options` as for open.
  static Status rebuild(os::FileSystem& files, const std::string& path, const Options& options,
                        RecordSource source);
  // What an open has found, and the lock that keeps other processes away.
  DiskIndex(os::FileSystem& files, std::string path, const Options& options,
            std::unique_ptr<os::FileLock> lock, Opened& opened);
  // Without close() the file is left as a killed process would leave it.
  ~DiskIndex() { thread_.stop(); }

  uint32_t record_size() const noexcept { return state_.record_size; }
  RecordKind record_kind() const noexcept { return state_.record_kind; }

  // ---- Reading ----

  // `not_found`, or the record has been copied into `record`, which has record_size() bytes.
  Status get(const Key& key, MutableBytes record) const;
  Status contains(const Key& key) const;
  // found[i] says whether the i-th key is there; then the i-th of `records` is its record. Stops at
  // the first error.
  Status multi_get(Bytes keys, MutableBytes records, std::span<uint8_t> found) const;
  // Prefetches what get() reads first. No more than prefetch_max keys at a time: each takes a dozen
  // prefetches; more keys together would exceed what the processor keeps in flight.
  static constexpr size_t prefetch_max = 8;
  void prefetch(const Key& key) const noexcept;
  uint64_t size() noexcept { return counter_.size(); }
  // The cursor must be destroyed before the index, but may stand open during close().
  std::unique_ptr<Cursor> open_cursor() const { return std::make_unique<Cursor>(state_); }
  Stats stats();

  // ---- Changes: each survives the process when it returns ----

  Status put(const Key& key, Bytes record) { return change(WriteMode::put, key, record); }
  // `exists` when the key is there.
  Status insert(const Key& key, Bytes record) { return change(WriteMode::insert, key, record); }
  // `not_found` when the key is absent.
  Status remove(const Key& key) { return change(WriteMode::remove, key, {}); }
  // Puts the records in order; `*done` is the number of those that were put.
  Status multi_put(Bytes keys, Bytes records, size_t* done);
  // Errors of `source` stop the load and are returned. Of one key the last record counts. Readers
  // see all of it or nothing, before and after a crash; it is durable on return. Writers wait.
  // `source` may not call the index.
  Status bulk_load(RecordSource source);

  // ---- Durability ----

  // What was written before the call survives a power loss. `lsn` stays in the file.
  Status save(uint64_t lsn);
  // Like save(), with all changes merged into the segments and an empty log: the next open has
  // nothing to do.
  Status checkpoint(uint64_t lsn);
  // Merges all changes made so far, beside readers and writers. Promises nothing about the device.
  Status merge() { return merger_.merge(); }
  // The lsn of the last save or checkpoint that is durable.
  uint64_t lsn();

  // ---- The file ----

  // Space for so many entries in all.
  Status reserve(uint64_t entries);
  // Rewrites the file as small as it can be. Writers wait.
  Status shrink_to_fit();
  // Reads everything. `progress(done, total)` counts segments and stops it with any status but ok.
  Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress);
  // Saves and unlocks. Nothing is called afterwards, whatever it returns.
  Status close();

  // ---- Opening, before any other call ----

  // Finds the log's operations.
  Status recover(const LogContents& log);
  // Merges a log that earlier processes have left half merged, if that is worth it.
  void merge_leftovers();

 protected:
  enum class WriteMode { put, insert, remove };
  Status change(WriteMode mode, const Key& key, Bytes record);
  // The two halves of change(). REQUIRES, as of append(): writer lock, an EpochPin, room for a
  // change.
  void put_blindly(uint64_t hash, const Key& key, Bytes record) noexcept;
  Status look_up_and_change(WriteMode mode, uint64_t hash, const Key& key, Bytes record);
  // Changes a key that `existed` or not, and counts. The record of a remove is empty.
  void append(LogKind kind, uint64_t hash, const Key& key, Bytes record, bool existed) noexcept;
  // The active delta gets room for `changes` more than are promised. Leaves the lock held.
  Status make_delta_room(WriterLock& writer, uint64_t changes);
  // Like make_delta_room() for one change, and in the log.
  Status make_room(WriterLock& writer);
  Pacing::Clock::duration pause_length() noexcept;

  // Merges all changes, so that everything is in the segments. REQUIRES: both locks.
  Status merge_all(WriterLock& writer);
  Status save_at_close();
  Status write_compact(DiskIndex& other);
  void adopt(DiskIndex& other, std::unique_ptr<View> ours, std::unique_ptr<View> shell) noexcept;

  State state_;
  EntryCounter counter_;
  ChangeLog log_;
  Checkpointer checkpointer_;
  Merger merger_;
  MergerThread thread_;
  uint64_t recovered_operations_ = 0;
};

}  // namespace stave::disk_index
