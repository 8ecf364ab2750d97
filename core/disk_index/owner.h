// The owner of a disk index that is part of something with a log of its own: a store, whose key
// directory the index is.
//
// The records of such an index are locations in the owner's log (RecordKind::location), and that
// log is its redo log: after an open the index has what its segments hold, and the owner repeats
// the frames of its log from some frame on. The index tells its owner when changes have reached
// segments; what frames these were, only the owner knows. docs/internals/key_directory.md argues
// why that gives the right state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/status.h"

namespace stave::disk_index {

inline constexpr uint32_t location_size = 16;

// What a superblock keeps for the owner. The index does not interpret it.
struct OwnerNote {
  uint64_t lsn = 0;
  std::array<uint64_t, 4> words{};
  friend bool operator==(const OwnerNote&, const OwnerNote&) = default;
};

// Thread safety: the index calls these under its locks, in any thread. They may not call the index.
class Owner {
 public:
  virtual ~Owner() = default;

  // Changes from now on go to a new delta. All that were made before are in older ones.
  virtual void delta_began() noexcept = 0;
  // All changes made before the last delta_began() are in the segments that the next superblock
  // names.
  virtual void older_deltas_merged() noexcept = 0;

  // Called before a superblock is written. Brings to the device what the segments may refer to, and
  // what else belongs to the index. Returns what the superblock keeps.
  virtual Result<OwnerNote> before_superblock() = 0;
  // True iff a superblock written now would tell of more merged changes than `saved`.
  virtual bool has_advanced(const OwnerNote& saved) const noexcept = 0;

  // What an entry adds to Superblock::weight. `record` has location_size bytes.
  virtual uint64_t weight_of(const std::byte* record) const noexcept = 0;
};

}  // namespace stave::disk_index
