#include "core/store/format/segment_format.h"

#include <algorithm>
#include <charconv>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/store/format/format_version.h"

namespace stave::store {

namespace {

// Offsets of docs/formats/segment.md.
constexpr size_t magic_at = 0;
constexpr size_t version_at = 8;
constexpr size_t kind_at = 12;
constexpr size_t store_id_at = 16;
constexpr size_t generation_at = 32;
constexpr size_t base_lsn_at = 40;
constexpr size_t previous_generation_at = 48;
constexpr size_t timeline_at = 56;
constexpr size_t salt_at = 64;  // with the key id and the cipher: zero without encryption
constexpr size_t key_id_at = 96;
constexpr size_t cipher_at = 100;
constexpr size_t end_at = 104;
constexpr size_t reserved_at = 112;
constexpr size_t checksum_at = 120;
static_assert(store_id_at + sizeof(StoreId) == generation_at);
static_assert(timeline_at + 8 == salt_at && salt_at + 32 == key_id_at);
static_assert(key_id_at + 4 == cipher_at && cipher_at + 4 == end_at);
static_assert(end_at + 8 == reserved_at && reserved_at + 8 == checksum_at);
static_assert(checksum_at + 8 == segment_header_size);
static_assert(segment_header_size % location_unit == 0);
// Of format 1, which had a header of 64 bytes.
constexpr size_t checksum_of_format_1_at = 56;

constexpr std::string_view magic = "STAVESEG";
constexpr size_t generation_digits = 16;

bool checksum_is_right(const SegmentHeaderBytes& bytes, size_t at) noexcept {
  return load_le64(&bytes[at]) == hash64(Bytes(bytes).first(at), 0);
}

bool plausible(const SegmentHeader& header) noexcept {
  return header.base_lsn > 0 &&
         (header.kind == SegmentKind::log ||
          (header.end >= segment_header_size && header.end % location_unit == 0));
}

// Whether the header has only what this library gives a meaning to.
bool is_supported(const SegmentHeaderBytes& bytes, const SegmentHeader& header) noexcept {
  const Bytes all(bytes);
  if (!is_zero(all.subspan(salt_at, end_at - salt_at)) ||
      !is_zero(all.subspan(reserved_at, checksum_at - reserved_at)))
    return false;
  switch (header.kind) {
    case SegmentKind::log:
      return header.end == 0;
    case SegmentKind::relocated:
      return header.previous_generation == 0;
  }
  return false;
}

Status damaged(std::string_view path, std::string_view what) {
  return Status::error(Code::corruption, "the segment header of '" + std::string(path) +
                                             "' at offset 0 is damaged: " + std::string(what));
}

}  // namespace

SegmentHeaderBytes encode_segment_header(const SegmentHeader& header) noexcept {
  SegmentHeaderBytes bytes{};
  copy(&bytes[magic_at], as_bytes(magic));
  store_le32(&bytes[version_at], format_version);
  store_le32(&bytes[kind_at], static_cast<uint32_t>(header.kind));
  copy(&bytes[store_id_at], header.store_id);
  store_le64(&bytes[generation_at], header.generation);
  store_le64(&bytes[base_lsn_at], header.base_lsn);
  store_le64(&bytes[previous_generation_at], header.previous_generation);
  store_le64(&bytes[timeline_at], header.timeline);
  store_le64(&bytes[end_at], header.end);
  store_le64(&bytes[checksum_at], hash64(Bytes(bytes).first(checksum_at), 0));
  return bytes;
}

Result<SegmentHeader> decode_segment_header(const SegmentHeaderBytes& bytes,
                                            std::string_view path) {
  if (as_text(Bytes(bytes).first(magic.size())) != magic)
    return damaged(path, "it is not a Stave segment");
  const uint32_t version = load_le32(&bytes[version_at]);
  if (version == 1 && checksum_is_right(bytes, checksum_of_format_1_at))
    return unsupported_file(path, version);
  if (!checksum_is_right(bytes, checksum_at)) return damaged(path, "checksum mismatch");
  if (version != format_version) return unsupported_file(path, version);
  SegmentHeader header;
  header.kind = static_cast<SegmentKind>(load_le32(&bytes[kind_at]));
  std::copy_n(&bytes[store_id_at], header.store_id.size(), header.store_id.begin());
  header.generation = load_le64(&bytes[generation_at]);
  header.base_lsn = load_le64(&bytes[base_lsn_at]);
  header.previous_generation = load_le64(&bytes[previous_generation_at]);
  header.timeline = load_le64(&bytes[timeline_at]);
  header.end = load_le64(&bytes[end_at]);
  if (!is_supported(bytes, header)) return unsupported_file(path, version);
  if (!plausible(header)) return damaged(path, "a field is out of range");
  return header;
}

std::string segment_name(uint64_t generation) {
  std::string digits(generation_digits, '0');
  char text[generation_digits];
  const auto end = std::to_chars(text, text + generation_digits, generation, 16).ptr;
  std::copy(text, end, digits.end() - (end - text));
  return digits.append(segment_suffix);
}

std::optional<uint64_t> parse_segment_name(std::string_view name) noexcept {
  if (name.size() != generation_digits + segment_suffix.size() || !name.ends_with(segment_suffix))
    return std::nullopt;
  const std::string_view digits = name.substr(0, generation_digits);
  const bool lower_case = std::all_of(digits.begin(), digits.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  uint64_t generation = 0;
  if (!lower_case) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), generation, 16);
  if (generation == 0 || generation > generation_max) return std::nullopt;
  return generation;
}

uint64_t segment_seed(const StoreId& store_id, uint64_t generation) noexcept {
  std::array<std::byte, 24> bytes{};
  std::copy(store_id.begin(), store_id.end(), bytes.begin());
  store_le64(&bytes[16], generation);
  return hash64(bytes, 0);
}

}  // namespace stave::store
