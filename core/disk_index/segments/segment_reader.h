// Finding and listing the entries of segments, in pages that are not trusted until they were
// checked: each once per open, when it is first used.
//
// Thread safety: any number of threads, each under an EpochPin, which keeps the pages of the
// segments that the thread looks at from being used again.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/prefetch.h"
#include "core/base/status.h"
#include "core/disk_index/format/page_format.h"
#include "core/disk_index/pages/page_file.h"
#include "core/disk_index/segments/directory.h"

namespace stave::disk_index {

// An entry where it lies: 16 bytes of key, then the record.
struct Entry {
  uint64_t hash;
  const std::byte* bytes;
};

class SegmentReader {
 public:
  // `opened` is the directory that the file was opened with. Pages that were not written since
  // must be what it says; those that were need no check.
  SegmentReader(KeyHasher hasher, uint32_t record_size, const Directory& opened);

  // A hash's page, if the segment has any, and its bucket in there.
  struct Home {
    Region* region;
    uint64_t number;  // of the page in the file
    uint32_t page;    // in the segment
    uint32_t bucket;
  };
  static Home home(const PageFile& file, SegmentWord segment, uint64_t hash) noexcept {
    const BucketRef ref = bucket_of(hash, segment.depth(), segment.home_pages());
    return {file.region(), segment.first_page() + ref.page, ref.page, ref.bucket};
  }

  // The entry's bytes, or null when the key is not there.
  Result<const std::byte*> find(const PageFile& file, SegmentWord segment, uint64_t hash,
                                const Key& key) const {
    if (segment.home_pages() == 0) return nullptr;
    const Home at = home(file, segment, hash);
    if (!at.region->is_checked(at.number)) [[unlikely]]
      STAVE_TRY(check_home(file, hash, at.page));
    const std::byte* const page = at.region->page(at.number);
    if (has_spilled(page, at.bucket)) [[unlikely]]
      return find_in_overflow(file, segment, hash, key);
    return find_in_bucket(page, at.bucket, key);
  }

  // Whether the page that find() begins with was checked, or there is none.
  static bool is_checked(const PageFile& file, SegmentWord segment, uint64_t hash) noexcept {
    if (segment.home_pages() == 0) return true;
    const Home at = home(file, segment, hash);
    return at.region->is_checked(at.number);
  }

  // Prefetches what find() reads: the page's header, and the lines where the bucket's entries
  // probably are. How many entries precede them varies, by up to nine: six lines.
  void prefetch(const Home& at) const noexcept {
    const std::byte* const page = at.region->page(at.number);
    stave::prefetch(page);
    const std::byte* const expected =
        page + page_header_size + size_t{at.bucket} * expected_bucket_size_;
    constexpr ptrdiff_t line_size = 64;
    for (ptrdiff_t line = -4; line <= 6; line++) stave::prefetch(expected + line * line_size);
  }

  // Appends all entries of the segment, to whose range `hash` belongs. Damage ends it, or leaves
  // out the entries of the damaged pages, and the first is answered behind all others.
  enum class OnDamage { stop, leave_out };
  Status list(const PageFile& file, SegmentWord segment, uint64_t hash, std::vector<Entry>& into,
              OnDamage on_damage = OnDamage::stop) const;

  // Reads one segment from its pages although they were checked before, and checks everything:
  // checksums, headers, each entry's bucket, the order in overflow pages, no key twice.
  Status verify(const PageFile& file, const Directory& directory, uint64_t slot) const;

 private:
  // Whether the page of this kind and `index` is what `directory` says of the segment at `slot`.
  Status check_page(const PageFile& file, const Directory& directory, uint64_t slot, PageKind kind,
                    uint32_t index) const;
  // Both check a page that was not yet, of the segment that held `hash` when the file was opened.
  Status check_home(const PageFile& file, uint64_t hash, uint32_t index) const;
  Status check_overflow(const PageFile& file, SegmentWord word, uint64_t hash,
                        uint32_t index) const;
  Result<const std::byte*> find_in_overflow(const PageFile& file, SegmentWord segment,
                                            uint64_t hash, const Key& key) const;
  Status list_overflow(const PageFile& file, SegmentWord segment, uint64_t hash,
                       std::vector<Entry>& into, OnDamage on_damage) const;
  void list_entries(const std::byte* page, std::vector<Entry>& into) const;

  static bool has_spilled(const std::byte* page, uint32_t bucket) noexcept {
    return bucket >= static_cast<uint8_t>(page[page_spill_at]);
  }
  const std::byte* entry_at(const std::byte* page, uint32_t index) const noexcept {
    return page + page_header_size + size_t{index} * entry_size_;
  }
  // Which entry of its bucket is the key's cannot be predicted, and a mispredicted branch is found
  // out only when the entry has come from memory: until then the next lookup would not begin. So a
  // window as wide as most buckets is compared without a branch.
  const std::byte* find_in_bucket(const std::byte* page, uint32_t bucket,
                                  const Key& key) const noexcept {
    const auto* const starts = reinterpret_cast<const uint8_t*>(page + page_buckets_at);
    const uint32_t begin = starts[bucket];
    const uint32_t end = bucket + 1 == buckets_per_page ? static_cast<uint8_t>(page[page_count_at])
                                                        : starts[bucket + 1];
    const uint32_t window = std::min(begin, capacity_ - window_size);  // all of it in the page
    if (end - window > window_size) [[unlikely]]
      return find_among(page, begin, end, key);
    uint32_t equal = 0;
    for (uint32_t i = 0; i < window_size; i++)
      equal |= uint32_t{load_le64(entry_at(page, window + i)) == key.low} << i;
    equal &= (1u << (end - window)) - (1u << (begin - window));
    if (equal == 0) return nullptr;
    const std::byte* const entry =
        entry_at(page, window + static_cast<uint32_t>(std::countr_zero(equal)));
    return load_key(entry) == key ? entry : find_among(page, begin, end, key);
  }
  const std::byte* find_among(const std::byte* page, uint32_t begin, uint32_t end,
                              const Key& key) const noexcept {
    for (uint32_t i = begin; i < end; i++)
      if (load_key(entry_at(page, i)) == key) return entry_at(page, i);
    return nullptr;
  }

  static constexpr uint32_t window_size = 5;
  static_assert(window_size <= page_capacity(record_size_max));

  KeyHasher hasher_;
  uint32_t entry_size_;
  uint32_t capacity_;
  size_t expected_bucket_size_;  // bytes that the entries of one bucket take on average
  std::unique_ptr<const Directory> opened_;
};

}  // namespace stave::disk_index
