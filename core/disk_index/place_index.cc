// What an index of places does for its owner.
#include <algorithm>
#include <array>
#include <cassert>

#include "core/disk_index/disk_index_impl.h"
#include "core/disk_index/open/open.h"

namespace stave::disk_index {

Status DiskIndexImpl::begin_places() {
  replay_from_ = durable_.owner.replay_from;
  weight_ = durable_.owner.weight;
  mark_ = replay_from_;
  newest_lsn_ = durable_.owner.newest_lsn;
  size_reserve();
  if (options_.read_only) return {};
  log_.resume({}, 0, 0);
  std::unique_ptr<View> changed = copy_view();
  std::unique_ptr<Delta> delta = Delta::for_places(limits(), 0);
  delta->set_mark(mark_);
  changed->active = delta.release();
  publish(std::move(changed));
  return {};
}

OwnerState DiskIndexImpl::owner_state() const {
  const MergeLock merge(merge_mutex_);
  return durable_.owner;
}

// A segment is written anew, perhaps as two, before its pages are given back; then a directory.
void DiskIndexImpl::size_reserve() noexcept {
  constexpr uint64_t halves = uint64_t{2} * SegmentBuilder::segment_pages_target;
  const uint64_t segments = std::min(uint64_t{2} * directory_->pages() + 2, halves);
  reserve_pages_.store(segments + directory_pages(directory_->segment_count() + 1) +
                           uint64_t{2} * log_chunk_pages(record_size_),
                       std::memory_order_relaxed);
}

// As many chunks as so many changes fill that begin in a new one.
Status DiskIndexImpl::set_chunks_aside(uint64_t slots) {
  STAVE_TRY(find_free_pages());
  const uint64_t wanted = (slots + log_chunk_slots - 2) / (log_chunk_slots - 1);
  chunks_aside_.reserve(wanted);
  while (chunks_aside_.size() < wanted) {
    Result<LogChunk> chunk = log_.allocate_chunk();
    // Pages that only wait for readers to end may be enough. No reader waits for this lock.
    if (chunk.status().is(Code::no_space) && sync::EpochRegistry::reclaim_all())
      chunk = log_.allocate_chunk();
    if (!chunk) return chunk.status();
    chunks_aside_.push_back(*chunk);
  }
  return {};
}

Status DiskIndexImpl::promise(uint64_t changes, bool from_reserve) {
  WriterLock writer(writer_mutex_);
  for (;;) {
    STAVE_TRY(refusal());
    const uint64_t promised = promised_ + changes;
    const Delta& active = *view().active;
    const bool full = !active.has_room_for(promised);
    const bool merge = active.wants_merge() ||
                       (merge_wanted_soon_.load(std::memory_order_relaxed) && active.entries() > 0);
    if ((full || merge) && view().frozen == nullptr) {
      const Status frozen = freeze(writer, changes);
      if (frozen.ok()) continue;
      // A full disk need not stop a writer whose delta still has room.
      if (full) return frozen;
    }
    if (!full) {
      const uint64_t in_chunk = log_.slots_left();
      STAVE_TRY(set_chunks_aside(promised > in_chunk ? promised - in_chunk : 0));
      if (!from_reserve)
        STAVE_TRY(file_->keep_free(reserve_pages_.load(std::memory_order_relaxed)));
      promised_ = promised;
      if (idleness_.has_failed()) merge_wanted_.notify_one();
      return {};
    }
    writer.unlock();
    const Status merged = [&] {
      const MergeLock lock(merge_mutex_);
      WriterLock inner(writer_mutex_, std::defer_lock);
      return finish_pass(inner);
    }();
    writer.lock();
    STAVE_TRY(merged);
  }
}

void DiskIndexImpl::forget_promise(uint64_t changes) noexcept {
  const WriterLock writer(writer_mutex_);
  promised_ -= changes;
}

Status DiskIndexImpl::exchange(const Key& key, Bytes expected, Bytes record,
                               const LogMark& frame) noexcept {
  const uint64_t hash = hasher_(key);
  const WriterLock writer(writer_mutex_);
  assert(promised_ > 0);
  promised_--;
  const sync::EpochPin pin;
  const View& now = view();
  prefetch(now, hash);
  const Result<const std::byte*> found = find(now, hash, key);
  // Whoever makes the change has looked the key up before: its pages are whole.
  if (!found) return found.status();
  const std::byte* const entry = *found;
  const bool existed = entry != nullptr;
  if (existed == expected.empty()) return Code::mismatch;
  if (existed && !equal({entry + key_size, place_size}, expected)) return Code::mismatch;
  mark_ = frame;
  newest_lsn_ = std::max(newest_lsn_, frame.lsn);
  if (log_.needs_chunk()) {
    assert(!chunks_aside_.empty());
    log_.begin_chunk(chunks_aside_.back());
    chunks_aside_.pop_back();
    now.active->add_chunk(log_.chunk().page);
  }
  constexpr std::array<std::byte, place_size> nothing{};
  const LogKind kind = record.empty() ? LogKind::remove : LogKind::put;
  now.active->add(*now.file, hash, key,
                  log_.append(kind, key, record.empty() ? Bytes(nothing) : record));
  if (kind == LogKind::remove)
    add_to_count(-1);
  else if (!existed)
    add_to_count(1);
  return {};
}

void DiskIndexImpl::set_mark(const LogMark& next) {
  const MergeLock merge(merge_mutex_);
  const WriterLock writer(writer_mutex_);
  mark_ = next;
  if (view().active->operations() > 0) return;
  view().active->set_mark(next);
  if (view().frozen == nullptr) replay_from_ = next;
}

void DiskIndexImpl::merge_slice() noexcept {
  if (writers_merge()) pace();
}

Status DiskIndexImpl::checkpoint_beside() {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_, std::defer_lock);
  STAVE_TRY(merge_beside(writer));
  return durable_.owner.replay_from == replay_from_ ? Status() : flip_and_release(writer);
}

// The owner's log goes to the device before what was made of it.
Status DiskIndexImpl::tell_owner(Superblock& next, uint64_t newest_lsn) {
  if (!holds_places()) return {};
  const Result<uint64_t> companion = options_.owner->before_superblock(newest_lsn);
  if (!companion) return companion.status();
  next.owner = {.replay_from = replay_from_,
                .newest_lsn = newest_lsn,
                .companion_version = *companion,
                .weight = weight_};
  next.lsn = replay_from_.lsn;
  return {};
}

uint64_t DiskIndexImpl::weight_of(const std::vector<Entry>& entries) const noexcept {
  uint64_t weight = 0;
  for (const Entry& entry : entries) weight += options_.owner->weight_of(entry.bytes + key_size);
  return weight;
}

Result<std::unique_ptr<PlaceIndex>> PlaceIndex::open(os::FileSystem& files, const std::string& path,
                                                     const Options& options) {
  Options owned = options;
  owned.record_kind = RecordKind::place;
  owned.record_size = place_size;
  Result<std::unique_ptr<DiskIndexImpl>> index = open_owned(files, path, owned);
  if (!index) return index.status();
  return std::unique_ptr<PlaceIndex>(*std::move(index));
}

}  // namespace stave::disk_index
