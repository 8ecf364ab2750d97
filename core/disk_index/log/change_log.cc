#include "core/disk_index/log/change_log.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace stave::disk_index {

namespace {

constexpr uint64_t soft_entries_min = uint64_t{48} << 10;
constexpr uint64_t hard_entries_min = uint64_t{96} << 10;

// The log's newest runs, in which the recent changes lie (Delta::recent_max).
constexpr size_t recent_runs = 4;

// Half of the memory for each of two tables, of 8-byte slots, a power of two, 3/4 full at most.
uint32_t delta_entries_cap(uint64_t memory) noexcept {
  uint64_t slots = uint64_t{1} << 10;
  while (slots * 2 * 8 <= memory / 2 && slots < uint64_t{1} << 30) slots *= 2;
  return static_cast<uint32_t>(slots / 4 * 3);
}

}  // namespace

ChangeLog::ChangeLog(State& state, EntryCounter& counter, const Superblock& durable)
    : state_(state),
      counter_(counter),
      opened_directory_{durable.directory_page, directory_pages(durable.segments)},
      log_(state.file_system, state.file, state.record_size) {}

// ---- Opening ------------------------------------------------------------------------------------

Status ChangeLog::recover(const LogContents& log, const Superblock& durable) {
  if (state_.options.read_only && log.operations == 0) return {};
  auto delta =
      std::make_unique<Delta>(limits(), state_.record_size, log.operations, log.chunks.size());
  delta->set_start({{durable.log_page, durable.log_salt}, durable.log_sequence});
  for (const LogContents::Chunk& chunk : log.chunks) {
    delta->add_chunk(chunk.chunk.page);
    for (uint32_t slot = 0; slot < chunk.operations; slot++) {
      const Key key = delta->key_at(*state_.file, delta->number_of(slot));
      delta->add(*state_.file, state_.hasher(key), key, slot);
    }
  }
  log_.resume(log.chunks.back().chunk, log.chunks.back().operations,
              durable.log_sequence + log.operations);
  std::unique_ptr<View> changed = state_.copy_view();
  changed->active = delta.release();
  state_.publish(std::move(changed));
  if (log.operations > 0) counter_.delta_recovered();
  return {};
}

Status ChangeLog::begin_empty() {
  if (state_.options.read_only) return {};
  log_.resume({}, 0, 0);
  std::unique_ptr<View> changed = state_.copy_view();
  changed->active = next_delta(0).release();
  state_.publish(std::move(changed));
  return {};
}

// ---- Room for changes ---------------------------------------------------------------------------

DeltaLimits ChangeLog::limits() const noexcept {
  const Options& options = state_.options;
  if (options.delta_entries != 0)
    return {std::max<uint32_t>(1, options.delta_entries / 2), options.delta_entries};
  const uint64_t cap = delta_entries_cap(options.delta_memory);
  const Delta* const active = state_.view().active;
  const uint64_t unmerged = active == nullptr ? 0 : active->entries();
  const uint64_t entries = std::max(state_.directory->entries() + unmerged, expected_entries_);
  return {
      static_cast<uint32_t>(std::clamp(entries / 8, std::min(soft_entries_min, cap / 2), cap / 2)),
      static_cast<uint32_t>(std::clamp(entries / 2, std::min(hard_entries_min, cap), cap))};
}

std::unique_ptr<Delta> ChangeLog::next_delta(uint64_t changes) {
  const DeltaLimits now = limits();
  if (state_.owner() != nullptr)
    return Delta::for_promises(now, state_.record_size, promised_ + changes);
  std::unique_ptr<Delta> spare = std::move(spare_);
  // One that was made before a large load would be merged much too early.
  if (spare && spare->limits().soft >= now.soft / 2) return spare;
  return std::make_unique<Delta>(now, state_.record_size);
}

Status ChangeLog::begin_delta(uint64_t changes) {
  assert(state_.view().frozen == nullptr);
  STAVE_TRY(find_free_pages());
  settle_recent(false);
  std::unique_ptr<View> changed = state_.copy_view();
  std::unique_ptr<Delta> next = next_delta(changes);
  if (state_.owner() != nullptr)
    STAVE_TRY(log_.reserve_chunks_for(std::max<uint64_t>(promised_ + changes, 1)));
  STAVE_TRY(log_.begin_chunk());
  next->add_chunk(log_.chunk().page);
  next->set_start(log_.start());
  changed->frozen = changed->active;
  changed->active = next.release();
  state_.publish(std::move(changed));
  counter_.delta_began();
  pacing_.begin_pass(Pacing::Clock::now());
  merge_requested_.store(false, std::memory_order_relaxed);
  if (state_.owner() != nullptr) state_.owner()->delta_began();
  return {};
}

