#include "core/disk_index/format/superblock.h"

#include <algorithm>
#include <string>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/disk_index/format/directory_format.h"
#include "core/disk_index/format/log_format.h"
#include "core/disk_index/format/payload.h"

namespace stave::disk_index {

namespace {

constexpr std::string_view magic = "STAVEDIX";

// offset  size  field; all behind 184 is zero up to the checksum
constexpr size_t version_at = 8;                // 4
constexpr size_t page_size_at = 12;             // 4
constexpr size_t file_id_at = 16;               // 16
constexpr size_t hash_seed_at = 32;             // 8
constexpr size_t record_kind_at = 40;           // 4
constexpr size_t record_size_at = 44;           // 4
constexpr size_t generation_at = 48;            // 8
constexpr size_t lsn_at = 56;                   // 8
constexpr size_t file_pages_at = 64;            // 8
constexpr size_t entries_at = 72;               // 8
constexpr size_t directory_page_at = 80;        // 8
constexpr size_t directory_generation_at = 88;  // 8
constexpr size_t segments_at = 96;              // 8
constexpr size_t depth_at = 104;                // 4
constexpr size_t unnamed_at = 108;              // 4
constexpr size_t log_page_at = 112;             // 8
constexpr size_t log_salt_at = 120;             // 8
constexpr size_t log_sequence_at = 128;         // 8
constexpr size_t log_durable_at = 136;          // 8
constexpr size_t replay_generation_at = 144;    // 8
constexpr size_t replay_offset_at = 152;        // 8
constexpr size_t newest_lsn_at = 160;           // 8
constexpr size_t companion_version_at = 168;    // 8
constexpr size_t weight_at = 176;               // 8
constexpr size_t checksum_at = page_size - 8;   // 8

Status damage(std::string_view path, const std::string& what) {
  return Status::error(Code::corruption, "superblock of '" + std::string(path) + "': " + what +
                                             "; rebuild the index");
}

// Every field is bounded before it is used in arithmetic, so that nothing here can overflow.
Status check_places(const Superblock& block, std::string_view path) {
  if (block.file_pages > file_pages_max || block.file_pages < first_segment_page)
    return damage(path, "a file of " + std::to_string(block.file_pages) + " pages");
  const auto inside = [&](uint64_t page, uint64_t pages) {
    return page >= first_segment_page && page < block.file_pages &&
           pages <= block.file_pages - page;
  };
  if (block.depth > depth_max)
    return damage(path, "directory depth " + std::to_string(block.depth));
  const uint64_t slots = uint64_t{1} << block.depth;
  if (block.segments == 0 || block.segments > slots || slots / segments_per_slot > block.segments)
    return damage(
        path, std::to_string(block.segments) + " segments at depth " + std::to_string(block.depth));
  if (!inside(block.directory_page, directory_pages(block.segments)))
    return damage(path, "the directory lies outside the file");
  if (block.record_kind == RecordKind::place) {
    if (block.log_page != 0) return damage(path, "an index of places with a redo log");
  } else if (!inside(block.log_page, log_chunk_pages(block.record_size))) {
    return damage(path, "the redo log lies outside the file");
  }
  if (block.log_durable < block.log_sequence) return damage(path, "the redo log begins too late");
  if (block.entries > block.file_pages * page_capacity(block.record_size))
    return damage(path, std::to_string(block.entries) + " entries in " +
                            std::to_string(block.file_pages) + " pages");
  return {};
}

Status check_record(const Superblock& block, std::string_view path) {
  if (block.record_kind < RecordKind::payload || block.record_kind > RecordKind::place)
    return damage(path, "record kind " + std::to_string(static_cast<uint32_t>(block.record_kind)));
  if (block.record_size == 0 || block.record_size > record_size_max ||
      (block.record_kind == RecordKind::payload && block.record_size != payload_size) ||
      (block.record_kind == RecordKind::place && block.record_size != place_size))
    return damage(path, "record size " + std::to_string(block.record_size));
  return {};
}

}  // namespace

SuperblockBytes encode_superblock(const Superblock& block) noexcept {
  SuperblockBytes bytes{};
  std::byte* const at = bytes.data();
  copy(at, as_bytes(magic));
  store_le32(at + version_at, format_version);
  store_le32(at + page_size_at, page_size);
  copy(at + file_id_at, block.file_id);
  store_le64(at + hash_seed_at, block.hash_seed);
  store_le32(at + record_kind_at, static_cast<uint32_t>(block.record_kind));
  store_le32(at + record_size_at, block.record_size);
  store_le64(at + generation_at, block.generation);
  store_le64(at + lsn_at, block.lsn);
  store_le64(at + file_pages_at, block.file_pages);
  store_le64(at + entries_at, block.entries);
  store_le64(at + directory_page_at, block.directory_page);
  store_le64(at + directory_generation_at, block.directory_generation);
  store_le64(at + segments_at, block.segments);
  store_le32(at + depth_at, block.depth);
  store_le32(at + unnamed_at, block.is_named ? 0 : 1);
  store_le64(at + log_page_at, block.log_page);
  store_le64(at + log_salt_at, block.log_salt);
  store_le64(at + log_sequence_at, block.log_sequence);
  store_le64(at + log_durable_at, block.log_durable);
  store_le64(at + replay_generation_at, block.owner.replay_from.generation);
  store_le64(at + replay_offset_at, block.owner.replay_from.offset);
  store_le64(at + newest_lsn_at, block.owner.newest_lsn);
  store_le64(at + companion_version_at, block.owner.companion_version);
  store_le64(at + weight_at, block.owner.weight);
  store_le64(at + checksum_at, hash64({at, checksum_at}, 0));
  return bytes;
}

Result<Superblock> decode_superblock(const SuperblockBytes& bytes, std::string_view path) {
  const std::byte* const at = bytes.data();
  if (!equal(Bytes(bytes).first(magic.size()), as_bytes(magic)) ||
      load_le64(at + checksum_at) != hash64({at, checksum_at}, 0))
    return Code::not_found;
  if (const uint32_t version = load_le32(at + version_at); version != format_version)
    return Status::error(Code::unsupported_version,
                         "'" + std::string(path) + "' has format version " +
                             std::to_string(version) + "; this library reads version " +
                             std::to_string(format_version));
  if (const uint32_t size = load_le32(at + page_size_at); size != page_size)
    return damage(path, "page size " + std::to_string(size));
  Superblock block;
  copy(block.file_id.data(), Bytes(bytes).subspan(file_id_at, block.file_id.size()));
  block.hash_seed = load_le64(at + hash_seed_at);
  block.record_kind = static_cast<RecordKind>(load_le32(at + record_kind_at));
  block.record_size = load_le32(at + record_size_at);
  block.generation = load_le64(at + generation_at);
  block.lsn = load_le64(at + lsn_at);
  block.file_pages = load_le64(at + file_pages_at);
  block.entries = load_le64(at + entries_at);
  block.directory_page = load_le64(at + directory_page_at);
  block.directory_generation = load_le64(at + directory_generation_at);
  block.segments = load_le64(at + segments_at);
  block.depth = load_le32(at + depth_at);
  block.is_named = load_le32(at + unnamed_at) == 0;
  block.log_page = load_le64(at + log_page_at);
  block.log_salt = load_le64(at + log_salt_at);
  block.log_sequence = load_le64(at + log_sequence_at);
  block.log_durable = load_le64(at + log_durable_at);
  if (block.record_kind == RecordKind::place)
    block.owner = {.replay_from = {block.lsn, load_le64(at + replay_generation_at),
                                   load_le64(at + replay_offset_at)},
                   .newest_lsn = load_le64(at + newest_lsn_at),
                   .companion_version = load_le64(at + companion_version_at),
                   .weight = load_le64(at + weight_at)};
  STAVE_TRY(check_record(block, path));
  STAVE_TRY(check_places(block, path));
  return block;
}

}  // namespace stave::disk_index
