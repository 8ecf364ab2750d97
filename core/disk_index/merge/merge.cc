// Merging: a pass takes the changes of a frozen delta into the segments, one segment after the
// other in order of hashes, each written anew into free pages.
#include <algorithm>
#include <bit>
#include <cassert>

#include "core/base/planted_bug.h"
#include "core/base/undo.h"
#include "core/disk_index/disk_index_impl.h"

namespace stave::disk_index {

namespace {

// So many pages that the next superblock gives back may wait for it: each costs a sync, and until
// then they are lost space. 1/16 of the segments' pages.
constexpr uint64_t replaced_pages_min = 256;
constexpr uint64_t replaced_divisor = 16;
// Segments without changes that one step passes by.
constexpr uint32_t untouched_per_step = 256;

// Pages that the log may take meanwhile: of the file, and at most (8 MiB, 170 K operations of
// 24-byte records).
constexpr uint64_t stock_divisor = 32;
constexpr uint64_t stock_pages_max = 2048;

// Keys of a segment's changes, to find out which of its entries they replace.
class ChangedKeys {
 public:
  ChangedKeys(const std::vector<MergeChange>& changes, std::vector<uint32_t>& slots)
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
      const MergeChange& change = changes_[slots_[slot] - 1];
      if (change.hash == entry.hash && load_key(change.entry) == load_key(entry.bytes)) return true;
    }
    return false;
  }

 private:
  const std::vector<MergeChange>& changes_;
  std::vector<uint32_t>& slots_;
  size_t mask_;
};

}  // namespace

// The active delta becomes the frozen one. writer_mutex_ is held; there is no frozen delta.
// The new one has room for what is promised, and for `changes` more.
Status DiskIndexImpl::freeze(WriterLock&, uint64_t changes) {
  assert(view().frozen == nullptr);
  if (options_.background && !merger_) start_merger();
  STAVE_TRY(find_free_pages());
  settle_recent(false);
  std::unique_ptr<View> changed = copy_view();
  std::unique_ptr<Delta> next;
  if (holds_places()) {
    const uint64_t promised = promised_ + changes;
    next = Delta::for_places(limits(), promised);
    next->set_mark(mark_);
    STAVE_TRY(set_chunks_aside(std::max<uint64_t>(promised, 1)));
    log_.begin_chunk(chunks_aside_.back());
    chunks_aside_.pop_back();
    merge_wanted_soon_.store(false, std::memory_order_relaxed);
  } else {
    next = next_delta();
    STAVE_TRY(log_.begin_chunk());
  }
  next->add_chunk(log_.chunk().page);
  next->set_start(log_.start());
  changed->frozen = changed->active;
  changed->active = next.release();
  publish(std::move(changed));
  count_freeze();
  pacing_.begin_pass(Pacing::Clock::now());
  idleness_.forget_failure();
  merge_wanted_.notify_one();
  return {};
}

// Who adds to the file may wait for it for as long as the device is busy. Writers shall not.
void DiskIndexImpl::fill_stock() {
  if (!holds_places())
    log_.stock().fill(std::min(file_->size_pages() / stock_divisor, stock_pages_max));
}

// One step of the pass: one segment rewritten, or some passed by, or the superblock written.
Status DiskIndexImpl::advance(WriterLock& writer, bool* done) {
  // Only this thread, which holds merge_mutex_, ends a pass; so the delta stays.
  const Delta* const frozen = [&] {
    const sync::EpochPin pin;
    return view().frozen;
  }();
  *done = frozen == nullptr;
  if (*done) return {};
  for (uint32_t passed = 0; passed < untouched_per_step; passed++) {
    const uint64_t slot = directory_->first_slot(pass_position_);
    const uint64_t first = directory_->first_hash(slot);
    const uint64_t slots = directory_->slots_of(directory_->segment_at(slot));
    const bool is_last = slot + slots == directory_->slots();
    const uint64_t last = is_last ? UINT64_MAX : directory_->first_hash(slot + slots) - 1;
    changes_.clear();
    {
      const sync::EpochPin pin;
      frozen->for_range(*file_, first, last, [&](const Change& change) {
        const uint64_t hash = hasher_(change.entry);
        if (hash >= first && hash <= last) changes_.push_back({hash, change.kind, change.entry});
      });
    }
    if (!changes_.empty()) {
      const Status merged = merge_segment(directory_, slot, changes_, replaced_, &writer);
      if (merged.is(Code::no_space)) {
        // What gives pages back; then it is the segment's turn again.
        log_.stock().give_back();
        if (!replaced_.empty()) STAVE_TRY(flip_and_release(writer));
        static_cast<void>(sync::EpochRegistry::reclaim_all());
        return merge_segment(directory_, slot, changes_, replaced_, &writer);
      }
      STAVE_TRY(merged);
    }
    if (!is_last) {
      pass_position_ = last + 1;
    } else {
      end_pass(writer);
      *done = true;
      return flip_and_release(writer);
    }
    if (!changes_.empty()) break;
  }
  replaced_pages_ = 0;
  for (const Extent& extent : replaced_) replaced_pages_ += extent.pages;
  if (replaced_pages_ > std::max(replaced_pages_min, directory_->pages() / replaced_divisor))
    return flip_and_release(writer);
  return {};
}

