#include "core/sync/backoff.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace stave::sync {

void Backoff::wait() noexcept {
  if (yields_ < kYields) {
    yields_++;
    std::this_thread::yield();
    return;
  }
  std::this_thread::sleep_for(std::chrono::microseconds(sleep_us_));
  sleep_us_ = std::min(sleep_us_ * 2, kSleepMaxUs);
}

}  // namespace stave::sync
