#include "core/store/sweeper.h"

#include <algorithm>

#include "core/store/options.h"
#include "core/store/store.h"

namespace stave::store {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds shortest_wait{1'000};
// The clock may be set meanwhile.
constexpr milliseconds longest_wait{60'000};
// It sleeps so many times as long as it has worked.
constexpr int idle_share = 9;

}  // namespace

void Sweeper::note(uint64_t expires_at) noexcept {
  if (expires_at >= next_expiry_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (stopping_ || expires_at >= next_expiry_.load(std::memory_order_relaxed)) return;
  next_expiry_.store(expires_at, std::memory_order_relaxed);
  // Where the system has no thread to give, the next one that is noted tries again.
  if (!thread_)
    thread_ = os::HelperThread::start(
        [](void* sweeper) noexcept { static_cast<Sweeper*>(sweeper)->run(); }, this);
  changed_.notify_all();
}

void Sweeper::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_) thread_->join();
  thread_.reset();
}

bool Sweeper::sleep(milliseconds time) noexcept {
  Lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
  return !stopping_;
}

void Sweeper::run() noexcept {
  // So that a burst of records that expire soon is swept together.
  while (sleep(shortest_wait)) {
    const uint64_t now = clock_.unix_time_ms();
    {
      Lock lock(mutex_);
      const uint64_t next = next_expiry_.load(std::memory_order_relaxed);
      if (next > now) {
        // A minute of an expiry that is centuries away must not overflow.
        const auto wait = static_cast<int64_t>(
            std::min<uint64_t>(next - now, static_cast<uint64_t>(longest_wait.count())));
        changed_.wait_for(lock, milliseconds(wait), [&] {
          return stopping_ || next_expiry_.load(std::memory_order_relaxed) < next;
        });
        continue;
      }
      // Before the walk begins: what is noted during the walk stays noted.
      next_expiry_.store(never_expires, std::memory_order_relaxed);
    }
    sweep();
  }
}

void Sweeper::sweep() noexcept {
  working_since_ = steady_clock::now();
  uint64_t removed = 0;
  uint64_t next = never_expires;
  Status swept;
  try {
    swept = store_.remove_expired(&removed, &next, [this] { return pause(); });
  } catch (const std::bad_alloc&) {
    swept = Code::no_memory;
  }
  // After a failure (a full device, damage) everything is looked at again, after a while.
  if (!swept.ok())
    next = std::min(next, clock_.unix_time_ms() + static_cast<uint64_t>(longest_wait.count()));
  const std::lock_guard lock(mutex_);
  next = std::min(next, next_expiry_.load(std::memory_order_relaxed));
  next_expiry_.store(next, std::memory_order_relaxed);
}

Status Sweeper::pause() noexcept {
  const auto worked = std::chrono::ceil<milliseconds>(steady_clock::now() - working_since_);
  const bool goes_on = sleep(idle_share * worked);
  working_since_ = steady_clock::now();
  return goes_on ? Code::ok : Code::cancelled;
}

}  // namespace stave::store
