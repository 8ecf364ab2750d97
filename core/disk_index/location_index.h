// A disk index with an owner: its records are locations in the owner's log (owner.h).
//
// A change cannot fail: promise() sets aside what it needs. Thread safety as of every disk index;
// changes of one key come one after the other.
#pragma once

#include <memory>
#include <string>

#include "core/disk_index/disk_index.h"

namespace stave::disk_index {

class LocationIndex final : public DiskIndex {
 public:
  using DiskIndex::DiskIndex;
  // options.owner is set; the record kind and size are implied.
  static Result<std::unique_ptr<LocationIndex>> open(os::FileSystem& files, const std::string& path,
                                                     const Options& options);

  // What the last durable superblock says.
  const OwnerNote& owner_note() const noexcept { return checkpointer_.durable().owner; }
  // Of the hashes that cursors go by; another one when the file is made anew.
  uint64_t hash_seed() const noexcept { return checkpointer_.durable().hash_seed; }
  uint64_t weight() const noexcept { return checkpointer_.durable().weight; }

  // Sets aside what `changes` need. An error has promised nothing. On a full disk changes that
  // `use_reserve` go on, so that the store can be emptied.
  Status promise(uint64_t changes, bool use_reserve);
  void forget_promise(uint64_t changes) noexcept;
  // Uses up one promised change. The key's record becomes `record`, or is removed if that is empty,
  // provided it was `expected` (empty: absent). Otherwise nothing changes: `mismatch`.
  Status exchange(const Key& key, Bytes expected, Bytes record) noexcept;

  // A sync has failed: no promise is given any more.
  bool refuses_changes() const noexcept { return state_.refuses(); }

  // The next promise() begins a pass.
  void request_merge() noexcept { log_.request_merge(); }
  // Without a thread of its own, the index merges a slice here.
  void merge_slice() noexcept {
    if (thread_.writers_merge()) merger_.merge_slice();
  }
  // Merges all changes made so far beside writers, and makes the owner's position durable.
  Status checkpoint_owner();
};

}  // namespace stave::disk_index
