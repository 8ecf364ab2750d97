// The default record: where some bytes lie elsewhere, and how they are packed.
// docs/formats/disk_index.md describes the bytes.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/status.h"

namespace stave::disk_index {

inline constexpr uint32_t payload_size = 24;
inline constexpr uint32_t payload_codec_at = 16;  // 1, and behind it 7 of zeros

enum class Codec : uint8_t { none = 0, lz4 = 1, zstandard = 2 };

struct Payload {
  uint64_t offset = 0;
  uint32_t length = 0;               // stored bytes
  uint32_t uncompressed_length = 0;  // bytes once unpacked
  Codec codec = Codec::none;
  friend bool operator==(const Payload&, const Payload&) = default;
};

using PayloadBytes = std::array<std::byte, payload_size>;

// `invalid_argument` for a codec that does not exist.
Result<PayloadBytes> encode_payload(const Payload& payload);
// Whether decode_payload would take the bytes: codec and reserved bytes are one word, of which only
// the low two bits may be set.
inline bool is_payload(const std::byte* bytes) noexcept {
  return load_le64(bytes + payload_codec_at) <= static_cast<uint64_t>(Codec::zstandard);
}
// `corruption` for a codec that does not exist, and for bytes that must be zero and are not.
Result<Payload> decode_payload(const std::byte* bytes);

}  // namespace stave::disk_index
