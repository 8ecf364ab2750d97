#include "core/sync/thread_number.h"

#include <atomic>

namespace stave::sync::internal {

uint32_t assign_thread_number() noexcept {
  static constinit std::atomic<uint32_t> next{0};
  // Relaxed: only uniqueness matters. After 2^32 threads a number may be 2^32 - 1, whose successor
  // is 0: that thread asks again on its next use, which is harmless.
  const uint32_t number = next.fetch_add(1, std::memory_order_relaxed);
  thread_number_plus_one = number + 1;
  return number;
}

}  // namespace stave::sync::internal