// All changes of the frozen delta are in the segments.
void DiskIndexImpl::end_pass(WriterLock& writer) {
  const bool lock_here = !writer.owns_lock();
  if (lock_here) writer.lock();
  std::unique_ptr<View> changed = copy_view();
  Delta* const ended = changed->frozen;
  const std::vector<Extent> chunks = ended->extents();
  replaced_.insert(replaced_.end(), chunks.begin(), chunks.end());
  changed->frozen = nullptr;
  log_start_ = changed->active->start();
  replay_from_ = changed->active->mark();
  publish(std::move(changed));
  count_end_of_pass();
  pass_position_ = 0;
  if (lock_here) writer.unlock();
  sync::EpochRegistry::retire(ended);
}

Status DiskIndexImpl::finish_pass(WriterLock& writer) {
  bool done = false;
  while (!done) STAVE_TRY(advance(writer, &done));
  return {};
}

// Merges all changes made so far, beside writers.
Status DiskIndexImpl::merge_beside(WriterLock& writer) {
  for (;;) {
    STAVE_TRY(finish_pass(writer));
    writer.lock();
    if (view().frozen == nullptr) break;
    // A writer has frozen the next one meanwhile.
    writer.unlock();
  }
  Status status = refusal();
  const bool unmerged = view().active->operations() > 0;
  if (status.ok() && unmerged) status = freeze(writer);
  writer.unlock();
  STAVE_TRY(status);
  return unmerged ? finish_pass(writer) : Status();
}

Status DiskIndexImpl::merge() {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_, std::defer_lock);
  return merge_beside(writer);
}

// Merges everything. writer_mutex_ is held throughout.
Status DiskIndexImpl::drain(WriterLock& writer) {
  for (;;) {
    STAVE_TRY(finish_pass(writer));
    // What an earlier pass has left when the disk was full.
    if (!replaced_.empty()) STAVE_TRY(flip_and_release(writer));
    if (view().active->operations() == 0) return {};
    STAVE_TRY(freeze(writer));
  }
}

// Gathers in entries_ what the segment holds after the changes.
Status DiskIndexImpl::collect_entries(const Directory& directory, uint64_t slot,
                                      const std::vector<MergeChange>& changes) {
  const SegmentWord word(directory.segment_at(slot));
  entries_.clear();
  STAVE_TRY(view().reader->list(*file_, word, directory.first_hash(slot), entries_));
  if (holds_places()) merged_weight_ = 0 - weight_of(entries_);
  const ChangedKeys changed(changes, changed_);
  if (!STAVE_PLANTED_BUG(disk_index_duplicate_entry))
    std::erase_if(entries_, [&](const Entry& entry) { return changed.contains(entry); });
  for (const MergeChange& change : changes)
    if (change.kind == LogKind::put) entries_.push_back({change.hash, change.entry});
  if (holds_places()) merged_weight_ += weight_of(entries_);
  return {};
}

namespace {

// Of the segment that begins at `first`.
uint64_t last_hash(uint64_t first, uint32_t depth) noexcept {
  return depth == 0 ? UINT64_MAX : first | UINT64_MAX >> depth;
}

}  // namespace

