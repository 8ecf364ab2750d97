#include "core/disk_index/format/superblock.h"

#include <algorithm>
#include <string>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/disk_index/format/directory_format.h"
#include "core/disk_index/format/log_format.h"

namespace stave::disk_index {

namespace {

constexpr std::string_view magic = "STAVEDIX";

constexpr size_t version_at = 8;               // 4
constexpr size_t page_size_at = 12;            // 4
constexpr size_t checksum_at = page_size - 8;  // 8

// Every other field with its offset: 16 bytes of file id, numbers of 4 or 8 bytes. All after 184 is
// zero up to the checksum.
template <typename Block, typename Visit>
void for_each_field(Block& block, Visit&& visit) {
  visit(16, block.file_id);
  visit(32, block.hash_seed);
  visit(40, block.record_kind);
  visit(44, block.record_size);
  visit(48, block.generation);
  visit(56, block.lsn);
  visit(64, block.file_pages);
  visit(72, block.entries);
  visit(80, block.directory_page);
  visit(88, block.directory_generation);
  visit(96, block.segments);
  visit(104, block.depth);
  visit(108, block.is_named);  // 4: 1 if not
  visit(112, block.log_page);
  visit(120, block.log_salt);
  visit(128, block.log_sequence);
  visit(136, block.log_durable);
  visit(144, block.owner.words[0]);
  visit(152, block.owner.words[1]);
  visit(160, block.owner.words[2]);
  visit(168, block.owner.words[3]);
  visit(176, block.weight);
}

struct Encoder {
  std::byte* to;
  void operator()(size_t at, const FileId& id) const noexcept { copy(to + at, id); }
  void operator()(size_t at, RecordKind kind) const noexcept {
    store_le32(to + at, static_cast<uint32_t>(kind));
  }
  void operator()(size_t at, bool is_named) const noexcept {
    store_le32(to + at, is_named ? 0 : 1);
  }
  void operator()(size_t at, uint32_t number) const noexcept { store_le32(to + at, number); }
  void operator()(size_t at, uint64_t number) const noexcept { store_le64(to + at, number); }
};

struct Decoder {
  const std::byte* from;
  void operator()(size_t at, FileId& id) const noexcept { copy(id.data(), {from + at, id.size()}); }
  void operator()(size_t at, RecordKind& kind) const noexcept {
    kind = static_cast<RecordKind>(load_le32(from + at));
  }
  void operator()(size_t at, bool& is_named) const noexcept {
    is_named = load_le32(from + at) == 0;
  }
  void operator()(size_t at, uint32_t& number) const noexcept { number = load_le32(from + at); }
  void operator()(size_t at, uint64_t& number) const noexcept { number = load_le64(from + at); }
};

Status damage(std::string_view path, const std::string& what) {
  return Status::error(Code::corruption, "superblock of '" + std::string(path) + "': " + what +
                                             "; rebuild the index");
}

// Every field is bounded before it is used in arithmetic, so that nothing here can overflow.
Status check_extents(const Superblock& block, std::string_view path) {
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
  if (block.record_kind == RecordKind::location) {
    if (block.log_page != 0) return damage(path, "an index of locations with a redo log");
  } else if (!inside(block.log_page, log_chunk_pages(block.record_size))) {
    return damage(path, "the redo log lies outside the file");
  }
  if (block.log_durable < block.log_sequence) return damage(path, "the redo log begins too late");
  if (block.entries > block.file_pages * page_capacity(block.record_size))
    return damage(path, std::to_string(block.entries) + " entries in " +
                            std::to_string(block.file_pages) + " pages");
  return {};
}

Status check_record_kind(const Superblock& block, std::string_view path) {
  if (block.record_kind < RecordKind::payload || block.record_kind > RecordKind::location)
    return damage(path, "record kind " + std::to_string(static_cast<uint32_t>(block.record_kind)));
  if (block.record_size == 0 || block.record_size > record_size_max ||
      (block.record_kind == RecordKind::payload && block.record_size != payload_size) ||
      (block.record_kind == RecordKind::location && block.record_size != location_size))
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
  for_each_field(block, Encoder{at});
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
  for_each_field(block, Decoder{at});
  if (block.record_kind == RecordKind::location) block.owner.lsn = block.lsn;
  STAVE_TRY(check_record_kind(block, path));
  STAVE_TRY(check_extents(block, path));
  return block;
}

}  // namespace stave::disk_index
