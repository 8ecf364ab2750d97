#include "core/disk_index/log/pacing.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/sync/backoff.h"

namespace stave::disk_index {

namespace {

// Writers who have used no more of the delta than this part go on: nothing is known yet.
constexpr uint64_t head_start_divisor = 8;
// What the superblock at the end of the pass takes.
constexpr std::chrono::milliseconds end_of_pass{10};

// Whether the process has a thread in wait() that is awake. Relaxed throughout: it guards no data.
std::atomic<bool> one_is_awake{false};

bool may_stay_awake() noexcept {
  static const bool has_others = std::thread::hardware_concurrency() > 1;
  return has_others && !one_is_awake.exchange(true, std::memory_order_relaxed);
}

}  // namespace

void Pacing::wait(Clock::duration pause) noexcept {
  const Time end = Clock::now() + pause;
  if (!may_stay_awake()) return std::this_thread::sleep_until(end);
  while (Clock::now() < end) sync::Backoff::pause();
  one_is_awake.store(false, std::memory_order_relaxed);
}

Pacing::Clock::duration Pacing::before_chunk(const Progress& progress, uint64_t operations,
                                             Time now) noexcept {
  using Seconds = std::chrono::duration<double>;
  const Seconds since_chunk = now - chunk_begun_;
  chunk_begun_ = now;
  if (progress.room > progress.limit - progress.limit / head_start_divisor) return no_pause;
  const Seconds elapsed = now - pass_begun_;
  const double merged = std::max(progress.merged, 1.0 / 64);
  const Seconds rest = elapsed * ((1 - merged) / merged) + end_of_pass;
  const double chunks = static_cast<double>(progress.room) / static_cast<double>(operations) + 1;
  const Seconds wanted = std::min<Seconds>(rest / chunks - since_chunk, pause_max);
  const auto pause = std::chrono::duration_cast<Clock::duration>(wanted);
  if (pause < pause_min) return no_pause;
  chunk_begun_ += pause;
  return pause;
}

}  // namespace stave::disk_index
