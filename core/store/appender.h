// The active segment: where the log's next bytes go.
//
// Its file is mapped with room for `capacity` bytes, and allocated in steps that double, so that
// filling reserved bytes is a copy into memory that cannot fail. Behind what ordinary frames may
// use it keeps a reserve for frames that only delete.
//
// Thread safety: guarded by the log's mutex, but for bytes(), whose bytes belong to the reserver.
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/segment.h"

namespace stave::store {

// Space that only deletes may use, so that a full disk can be emptied.
constexpr uint64_t delete_reserve_size(uint64_t segment_size) noexcept {
  const uint64_t share = segment_size / 64;
  return share < 4096 ? 4096 : share > (256 << 10) ? (256 << 10) : share;
}

class Appender {
 public:
  enum class Fit {
    fits,
    roll,      // the segment has reached its size: begin a new one
    no_space,  // the device is full
  };

  // The size of the mapping of a new segment that begins with a frame of `first_frame_size`.
  static uint64_t capacity_for(uint64_t segment_size, uint64_t first_frame_size) noexcept;

  // A new segment, still under its unfinished name: allocated, with its header. A frame of
  // `first_frame_size` fits, and behind it, unless that frame `may_use_reserve`, the reserve. A
  // failure leaves nothing behind.
  static Result<std::unique_ptr<Appender>> create(os::FileSystem& files,
                                                  const std::string& directory,
                                                  const SegmentHeader& header,
                                                  uint64_t segment_size, uint64_t first_frame_size,
                                                  bool may_use_reserve);
  // Makes the new segment durable under its name. A failure leaves nothing behind either, unless
  // *name_taken: then the directory's sync failed, and whether a crash leaves the segment is
  // unknown.
  Status finish(os::FileSystem& files, const std::string& directory, bool* name_taken);
  // Goes on behind `end` in a segment that was closed cleanly.
  static Result<std::unique_ptr<Appender>> resume(std::shared_ptr<Segment> segment, uint64_t end,
                                                  uint64_t segment_size);

  // Makes room for `size` bytes at end(). `no_space` as an answer, other failures as a status.
  Result<Fit> make_room(uint64_t size, bool may_use_reserve);
  // Takes `size` bytes for which make_room said `fits`; returns their offset.
  uint64_t take(uint64_t size) noexcept;
  // Makes room for `size` bytes at end() in the reserve, beyond the limit; whether that was
  // possible.
  bool fits_reserve(uint64_t size);

  std::byte* bytes(uint64_t offset) const noexcept { return mapping_->data() + offset; }
  const std::shared_ptr<Segment>& segment() const noexcept { return segment_; }
  const std::shared_ptr<os::Mapping>& mapping() const noexcept { return mapping_; }
  uint64_t end() const noexcept { return end_; }

  // Gives back what is allocated behind end() plus `keep` bytes. Failing only wastes space.
  void trim(uint64_t keep) noexcept;

 private:
  Appender(std::shared_ptr<Segment> segment, std::shared_ptr<os::Mapping> mapping, uint64_t limit,
           uint64_t reserve, uint64_t end, uint64_t allocated) noexcept;
  Result<bool> allocate_at_least(uint64_t size);

  std::shared_ptr<Segment> segment_;
  std::shared_ptr<os::Mapping> mapping_;
  uint64_t limit_;      // ordinary frames end at or below
  uint64_t reserve_;    // bytes behind them for deletes
  uint64_t end_;        // of the reserved bytes
  uint64_t allocated_;  // real blocks lie below
};

}  // namespace stave::store
