// The superblock: what a disk index is, and where its last durable state lies. It stands twice, in
// pages 0 and 1. docs/formats/disk_index.md describes the bytes, docs/internals/disk_index.md why a
// crash always leaves one of the two whole.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/status.h"
#include "core/disk_index/format/page_format.h"
#include "core/disk_index/owner.h"

namespace stave::disk_index {

inline constexpr std::array superblock_pages = {uint64_t{0}, uint64_t{1}};
inline constexpr uint32_t format_version = 1;

struct Superblock {
  FileId file_id{};
  uint64_t hash_seed = 0;
  RecordKind record_kind = RecordKind::opaque;
  uint32_t record_size = 0;
  uint64_t generation = 0;  // of this superblock; each new one counts one up
  uint64_t lsn = 0;         // the caller's; see DiskIndex::save. With an owner: owner.lsn
  uint64_t file_pages = 0;  // the file has at least as many
  uint64_t entries = 0;     // in the segments
  uint64_t directory_page = 0;
  uint64_t directory_generation = 0;
  uint64_t segments = 0;  // that the directory names
  uint32_t depth = 0;     // the largest of a segment
  bool is_named = true;   // the file's name was durable when this was written
  // All four are 0 with an owner, whose log is the redo log.
  uint64_t log_page = 0;  // of the first chunk of the redo log
  uint64_t log_salt = 0;
  uint64_t log_sequence = 0;  // of the first operation in that chunk
  uint64_t log_durable = 0;   // operations before this one were on the device
  // 0 without an owner.
  OwnerNote owner;
  uint64_t weight = 0;  // the sum of Owner::weight_of() over all entries in segments
  friend bool operator==(const Superblock&, const Superblock&) = default;
};

using SuperblockBytes = std::array<std::byte, page_size>;

SuperblockBytes encode_superblock(const Superblock& superblock) noexcept;

// `not_found` when the bytes are not a whole superblock; `unsupported_version`, and `corruption`
// when they are whole and say what cannot be. Messages name `path`.
Result<Superblock> decode_superblock(const SuperblockBytes& bytes, std::string_view path);

}  // namespace stave::disk_index
