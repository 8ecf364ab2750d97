// The directory in memory: which segment holds a hash.
//
// Readers look a hash up in an array of words, one per prefix of `depth()` bits; a word says all
// that a reader needs of a segment, so replacing a segment is one store per slot. Beside it stand
// the writer's descriptions, complete ones, at the first slot of each segment.
//
// Thread safety: word_of() by any number of threads; everything else by one thread at a time, which
// may be at work meanwhile. A directory never changes its depth: growing makes a new one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/status.h"
#include "core/disk_index/format/directory_format.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

// A segment as readers see it, in one word: page, home pages, depth.
class SegmentWord {
 public:
  SegmentWord() noexcept = default;
  explicit SegmentWord(uint64_t word) noexcept : word_(word) {}
  explicit SegmentWord(const Segment& segment) noexcept
      : word_(segment.first_page << 28 | uint64_t{segment.home_pages} << 6 | segment.depth) {}
  uint64_t word() const noexcept { return word_; }
  uint64_t first_page() const noexcept { return word_ >> 28; }
  uint32_t home_pages() const noexcept {
    return static_cast<uint32_t>(word_ >> 6) & home_pages_max;
  }
  uint32_t depth() const noexcept { return static_cast<uint32_t>(word_) & 63; }

 private:
  uint64_t word_ = 0;
};
static_assert(file_pages_max == uint64_t{1} << (64 - 28) && home_pages_max == (1u << 22) - 1);

class Directory : public sync::Retired {
 public:
  // One empty segment over all hashes.
  Directory();
  // The same segments; `deeper` doubles the slots so many times.
  static std::unique_ptr<Directory> copy_of(const Directory& from, uint32_t deeper = 0);
  // From segments in order of their ranges. `corruption` unless they cover every hash once, and
  // each lies inside `file_pages` and is of sensible size.
  static Result<std::unique_ptr<Directory>> from_segments(const std::vector<Segment>& segments,
                                                          uint32_t depth, uint64_t file_pages);

  uint32_t depth() const noexcept { return depth_; }
  uint64_t slots() const noexcept { return uint64_t{1} << depth_; }
  uint64_t slot_of(uint64_t hash) const noexcept { return (hash >> 1) >> (63 - depth_); }

  SegmentWord word_of(uint64_t hash) const noexcept {
    // Acquire: pairs with the release in replace(); the segment's pages were written before.
    return SegmentWord(words_[slot_of(hash)].load(std::memory_order_acquire));
  }

  // The segment that begins at `slot`.
  const Segment& segment_at(uint64_t slot) const noexcept { return segments_[slot]; }
  uint64_t slots_of(const Segment& segment) const noexcept {
    return uint64_t{1} << (depth_ - segment.depth);
  }
  // The lowest hash of a slot.
  uint64_t first_hash(uint64_t slot) const noexcept { return slot << 1 << (63 - depth_); }
  // The first slot of the segment that holds `hash`.
  uint64_t first_slot(uint64_t hash) const noexcept;
  uint64_t segment_count() const noexcept { return segment_count_; }
  // The sum over all segments.
  uint64_t entries() const noexcept { return entries_; }
  uint64_t pages() const noexcept { return pages_; }

  // Puts `with` in the place of the segment that begins at `slot`: one segment of the same depth,
  // or segments of higher depths, at most depth(), that cover the same range.
  void replace(uint64_t slot, const std::vector<Segment>& with) noexcept;

  // `visit(slot, segment)` for each segment in order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (uint64_t slot = 0; slot < slots(); slot += slots_of(segments_[slot]))
      visit(slot, segments_[slot]);
  }

 private:
  explicit Directory(uint32_t depth);
  void put(uint64_t slot, const Segment& segment) noexcept;

  uint32_t depth_;
  uint64_t segment_count_ = 0;
  uint64_t entries_ = 0;
  uint64_t pages_ = 0;
  std::unique_ptr<std::atomic<uint64_t>[]> words_;
  std::vector<Segment> segments_;
};

}  // namespace stave::disk_index
