// Pages of a disk index: the header that all pages but the superblocks begin with, and how a key's
// hash finds its bucket. docs/formats/disk_index.md describes the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/status.h"
#include "core/disk_index/format/key.h"
#include "core/disk_index/format/record.h"

namespace stave::disk_index {

inline constexpr uint32_t page_size = 4096;
inline constexpr uint32_t page_header_size = 64;
// A segment's page numbers fit into a directory word (directory.h).
inline constexpr uint64_t file_pages_max = uint64_t{1} << 36;
inline constexpr uint32_t home_pages_max = (uint32_t{1} << 22) - 1;

// Places within a home page: the entries of each stand together.
inline constexpr uint32_t buckets_per_page = 32;

using FileId = std::array<std::byte, 16>;

enum class PageKind : uint8_t { home = 1, overflow = 2, directory = 3 };

// Offsets in the header.
inline constexpr uint32_t page_checksum_at = 0;    // u64, of the bytes behind it
inline constexpr uint32_t page_generation_at = 8;  // u64
inline constexpr uint32_t page_kind_at = 16;       // u8
inline constexpr uint32_t page_count_at = 17;      // u8, entries in this page
inline constexpr uint32_t page_spill_at = 18;      // u8, home: buckets from here on are in overflow
inline constexpr uint32_t page_index_at = 20;      // u32, within its segment or the directory
inline constexpr uint32_t page_range_at = 24;      // u64, the lowest hash of the segment's range
inline constexpr uint32_t page_buckets_at = 32;    // home: 32 x u8, first entry of each bucket
inline constexpr uint32_t page_total_at = 32;      // overflow: u32, entries in all overflow pages
static_assert(page_buckets_at + buckets_per_page == page_header_size);

constexpr uint32_t entry_size(uint32_t record_size) noexcept {
  return static_cast<uint32_t>(key_size) + record_size;
}
constexpr uint32_t page_capacity(uint32_t record_size) noexcept {
  return (page_size - page_header_size) / entry_size(record_size);
}
static_assert(page_capacity(24) == 100);
static_assert(page_capacity(1) == 237, "counts and buckets are bytes");
static_assert(page_capacity(record_size_max) == 14);

// What stands in the header, but for the buckets.
struct PageHeader {
  uint64_t generation = 0;
  PageKind kind = PageKind::home;
  uint8_t count = 0;
  uint8_t spill = 0;
  uint32_t index = 0;
  uint64_t range = 0;
};

void encode_page_header(std::byte* page, const PageHeader& header) noexcept;
PageHeader decode_page_header(const std::byte* page) noexcept;

// The checksum binds a page to its file and its position in it, and is written last.
uint64_t file_seed(const FileId& file_id) noexcept;
void seal_page(std::byte* page, uint64_t file_seed, uint64_t page_number) noexcept;
bool page_is_whole(const std::byte* page, uint64_t file_seed, uint64_t page_number) noexcept;

// `corruption`: "`what` in '`path`' at offset N; rebuild the index".
Status damaged_at(std::string_view path, uint64_t page, std::string_view what);

// Where a hash lives in a segment of `home_pages` > 0 pages whose range is fixed by the top `depth`
// bits. Both are monotonic in the hash: a segment's entries in order of page and bucket are in
// order of hash.
struct BucketRef {
  uint32_t page;
  uint32_t bucket;
};
inline BucketRef bucket_of(uint64_t hash, unsigned depth, uint32_t home_pages) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash << depth) * home_pages;
  return {static_cast<uint32_t>(product >> 64),
          static_cast<uint32_t>(static_cast<uint64_t>(product) >> 59)};
}

}  // namespace stave::disk_index
