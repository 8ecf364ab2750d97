// A mutex for critical sections that mostly take a few dozen nanoseconds: who finds it taken looks
// again a few times before it asks the system to be woken.
//
// A thread that sleeps is away for some ten thousand nanoseconds. Where threads take such a mutex
// in every operation, the others run into each other behind it meanwhile: of the time of two
// threads with short transactions the system's sleeping and waking was 3 %.
#pragma once

#include <mutex>

#include "core/sync/backoff.h"
#include "core/sync/only_thread.h"

namespace stave::sync {

class AdaptiveMutex {
 public:
  AdaptiveMutex() noexcept = default;
  AdaptiveMutex(const AdaptiveMutex&) = delete;
  AdaptiveMutex& operator=(const AdaptiveMutex&) = delete;

  void lock() noexcept {
    // The C library's lock needs no locked instruction then.
    if (is_only_thread()) return mutex_.lock();
    for (int i = 0; i < kTries; i++) {
      if (mutex_.try_lock()) return;
      Backoff::pause();
    }
    mutex_.lock();
  }
  // The same, for who waits for a std::condition_variable under it.
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
