// What a key directory on disk keeps for a key: the location of its newest record in the log.
// docs/formats/key_directory.md describes the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/endian.h"
#include "core/base/limits.h"
#include "core/disk_index/owner.h"
#include "core/store/options.h"

namespace stave::store {

struct DiskLocation {
  uint64_t generation = 0;  // of the segment
  uint64_t offset = 0;      // in it, a multiple of location_unit
  uint32_t size = 0;        // of the record, without padding
  uint8_t codec = 0;        // of its value
  friend bool operator==(const DiskLocation&, const DiskLocation&) = default;
};

using DiskLocationBytes = std::array<std::byte, disk_index::location_size>;

// offset  size  field; the last byte is zero
inline constexpr size_t location_generation_at = 0;  // 5
inline constexpr size_t location_units_at = 5;       // 5, the offset in units of 16 bytes
inline constexpr size_t location_size_at = 10;       // 4
inline constexpr size_t location_codec_at = 14;      // 1
static_assert(location_codec_at + 2 == disk_index::location_size);

// A segment of a larger generation could not be named.
inline constexpr uint64_t location_generation_max = (uint64_t{1} << 40) - 1;
static_assert(segment_size_max + frame_size_max <= location_unit * (uint64_t{1} << 40));

inline DiskLocationBytes encode_location(const DiskLocation& location) noexcept {
  const uint64_t units = location.offset / location_unit;
  DiskLocationBytes bytes{};
  store_le64(&bytes[location_generation_at], location.generation | units << 40);
  store_le16(&bytes[8], static_cast<uint16_t>(units >> 24));
  store_le32(&bytes[location_size_at], location.size);
  bytes[location_codec_at] = static_cast<std::byte>(location.codec);
  return bytes;
}

inline DiskLocation decode_location(const std::byte* bytes) noexcept {
  const uint64_t low = load_le64(bytes);
  const uint64_t units = low >> 40 | uint64_t{load_le16(bytes + 8)} << 24;
  return {.generation = low & location_generation_max,
          .offset = units * location_unit,
          .size = load_le32(bytes + location_size_at),
          .codec = static_cast<uint8_t>(bytes[location_codec_at])};
}

}  // namespace stave::store
