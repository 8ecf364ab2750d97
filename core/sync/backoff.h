// How to wait for another thread without being woken by it: yields first, then sleeps, longer each
// time up to a millisecond. For rare waits, such as a close or a drain; not for locks.
#pragma once

#include <cstdint>

namespace stave::sync {

class Backoff {
 public:
  void wait() noexcept;

 private:
  static constexpr uint32_t kYields = 16;
  static constexpr uint32_t kSleepMinUs = 20;
  static constexpr uint32_t kSleepMaxUs = 1000;

  uint32_t yields_ = 0;
  uint32_t sleep_us_ = kSleepMinUs;
};

}  // namespace stave::sync
