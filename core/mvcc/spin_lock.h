// A lock of one byte, for critical sections of a few stores in structures of which there are
// millions (a chain per key). The holder must not wait, allocate or call back.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/sync/backoff.h"

namespace stave::mvcc {

template <template <typename> class Atomic = std::atomic>
class SpinLock {
 public:
  SpinLock() noexcept = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() noexcept {
    sync::Backoff backoff;
    while (!try_lock()) backoff.wait();
  }
  bool try_lock() noexcept {
    uint8_t free = 0;
    // Acquire: pairs with the release in unlock(). What the last holder did is seen.
    return word_.compare_exchange_strong(free, 1, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }
  void unlock() noexcept {
    word_.store(0, std::memory_order_release);  // pairs with try_lock()
  }

 private:
  Atomic<uint8_t> word_{0};
};

}  // namespace stave::mvcc
