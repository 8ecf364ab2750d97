// The active segment: where the log's next bytes go.
//
// Its file is mapped with `capacity` bytes, and allocated in steps that double, so that filling
// reserved bytes is a copy into memory that cannot fail. After the space for ordinary frames it
// keeps a reserve for frames that only remove keys.
//
// Thread safety: guarded by the log's mutex. The bytes of a reservation belong to its writer.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/log/segment.h"

namespace stave::store {

// Space that only removes may use, so that keys can be removed on a full disk.
constexpr uint64_t remove_reserve_size(uint64_t segment_size) noexcept {
  const uint64_t share = segment_size / 64;
  return share < 4096 ? 4096 : share > (256 << 10) ? (256 << 10) : share;
}

class Appender {
 public:
  static constexpr uint64_t page_size = 4096;

  enum class Fit {
    fits,
    roll,      // the segment has reached its size: begin a new one
    no_space,  // the device is full
  };

  // The size of the mapping of a new segment that begins with a frame of `first_frame_size`.
  static uint64_t capacity_for(uint64_t segment_size, uint64_t first_frame_size) noexcept;

  // Creates a segment, durable under its name. There is space for a frame of `first_frame_size`,
  // and after it, unless that frame `may_use_reserve`, for the reserve. A failure leaves nothing
  // behind, unless *name_taken: then the sync of the directory failed, and a crash may or may not
  // leave the segment.
  static Result<std::unique_ptr<Appender>> create(os::FileSystem& files,
                                                  const std::string& directory,
                                                  const SegmentHeader& header,
                                                  uint64_t segment_size, uint64_t first_frame_size,
                                                  bool may_use_reserve, bool* name_taken);
  // Goes on after `end` in a segment that was closed cleanly.
  static Result<std::unique_ptr<Appender>> resume(std::shared_ptr<Segment> segment, uint64_t end,
                                                  uint64_t segment_size);

  // Allocates space for `size` bytes at end(), and for the reserve after it unless the frame
  // `may_use_reserve`.
  Result<Fit> ensure_space(uint64_t size, bool may_use_reserve);
  // Takes `size` bytes and returns their offset. REQUIRES: ensure_space() said `fits`, or
  // fits_reserve() true.
  uint64_t take(uint64_t size) noexcept;
  // Allocates space for `size` bytes at end() in the reserve, beyond the limit of ordinary frames.
  // Whether that was possible.
  bool fits_reserve(uint64_t size);

  std::byte* bytes(uint64_t offset) const noexcept { return mapping_->data() + offset; }
  const std::shared_ptr<Segment>& segment() const noexcept { return segment_; }
  const std::shared_ptr<os::Mapping>& mapping() const noexcept { return mapping_; }
  uint64_t end() const noexcept { return end_; }

  // A sync begins. Returns the bytes appended since the one before.
  uint64_t note_sync() noexcept { return end_ - std::exchange(synced_end_, end_); }

  // Pages of the mapping. The first store into a page interrupts its thread, so pages are
  // prefaulted in time: those near end() while much is appended without a sync (which would have to
  // write them), and those of one frame of several pages.
  struct Range {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  bool is_prefault_due() const noexcept {
    return end_ + prefault_step / 2 > prefaulted_ && end_ - synced_end_ >= unsynced_min &&
           prefaulted_ + page_size <= allocated_;
  }
  // The caller prefaults what these return; every page is returned once.
  Range take_prefault() noexcept;
  Range take_prefault_of(uint64_t offset, uint64_t size) noexcept;

  // Gives back what is allocated after end() plus `keep` bytes. A failure only wastes space.
  void trim(uint64_t keep) noexcept;

 private:
  static constexpr uint64_t prefault_step = 64 << 10;
  static constexpr uint64_t unsynced_min = 1 << 20;

  Appender(std::shared_ptr<Segment> segment, std::shared_ptr<os::Mapping> mapping, uint64_t limit,
           uint64_t reserve, uint64_t end, uint64_t allocated) noexcept;
  Result<bool> allocate_at_least(uint64_t size);

  std::shared_ptr<Segment> segment_;
  std::shared_ptr<os::Mapping> mapping_;
  uint64_t limit_;           // ordinary frames end at or below
  uint64_t reserve_;         // bytes after them for removes
  uint64_t end_;             // of the reserved bytes
  uint64_t allocated_;       // real blocks lie below
  uint64_t synced_end_;      // of the reserved bytes, when the last sync began
  uint64_t prefaulted_ = 0;  // pages below are prefaulted, or about to be
};

}  // namespace stave::store
