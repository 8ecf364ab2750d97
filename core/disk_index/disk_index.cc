// Point operations: readers through a View, writers through the log and the active delta.
#include <algorithm>
#include <chrono>

#include "core/base/planted_bug.h"
#include "core/disk_index/disk_index_impl.h"
#include "core/disk_index/format/payload.h"

namespace stave::disk_index {

namespace {

// Half of the memory for each of two tables, of 8-byte slots, a power of two, 3/4 full at most.
uint32_t delta_entries_cap(uint64_t memory) noexcept {
  uint64_t slots = uint64_t{1} << 10;
  while (slots * 2 * 8 <= memory / 2 && slots < uint64_t{1} << 30) slots *= 2;
  return static_cast<uint32_t>(slots / 4 * 3);
}

constexpr uint64_t soft_entries_min = uint64_t{48} << 10;
constexpr uint64_t hard_entries_min = uint64_t{96} << 10;

bool has_entries(const Delta* delta) noexcept {
  return delta != nullptr && delta->entries() > 0;
}

}  // namespace

DiskIndexImpl::DiskIndexImpl(os::FileSystem& files, std::string path, const Options& options,
                             std::unique_ptr<os::FileLock> lock, Opened opened)
    : files_(files),
      path_(std::move(path)),
      options_(options),
      lock_(std::move(lock)),
      record_size_(opened.superblock.record_size),
      record_kind_(opened.superblock.record_kind),
      hasher_(opened.superblock.hash_seed, options.hash_mask),
      file_(std::move(opened.file)),
      directory_(std::move(opened.directory)),
      durable_(opened.superblock),
      opened_directory_{durable_.directory_page, directory_pages(durable_.segments)},
      log_start_{{durable_.log_page, durable_.log_salt}, durable_.log_sequence},
      builder_(record_size_),
      log_(files_, file_, record_size_),
      idleness_(options.idle_time),
      writers_merge_(!options.background) {
  counting_.recent_puts.reserve(Delta::first_recent_max);
  counting_.older_puts.reserve(Counting::older_puts_max);
  auto first = std::make_unique<View>();
  first->file = file_;
  first->reader = std::make_shared<const SegmentReader>(hasher_, record_size_, *directory_);
  first->directory = directory_.get();
  count_.store(directory_->entries(), std::memory_order_relaxed);
  publish(std::move(first));
}

DiskIndexImpl::~DiskIndexImpl() {
  stop_merger();
  std::unique_ptr<View> last(view_.load(std::memory_order_relaxed));
  const std::unique_ptr<Delta> active(last->active);
  const std::unique_ptr<Delta> frozen(last->frozen);
  // Deleters that wait hold on to the file, and the file system may end with its last index.
  static_cast<void>(sync::EpochRegistry::reclaim_all());
}

void DiskIndexImpl::publish(std::unique_ptr<View> next) noexcept {
  // Release: pairs with the acquire in view(). Relaxed for the old one: publishers hold
  // writer_mutex_.
  View* const before = view_.load(std::memory_order_relaxed);
  view_.store(next.release(), std::memory_order_release);
  if (before != nullptr) sync::EpochRegistry::retire(before);
}

std::unique_ptr<View> DiskIndexImpl::copy_view() const {
  const View& now = view();
  auto copy = std::make_unique<View>();
  copy->file = now.file;
  copy->reader = now.reader;
  copy->directory = now.directory;
  copy->active = now.active;
  copy->frozen = now.frozen;
  return copy;
}

// What a lookup needs first of the deltas and of the segment, all at the same time.
inline SegmentReader::Home DiskIndexImpl::prefetch(const View& view, uint64_t hash,
                                                   SegmentWord segment) noexcept {
  for (const Delta* delta : {view.active, view.frozen})
    if (has_entries(delta)) delta->prefetch(hash);
  const SegmentReader::Home home = SegmentReader::home(*view.file, segment, hash);
  view.reader->prefetch(home);
  return home;
}

void DiskIndexImpl::prefetch(const View& view, uint64_t hash) noexcept {
  prefetch(view, hash, view.directory->word_of(hash));
}

inline std::optional<Change> DiskIndexImpl::find_change(const View& view, uint64_t hash,
                                                        const Key& key) noexcept {
  for (const Delta* delta : {view.active, view.frozen}) {
    if (!has_entries(delta)) continue;
    if (const std::optional<Change> change = delta->find(*view.file, hash, key)) return change;
  }
  return {};
}

Result<const std::byte*> DiskIndexImpl::find(const View& view, uint64_t hash,
                                             const Key& key) const {
  if (const std::optional<Change> change = find_change(view, hash, key))
    return change->kind == LogKind::put ? change->entry : nullptr;
  return view.reader->find(*view.file, view.directory->word_of(hash), hash, key);
}

// The usual lookup, which meets no error: find() and what it needs in one look at the directory.
// False when find() has to be asked.
inline bool DiskIndexImpl::find_at_once(const View& view, uint64_t hash, const Key& key,
                                        const std::byte*& entry) noexcept {
  if (has_entries(view.active) || has_entries(view.frozen)) [[unlikely]]
    return find_beside_changes(view, hash, key, entry);
  const SegmentWord segment = view.directory->word_of(hash);
  const SegmentReader::Home home = SegmentReader::home(*view.file, segment, hash);
  view.reader->prefetch(home);
  return view.reader->find_at_home(segment, home, key, entry);
}

// The same with deltas to look into. A function of its own, so that the other needs few registers.
[[gnu::noinline]] bool DiskIndexImpl::find_beside_changes(const View& view, uint64_t hash,
                                                          const Key& key,
                                                          const std::byte*& entry) noexcept {
  const SegmentWord segment = view.directory->word_of(hash);
  const SegmentReader::Home home = prefetch(view, hash, segment);
  if (const std::optional<Change> change = find_change(view, hash, key)) {
    entry = change->kind == LogKind::put ? change->entry : nullptr;
    return true;
  }
  return view.reader->find_at_home(segment, home, key, entry);
}

Status DiskIndexImpl::get(const Key& key, MutableBytes record) {
  const uint64_t hash = hasher_(key);
  if (const sync::SimplePin pin; pin) [[likely]] {
    const std::byte* entry = nullptr;
    if (find_at_once(view(), hash, key, entry)) [[likely]] {
      if (entry == nullptr) return Code::not_found;
      if (record_kind_ != RecordKind::payload || is_payload(entry + key_size)) [[likely]] {
        copy_record(record, entry);
        return {};
      }
    }
  }
  return get_slowly(hash, key, record);
}

// Whatever there is to find, or to tell.
Status DiskIndexImpl::get_slowly(uint64_t hash, const Key& key, MutableBytes record) {
  const sync::EpochPin pin;
  const View& now = view();
  prefetch(now, hash);
  const Result<const std::byte*> entry = find(now, hash, key);
  if (!entry) return entry.status();
  if (*entry == nullptr) return Code::not_found;
  if (record_kind_ == RecordKind::payload && !is_payload(*entry + key_size))
    return decode_payload(*entry + key_size).status();
  copy_record(record, *entry);
  return {};
}

Status DiskIndexImpl::contains(const Key& key) {
  const uint64_t hash = hasher_(key);
  const std::byte* entry = nullptr;
  if (const sync::SimplePin pin; pin && find_at_once(view(), hash, key, entry)) [[likely]]
    return entry == nullptr ? Code::not_found : Code::ok;
  const sync::EpochPin pin;
  const Result<const std::byte*> found = find(view(), hash, key);
  if (!found) return found.status();
  return *found == nullptr ? Code::not_found : Code::ok;
}

void DiskIndexImpl::prefetch(const Key& key) const noexcept {
  if (const sync::SimplePin pin; pin) prefetch(view(), hasher_(key));
}

Status DiskIndexImpl::check_record(Bytes record) const {
  if (record.size() != record_size_)
    return Status::error(Code::invalid_argument, "the record has " + std::to_string(record.size()) +
                                                     " bytes; records of this index have " +
                                                     std::to_string(record_size_));
  if (record_kind_ == RecordKind::payload && !is_payload(record.data()))
    return Status::error(
        Code::invalid_argument,
        "the record is no payload: its codec must be 0 none, 1 LZ4 or 2 Zstandard, "
        "and the bytes behind it zero");
  return {};
}

Status DiskIndexImpl::refusal() const {
  if (options_.read_only) [[unlikely]]
    return Code::read_only;
  // Relaxed: the reason is guarded by writer_mutex_, which the caller holds.
  return refuses_.load(std::memory_order_relaxed) ? refused_because_ : Status();
}

void DiskIndexImpl::refuse(const Status& why) noexcept {
  if (refuses_.load(std::memory_order_relaxed)) return;
  refused_because_ = why;
  refuses_.store(true, std::memory_order_relaxed);
}

Status DiskIndexImpl::put(const Key& key, Bytes record, PutMode mode) {
  STAVE_TRY(check_record(record));
  return change(LogKind::put, key, record, mode);
}

Status DiskIndexImpl::remove(const Key& key) {
  return change(LogKind::remove, key, {}, PutMode::always);
}

Status DiskIndexImpl::change(LogKind kind, const Key& key, Bytes record, PutMode mode) {
  const uint64_t hash = hasher_(key);
  const bool needs_lookup = kind == LogKind::remove || mode == PutMode::only_absent;
  if (needs_lookup) {
    // Before the lock, so that writers do not wait for each other's memory.
    const sync::EpochPin pin;
    prefetch(view(), hash);
  }
  {
    WriterLock writer(writer_mutex_);
    STAVE_TRY(make_room(writer));
    const sync::EpochPin pin;
    const View& now = view();
    if (!needs_lookup && may_put_blindly(now, hash)) [[likely]] {
      put_blindly(now, hash, key, record);
    } else {
      STAVE_TRY(change_known(now, hash, kind, key, record, mode));
    }
  }
  if (writers_merge()) pace();
  return {};
}

// A change that depends on whether there is a record.
Status DiskIndexImpl::change_known(const View& now, uint64_t hash, LogKind kind, const Key& key,
                                   Bytes record, PutMode mode) {
  const Result<const std::byte*> found = find(now, hash, key);
  if (!found) return found.status();
  const bool existed = *found != nullptr;
  if (kind == LogKind::remove && !existed) return Code::not_found;
  if (mode == PutMode::only_absent && existed) return Code::exists;
  std::array<std::byte, record_size_max> nothing;
  if (kind == LogKind::remove) {
    std::fill_n(nothing.begin(), record_size_, std::byte{0});
    record = Bytes(nothing).first(record_size_);
  }
  now.active->add(*now.file, hash, key, log_.append(kind, key, record));
  if (kind == LogKind::remove)
    add_to_count(-1);
  else if (!existed)
    add_to_count(1);
  return {};
}

// Whether a put can do without looking for what it replaces: not if it might have to tell of
// damage.
bool DiskIndexImpl::may_put_blindly(const View& now, uint64_t hash) const noexcept {
  return now.reader->is_checked(*now.file, now.directory->word_of(hash), hash);
}

// Only size() needs to know whether the key is new.
void DiskIndexImpl::put_blindly(const View& now, uint64_t hash, const Key& key,
                                Bytes record) noexcept {
  const uint32_t slot = log_.append(LogKind::put, key, record);
  const std::optional<Change> before = now.active->add(*now.file, hash, key, slot);
  if (!before)
    note_blind_put(now.active->number_of(slot));
  else if (before->kind == LogKind::remove)
    add_to_count(1);
}

// A writer who is faster than the merger would find the active delta full, or no page ready for the
// log, and wait for the merger or the file system.
Pacing::Clock::duration DiskIndexImpl::pause_length(const Delta& active) noexcept {
  if (view().frozen == nullptr || writers_merge()) return Pacing::no_pause;
  const uint64_t limit = active.limits().hard;
  const uint64_t room = active.room();
  if (!log_.needs_chunk())
    return Pacing::is_scarce(limit, room) ? Pacing::pause_max : Pacing::no_pause;
  if (log_.stock().is_low()) return Pacing::pause_max;
  const double merged = static_cast<double>(counting_.merged_last.value_or(0)) / 0x1p64;
  return pacing_.before_chunk({.limit = limit, .room = room, .merged = merged}, log_chunk_slots - 1,
                              Pacing::Clock::now());
}

// Leaves the lock held, and in the active delta and the log room for one operation.
Status DiskIndexImpl::make_room(WriterLock& writer) {
  for (bool has_paused = false;;) {
    STAVE_TRY(refusal());
    Delta& active = *view().active;
    if (active.wants_settling()) [[unlikely]]
      settle_recent(true);
    const bool full = active.is_full();
    if ((full && view().frozen == nullptr) || may_freeze()) [[unlikely]] {
      const Status frozen = freeze(writer);
      if (frozen.ok()) continue;
      // A full disk need not stop a writer whose delta still has room.
      if (full) return frozen;
    }
    if (!full) [[likely]] {
      const auto pause = has_paused ? Pacing::no_pause : pause_length(active);
      // Before the pause, since this stores a link into the page before: a sync may get hold of
      // that meanwhile, and then whoever stores there waits for the file system. Others may go on
      // in the chunk; who begins the next one pauses in its turn.
      const Status begun = log_.needs_chunk() ? begin_chunk(active) : Status();
      if (pause == Pacing::no_pause) [[likely]]
        return begun;
      writer.unlock();
      Pacing::wait(pause);
      has_paused = true;
    } else {
      writer.unlock();
      const MergeLock merge(merge_mutex_);
      WriterLock inner(writer_mutex_, std::defer_lock);
      STAVE_TRY(finish_pass(inner));
    }
    writer.lock();
  }
}

Status DiskIndexImpl::begin_chunk(Delta& delta) {
  if (!delta.is_ready()) delta.make_part_ready(Delta::first_recent_max / log_chunk_slots);
  wake_merger();
  STAVE_TRY(find_free_pages());
  Status begun = log_.begin_chunk();
  // Pages that only wait for readers to end may be enough. No reader waits for this lock.
  if (begun.is(Code::no_space) && sync::EpochRegistry::reclaim_all()) begun = log_.begin_chunk();
  STAVE_TRY(begun);
  delta.add_chunk(log_.chunk().page);
  return {};
}

// What is free is not in the file: it is what nothing refers to. Found out at the first need, so
// that opening takes the same time at every size.
Status DiskIndexImpl::find_free_pages() {
  if (free_pages_known_) [[likely]]
    return {};
  std::vector<Extent> used = view().active->extents();
  used.push_back({0, first_segment_page});
  used.push_back(opened_directory_);
  STAVE_TRY(directory_->for_each([&](uint64_t, const Segment& segment) {
    if (segment.pages() > 0) used.push_back({segment.first_page, segment.pages()});
    return Status();
  }));
  STAVE_TRY(file_->settle_size());
  STAVE_TRY(file_->set_used(std::move(used)));
  free_pages_known_ = true;
  return {};
}

DeltaLimits DiskIndexImpl::limits() const noexcept {
  if (options_.delta_entries != 0)
    return {std::max<uint32_t>(1, options_.delta_entries / 2), options_.delta_entries};
  const uint64_t cap = delta_entries_cap(options_.delta_memory);
  const Delta* const active = view().active;
  const uint64_t unmerged = active == nullptr ? 0 : active->entries();
  const uint64_t entries = std::max(directory_->entries() + unmerged, reserved_entries_);
  return {
      static_cast<uint32_t>(std::clamp(entries / 8, std::min(soft_entries_min, cap / 2), cap / 2)),
      static_cast<uint32_t>(std::clamp(entries / 2, std::min(hard_entries_min, cap), cap))};
}

// Without a thread of its own the index merges in its writers' calls: as far as the active delta
// has filled since the pass began, twice as fast. A merge that fails fails the writer who can no
// longer do without it, not this one, whose operation is done.
void DiskIndexImpl::pace() noexcept {
  const MergeLock merge(merge_mutex_, std::try_to_lock);
  if (!merge) return;
  uint64_t behind = 0;
  {
    const WriterLock writer(writer_mutex_);
    if (view().frozen == nullptr) return;
    const Delta& active = *view().active;
    const double filled = 2.0 * active.filled();
    const double merged = static_cast<double>(pass_position_) / 0x1p64;
    behind = filled > merged ? 1 : 0;
  }
  if (behind == 0) return;
  try {
    WriterLock writer(writer_mutex_, std::defer_lock);
    bool done = false;
    static_cast<void>(advance(writer, &done));
  } catch (const std::exception&) {
    // Without memory now: the next writer tries again.
  }
}

Stats DiskIndexImpl::stats() const {
  Stats stats;
  const MergeLock merge(merge_mutex_);
  const WriterLock writer(writer_mutex_);
  const View& now = view();
  count_all();
  settle_recent(false);
  stats.entries = count_.load(std::memory_order_relaxed);
  stats.file_bytes = file_->size_pages() * page_size;
  stats.free_bytes = file_->free_pages() * page_size;
  stats.segments = directory_->segment_count();
  stats.segment_bytes = directory_->pages() * page_size;
  for (const Delta* delta : {now.active, now.frozen}) {
    if (delta == nullptr) continue;
    stats.delta_entries += delta->entries();
    stats.log_bytes += delta->chunks() * log_chunk_pages(record_size_) * page_size;
  }
  stats.generation = durable_.generation;
  stats.lsn = durable_.lsn;
  stats.merges = merges_.load(std::memory_order_relaxed);
  stats.syncs = syncs_.load(std::memory_order_relaxed);
  stats.recovered_operations = recovered_operations_;
  stats.writes_refused = refuses_.load(std::memory_order_relaxed);
  return stats;
}

uint64_t DiskIndexImpl::lsn() const {
  const MergeLock merge(merge_mutex_);
  return durable_.lsn;
}

Status DiskIndexImpl::reserve(uint64_t entries) {
  if (entries / page_capacity(record_size_) >= file_pages_max / 2)
    return Status::error(Code::too_large, "no file has room for so many entries");
  const MergeLock merge(merge_mutex_);
  const WriterLock writer(writer_mutex_);
  STAVE_TRY(refusal());
  STAVE_TRY(find_free_pages());
  reserved_entries_ = entries;
  // Pages as full as a merge makes them, and the log of a full delta.
  const uint64_t fill = std::max<uint64_t>(1, page_capacity(record_size_) * 7 / 8);
  const uint64_t log_pages =
      limits().soft_operations() / log_chunk_slots * log_chunk_pages(record_size_);
  const uint64_t wanted = entries / fill + log_pages;
  const uint64_t has = directory_->pages() + file_->free_pages();
  return wanted > has ? file_->reserve(wanted - has) : Status();
}

}  // namespace stave::disk_index
