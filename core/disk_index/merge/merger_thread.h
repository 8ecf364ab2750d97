// The thread that merges beside writers, and makes ready what they will need: the next delta and
// pages for the log.
//
// A thread is a convenience: while there is none, by choice (background=0) or because the system
// has none to give, writers merge in slices of their calls, and each pass tries again to start it.
//
// Thread safety: "REQUIRES: writer lock" where it says so; writers_merge() from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <optional>

#include "core/disk_index/log/change_log.h"
#include "core/disk_index/merge/merger.h"
#include "core/os/helper_thread.h"

namespace stave::disk_index {

class MergerThread {
 public:
  MergerThread(State& state, ChangeLog& log, Merger& merger)
      : state_(state), log_(log), merger_(merger), writers_merge_(!state.options.background) {}

  // Writers merge, in slices of their calls.
  bool writers_merge() const noexcept { return writers_merge_.load(std::memory_order_relaxed); }
  // Whether it is time for the next pass: with a thread for it, only once the next delta is ready.
  // REQUIRES: writer lock.
  bool may_begin_pass() const noexcept;

  // Starts or wakes the thread if there is work for it. REQUIRES: writer lock.
  void wake() noexcept;
  // A pass has begun. REQUIRES: writer lock.
  void pass_began() noexcept;
  // Ends the thread and waits for it. Repeatedly, with no lock held.
  void stop() noexcept;

 private:
  enum class Activity {
    none,      // not started, or not to be had
    working,   // looks for work by itself before it sleeps
    sleeping,  // until it is woken
    watching,  // until it is woken, or nobody has written for a while
    stopping,
  };
  enum class Work { none, merge, idle_merge };

  // All REQUIRE: writer lock.
  bool wants_idle_merge() const noexcept;
  Work find_work() noexcept;
  Work wait_for_work(WriterLock& writer);
  void start() noexcept;

  void run() noexcept;
  // `sequence` is the log's as of the decision to do it.
  Status work(Work work, uint64_t sequence);
  void prepare_spare(Work work);

  State& state_;
  ChangeLog& log_;
  Merger& merger_;
  std::atomic<bool> writers_merge_;  // relaxed: when it is noticed does not matter
  // REQUIRES: writer lock.
  Activity activity_ = Activity::none;
  std::optional<os::HelperThread> thread_;
  std::condition_variable wanted_;
  // The log's sequence number when a merge failed: it is left alone until something was changed.
  std::optional<uint64_t> failed_at_;
};

}  // namespace stave::disk_index
