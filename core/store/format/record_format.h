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

// The others but 0 are reserved: a reader checks the checksum of such a record and refuses it.
enum class RecordKind : uint8_t {
  put = 1,
  remove = 2,
  batch = 3,
  namespace_create = 4,  // the key is the namespace's name
  namespace_drop = 5,    // likewise
};

namespace record_at {  // offsets
inline constexpr size_t checksum = 0;
inline constexpr size_t lsn = 8;
inline constexpr size_t durable_lag = 16;
inline constexpr size_t kind = 20;
inline constexpr size_t flags = 21;
inline constexpr size_t key_size = 22;
inline constexpr size_t value_size = 24;
inline constexpr size_t optional = 28;  // namespace and expiry, each if its flag is set; the key
inline constexpr size_t batch_record_count = 24;
inline constexpr size_t batch_frame_size = 28;      // in units of 16 bytes
inline constexpr size_t batch_authentication = 32;  // 16 bytes, zero without a cipher
}  // namespace record_at

inline constexpr size_t record_header_size = 28;
inline constexpr size_t namespace_size = 4;
inline constexpr size_t expiry_size = 8;
inline constexpr size_t batch_header_size = 48;
inline constexpr uint8_t flag_codec_mask = 0x0f;
inline constexpr uint8_t flag_member = 0x10;
inline constexpr uint8_t flag_namespace = 0x20;
inline constexpr uint8_t flag_expiry = 0x40;
inline constexpr uint8_t flag_reserved = 0x80;
inline constexpr uint32_t durable_lag_unknown = 0xffff'ffff;

static_assert(record_at::lsn == record_at::checksum + 8);
static_assert(record_at::durable_lag == record_at::lsn + 8);
static_assert(record_at::kind == record_at::durable_lag + 4);
static_assert(record_at::flags == record_at::kind + 1);
static_assert(record_at::key_size == record_at::flags + 1);
static_assert(record_at::value_size == record_at::key_size + 2);
static_assert(record_header_size == record_at::value_size + 4);
static_assert(record_at::optional == record_header_size);
static_assert(record_at::batch_record_count == record_at::value_size);
static_assert(record_at::batch_frame_size == record_at::batch_record_count + 4);
static_assert(record_at::batch_authentication == record_at::batch_frame_size + 4);
static_assert(batch_header_size == record_at::batch_authentication + 16);
static_assert(batch_header_size % location_unit == 0);
static_assert(frame_size_max / location_unit <= UINT32_MAX);

// Where the key begins: after the optional fields, 4 bytes for bit 5 and 8 for bit 6.
constexpr size_t key_offset_of(uint8_t flags) noexcept {
  return record_header_size + ((flags & (flag_namespace | flag_expiry)) >> 3);
}
static_assert(key_offset_of(flag_codec_mask | flag_member | flag_reserved) == record_header_size);
static_assert(key_offset_of(flag_namespace) == record_header_size + namespace_size);
static_assert(key_offset_of(flag_expiry) == record_header_size + expiry_size);
static_assert(key_offset_of(0xff) == record_header_size + namespace_size + expiry_size);

constexpr uint64_t padded(uint64_t size) noexcept {
  return (size + (location_unit - 1)) & ~uint64_t{location_unit - 1};
}
// Bytes of a record on disk, without its padding.
constexpr uint64_t record_size(size_t key_size, size_t value_size, uint8_t flags = 0) noexcept {
  return key_offset_of(flags) + key_size + value_size;
}
static_assert(padded(record_size(16, 100)) == 144);
// The largest record fits the 32 bits that memory keeps for its size.
static_assert(record_size(key_size_max, value_size_max, 0xff) < UINT32_MAX);

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

  // False for a header that no writer makes, of this version or of a later one.
  bool plausible() const noexcept;
  bool is_batch() const noexcept { return kind == RecordKind::batch; }
  bool is_member() const noexcept { return (flags & flag_member) != 0; }
  size_t key_offset() const noexcept { return key_offset_of(flags); }
  // Bytes without the padding.
  uint64_t size() const noexcept {
    return is_batch() ? batch_header_size : record_size(key_size, value_size, flags);
  }
  // The newest LSN that this frame says was on the device; 0 when it says nothing.
  uint64_t durable_claim() const noexcept {
    return durable_lag == durable_lag_unknown || durable_lag > lsn ? 0 : lsn - durable_lag;
  }
  // False for a record that uses a feature that this library cannot read. REQUIRES: no batch
  // header, for which batch_header_is_supported() answers.
  bool is_supported() const noexcept {
    constexpr uint8_t never = flag_codec_mask | flag_reserved;
    return kind == RecordKind::put ? (flags & never) == 0 : is_supported_without_value();
  }

  // The optional fields of the record `from` that this is the header of, 0 without them. REQUIRES:
  // no batch header; key_offset() bytes are there.
  uint32_t namespace_id(const std::byte* from) const noexcept {
    return (flags & flag_namespace) != 0 ? load_le32(from + record_at::optional) : 0;
  }
  uint64_t expires_at(const std::byte* from) const noexcept {
    return (flags & flag_expiry) != 0 ? load_le64(from + key_offset() - expiry_size) : 0;
  }

 private:
  bool is_supported_without_value() const noexcept;
};

struct RecordFields {
  uint64_t lsn;
  uint32_t durable_lag;
  RecordKind kind;
  bool member;
  Bytes key;
  Bytes value;
  uint32_t namespace_id = 0;  // 0: the store itself
  uint64_t expires_at = 0;    // Unix time in milliseconds; 0: never

  uint8_t flags() const noexcept {
    return static_cast<uint8_t>((member ? flag_member : 0) |
                                (namespace_id != 0 ? flag_namespace : 0) |
                                (expires_at != 0 ? flag_expiry : 0));
  }
};

// Writes the record and its padding to `to`, which has room for padded(record_size(...)).
// `seed` is the segment's seed plus the record's offset.
void encode_record(std::byte* to, const RecordFields& fields, uint64_t seed) noexcept;
void encode_batch_header(std::byte* to, uint64_t lsn, uint32_t durable_lag, uint32_t record_count,
                         uint64_t frame_size, uint64_t seed) noexcept;

// False for a batch header that uses a feature that this library does not have. REQUIRES:
// batch_header_size bytes, with a right checksum.
bool batch_header_is_supported(const std::byte* from) noexcept;
// Bytes of the frame that begins with this batch header.
inline uint64_t batch_frame_size(const std::byte* from) noexcept {
  return uint64_t{load_le32(from + record_at::batch_frame_size)} * location_unit;
}

// True when `bytes` is exactly one record or batch header (without padding) with a right checksum.
bool checksum_matches(Bytes bytes, uint64_t seed) noexcept;

}  // namespace stave::store
