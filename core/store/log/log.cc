#include "core/store/log/log.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/os/file_io.h"
#include "core/store/format/location_format.h"
#include "core/store/format/record_format.h"

namespace stave::store {

namespace {

constexpr uint64_t small_sync_max = 256 << 10;
constexpr uint32_t small_syncs_expected = 16;  // after so many in a row more of them are

Status too_many_segments() {
  return Status::error(Code::too_large, "the log has too many segments; raise segment_size");
}

}  // namespace

Log::Log(os::FileSystem& files, std::string directory, const Options& options, Manifest manifest,
         SegmentDirectory& segments, os::FileLock& lock)
    : files_(files),
      directory_(std::move(directory)),
      options_(options),
      segments_(segments),
      lock_(lock),
      manifest_(manifest),
      next_generation_(manifest.next_generation),
      last_lsn_(manifest.durable_end.lsn),
      durable_lsn_(manifest.durable_end.lsn) {}

Status Log::resume() {
  if (manifest_.sealed || manifest_.durable_end.generation == 0) return {};
  const std::shared_ptr<Segment>& last = segments_.last();
  STAVE_TRY_ASSIGN(std::unique_ptr<Appender> appender,
                   Appender::resume(last, manifest_.durable_end.offset, options_.segment_size));
  if (!segments_.extend_last(appender->mapping()->size())) return too_many_segments();
  active_ = std::move(appender);
  if (options_.io == ReadIo::mmap) last->set_read_mapping(active_->mapping());
  return {};
}

Result<Log::Reservation> Log::reserve(uint64_t size, bool only_removes, uint64_t visible_lsn) {
  const std::lock_guard lock(mutex_);
  STAVE_TRY(failure_);
  STAVE_TRY(mark_in_use());
  STAVE_TRY(ensure_space(size, only_removes, visible_lsn));
  const uint64_t offset = active_->take(size);
  const uint64_t lsn = ++last_lsn_;
  const uint64_t lag = lsn - durable_lsn();
  return Reservation{
      .segment = active_->segment().get(),
      .mapping = active_->mapping().get(),
      .offset = offset,
      .bytes = active_->bytes(offset),
      .lsn = lsn,
      .durable_lag = static_cast<uint32_t>(std::min<uint64_t>(lag, durable_lag_unknown)),
      .prefault = active_->take_prefault_of(offset, size),
      .is_prefault_due = active_->is_prefault_due()};
}

void Log::prefault() noexcept {
  std::shared_ptr<os::Mapping> mapping;
  Appender::Range range;
  {
    const std::lock_guard lock(mutex_);
    range = active_->take_prefault();
    mapping = active_->mapping();
  }
  if (range.size > 0) mapping->expect_stores(range.offset, range.size);
}

// Before anything is appended, the manifest must stop saying that the log ends where it did. What
// it says instead, "durable up to here", stays true.
Status Log::mark_in_use() {
  if (!manifest_.clean) return {};
  Manifest in_use = manifest_;
  in_use.clean = false;
  return put_manifest_in_force(in_use);
}

Status Log::mark_expiry() {
  const std::lock_guard lock(mutex_);
  if (manifest_.has_expiry) return {};
  STAVE_TRY(failure_);
  Manifest with_expiry = manifest_;
  with_expiry.has_expiry = true;
  with_expiry.clean = false;
  return put_manifest_in_force(with_expiry);
}

Status Log::put_manifest_in_force(const Manifest& next) {
  STAVE_TRY(check_in_place());
  Manifest written = next;
  STAVE_TRY_ASSIGN(const std::unique_ptr<os::File> file, put_manifest(files_, directory_, written));
  const Status synced = os::sync_file(*file, os::join_path(directory_, manifest_name));
  if (!synced.ok()) return fail(synced);
  manifest_ = written;
  return {};
}

Status Log::ensure_space(uint64_t size, bool only_removes, uint64_t visible_lsn) {
  if (!active_) return roll(size, only_removes, visible_lsn);
  STAVE_TRY_ASSIGN(const Appender::Fit fit, active_->ensure_space(size, only_removes));
  switch (fit) {
    case Appender::Fit::fits:
      return {};
    case Appender::Fit::no_space:
      return Status::error(Code::no_space, "no space left for the log in '" + directory_ +
                                               "'; free space on the device and write again");
    case Appender::Fit::roll:
      break;
  }
  const Status rolled = roll(size, only_removes, visible_lsn);
  if (rolled.is(Code::no_space) && failure_.ok() && only_removes && active_->fits_reserve(size))
    return {};
  return rolled;
}

Status Log::roll(uint64_t first_frame_size, bool only_removes, uint64_t visible_lsn) {
  const uint64_t last_generation =
      manifest_.keys_on_disk ? location_generation_max : generation_max;
  if (next_generation_ > last_generation ||
      !segments_.reserve(Appender::capacity_for(options_.segment_size, first_frame_size)))
    return too_many_segments();
  STAVE_TRY(check_in_place());
  sealed_.reserve(sealed_.size() + 1);
  const SegmentHeader header{
      .store_id = manifest_.store_id,
      .generation = next_generation_,
      .base_lsn = last_lsn_ + 1,
      .previous_generation = segments_.set()->size() == 0 ? 0 : segments_.last()->generation(),
      .timeline = manifest_.timeline};
  // Even if this fails: no generation is used twice.
  next_generation_++;
  bool name_taken = false;
  Result<std::unique_ptr<Appender>> created =
      Appender::create(files_, directory_, header, options_.segment_size, first_frame_size,
                       only_removes, &name_taken);
  if (!created) return name_taken ? fail(created.status()) : created.status();
  std::unique_ptr<Appender> next = *std::move(created);
  if (options_.io == ReadIo::mmap) next->segment()->set_read_mapping(next->mapping());
  if (active_) {
    active_->trim(0);
    active_->mapping()->expect_any_reads();
    sealed_.push_back({active_->segment(), active_->mapping(), last_lsn_, false});
  }
  segments_.append(next->segment(), next->mapping()->size());
  active_ = std::move(next);
  if (expects_small_syncs()) active_->mapping()->expect_random_reads();
  release_filled_mappings(visible_lsn);
  return {};
}

bool Log::expects_small_syncs() const noexcept {
  return small_syncs_ >= small_syncs_expected;
}

// File systems join neighbouring pages of a mapping that are stored into in a row, up to some
// hundred KiB, and a sync writes all of them, even for one small record. So the log asks for single
// pages while one small sync follows the other; for large syncs single pages would cost time.
void Log::note_sync() noexcept {
  if (!active_) return;
  const bool expected = expects_small_syncs();
  small_syncs_ = active_->note_sync() <= small_sync_max ? small_syncs_ + 1 : 0;
  if (expects_small_syncs() == expected) return;
  if (expected)
    active_->mapping()->expect_any_reads();
  else
    active_->mapping()->expect_random_reads();
}

// A frame may be filled until its LSN is visible; after that the log has no use for the mapping.
void Log::release_filled_mappings(uint64_t visible_lsn) {
  for (Sealed& sealed : sealed_)
    if (sealed.last_lsn <= visible_lsn) sealed.mapping.reset();
  std::erase_if(sealed_, [](const Sealed& sealed) { return sealed.synced && !sealed.mapping; });
}

Status Log::fail(const Status& status) noexcept {
  if (!failure_.ok()) return failure_;
  failure_ = Status(Code::io);  // stands if there is no memory for the message
  try {
    failure_ = Status::error(
        Code::io,
        "a sync of the log failed, so writes are refused until the store is closed and opened "
        "again: " +
            std::string(status.message()),
        status.os_errno());
  } catch (const std::bad_alloc&) {
  }
  return failure_;
}

std::shared_ptr<Segment> Log::next_unsynced(uint64_t generation) const noexcept {
  const std::lock_guard lock(mutex_);
  for (const Sealed& sealed : sealed_)
    if (!sealed.synced && sealed.segment->generation() > generation) return sealed.segment;
  if (active_ && active_->segment()->generation() > generation) return active_->segment();
  return nullptr;
}

Status Log::sync_segment(const Segment& segment) noexcept {
  syncs_.fetch_add(1, std::memory_order_relaxed);
  Status status;
  try {
    status = os::sync_file(segment.file(), segment.path());
  } catch (const std::bad_alloc&) {
    status = Code::no_memory;  // for the message of a failure
  }
  if (status.ok()) return status;
  const std::lock_guard lock(mutex_);
  return fail(status);
}

Status Log::sync_through(uint64_t lsn) noexcept {
  const std::lock_guard sync_lock(sync_mutex_);
  uint64_t last_generation = 0;
  {
    const std::lock_guard lock(mutex_);
    STAVE_TRY(failure_);
    if (durable_lsn() >= lsn) return {};
    if (active_) last_generation = active_->segment()->generation();
    note_sync();
  }
  // Without a list of segments: this must not fail for lack of memory.
  uint64_t first_generation = 0;
  if (STAVE_PLANTED_BUG(skip_fsync)) first_generation = last_generation;
  if (STAVE_PLANTED_BUG(lost_tail_sync)) first_generation = last_generation - 1;
  for (uint64_t generation = first_generation; generation < last_generation;) {
    const std::shared_ptr<Segment> segment = next_unsynced(generation);
    STAVE_TRY(sync_segment(*segment));
    generation = segment->generation();
  }
  const std::lock_guard lock(mutex_);
  for (Sealed& sealed : sealed_) {
    // A segment that was sealed during the sync, or has frames that were not yet filled when it
    // began, is synced again by a later one.
    if (sealed.last_lsn <= lsn) sealed.synced = true;
  }
  release_filled_mappings(lsn);
  // Release: pairs with the acquire in durable_lsn().
  durable_lsn_.store(lsn, std::memory_order_release);
  return {};
}

LogEnd Log::end() const {
  const std::lock_guard lock(mutex_);
  if (!active_) return manifest_.durable_end;
  return {active_->segment()->generation(), active_->end(), last_lsn_};
}

Status Log::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Status Log::close() {
  {
    const std::lock_guard lock(mutex_);
    if (manifest_.clean) return {};
    if (failure_.ok() && active_) active_->trim(remove_reserve_size(options_.segment_size));
  }
  STAVE_TRY(sync_through(last_lsn_));
  Manifest clean = manifest_;
  clean.clean = true;
  clean.durable_end = end();
  clean.next_generation = next_generation_;
  if (active_) clean.sealed = false;
  STAVE_TRY(check_in_place());
  STAVE_TRY(write_manifest(files_, directory_, clean));
  manifest_ = clean;
  return {};
}

}  // namespace stave::store
