// Records and batch headers on disk, byte by byte. docs/formats/segment.md is the description.
//
// Both begin with the same 28 bytes. Decoding trusts nothing: sizes are checked against the bytes
// that are there before they are used, and the checksum decides.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/status.h"

namespace stave::store {

enum class RecordKind : uint8_t { put = 1, remove = 2, batch = 3 };

namespace record_at {  // offsets
inline constexpr size_t checksum = 0;
inline constexpr size_t lsn = 8;
inline constexpr size_t durable_lag = 16;
inline constexpr size_t kind = 20;
inline constexpr size_t flags = 21;
inline constexpr size_t key_size = 22;
inline constexpr size_t value_size = 24;
inline constexpr size_t key = 28;  // or the extension
inline constexpr size_t batch_record_count = 24;
inline constexpr size_t batch_frame_size = 32;
}  // namespace record_at

inline constexpr size_t record_header_size = 28;
inline constexpr size_t record_extension_size = 20;
inline constexpr size_t batch_header_size = 48;
inline constexpr uint8_t flag_codec_mask = 0x0f;
inline constexpr uint8_t flag_member = 0x10;
inline constexpr uint8_t flag_extended = 0x20;
inline constexpr uint8_t flag_encrypted = 0x40;
inline constexpr uint32_t durable_lag_unknown = 0xffff'ffff;

static_assert(record_at::key_size + 2 == record_at::value_size);
static_assert(record_at::value_size + 4 == record_header_size);
static_assert(batch_header_size % location_unit == 0);

constexpr uint64_t padded(uint64_t size) noexcept {
  return (size + (location_unit - 1)) & ~uint64_t{location_unit - 1};
}
// Bytes of a plain record on disk, without and with its padding.
constexpr uint64_t record_size(size_t key_size, size_t value_size) noexcept {
  return record_header_size + key_size + value_size;
}
static_assert(padded(record_size(16, 100)) == 144);
// The largest record fits the 32 bits that memory keeps for its size.
static_assert(record_size(key_size_max, value_size_max) + record_extension_size < UINT32_MAX);

// The 28 bytes that records and batch headers share, decoded and not checked.
struct RecordHeader {
  uint64_t checksum;
  uint64_t lsn;
  uint32_t durable_lag;
  RecordKind kind;
  uint8_t flags;
  uint16_t key_size;
  uint32_t value_size;  // of a batch header: the record count

  static RecordHeader decode(const std::byte* from) noexcept {
    return {.checksum = load_le64(from + record_at::checksum),
            .lsn = load_le64(from + record_at::lsn),
            .durable_lag = load_le32(from + record_at::durable_lag),
            .kind = static_cast<RecordKind>(from[record_at::kind]),
            .flags = std::to_integer<uint8_t>(from[record_at::flags]),
            .key_size = load_le16(from + record_at::key_size),
            .value_size = load_le32(from + record_at::value_size)};
  }

  // False for a header that no writer of this format makes.
  bool plausible() const noexcept;
  bool is_batch() const noexcept { return kind == RecordKind::batch; }
  bool is_member() const noexcept { return (flags & flag_member) != 0; }
  size_t key_offset() const noexcept {
    return record_header_size + ((flags & flag_extended) != 0 ? record_extension_size : 0);
  }
  // Bytes without the padding.
  uint64_t size() const noexcept {
    return is_batch() ? batch_header_size : key_offset() + key_size + value_size;
  }
  // The newest LSN that this frame says was on the device; 0 when it says nothing.
  uint64_t durable_claim() const noexcept {
    return durable_lag == durable_lag_unknown || durable_lag > lsn ? 0 : lsn - durable_lag;
  }
  // False for a record that uses a feature that this library does not have.
  bool is_supported() const noexcept {
    return (flags & (flag_codec_mask | flag_extended | flag_encrypted)) == 0;
  }
};

struct RecordFields {
  uint64_t lsn;
  uint32_t durable_lag;
  RecordKind kind;
  bool member;
  Bytes key;
  Bytes value;
};

// Writes the record and its padding to `to`, which has room for padded(record_size(...)).
// `seed` is the segment's seed plus the record's offset.
void encode_record(std::byte* to, const RecordFields& fields, uint64_t seed) noexcept;
void encode_batch_header(std::byte* to, uint64_t lsn, uint32_t durable_lag, uint32_t record_count,
                         uint64_t frame_size, uint64_t seed) noexcept;

// True when `bytes` is exactly one record or batch header (without padding) with a right checksum.
bool checksum_matches(Bytes bytes, uint64_t seed) noexcept;

}  // namespace stave::store
