// Makes the pages of a segment from its entries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/disk_index/format/directory_format.h"
#include "core/disk_index/format/page_format.h"
#include "core/disk_index/segments/segment_reader.h"

namespace stave::disk_index {

// Keeps its memory from one segment to the next. One thread at a time.
class SegmentBuilder {
 public:
  // Home pages of a segment that is about to be split. Large segments make the directory small,
  // small ones keep the work of rewriting one short.
  static constexpr uint32_t segment_pages_target = 128;

  explicit SegmentBuilder(uint32_t record_size);

  // Copies the entries, whose hashes all begin with the top `depth` bits of `range` and whose keys
  // differ, into pages. The answer lacks the first page.
  Segment build(const std::vector<Entry>& entries, uint64_t range, uint32_t depth,
                uint64_t generation);
  // The pages of the last build(), with their checksums for where they will lie.
  Bytes seal(uint64_t first_page, uint64_t file_seed) noexcept;

  // Entries of a home page that is as full as wanted: 7/8, so that about one entry in 200 finds no
  // room when pages have 100.
  static constexpr uint32_t entries_per_page(uint32_t record_size) noexcept {
    return std::max<uint32_t>(1, page_capacity(record_size) * 7 / 8);
  }

  // A segment with more entries than this is better split.
  uint32_t entries_max() const noexcept { return segment_pages_target * fill_; }

 private:
  void sort_into_buckets(const std::vector<Entry>& entries, uint32_t depth, uint32_t home_pages);
  void fill_home(const std::vector<Entry>& entries, const PageHeader& header);
  void fill_overflow(const std::vector<Entry>& entries, PageHeader header);
  std::byte* page(uint64_t index) noexcept { return pages_.data() + index * page_size; }

  uint32_t entry_size_;
  uint32_t capacity_;
  uint32_t fill_;  // entries_per_page()
  std::vector<std::byte> pages_;
  std::vector<uint32_t> starts_;   // by page and bucket: where its entries begin in order_
  std::vector<uint32_t> order_;    // entries by page and bucket
  std::vector<uint32_t> spilled_;  // entries that their home page has no room for
};

}  // namespace stave::disk_index
