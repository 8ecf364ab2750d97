#include "core/disk_index/segments/segment_reader.h"

#include <algorithm>
#include <string>

namespace stave::disk_index {

namespace {

// The header says nothing that would lead a reader out of the page.
bool header_is_sound(const std::byte* page, uint32_t capacity) noexcept {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(page);
  if (bytes[page_count_at] > capacity || bytes[page_spill_at] > buckets_per_page) return false;
  if (static_cast<PageKind>(bytes[page_kind_at]) != PageKind::home) return true;
  uint8_t last = 0;
  for (uint32_t bucket = 0; bucket < buckets_per_page; bucket++) {
    if (bytes[page_buckets_at + bucket] < last) return false;
    last = bytes[page_buckets_at + bucket];
  }
  return last <= bytes[page_count_at] && bytes[page_buckets_at] == 0;
}

Status damaged_page(const PageFile& file, uint64_t page, std::string_view what) {
  return damaged_at(file.path(), page, what);
}

uint32_t overflow_total(const std::byte* page) noexcept {
  return load_le32(page + page_total_at);
}

}  // namespace

SegmentReader::SegmentReader(KeyHasher hasher, uint32_t record_size, const Directory& opened)
    : hasher_(hasher),
      entry_size_(disk_index::entry_size(record_size)),
      capacity_(page_capacity(record_size)),
      expected_bucket_size_(size_t{capacity_} * 7 / 8 * entry_size_ / buckets_per_page),
      opened_(Directory::copy_of(opened)) {}

Status SegmentReader::check_page(const PageFile& file, const Directory& directory, uint64_t slot,
                                 PageKind kind, uint32_t index) const {
  const Segment& segment = directory.segment_at(slot);
  const uint64_t number =
      segment.first_page + index + (kind == PageKind::overflow ? segment.home_pages : 0);
  const auto damage = [&](std::string_view what) { return damaged_page(file, number, what); };
  if (number >= file.size_pages()) return damage("a page is missing");
  const std::byte* const page = file.region()->page(number);
  if (!page_is_whole(page, file.seed(), number)) return damage("checksum mismatch");
  const PageHeader header = decode_page_header(page);
  if (header.generation != segment.generation) return damage("a page of another generation");
  if (header.kind != kind || header.index != index || header.range != directory.first_hash(slot))
    return damage("a page that belongs elsewhere");
  if (!header_is_sound(page, capacity_)) return damage("impossible page header");
  if (kind == PageKind::overflow) {
    const uint64_t total = overflow_total(page);
    const uint64_t before = uint64_t{index} * capacity_;
    if (total > uint64_t{segment.overflow_pages} * capacity_ || total < before ||
        header.count != std::min<uint64_t>(capacity_, total - before))
      return damage("impossible count of overflow entries");
  }
  return {};
}

Status SegmentReader::check_home(const PageFile& file, uint64_t hash, uint32_t index) const {
  const uint64_t slot = opened_->first_slot(hash);
  const Segment& segment = opened_->segment_at(slot);
  const uint64_t number = segment.first_page + index;
  STAVE_TRY(check_page(file, *opened_, slot, PageKind::home, index));
  Region& region = *file.region();
  if (has_spilled(region.page(number), buckets_per_page - 1) && segment.overflow_pages == 0)
    return damaged_page(file, number, "entries spilled to nowhere");
  region.set_checked(number);
  return {};
}

Status SegmentReader::check_overflow(const PageFile& file, SegmentWord word, uint64_t hash,
                                     uint32_t index) const {
  const uint64_t number = word.first_page() + word.home_pages() + index;
  Region& region = *file.region();
  if (number < region.pages() && region.is_checked(number)) return {};
  const uint64_t slot = opened_->first_slot(hash);
  if (index >= opened_->segment_at(slot).overflow_pages)
    return damaged_page(file, number, "too few overflow pages");
  STAVE_TRY(check_page(file, *opened_, slot, PageKind::overflow, index));
  region.set_checked(number);
  return {};
}

// All overflow entries of a segment stand in order of hash and key, so that any number of them with
// one hash is found in logarithmic time.
Result<const std::byte*> SegmentReader::find_in_overflow(const PageFile& file, SegmentWord segment,
                                                         uint64_t hash, const Key& key) const {
  const Region& region = *file.region();
  const uint64_t first = segment.first_page() + segment.home_pages();
  STAVE_TRY(check_overflow(file, segment, hash, 0));
  uint32_t low = 0;
  uint32_t high = overflow_total(region.page(first));
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const uint32_t page = middle / capacity_;
    STAVE_TRY(check_overflow(file, segment, hash, page));
    const std::byte* const entry =
        region.page(first + page) + page_header_size + size_t{middle % capacity_} * entry_size_;
    const Key found = load_key(entry);
    if (found == key) return entry;
    const uint64_t found_hash = hasher_(found);
    if (found_hash < hash || (found_hash == hash && found < key))
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

Status SegmentReader::list_overflow(const PageFile& file, SegmentWord segment, uint64_t hash,
                                    std::vector<Entry>& into, OnDamage on_damage) const {
  const uint64_t first = segment.first_page() + segment.home_pages();
  const Region& region = *file.region();
  Status damage;
  uint32_t pages = 1;  // until the first one has said how many there are
  for (uint32_t index = 0; index < pages; index++) {
    const Status checked = check_overflow(file, segment, hash, index);
    if (!checked.ok()) {
      if (on_damage == OnDamage::stop) return checked;
      if (damage.ok()) damage = checked;
      continue;
    }
    const std::byte* const page = region.page(first + index);
    pages = (overflow_total(page) + capacity_ - 1) / capacity_;
    list_entries(page, into);
  }
  return damage;
}

void SegmentReader::list_entries(const std::byte* page, std::vector<Entry>& into) const {
  const auto count = static_cast<uint8_t>(page[page_count_at]);
  const std::byte* entry = page + page_header_size;
  for (uint32_t i = 0; i < count; i++, entry += entry_size_)
    into.push_back({hasher_(entry), entry});
}

Status SegmentReader::list(const PageFile& file, SegmentWord segment, uint64_t hash,
                           std::vector<Entry>& into, OnDamage on_damage) const {
  Status damage;
  bool spilled = false;
  file.region()->expect_reads({segment.first_page(), segment.home_pages()});
  for (uint32_t index = 0; index < segment.home_pages(); index++) {
    const Region& region = *file.region();
    const uint64_t number = segment.first_page() + index;
    if (!region.is_checked(number)) {
      const Status checked = check_home(file, hash, index);
      if (!checked.ok()) {
        if (on_damage == OnDamage::stop) return checked;
        if (damage.ok()) damage = checked;
        continue;
      }
    }
    const std::byte* const page = region.page(number);
    spilled = spilled || has_spilled(page, buckets_per_page - 1);
    list_entries(page, into);
  }
  if (!spilled) return damage;
  const Status overflow = list_overflow(file, segment, hash, into, on_damage);
  return damage.ok() ? overflow : damage;
}

Status SegmentReader::verify(const PageFile& file, const Directory& directory,
                             uint64_t slot) const {
  const Segment& segment = directory.segment_at(slot);
  for (uint32_t index = 0; index < segment.home_pages; index++)
    STAVE_TRY(check_page(file, directory, slot, PageKind::home, index));
  for (uint32_t index = 0; index < segment.overflow_pages; index++)
    STAVE_TRY(check_page(file, directory, slot, PageKind::overflow, index));
  std::vector<Entry> entries;
  STAVE_TRY(list(file, SegmentWord(segment), directory.first_hash(slot), entries));
  if (entries.size() != segment.entries)
    return damaged_page(file, segment.first_page,
                        "a segment has " + std::to_string(entries.size()) +
                            " entries and should have " + std::to_string(segment.entries));
  for (const Entry& entry : entries) {
    if (directory.first_slot(entry.hash) != slot)
      return damaged_page(file, segment.first_page, "a segment holds a key of another");
    STAVE_TRY_ASSIGN(const std::byte* found,
                     find(file, SegmentWord(segment), entry.hash, load_key(entry.bytes)));
    if (found != entry.bytes)
      return damaged_page(file, segment.first_page,
                          "a key that is there twice or in a wrong bucket");
  }
  return {};
}

}  // namespace stave::disk_index
