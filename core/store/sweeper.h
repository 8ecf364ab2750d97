// The thread that removes what has expired.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/os/helper_thread.h"

namespace stave::store {

class Store;

// Starts its thread when it first hears of a record that expires. The thread sleeps until the
// earliest expiry that is known, and then goes through all records, at most a tenth of the time, so
// that traffic hardly notices; what it removes is logged as any remove.
//
// Thread safety: all calls from any thread; stop() once.
class Sweeper {
 public:
  // REQUIRES: `store` lives until stop() has returned.
  Sweeper(Store& store, os::FileSystem& clock) noexcept : store_(store), clock_(clock) {}
  ~Sweeper() { stop(); }
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  // There is a record that expires then (Unix time in milliseconds).
  void note(uint64_t expires_at) noexcept;
  void stop() noexcept;

 private:
  using Lock = std::unique_lock<std::mutex>;
  void run() noexcept;
  void sweep() noexcept;
  // Returns early, with false, when it is to stop.
  bool sleep(std::chrono::milliseconds time) noexcept;
  Status pause() noexcept;

  Store& store_;
  os::FileSystem& clock_;

  // Relaxed: a hint, by which note() finds out without the mutex that it changes nothing.
  std::atomic<uint64_t> next_expiry_{UINT64_MAX};
  std::mutex mutex_;  // guards what follows, and stores to next_expiry_
  std::condition_variable changed_;
  bool stopping_ = false;
  std::optional<os::HelperThread> thread_;
  std::chrono::steady_clock::time_point working_since_;  // the thread's own
};

}  // namespace stave::store
