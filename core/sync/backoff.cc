#include "core/sync/backoff.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace stave::sync {

void Backoff::pause() noexcept {
// Tells the processor that this is a spin loop.
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void Backoff::wait() noexcept {
  if (waits_ < kSpins) {
    waits_++;
    pause();
  } else if (waits_ < kSpins + kYields) {
    waits_++;
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(sleep_us_));
    sleep_us_ = std::min(sleep_us_ * 2, kSleepMaxUs);
  }
}

}  // namespace stave::sync
