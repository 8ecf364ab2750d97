// Segment files on disk: names and the header. docs/formats/segment.md is the description.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::store {

using StoreId = std::array<std::byte, 16>;

inline constexpr size_t segment_header_size = 128;
// Generations are 1 to this. A key directory on disk has fewer bits for them
// (format/location_format.h).
inline constexpr uint64_t generation_max = UINT64_MAX - 1;
inline constexpr std::string_view segment_suffix = ".segment";
inline constexpr std::string_view unfinished_suffix = ".new";

enum class SegmentKind : uint32_t {
  log = 0,        // frames, in the order of their LSNs
  relocated = 1,  // records that were copied out of other segments, each with its LSN
};

struct SegmentHeader {
  SegmentKind kind = SegmentKind::log;
  StoreId store_id{};
  uint64_t generation = 0;
  uint64_t base_lsn = 0;             // no record has a smaller one
  uint64_t previous_generation = 0;  // log
  uint64_t timeline = 0;
  uint64_t end = 0;  // relocated: of the last record, and of the file
};

using SegmentHeaderBytes = std::array<std::byte, segment_header_size>;

SegmentHeaderBytes encode_segment_header(const SegmentHeader& header) noexcept;
// `corruption` or `unsupported_version`, naming `path`.
Result<SegmentHeader> decode_segment_header(const SegmentHeaderBytes& bytes, std::string_view path);

// "000000000000002a.segment" and back; nothing for any other name.
std::string segment_name(uint64_t generation);
std::optional<uint64_t> parse_segment_name(std::string_view name) noexcept;

// The seed of the checksums of a segment's records, before the offset is added.
uint64_t segment_seed(const StoreId& store_id, uint64_t generation) noexcept;

}  // namespace stave::store
