// Waiting for another thread without being woken by it: spins, then yields, then sleeps, longer
// each time, up to a millisecond. For waits that are rare or short.
#pragma once

#include <cstdint>

namespace stave::sync {

class Backoff {
 public:
  void wait() noexcept;
  // One step of a spin loop with a bound of its own.
  static void pause() noexcept;

 private:
  static constexpr uint32_t kSpins = 64;   // about 2 us: longer than a lock of a few stores is held
  static constexpr uint32_t kYields = 16;  // lets a preempted holder run
  static constexpr uint32_t kSleepMinUs = 20;
  static constexpr uint32_t kSleepMaxUs = 1000;

  uint32_t waits_ = 0;
  uint32_t sleep_us_ = kSleepMinUs;
};

}  // namespace stave::sync
