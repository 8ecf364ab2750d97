#include "core/store/format/segment_format.h"

#include <algorithm>
#include <charconv>

#include "core/base/endian.h"
#include "core/base/hash.h"

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
constexpr size_t checksum_at = 56;
static_assert(checksum_at + 8 == segment_header_size);

constexpr std::string_view magic = "STAVESEG";
constexpr uint32_t kind_commit_log = 0;
constexpr size_t generation_digits = 16;

uint64_t header_checksum(const SegmentHeaderBytes& bytes) noexcept {
  return hash64(Bytes(bytes).first(checksum_at), 0);
}

Status damaged(std::string_view path, std::string_view what) {
  return Status::error(Code::corruption, "the segment header of '" + std::string(path) +
                                             "' at offset 0 is damaged: " + std::string(what));
}

}  // namespace

SegmentHeaderBytes encode_segment_header(const SegmentHeader& header) noexcept {
  SegmentHeaderBytes bytes{};
  copy(&bytes[magic_at], as_bytes(magic));
  store_le32(&bytes[version_at], segment_version);
  store_le32(&bytes[kind_at], kind_commit_log);
  copy(&bytes[store_id_at], header.store_id);
  store_le64(&bytes[generation_at], header.generation);
  store_le64(&bytes[base_lsn_at], header.base_lsn);
  store_le64(&bytes[previous_generation_at], header.previous_generation);
  store_le64(&bytes[checksum_at], header_checksum(bytes));
  return bytes;
}

Result<SegmentHeader> decode_segment_header(const SegmentHeaderBytes& bytes,
                                            std::string_view path) {
  if (as_text(Bytes(bytes).first(magic.size())) != magic)
    return damaged(path, "it is not a Stave segment");
  if (load_le64(&bytes[checksum_at]) != header_checksum(bytes))
    return damaged(path, "checksum mismatch");
  if (load_le32(&bytes[version_at]) != segment_version ||
      load_le32(&bytes[kind_at]) != kind_commit_log)
    return Status::error(Code::unsupported_version,
                         "'" + std::string(path) + "' was written by a newer Stave");
  SegmentHeader header;
  std::copy_n(&bytes[store_id_at], header.store_id.size(), header.store_id.begin());
  header.generation = load_le64(&bytes[generation_at]);
  header.base_lsn = load_le64(&bytes[base_lsn_at]);
  header.previous_generation = load_le64(&bytes[previous_generation_at]);
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