Status ChangeLog::begin_chunk() {
  Delta& active = *state_.view().active;
  if (!active.is_ready()) active.make_part_ready(Delta::first_recent_max / log_chunk_slots);
  STAVE_TRY(find_free_pages());
  STAVE_TRY(log_.begin_chunk());
  active.add_chunk(log_.chunk().page);
  return {};
}

void ChangeLog::settle_full_recent() {
  // Promised changes go into the large table at once: settling needs memory, and they cannot fail.
  if (state_.owner() == nullptr && state_.view().active->wants_settling()) [[unlikely]]
    settle_recent(true);
}

void ChangeLog::settle_recent(bool gather) {
  const View& view = state_.view();
  if (view.active == nullptr) return;
  const sync::EpochPin pin;
  counter_.count_recent();
  view.active->settle_recent(*view.file, state_.hasher, gather);
}

Status ChangeLog::promise(uint64_t count) {
  STAVE_TRY(find_free_pages());
  const uint64_t promised = promised_ + count;
  const uint64_t in_chunk = log_.slots_left();
  STAVE_TRY(log_.reserve_chunks_for(promised > in_chunk ? promised - in_chunk : 0));
  promised_ = promised;
  return {};
}

// ---- Changes ------------------------------------------------------------------------------------

ChangeLog::Appended ChangeLog::append(LogKind kind, uint64_t hash, const Key& key,
                                      Bytes record) noexcept {
  const View& view = state_.view();
  if (log_.needs_chunk()) [[unlikely]] {
    log_.begin_reserved_chunk();
    view.active->add_chunk(log_.chunk().page);
  }
  const uint32_t slot = log_.append(kind, key, record);
  return {view.active->number_of(slot), view.active->add(*view.file, hash, key, slot)};
}

bool ChangeLog::wants_spare() const noexcept {
  const Delta& active = *state_.view().active;
  return state_.options.background && state_.owner() == nullptr && !spare_ &&
         active.entries() >= active.limits().soft / 2;
}

// ---- The file -----------------------------------------------------------------------------------

// No list of free pages is kept in the file: free is what nothing refers to.
Status ChangeLog::find_free_pages() {
  if (free_pages_known_) [[likely]]
    return {};
  std::vector<Extent> used = state_.view().active->extents();
  used.push_back({0, first_segment_page});
  used.push_back(opened_directory_);
  state_.directory->for_each([&](uint64_t, const Segment& segment) {
    if (segment.pages() > 0) used.push_back({segment.first_page, segment.pages()});
  });
  STAVE_TRY(state_.file->settle_size());
  STAVE_TRY(state_.file->set_used(std::move(used)));
  free_pages_known_ = true;
  return {};
}

uint64_t ChangeLog::pages_of_delta() const noexcept {
  return limits().soft_operations() / log_chunk_slots * log_chunk_pages(state_.record_size);
}

void ChangeLog::leave_run() {
  settle_recent(true);
  log_.leave_run();
  // An error here is met again by the next writer, who tries again.
  if (log_.needs_chunk() && has_room_for(1)) static_cast<void>(begin_chunk());
}

// Taking pages out of the mapping takes a while, so it is done twice, and the second time there are
// few. For these, writers shall neither store into pages that the sync writes nor read in them:
// recent changes are settled, and the next chunk is begun and linked to.
void ChangeLog::prepare_sync(Superblock* next, WriterLock& writer) {
  if (state_.owner() != nullptr) return;
  const bool beside_writers = !writer.owns_lock() && state_.options.background;
  for (const bool is_last : {false, true}) {
    std::vector<Extent> stored;
    {
      const HeldLock held(writer);
      const bool leaves = is_last && beside_writers;
      if (leaves) leave_run();
      stored = log_.take_stored(leaves ? 0 : recent_runs);
      next->log_durable = log_.sequence();
    }
    const std::shared_ptr<Region> region = state_.file->held_region();
    for (const Extent& extent : stored) region->expect_sync(extent);
  }
}

LogStart ChangeLog::start() const noexcept {
  const View& view = state_.view();
  return view.frozen != nullptr ? view.frozen->start() : view.active->start();
}

}  // namespace stave::disk_index
