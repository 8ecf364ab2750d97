// A mutex for critical sections of a few dozen nanoseconds: a thread that finds it locked spins
// briefly before it sleeps. Sleeping and waking takes the system some ten microseconds, during
// which the other threads would queue up at the mutex.
#pragma once

#include <mutex>

#include "core/sync/backoff.h"

namespace stave::sync {

class AdaptiveMutex {
 public:
  AdaptiveMutex() noexcept = default;
  AdaptiveMutex(const AdaptiveMutex&) = delete;
  AdaptiveMutex& operator=(const AdaptiveMutex&) = delete;

  void lock() noexcept {
    for (int i = 0; i < kTries; i++) {
      if (mutex_.try_lock()) return;
      Backoff::pause();
    }
    mutex_.lock();
  }
  // Locks it for a caller that waits on a std::condition_variable.
  std::unique_lock<std::mutex> acquire() noexcept {
    lock();
    return {mutex_, std::adopt_lock};
  }
  bool try_lock() noexcept { return mutex_.try_lock(); }
  void unlock() noexcept { mutex_.unlock(); }

 private:
  static constexpr int kTries = 100;  // each some 10 to 40 ns

  std::mutex mutex_;
};

}  // namespace stave::sync
