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
#include <utility>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/log/segment.h"

namespace stave::store {

// Space that only deletes may use, so that a full disk can be emptied.
constexpr uint64_t delete_reserve_size(uint64_t segment_size) noexcept {
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
  // Whether it has been made already, beside the reserve.
  bool has_room(uint64_t size) const noexcept {
    return end_ + size <= limit_ && end_ + size + reserve_ <= allocated_;
  }
  // Takes `size` bytes for which make_room said `fits`; returns their offset.
  uint64_t take(uint64_t size) noexcept;
  // Makes room for `size` bytes at end() in the reserve, beyond the limit; whether that was
  // possible.
  bool fits_reserve(uint64_t size);

  std::byte* bytes(uint64_t offset) const noexcept { return mapping_->data() + offset; }
  const std::shared_ptr<Segment>& segment() const noexcept { return segment_; }
  const std::shared_ptr<os::Mapping>& mapping() const noexcept { return mapping_; }
  uint64_t end() const noexcept { return end_; }

  // A sync begins: how much has been appended since the one before.
  uint64_t note_sync() noexcept { return end_ - std::exchange(synced_end_, end_); }

  // Whether the first stores into pages behind end() are about to interrupt those who make them:
  // then it is time to make the next pages ready. Only where much has been appended without a sync,
  // which would have to write them.
  bool is_near_unready() const noexcept {
    return end_ + ready_step / 2 > ready_ && end_ - synced_end_ >= unsynced_min &&
           ready_ + page_size <= allocated_;
  }
  // The next of those pages, which the caller makes ready: nobody else is told of them.
  struct Range {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  Range take_unready() noexcept;
  // Those that a frame will be in, if they are several: one by one they would interrupt its writer.
  Range take_unready_of(uint64_t offset, uint64_t size) noexcept;

  // Gives back what is allocated behind end() plus `keep` bytes. Failing only wastes space.
  void trim(uint64_t keep) noexcept;

 private:
  static constexpr uint64_t ready_step = 64 << 10;
  static constexpr uint64_t unsynced_min = 1 << 20;

  Appender(std::shared_ptr<Segment> segment, std::shared_ptr<os::Mapping> mapping, uint64_t limit,
           uint64_t reserve, uint64_t end, uint64_t allocated) noexcept;
  Result<bool> allocate_at_least(uint64_t size);

  std::shared_ptr<Segment> segment_;
  std::shared_ptr<os::Mapping> mapping_;
  uint64_t limit_;       // ordinary frames end at or below
  uint64_t reserve_;     // bytes behind them for deletes
  uint64_t end_;         // of the reserved bytes
  uint64_t allocated_;   // real blocks lie below
  uint64_t synced_end_;  // of the reserved bytes, when the last sync began
  uint64_t ready_ = 0;   // pages below are ready for stores, or about to be
};

}  // namespace stave::store
