// Writes a segment anew with changes: as one segment, or as several when it has too many entries.
//
// Thread safety: one thread at a time. REQUIRES: merge lock.
#pragma once

#include <cstdint>
#include <vector>

#include "core/disk_index/segments/segment_builder.h"
#include "core/disk_index/state.h"

namespace stave::disk_index {

// build(), then write(); in between the caller makes the directory as deep as depth().
class SegmentRewriter {
 public:
  explicit SegmentRewriter(State& state) : state_(state) {}

  // Builds in memory what the segment that begins at `slot` holds after `changes`, one change per
  // key, as segments of this generation.
  Status build(const Directory& directory, uint64_t slot, const std::vector<HashedChange>& changes,
               uint64_t generation);
  // The largest depth of a segment that was built.
  uint32_t depth() const noexcept;
  // Finds pages for what was built and writes it there: all or nothing.
  Status write();
  // In order of their ranges.
  const std::vector<Segment>& segments() const noexcept { return built_; }
  // What the change adds to State::weight, modulo 2^64.
  uint64_t weight_change() const noexcept { return weight_change_; }

 private:
  Status collect(const Directory& directory, uint64_t slot,
                 const std::vector<HashedChange>& changes);
  Status split(const Directory& directory, std::vector<Entry> entries, uint64_t range,
               uint32_t depth);
  SegmentBuilder& builder(size_t index);
  uint64_t weight_of_entries() const noexcept;

  State& state_;
  uint64_t generation_ = 0;
  uint64_t weight_change_ = 0;
  std::vector<Segment> built_;
  std::vector<SegmentBuilder> builders_;  // of built_, one each; kept for their memory
  std::vector<Entry> entries_;            // likewise
  std::vector<uint32_t> changed_;         // likewise
};

}  // namespace stave::disk_index
