#include "core/store/format/record_format.h"

#include "core/base/planted_bug.h"
#include "core/store/format/format_version.h"

namespace stave::store {

namespace {

void encode_header(std::byte* to, uint64_t lsn, uint32_t durable_lag, RecordKind kind,
                   uint8_t flags, uint16_t key_size, uint32_t value_size) noexcept {
  store_le64(to + record_at::lsn, lsn);
  store_le32(to + record_at::durable_lag, durable_lag);
  to[record_at::kind] = static_cast<std::byte>(kind);
  to[record_at::flags] = std::byte{flags};
  store_le16(to + record_at::key_size, key_size);
  store_le32(to + record_at::value_size, value_size);
}

// The checksum comes last: a record whose other bytes are missing never has the right one.
void seal(std::byte* to, size_t size, uint64_t seed) noexcept {
  store_le64(to + record_at::checksum, hash64({to + record_at::lsn, size - record_at::lsn}, seed));
}

}  // namespace

// Not stricter: what a later version writes must not be taken for the end of the log.
bool RecordHeader::plausible() const noexcept {
  if (lsn == 0) return false;
  switch (kind) {
    case RecordKind::batch:
      return value_size > 0;
    case RecordKind::remove:
    case RecordKind::namespace_create:
    case RecordKind::namespace_drop:
      return value_size == 0;
    default:
      return kind != RecordKind{0} && value_size <= value_size_max;
  }
}

bool RecordHeader::is_supported_without_value() const noexcept {
  switch (kind) {
    case RecordKind::remove:
      return (flags & ~(flag_member | flag_namespace)) == 0;
    case RecordKind::namespace_create:
    case RecordKind::namespace_drop:
      return (flags & ~flag_member) == flag_namespace;
    default:
      return false;
  }
}

void encode_record(std::byte* to, const RecordFields& fields, uint64_t seed) noexcept {
  const uint8_t flags = fields.flags();
  encode_header(to, fields.lsn, fields.durable_lag, fields.kind, flags,
                static_cast<uint16_t>(fields.key.size()),
                static_cast<uint32_t>(fields.value.size()));
  std::byte* const key = to + key_offset_of(flags);
  if (fields.namespace_id != 0) store_le32(to + record_at::optional, fields.namespace_id);
  if (fields.expires_at != 0) store_le64(key - expiry_size, fields.expires_at);
  copy(key, fields.key);
  copy(key + fields.key.size(), fields.value);
  const size_t size = record_size(fields.key.size(), fields.value.size(), flags);
  std::memset(to + size, 0, padded(size) - size);
  seal(to, size, seed);
}

void encode_batch_header(std::byte* to, uint64_t lsn, uint32_t durable_lag, uint32_t record_count,
                         uint64_t frame_size, uint64_t seed) noexcept {
  encode_header(to, lsn, durable_lag, RecordKind::batch, 0, 0, record_count);
  store_le32(to + record_at::batch_frame_size, static_cast<uint32_t>(frame_size / location_unit));
  std::memset(to + record_at::batch_authentication, 0,
              batch_header_size - record_at::batch_authentication);
  seal(to, batch_header_size, seed);
}

bool batch_header_is_supported(const std::byte* from) noexcept {
  const RecordHeader header = RecordHeader::decode(from);
  return header.flags == 0 && header.key_size == 0 &&
         is_zero({from + record_at::batch_authentication,
                  batch_header_size - record_at::batch_authentication});
}

bool checksum_matches(Bytes bytes, uint64_t seed) noexcept {
  if (STAVE_PLANTED_BUG(ignore_checksum)) return true;
  return load_le64(bytes.data() + record_at::checksum) ==
         hash64(bytes.subspan(record_at::lsn), seed);
}

}  // namespace stave::store
