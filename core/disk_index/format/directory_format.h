// The directory on disk: the segments in order of their ranges of hashes.
// docs/formats/disk_index.md describes the bytes.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/disk_index/format/page_format.h"

namespace stave::disk_index {

// A segment holds the entries whose hashes begin with the same `depth` bits. It is one extent:
// home pages, then overflow pages; an empty segment has no pages.
struct Segment {
  uint64_t first_page = 0;
  uint32_t home_pages = 0;
  uint32_t overflow_pages = 0;
  uint32_t entries = 0;
  uint32_t depth = 0;
  uint64_t generation = 0;  // of its pages
  uint64_t pages() const noexcept { return uint64_t{home_pages} + overflow_pages; }
  friend bool operator==(const Segment&, const Segment&) = default;
};

inline constexpr uint32_t segment_entry_size = 32;
inline constexpr uint32_t segments_per_page = (page_size - page_header_size) / segment_entry_size;
static_assert(segments_per_page == 126);

// A directory of depth d takes 2^d slots in memory, so a segment may not become much deeper than
// the number of segments asks for. Hashes that do not spread make such segments; those stay large.
inline constexpr uint32_t depth_max = 40;
inline constexpr uint64_t segments_per_slot = 16;
// The superblocks stand before it.
inline constexpr uint64_t first_segment_page = 2;

constexpr uint64_t directory_pages(uint64_t segments) noexcept {
  return segments / segments_per_page + (segments % segments_per_page != 0 ? 1 : 0);
}

inline void encode_segment(std::byte* to, const Segment& segment) noexcept {
  store_le64(to, segment.first_page);
  store_le32(to + 8, segment.home_pages);
  store_le32(to + 12, segment.overflow_pages);
  store_le32(to + 16, segment.entries);
  store_le32(to + 20, segment.depth);
  store_le64(to + 24, segment.generation);
}

inline Segment decode_segment(const std::byte* from) noexcept {
  return {load_le64(from),      load_le32(from + 8),  load_le32(from + 12),
          load_le32(from + 16), load_le32(from + 20), load_le64(from + 24)};
}

}  // namespace stave::disk_index
