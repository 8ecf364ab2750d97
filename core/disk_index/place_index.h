// A disk index that is part of something with a log of its own: a store's key directory.
//
// Its records are places in that log (RecordKind::place), and the log is its redo log. An open
// shows what the segments hold; the owner then repeats the frames of its log from
// OwnerState::replay_from on. docs/internals/key_directory.md argues why that gives the right
// state.
//
// A change cannot fail: what it needs is set aside before, by promise(). Thread safety as of every
// disk index; changes of one key come one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/owner.h"

namespace stave::disk_index {

class PlaceIndex : public DiskIndex {
 public:
  // options.owner is set; the record kind and size are known.
  static Result<std::unique_ptr<PlaceIndex>> open(os::FileSystem& files, const std::string& path,
                                                  const Options& options);

  // What the last durable superblock says.
  virtual OwnerState owner_state() const = 0;

  // Sets aside what so many changes need. `no_space` and others have promised nothing. On a full
  // disk those that are promised `from_reserve` go on, so that it can be emptied.
  virtual Status promise(uint64_t changes, bool from_reserve) = 0;
  virtual void forget_promise(uint64_t changes) noexcept = 0;

  // Uses up one promised change. The key's record becomes `record`, or goes when that is empty, if
  // it was `expected` (empty: none); otherwise nothing changes, and the answer is `mismatch`.
  // `frame` is where the owner's log has the change; frames come in order.
  virtual Status exchange(const Key& key, Bytes expected, Bytes record,
                          const LogMark& frame) noexcept = 0;
  // All frames before this one were applied.
  virtual void set_mark(const LogMark& next) = 0;

  // A sync has failed: no promise is given any more.
  virtual bool refuses_changes() const noexcept = 0;

  // The next promise() begins a merge.
  virtual void want_merge() noexcept = 0;
  // Without a thread of its own the index merges a slice here.
  virtual void merge_slice() noexcept = 0;
  // Merges all changes made so far beside traffic: then replay_from lies behind all frames but the
  // last that was applied before the call.
  virtual Status checkpoint_beside() = 0;
};

}  // namespace stave::disk_index
