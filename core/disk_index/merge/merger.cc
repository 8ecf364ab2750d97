// The thread that merges: what it waits for, and what it has ready for writers.
#include <algorithm>
#include <utility>

#include "core/disk_index/disk_index_impl.h"

namespace stave::disk_index {

namespace {

// A merge for its readers' sake writes every segment that has a change, which few changes do all
// over. So many write about as much as changing their pages in place would: a 64th of the entries
// lies in three quarters of the pages.
constexpr uint32_t idle_divisor = 8;  // of what begins a pass otherwise

}  // namespace

// Whether the next delta will soon be needed. writer_mutex_ is held, here and in the next.
bool DiskIndexImpl::wants_spare() const noexcept {
  const Delta& active = *view().active;
  return options_.background && !holds_places() && !spare_ &&
         active.entries() >= active.limits().soft / 2;
}

// Whether lookups gain from a merge that nothing else asks for.
bool DiskIndexImpl::wants_idle_merge() const noexcept {
  const View& now = view();
  return options_.background && !holds_places() && now.frozen == nullptr &&
         now.active->entries() >= std::max(1u, now.active->limits().soft / idle_divisor);
}

// For whoever begins a chunk of the log.
void DiskIndexImpl::wake_merger() {
  if (stopping_) return;
  if (!wants_spare() && (idleness_.is_watched() || !wants_idle_merge()) && !idleness_.has_failed())
    return;
  if (!merger_) start_merger();
  merge_wanted_.notify_one();
}

// Fresh memory of 32 MiB takes the system up to 100 ms.
void DiskIndexImpl::prepare_spare() {
  DeltaLimits now;
  {
    const WriterLock writer(writer_mutex_);
    now = limits();
  }
  auto spare = std::make_unique<Delta>(now, record_size_);
  while (!spare->is_ready()) spare->make_part_ready(1);
  const WriterLock writer(writer_mutex_);
  spare_ = std::move(spare);
}

// The delta that follows the active one.
std::unique_ptr<Delta> DiskIndexImpl::next_delta() {
  const DeltaLimits now = limits();
  std::unique_ptr<Delta> spare = std::move(spare_);
  // One that was made before a large load would be merged much too early.
  if (spare && spare->limits().soft >= now.soft / 2) return spare;
  return std::make_unique<Delta>(now, record_size_);
}

// A thread is a convenience: while there is none to be had its work is the writers', and the next
// chunk of the log, or the next pass, tries again.
void DiskIndexImpl::start_merger() noexcept {
  if (stopping_) return;
  merger_ = os::HelperThread::start(
      [](void* index) noexcept { static_cast<DiskIndexImpl*>(index)->run_merger(); }, this);
  writers_merge_.store(!merger_, std::memory_order_relaxed);
}

void DiskIndexImpl::stop_merger() noexcept {
  std::optional<os::HelperThread> merger;
  {
    const WriterLock writer(writer_mutex_);
    stopping_ = true;
    merger = std::exchange(merger_, {});
  }
  merge_wanted_.notify_one();
  if (merger) merger->join();
}

// Waits for something to do.
DiskIndexImpl::MergerTask DiskIndexImpl::next_task(WriterLock& writer) {
  while (!stopping_) {
    const uint64_t sequence = log_.sequence();
    if (!refuses_.load(std::memory_order_relaxed) && idleness_.may_try(sequence)) {
      if (view().frozen != nullptr || wants_spare() || may_freeze())
        return {.wants_spare = wants_spare()};
      if (wants_idle_merge()) {
        const auto left = idleness_.time_left(sequence, Idleness::Clock::now());
        if (left == Idleness::no_time) return {.wants_spare = !spare_, .is_idle = true};
        idleness_.watch(true);
        merge_wanted_.wait_for(writer, left);
        idleness_.watch(false);
        continue;
      }
    }
    merge_wanted_.wait(writer);
  }
  return {.ends = true};
}

void DiskIndexImpl::run_merger() noexcept {
  for (;;) {
    MergerTask task;
    {
      WriterLock writer(writer_mutex_);
      task = next_task(writer);
    }
    if (task.ends) return;
    Status status;
    bool done = false;
    try {
      if (task.wants_spare) prepare_spare();
      const MergeLock merge(merge_mutex_);
      WriterLock writer(writer_mutex_);
      // Perhaps no writer comes any more; or one came just now.
      const bool is_idle = task.is_idle && wants_idle_merge() && idleness_.is_seen(log_.sequence());
      if (may_freeze() || is_idle) status = freeze(writer);
      writer.unlock();
      fill_stock();
      if (status.ok()) status = advance(writer, &done);
    } catch (const std::exception&) {
      status = Code::no_memory;
    }
    if (status.ok()) continue;
    // The writer who needs the merge meets the error; until something is changed there is nothing
    // to gain.
    WriterLock writer(writer_mutex_);
    idleness_.note_failure(log_.sequence());
    merge_wanted_.wait_for(writer, std::chrono::milliseconds(100), [&] { return stopping_; });
  }
}

}  // namespace stave::disk_index