// Replaces the segment that begins at `slot` by one with the changes, or by several. The old extent
// is added to `replaced`, or freed when this generation made it and nobody has seen it.
Status DiskIndexImpl::merge_segment(std::unique_ptr<Directory>& directory, uint64_t slot,
                                    const std::vector<MergeChange>& changes,
                                    std::vector<Extent>& replaced, WriterLock* writer) {
  const Segment old = directory->segment_at(slot);
  const uint64_t range = directory->first_hash(slot);
  std::vector<Segment> built;
  // Once the directory has changed nothing may throw: the old extent would be lost.
  if (replaced.size() == replaced.capacity()) replaced.reserve(2 * replaced.size() + 8);
  {
    // The entries lie in the mapping until they are copied.
    const sync::EpochPin pin;
    STAVE_TRY(collect_entries(*directory, slot, changes));
    STAVE_TRY(split(*directory, entries_, range, old.depth, built));
  }
  for (const Segment& segment : built)
    while (segment.depth > directory->depth()) grow_directory(directory, writer);
  STAVE_TRY(write_segments(built));
  {
    // The count goes by which changes are merged.
    WriterLock lock;
    if (writer != nullptr && !writer->owns_lock()) lock = WriterLock(writer_mutex_);
    directory->replace(directory->slot_of(range), built);
    if (writer != nullptr) counting_.merged_last = last_hash(range, old.depth);
  }
  weight_ += merged_weight_;
  merges_.fetch_add(1, std::memory_order_relaxed);
  if (old.pages() == 0) return {};
  if ((writer == nullptr && old.generation > durable_.generation) ||
      STAVE_PLANTED_BUG(disk_index_early_reuse))
    file_->free({old.first_page, old.pages()});
  else
    replaced.push_back({old.first_page, old.pages()});
  return {};
}

bool DiskIndexImpl::may_deepen(const Directory& directory, uint32_t depth) const noexcept {
  if (depth < directory.depth()) return true;
  return depth < depth_max &&
         (uint64_t{2} << depth) <= segments_per_slot * directory.segment_count();
}

// Builds the entries into one segment, or into two halves of its range while there are too many;
// the i-th of `built` in builders_[i].
Status DiskIndexImpl::split(const Directory& directory, std::vector<Entry> entries, uint64_t range,
                            uint32_t depth, std::vector<Segment>& built) {
  if (entries.size() > builder_.entries_max() && may_deepen(directory, depth)) {
    const uint64_t upper = range | uint64_t{1} << (63 - depth);
    const auto middle = std::partition(entries.begin(), entries.end(),
                                       [&](const Entry& entry) { return entry.hash < upper; });
    std::vector<Entry> above(middle, entries.end());
    entries.erase(middle, entries.end());
    STAVE_TRY(split(directory, std::move(entries), range, depth + 1, built));
    return split(directory, std::move(above), upper, depth + 1, built);
  }
  if (entries.size() > UINT32_MAX)
    return Status::error(Code::too_large, "too many keys share the top bits of their hashes");
  while (builders_.size() <= built.size()) builders_.emplace_back(record_size_);
  built.push_back(builders_[built.size()].build(entries, range, depth, durable_.generation + 1));
  return {};
}

// Finds pages for what split() has built and writes it there: all or nothing.
Status DiskIndexImpl::write_segments(std::vector<Segment>& built) {
  size_t placed = 0;
  Undo give_back([&]() noexcept {
    for (size_t i = 0; i < placed; i++)
      if (built[i].pages() > 0) file_->free({built[i].first_page, built[i].pages()});
  });
  while (placed < built.size()) {
    SegmentBuilder& builder = builders_[placed];
    Segment& segment = built[placed];
    if (segment.pages() > 0) {
      const Result<uint64_t> page = file_->allocate(segment.pages());
      if (!page) return page.status();
      segment.first_page = *page;
    }
    placed++;
    if (segment.pages() == 0) continue;
    STAVE_TRY(file_->write(segment.first_page, builder.seal(segment.first_page, file_->seed())));
    // Readers come soon.
    file_->lead_to_written({segment.first_page, segment.pages()});
  }
  give_back.forget();
  return {};
}

void DiskIndexImpl::grow_directory(std::unique_ptr<Directory>& directory, WriterLock* writer) {
  std::unique_ptr<Directory> grown = Directory::doubled(*directory);
  if (writer == nullptr) return std::swap(directory, grown);
  const bool lock_here = !writer->owns_lock();
  if (lock_here) writer->lock();
  std::unique_ptr<View> changed = copy_view();
  // From here on nothing may throw: readers have the old directory until the view is published.
  std::swap(directory, grown);
  changed->directory = directory.get();
  publish(std::move(changed));
  if (lock_here) writer->unlock();
  sync::EpochRegistry::retire(grown.release());
}

}  // namespace stave::disk_index
