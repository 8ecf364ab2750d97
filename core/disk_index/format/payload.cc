#include "core/disk_index/format/payload.h"

#include <algorithm>
#include <string>

#include "core/base/endian.h"

namespace stave::disk_index {

namespace {

constexpr size_t offset_at = 0;                // 8
constexpr size_t length_at = 8;                // 4
constexpr size_t uncompressed_length_at = 12;  // 4
constexpr size_t codec_at = payload_codec_at;  // 1
constexpr size_t reserved_at = 17;             // 7, zero
static_assert(reserved_at + 7 == payload_size);

bool is_codec(uint8_t number) noexcept {
  return number <= static_cast<uint8_t>(Codec::zstandard);
}

}  // namespace

Result<PayloadBytes> encode_payload(const Payload& payload) {
  const auto codec = static_cast<uint8_t>(payload.codec);
  if (!is_codec(codec))
    return Status::error(Code::invalid_argument, "codec is " + std::to_string(codec) +
                                                     "; it must be 0 none, 1 LZ4 or 2 Zstandard");
  PayloadBytes bytes{};
  store_le64(bytes.data() + offset_at, payload.offset);
  store_le32(bytes.data() + length_at, payload.length);
  store_le32(bytes.data() + uncompressed_length_at, payload.uncompressed_length);
  bytes[codec_at] = static_cast<std::byte>(codec);
  return bytes;
}

Result<Payload> decode_payload(const std::byte* bytes) {
  const auto codec = static_cast<uint8_t>(bytes[codec_at]);
  if (!is_codec(codec))
    return Status::error(Code::corruption, "a record has the unknown codec " +
                                               std::to_string(codec) + "; rebuild the index");
  if (std::any_of(bytes + reserved_at, bytes + payload_size,
                  [](std::byte byte) { return byte != std::byte{0}; }))
    return Status::error(Code::corruption,
                         "a record has bytes that no writer leaves; rebuild the index");
  Payload payload;
  payload.offset = load_le64(bytes + offset_at);
  payload.length = load_le32(bytes + length_at);
  payload.uncompressed_length = load_le32(bytes + uncompressed_length_at);
  payload.codec = static_cast<Codec>(codec);
  return payload;
}

}  // namespace stave::disk_index
