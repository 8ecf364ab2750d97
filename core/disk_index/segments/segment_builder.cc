#include "core/disk_index/segments/segment_builder.h"

#include <algorithm>

namespace stave::disk_index {

SegmentBuilder::SegmentBuilder(uint32_t record_size)
    : entry_size_(disk_index::entry_size(record_size)),
      capacity_(page_capacity(record_size)),
      fill_(entries_per_page(record_size)) {}

Segment SegmentBuilder::build(const std::vector<Entry>& entries, uint64_t range, uint32_t depth,
                              uint64_t generation) {
  const auto count = static_cast<uint32_t>(entries.size());
  Segment segment;
  segment.entries = count;
  segment.depth = depth;
  segment.generation = generation;
  segment.home_pages = std::min(count / fill_ + (count % fill_ != 0 ? 1 : 0), home_pages_max);
  pages_.assign(size_t{segment.home_pages} * page_size, std::byte{0});
  if (count == 0) return segment;
  sort_into_buckets(entries, depth, segment.home_pages);
  PageHeader header;
  header.generation = generation;
  header.range = range;
  fill_home(entries, header);
  if (!spilled_.empty()) fill_overflow(entries, header);
  segment.overflow_pages = static_cast<uint32_t>(pages_.size() / page_size) - segment.home_pages;
  return segment;
}

// A counting sort by page and bucket.
void SegmentBuilder::sort_into_buckets(const std::vector<Entry>& entries, uint32_t depth,
                                       uint32_t home_pages) {
  const auto bin = [&](const Entry& entry) {
    const BucketRef ref = bucket_of(entry.hash, depth, home_pages);
    return size_t{ref.page} * buckets_per_page + ref.bucket;
  };
  starts_.assign(size_t{home_pages} * buckets_per_page + 1, 0);
  for (const Entry& entry : entries) starts_[bin(entry) + 1]++;
  for (size_t i = 1; i < starts_.size(); i++) starts_[i] += starts_[i - 1];
  order_.resize(entries.size());
  // Each bin's start moves to its end, which is the next one's start: shifted back afterwards.
  for (uint32_t i = 0; i < entries.size(); i++) order_[starts_[bin(entries[i])]++] = i;
  std::rotate(starts_.begin(), starts_.end() - 1, starts_.end());
  starts_[0] = 0;
}

void SegmentBuilder::fill_home(const std::vector<Entry>& entries, const PageHeader& segment) {
  spilled_.clear();
  const size_t home_pages = starts_.size() / buckets_per_page;
  for (size_t index = 0; index < home_pages; index++) {
    const uint32_t* const starts = &starts_[index * buckets_per_page];
    std::byte* const to = page(index);
    // A bucket is here with all its entries, or in the overflow pages with all of them.
    uint32_t spill = buckets_per_page;
    while (starts[spill] - starts[0] > capacity_) spill--;
    for (uint32_t i = starts[spill]; i < starts[buckets_per_page]; i++)
      spilled_.push_back(order_[i]);
    const uint32_t count = starts[spill] - starts[0];
    for (uint32_t i = 0; i < count; i++)
      copy(to + page_header_size + size_t{i} * entry_size_,
           {entries[order_[starts[0] + i]].bytes, entry_size_});
    for (uint32_t i = 0; i < buckets_per_page; i++)
      to[page_buckets_at + i] = static_cast<std::byte>(std::min(starts[i] - starts[0], count));
    PageHeader header = segment;
    header.kind = PageKind::home;
    header.count = static_cast<uint8_t>(count);
    header.spill = static_cast<uint8_t>(spill);
    header.index = static_cast<uint32_t>(index);
    encode_page_header(to, header);
  }
}

void SegmentBuilder::fill_overflow(const std::vector<Entry>& entries, PageHeader header) {
  std::sort(spilled_.begin(), spilled_.end(), [&](uint32_t a, uint32_t b) {
    if (entries[a].hash != entries[b].hash) return entries[a].hash < entries[b].hash;
    return load_key(entries[a].bytes) < load_key(entries[b].bytes);
  });
  const auto total = static_cast<uint32_t>(spilled_.size());
  const size_t home_pages = pages_.size() / page_size;
  const uint32_t overflow_pages = total / capacity_ + (total % capacity_ != 0 ? 1 : 0);
  pages_.resize(pages_.size() + size_t{overflow_pages} * page_size);
  header.kind = PageKind::overflow;
  for (header.index = 0; header.index < overflow_pages; header.index++) {
    const uint32_t first = header.index * capacity_;
    std::byte* const to = page(home_pages + header.index);
    header.count = static_cast<uint8_t>(std::min(capacity_, total - first));
    for (uint32_t i = 0; i < header.count; i++)
      copy(to + page_header_size + size_t{i} * entry_size_,
           {entries[spilled_[first + i]].bytes, entry_size_});
    store_le32(to + page_total_at, total);
    encode_page_header(to, header);
  }
}

Bytes SegmentBuilder::seal(uint64_t first_page, uint64_t file_seed) noexcept {
  for (size_t i = 0; i < pages_.size() / page_size; i++)
    seal_page(page(i), file_seed, first_page + i);
  return pages_;
}

}  // namespace stave::disk_index
