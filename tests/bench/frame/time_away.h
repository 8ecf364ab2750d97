// How long a thread that could go on did not have its processor.
//
// The slowest of millions of operations is the one that the machine was away in: its scheduler had
// somebody else's thread to run, or the hypervisor another machine's. A loop that does nothing is
// interrupted as long. What an operation does or waits for, which is what a program can be blamed
// for, is its duration less that.
//
// Linux counts a thread's time on a processor without what the hypervisor took (where that tells:
// "steal" in proc_stat(5)), and the time that it was ready to run and did not. One thread.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>

namespace stave::bench {

class TimeAway {
 public:
  // Of the calling thread, from now on.
  TimeAway();
  ~TimeAway();
  TimeAway(const TimeAway&) = delete;
  TimeAway& operator=(const TimeAway&) = delete;

  // Nanoseconds that its processor was away since the construction or the last call. Where the
  // thread also slept or waited, the hypervisor's part cannot be told from that and is left out;
  // where the kernel counts nothing it is 0. About a microsecond.
  uint64_t take();
  // When that was, or the construction.
  std::chrono::steady_clock::time_point taken_at() const noexcept {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(last_.clock));
  }

 private:
  struct Counters {
    uint64_t clock = 0;      // nanoseconds, as the next two
    uint64_t processor = 0;  // that the thread ran
    uint64_t ready = 0;      // that it was ready and did not run
    long waits = 0;          // how many times it gave its processor up
  };
  Counters now() const;

  int ready_file_;
  Counters last_;
};

}  // namespace stave::bench
