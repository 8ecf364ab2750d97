// What a key directory on disk says of a key: where its newest record lies in the log.
// docs/formats/key_directory.md describes the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/endian.h"
#include "core/base/limits.h"
#include "core/disk_index/owner.h"
#include "core/store/format/segment_format.h"
#include "core/store/options.h"

namespace stave::store {

struct Place {
  uint64_t generation = 0;  // of the segment
  uint64_t offset = 0;      // in it, a multiple of location_unit
  uint32_t size = 0;        // of the record, without padding
  uint8_t codec = 0;        // of its value
  friend bool operator==(const Place&, const Place&) = default;
};

using PlaceBytes = std::array<std::byte, disk_index::place_size>;

// offset  size  field; the last byte is zero
inline constexpr size_t place_generation_at = 0;  // 5
inline constexpr size_t place_units_at = 5;       // 5, the offset in units of 16 bytes
inline constexpr size_t place_size_at = 10;       // 4
inline constexpr size_t place_codec_at = 14;      // 1
static_assert(place_codec_at + 2 == disk_index::place_size);

// A segment of a larger generation could not be named.
inline constexpr uint64_t place_generation_max = generation_max_on_disk;
static_assert(segment_size_max + frame_size_max <= location_unit * (uint64_t{1} << 40));

inline PlaceBytes encode_place(const Place& place) noexcept {
  const uint64_t units = place.offset / location_unit;
  PlaceBytes bytes{};
  store_le64(&bytes[place_generation_at], place.generation | units << 40);
  store_le16(&bytes[8], static_cast<uint16_t>(units >> 24));
  store_le32(&bytes[place_size_at], place.size);
  bytes[place_codec_at] = static_cast<std::byte>(place.codec);
  return bytes;
}

inline Place decode_place(const std::byte* bytes) noexcept {
  const uint64_t low = load_le64(bytes);
  const uint64_t units = low >> 40 | uint64_t{load_le16(bytes + 8)} << 24;
  return {.generation = low & place_generation_max,
          .offset = units * location_unit,
          .size = load_le32(bytes + place_size_at),
          .codec = static_cast<uint8_t>(bytes[place_codec_at])};
}

}  // namespace stave::store
