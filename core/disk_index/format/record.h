// Records: what a disk index keeps for a key. docs/formats/disk_index.md describes the bytes.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/status.h"

namespace stave::disk_index {

// `location`: of a record in the log of the index's owner (owner.h).
enum class RecordKind : uint32_t { payload = 1, opaque = 2, location = 3 };

inline constexpr uint32_t record_size_max = 256;

// A payload record says where some bytes lie elsewhere and how they are packed: offset (8), length
// (4), uncompressed length (4), codec (1), zeros (7).
inline constexpr uint32_t payload_size = 24;
inline constexpr uint32_t payload_codec_at = 16;

enum class Codec : uint8_t { none = 0, lz4 = 1, zstandard = 2 };

// Whether the codec exists and the zeros are there: one word, of which only the low two bits may be
// set.
inline bool is_payload(const std::byte* record) noexcept {
  return load_le64(record + payload_codec_at) <= static_cast<uint64_t>(Codec::zstandard);
}
// `corruption`, for a record in the file that is no payload.
Status damaged_payload(const std::byte* record);

// `invalid_argument` for a record that an index of this kind and record size does not take.
Status check_record(RecordKind kind, uint32_t size, Bytes record);

}  // namespace stave::disk_index
