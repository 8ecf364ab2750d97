#include "core/disk_index/merge/merger_thread.h"

#include <algorithm>
#include <utility>

namespace stave::disk_index {

namespace {

// A pass rewrites every segment that has a change, and a few changes lie in all of them. An idle
// merge waits for a part of the entries that begin a pass otherwise, so that it writes about as
// much as changing pages in place would.
constexpr uint32_t idle_divisor = 8;

// Of the file, and at most: pages that the log may take while the file grows.
constexpr uint64_t stock_divisor = 32;
constexpr uint64_t stock_pages_max = 2048;

constexpr std::chrono::milliseconds pause_after_failure{100};

}  // namespace

bool MergerThread::may_begin_pass() const noexcept {
  const View& view = state_.view();
  return view.frozen == nullptr && view.active->wants_merge() &&
         (log_.has_spare() || writers_merge() || state_.owner() != nullptr);
}

// Whether lookups gain from a merge that nothing else asks for: they would look in one place. An
// owner says itself when to merge.
bool MergerThread::wants_idle_merge() const noexcept {
  const View& view = state_.view();
  return state_.owner() == nullptr && view.frozen == nullptr &&
         view.active->entries() >= std::max(1u, view.active->limits().soft / idle_divisor);
}

MergerThread::Work MergerThread::find_work() noexcept {
  if (state_.refuses() || failed_at_ == log_.sequence()) return Work::none;
  failed_at_.reset();
  const bool is_needed = state_.view().frozen != nullptr || log_.wants_spare() || may_begin_pass();
  return is_needed ? Work::merge : Work::none;
}

// ---- For writers --------------------------------------------------------------------------------

void MergerThread::wake() noexcept {
  if (!state_.options.background || activity_ == Activity::working ||
      activity_ == Activity::stopping)
    return;
  const bool may_be_idle = activity_ != Activity::watching;  // which notices that by itself
  if (find_work() == Work::none && !(may_be_idle && wants_idle_merge())) return;
  if (activity_ == Activity::none)
    start();
  else
    wanted_.notify_one();
}

void MergerThread::pass_began() noexcept {
  failed_at_.reset();
  wake();
}

void MergerThread::start() noexcept {
  thread_ = os::HelperThread::start(
      [](void* self) noexcept { static_cast<MergerThread*>(self)->run(); }, this);
  activity_ = thread_ ? Activity::working : Activity::none;
  writers_merge_.store(!thread_, std::memory_order_relaxed);
}

void MergerThread::stop() noexcept {
  std::optional<os::HelperThread> thread;
  {
    const WriterLock writer(state_.writer_mutex);
    activity_ = Activity::stopping;
    thread = std::exchange(thread_, {});
  }
  wanted_.notify_one();
  if (thread) thread->join();
}

// ---- The thread ---------------------------------------------------------------------------------

MergerThread::Work MergerThread::wait_for_work(WriterLock& writer) {
  while (activity_ != Activity::stopping) {
    if (const Work work = find_work(); work != Work::none) return work;
    const bool watches = !failed_at_ && !state_.refuses() && wants_idle_merge();
    const uint64_t sequence = log_.sequence();
    activity_ = watches ? Activity::watching : Activity::sleeping;
    const std::cv_status woken = watches ? wanted_.wait_for(writer, state_.options.idle_time)
                                         : (wanted_.wait(writer), std::cv_status::no_timeout);
    if (activity_ == Activity::stopping) break;
    activity_ = Activity::working;
    if (woken == std::cv_status::timeout && log_.sequence() == sequence && wants_idle_merge())
      return Work::idle_merge;
  }
  return Work::none;
}

void MergerThread::run() noexcept {
  WriterLock writer(state_.writer_mutex);
  for (;;) {
    const Work next = wait_for_work(writer);
    if (next == Work::none) return;
    const uint64_t sequence = log_.sequence();
    writer.unlock();
    const Status status = work(next, sequence);
    writer.lock();
    if (status.ok()) continue;
    // The writer that needs the merge meets the error.
    failed_at_ = log_.sequence();
    wanted_.wait_for(writer, pause_after_failure, [&] { return activity_ == Activity::stopping; });
  }
}

Status MergerThread::work(Work work, uint64_t sequence) try {
  prepare_spare(work);
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex);
  // A writer may have come just now.
  const bool is_idle =
      work == Work::idle_merge && log_.sequence() == sequence && wants_idle_merge();
  Status status;
  if (may_begin_pass() || is_idle) status = log_.begin_delta(0);
  writer.unlock();
  // A thread that makes the file larger may wait for as long as the device is busy: not writers.
  if (state_.owner() == nullptr)
    log_.stock().fill(std::min(state_.file->size_pages() / stock_divisor, stock_pages_max));
  STAVE_TRY(status);
  return merger_.step(writer).status();
} catch (const std::exception&) {
  return Code::no_memory;
}

// Fresh memory of many megabytes takes the system long, so it is made before it is needed.
void MergerThread::prepare_spare(Work work) {
  DeltaLimits limits;
  {
    const WriterLock writer(state_.writer_mutex);
    const bool is_wanted = work == Work::idle_merge ? !log_.has_spare() : log_.wants_spare();
    if (!is_wanted) return;
    limits = log_.limits();
  }
  auto spare = std::make_unique<Delta>(limits, state_.record_size);
  while (!spare->is_ready()) spare->make_part_ready(1);
  const WriterLock writer(state_.writer_mutex);
  log_.set_spare(std::move(spare));
}

}  // namespace stave::disk_index
