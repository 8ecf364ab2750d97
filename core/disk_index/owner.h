// An index that is part of something with a log of its own, such as a store's key directory.
//
// Its records are places (RecordKind::place), and the owner's log is its redo log: an open shows
// what the segments hold, and the owner repeats the frames of its log from `replay_from` on.
// docs/internals/key_directory.md argues why that gives the right state.
#pragma once

#include <cstdint>

#include "core/base/status.h"

namespace stave::disk_index {

inline constexpr uint32_t place_size = 16;

// A frame of the owner's log: its number, and where it begins.
struct LogMark {
  uint64_t lsn = 1;
  uint64_t generation = 0;  // 0: of the log's first frame, wherever that is
  uint64_t offset = 0;
  friend bool operator==(const LogMark&, const LogMark&) = default;
};

// What a superblock says to the owner.
struct OwnerState {
  LogMark replay_from;             // changes of all frames before it are in the segments
  uint64_t newest_lsn = 0;         // no segment holds a change of a later frame
  uint64_t companion_version = 0;  // of what Owner::before_superblock() had saved
  uint64_t weight = 0;             // the sum over all entries in segments of weight_of()
  friend bool operator==(const OwnerState&, const OwnerState&) = default;
};

class Owner {
 public:
  virtual ~Owner() = default;
  // Before a superblock is written whose segments hold changes of frames up to `lsn`: brings the
  // owner's log up to there to the device, and what else belongs to the index. Answers the version
  // of that. Called under the index's locks: it may not call the index.
  virtual Result<uint64_t> before_superblock(uint64_t lsn) = 0;
  // What an entry counts in OwnerState::weight. `record` has place_size bytes.
  virtual uint64_t weight_of(const std::byte* record) const noexcept = 0;
};

}  // namespace stave::disk_index
