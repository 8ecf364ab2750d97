// Changes of single keys: room for them, the change itself, and the pace that keeps each put short.
//
// Thread safety: everything from any thread; writers take turns.
#pragma once

#include <cstdint>

#include "core/disk_index/log/change_log.h"
#include "core/disk_index/log/pacing.h"
#include "core/disk_index/merge/merger.h"
#include "core/disk_index/merge/merger_thread.h"

namespace stave::disk_index {

enum class WriteMode { put, insert };

class Writer {
 public:
  Writer(State& state, EntryCounter& counter, ChangeLog& log, Merger& merger, MergerThread& thread)
      : state_(state), counter_(counter), log_(log), merger_(merger), thread_(thread) {}

  // `exists` when the mode is insert and the key is there.
  Status put(const Key& key, Bytes record, WriteMode mode);
  // `not_found` when the key is absent.
  Status remove(const Key& key) { return change(LogKind::remove, key, {}, WriteMode::put); }
  // Puts the records one by one; `*done` is the number of those that were put.
  Status multi_put(Bytes keys, Bytes records, size_t* done);

  // Of an index of locations; see LocationIndex.
  Status promise(uint64_t changes, bool use_reserve);
  void forget_promise(uint64_t changes) noexcept;
  Status exchange(const Key& key, Bytes expected, Bytes record) noexcept;
  // Without a thread of its own, the index merges a slice here.
  void merge_slice() noexcept;
  // The next promise() begins a pass.
  void request_merge() noexcept { log_.request_merge(); }

 private:
  Status change(LogKind kind, const Key& key, Bytes record, WriteMode mode);
  // The two halves of change(). REQUIRES: writer lock, an EpochPin, room for a change.
  void put_blindly(uint64_t hash, const Key& key, Bytes record) noexcept;
  Status look_up_and_change(LogKind kind, uint64_t hash, const Key& key, Bytes record,
                            WriteMode mode);
  // The active delta gets room for `changes` more than are promised. Both leave the lock held.
  Status make_delta_room(WriterLock& writer, uint64_t changes);
  // The same for one change, and in the log.
  Status make_room(WriterLock& writer);
  Pacing::Clock::duration pause_length() noexcept;

  State& state_;
  EntryCounter& counter_;
  ChangeLog& log_;
  Merger& merger_;
  MergerThread& thread_;
};

}  // namespace stave::disk_index
