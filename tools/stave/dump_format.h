// The bytes of a binary dump, as docs/formats/dump.md describes them.
//
//   header   offset size   record   offset size   end      offset size
//   magic    0      8      checksum 0      8      checksum 0      8
//   version  8      4      kind 1   8      1      kind 2   8      1
//   zero     12     4      zero     9      1      zero     9      7
//   checksum 16     8      key size 10     2      records  16     8
//                          value    12     4
//                          size
//                          key      16
//                          value
//
// Numbers are little-endian. Each checksum is seeded with the one before it, so that a record that
// is missing, comes twice or stands elsewhere shows as surely as one whose bytes have changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stave::tool {

constexpr std::string_view dump_magic = "STAVEDMP";
constexpr uint32_t dump_version = 1;
enum class DumpKind : uint8_t { record = 1, end = 2 };

namespace dump_offset {

constexpr size_t version = 8;
constexpr size_t header_zero = 12;
constexpr size_t header_checksum = 16;
constexpr size_t header_end = 24;

constexpr size_t checksum = 0;
constexpr size_t kind = 8;
constexpr size_t zero = 9;
constexpr size_t key_size = 10;
constexpr size_t value_size = 12;
constexpr size_t head_end = 16;  // the same in a record and in the end record

constexpr size_t records = 16;
constexpr size_t end_end = 24;

}  // namespace dump_offset

static_assert(dump_magic.size() == dump_offset::version);
static_assert(dump_offset::header_checksum + sizeof(uint64_t) == dump_offset::header_end);
static_assert(dump_offset::value_size + sizeof(uint32_t) == dump_offset::head_end);
static_assert(dump_offset::records + sizeof(uint64_t) == dump_offset::end_end);

template <typename Integer>
void store_little_endian(char* bytes, Integer value) noexcept {
  for (size_t i = 0; i < sizeof value; ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xff);
  }
}

template <typename Integer>
Integer load_little_endian(const char* bytes) noexcept {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return static_cast<Integer>(value);
}

// XXH3-64 of the three parts in a row. `head` is what stands behind the checksum itself.
uint64_t dump_checksum(uint64_t seed, std::string_view head, std::string_view key = {},
                       std::string_view value = {}) noexcept;

}  // namespace stave::tool
