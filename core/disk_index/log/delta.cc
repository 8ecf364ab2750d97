#include "core/disk_index/log/delta.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace stave::disk_index {

namespace {

// The table is at most 3/4 full, so that probes stay short.
unsigned table_bits(uint64_t entries) noexcept {
  return std::max<unsigned>(10, static_cast<unsigned>(std::bit_width(entries * 4 / 3 - 1)));
}

// Half full at most: 8 KiB, the first one 32.
std::unique_ptr<LayeredTable<>::Recent> small_table(uint32_t entries_max) {
  return std::make_unique<LayeredTable<>::Recent>(
      static_cast<unsigned>(std::bit_width(entries_max * 2 - 1)), entries_max);
}

// Chunks that hold so many operations, and room for some that were left half full.
uint64_t chunks_of(uint64_t operations) noexcept {
  return operations / (log_chunk_slots - 1) + 64;
}

}  // namespace

Delta::Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations,
             uint64_t more_chunks, uint64_t probe_max)
    : limits_(limits),
      more_operations_(more_operations),
      record_size_(record_size),
      slot_size_(log_slot_size(record_size)),
      probe_max_(probe_max),
      table_(table_bits(limits.hard + more_operations), probe_max + first_recent_max),
      chunks_max_(static_cast<uint32_t>(chunks_of(limits.hard_operations()) + more_chunks)) {
  chunk_pages_ = std::make_unique<uint64_t[]>(chunks_max_);
}

std::unique_ptr<Delta> Delta::for_promises(DeltaLimits limits, uint32_t record_size,
                                           uint64_t promised) {
  return std::unique_ptr<Delta>(
      new Delta(limits, record_size, promised, chunks_of(promised), limits.hard + promised + 1));
}

bool Delta::wants_merge() const noexcept {
  return entries() >= limits_.soft || operations_ >= limits_.soft_operations() ||
         chunks_ >= chunks_of(limits_.soft_operations());
}

double Delta::filled() const noexcept {
  const auto part = [](uint64_t is, uint64_t of) {
    return static_cast<double>(is) / static_cast<double>(of);
  };
  return std::max({part(entries(), limits_.soft), part(operations_, limits_.soft_operations()),
                   part(chunks_, chunks_of(limits_.soft_operations()))});
}

void Delta::make_part_ready(size_t parts) noexcept {
  const size_t pages = (table_.settled().pages() + parts - 1) / parts;
  table_.settled().make_ready(ready_pages_, pages);
  ready_pages_ += pages;
}

std::optional<Change> Delta::add(const PageFile& file, uint64_t hash, const Key& key,
                                 uint32_t slot) noexcept {
  const std::optional<TakenSlot> taken = table_.put(hash, number_of(slot), IsKey{*this, file, key});
  assert(taken);
  operations_++;
  note_probe(taken->probes);
  if (taken->replaced) return change(file, *taken->replaced);
  entries_.store(entries() + 1, std::memory_order_relaxed);
  return {};
}

void Delta::settle_recent(const PageFile& file, const KeyHasher& hasher, bool and_gather) {
  auto gathering = and_gather ? small_table(is_ready() ? recent_max : first_recent_max) : nullptr;
  std::unique_ptr<LayeredTable<>::Recent> moved = table_.replace_recent(
      std::move(gathering), [&](uint32_t number) { return hasher(key_at(file, number)); },
      [&](uint32_t a, uint32_t b) { return key_at(file, a) == key_at(file, b); },
      [&](const std::optional<TakenSlot>& taken) {
        assert(taken);
        note_probe(taken->probes);
        if (taken->replaced) entries_.store(entries() - 1, std::memory_order_relaxed);
      });
  if (moved) sync::EpochRegistry::retire(moved.release());
}

std::vector<Extent> Delta::extents() const {
  std::vector<Extent> extents;
  for (uint32_t i = 0; i < chunks_; i++)
    append_extent(extents, {chunk_pages_[i], log_chunk_pages(record_size_)});
  return extents;
}

}  // namespace stave::disk_index
