#include "core/disk_index/merge/segment_rewriter.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/base/undo.h"

namespace stave::disk_index {

namespace {

// The keys of a segment's changes: a hash table of positions in `changes`.
class ChangedKeys {
 public:
  ChangedKeys(const std::vector<HashedChange>& changes, std::vector<uint32_t>& slots)
      : changes_(changes), slots_(slots), mask_(std::bit_ceil(changes.size() * 2) - 1) {
    slots_.assign(mask_ + 1, 0);
    for (uint32_t i = 0; i < changes.size(); i++) {
      size_t slot = changes[i].hash & mask_;
      while (slots_[slot] != 0) slot = (slot + 1) & mask_;
      slots_[slot] = i + 1;
    }
  }
  bool contains(const Entry& entry) const noexcept {
    for (size_t slot = entry.hash & mask_; slots_[slot] != 0; slot = (slot + 1) & mask_) {
      const HashedChange& change = changes_[slots_[slot] - 1];
      if (change.hash == entry.hash && load_key(change.entry) == load_key(entry.bytes)) return true;
    }
    return false;
  }

 private:
  const std::vector<HashedChange>& changes_;
  std::vector<uint32_t>& slots_;
  size_t mask_;
};

// A directory of depth d has 2^d slots in memory, which shall stay in proportion to the segments:
// hashes that do not spread make a segment larger, not deeper.
bool may_deepen(const Directory& directory, uint32_t depth) noexcept {
  if (depth < directory.depth()) return true;
  return depth < depth_max &&
         (uint64_t{2} << depth) <= segments_per_slot * directory.segment_count();
}

}  // namespace

Status SegmentRewriter::build(const Directory& directory, uint64_t slot,
                              const std::vector<HashedChange>& changes, uint64_t generation) {
  generation_ = generation;
  built_.clear();
  // The entries lie in the mapping until they are copied.
  const sync::EpochPin pin;
  STAVE_TRY(collect(directory, slot, changes));
  return split(directory, entries_, directory.first_hash(slot), directory.segment_at(slot).depth);
}

// Gathers in entries_ what the segment holds after the changes.
Status SegmentRewriter::collect(const Directory& directory, uint64_t slot,
                                const std::vector<HashedChange>& changes) {
  entries_.clear();
  STAVE_TRY(state_.view().reader->list(*state_.file, SegmentWord(directory.segment_at(slot)),
                                       directory.first_hash(slot), entries_));
  const uint64_t weight_before = weight_of_entries();
  const ChangedKeys changed(changes, changed_);
  if (!STAVE_PLANTED_BUG(disk_index_duplicate_entry))
    std::erase_if(entries_, [&](const Entry& entry) { return changed.contains(entry); });
  for (const HashedChange& change : changes)
    if (change.kind == LogKind::put) entries_.push_back({change.hash, change.entry});
  weight_change_ = weight_of_entries() - weight_before;
  return {};
}

uint64_t SegmentRewriter::weight_of_entries() const noexcept {
  if (state_.owner() == nullptr) return 0;
  uint64_t weight = 0;
  for (const Entry& entry : entries_) weight += state_.owner()->weight_of(entry.bytes + key_size);
  return weight;
}

SegmentBuilder& SegmentRewriter::builder(size_t index) {
  while (builders_.size() <= index) builders_.emplace_back(state_.record_size);
  return builders_[index];
}

// One segment, or two halves of its range while there are too many entries.
Status SegmentRewriter::split(const Directory& directory, std::vector<Entry> entries,
                              uint64_t range, uint32_t depth) {
  SegmentBuilder& next = builder(built_.size());
  if (entries.size() > next.entries_max() && may_deepen(directory, depth)) {
    const uint64_t upper = range | uint64_t{1} << (63 - depth);
    const auto middle = std::partition(entries.begin(), entries.end(),
                                       [&](const Entry& entry) { return entry.hash < upper; });
    std::vector<Entry> above(middle, entries.end());
    entries.erase(middle, entries.end());
    STAVE_TRY(split(directory, std::move(entries), range, depth + 1));
    return split(directory, std::move(above), upper, depth + 1);
  }
  if (entries.size() > UINT32_MAX)
    return Status::error(Code::too_large, "too many keys share the top bits of their hashes");
  built_.push_back(next.build(entries, range, depth, generation_));
  return {};
}

uint32_t SegmentRewriter::depth() const noexcept {
  uint32_t depth = 0;
  for (const Segment& segment : built_) depth = std::max(depth, segment.depth);
  return depth;
}

Status SegmentRewriter::write() {
  PageFile& file = *state_.file;
  size_t placed = 0;
  Undo give_back([&]() noexcept {
    for (size_t i = 0; i < placed; i++)
      if (built_[i].pages() > 0) file.free({built_[i].first_page, built_[i].pages()});
  });
  for (; placed < built_.size(); placed++) {
    Segment& segment = built_[placed];
    if (segment.pages() == 0) continue;
    STAVE_TRY_ASSIGN(const uint64_t page, file.allocate(segment.pages()));
    segment.first_page = page;
    const Status written = file.write(page, builders_[placed].seal(page, file.seed()));
    if (!written.ok()) {
      file.free({page, segment.pages()});
      return written;
    }
    // Readers come soon.
    file.held_region()->prefault_read({page, segment.pages()});
  }
  give_back.forget();
  return {};
}

}  // namespace stave::disk_index
