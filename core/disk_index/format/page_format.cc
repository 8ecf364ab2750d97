#include "core/disk_index/format/page_format.h"

#include <string>

#include "core/base/planted_bug.h"

namespace stave::disk_index {

void encode_page_header(std::byte* page, const PageHeader& header) noexcept {
  store_le64(page + page_generation_at, header.generation);
  page[page_kind_at] = static_cast<std::byte>(header.kind);
  page[page_count_at] = static_cast<std::byte>(header.count);
  page[page_spill_at] = static_cast<std::byte>(header.spill);
  store_le32(page + page_index_at, header.index);
  store_le64(page + page_range_at, header.range);
}

PageHeader decode_page_header(const std::byte* page) noexcept {
  PageHeader header;
  header.generation = load_le64(page + page_generation_at);
  header.kind = static_cast<PageKind>(page[page_kind_at]);
  header.count = static_cast<uint8_t>(page[page_count_at]);
  header.spill = static_cast<uint8_t>(page[page_spill_at]);
  header.index = load_le32(page + page_index_at);
  header.range = load_le64(page + page_range_at);
  return header;
}

uint64_t file_seed(const FileId& file_id) noexcept {
  return hash64(file_id, 0);
}

namespace {

uint64_t checksum(const std::byte* page, uint64_t seed, uint64_t page_number) noexcept {
  return hash64({page + page_generation_at, page_size - page_generation_at}, seed + page_number);
}

}  // namespace

void seal_page(std::byte* page, uint64_t file_seed, uint64_t page_number) noexcept {
  store_le64(page + page_checksum_at, checksum(page, file_seed, page_number));
}

bool page_is_whole(const std::byte* page, uint64_t file_seed, uint64_t page_number) noexcept {
  return load_le64(page + page_checksum_at) == checksum(page, file_seed, page_number) ||
         STAVE_PLANTED_BUG(disk_index_ignore_checksum);
}

Status damaged_at(std::string_view path, uint64_t page, std::string_view what) {
  return Status::error(Code::corruption, std::string(what) + " in '" + std::string(path) +
                                             "' at offset " + std::to_string(page * page_size) +
                                             "; rebuild the index");
}

}  // namespace stave::disk_index
