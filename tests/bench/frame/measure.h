// What is measured: the time of a team of threads, memory, the spread of single operations.
#pragma once

#include <array>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace stave::bench {

using Clock = std::chrono::steady_clock;

inline double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Runs work(thread) for each thread in [0, threads), all begun at one moment; returns the
// nanoseconds until the last is done. One of them is the caller.
template <typename Work>
double run_team(unsigned threads, Work&& work) {
  std::barrier start(threads);
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; thread++) {
    others.emplace_back([&start, &work, thread] {
      start.arrive_and_wait();
      work(thread);
    });
  }
  start.arrive_and_wait();
  const Clock::time_point begin = Clock::now();
  work(0u);
  for (std::thread& other : others) other.join();
  return nanoseconds_since(begin);
}

// Bytes of this process that no file backs, and the most that were ever resident.
uint64_t anonymous_bytes();
uint64_t peak_resident_bytes();
// All that is resident, with what files back.
uint64_t resident_bytes();
// Forgets the peaks of before, and returns what is resident now.
uint64_t begin_peak();

// Counts durations in buckets 1/16 of a power of two wide. One thread.
class Histogram {
 public:
  void record(uint64_t nanoseconds) noexcept { counts_[bucket_of(nanoseconds)]++; }
  // The least bound that this part of all durations does not exceed.
  uint64_t percentile(double part) const noexcept;
  // "50:1234 53:..." for every bucket that is not empty: its upper bound, its count.
  std::string text() const;

 private:
  static constexpr unsigned sub_bits = 4;
  static size_t bucket_of(uint64_t nanoseconds) noexcept;
  static uint64_t upper_bound_of(size_t bucket) noexcept;

  std::array<uint64_t, (64 - sub_bits + 1) << sub_bits> counts_{};
};

// What the question `latency` is answered with: the 99.99th percentile, then the histogram.
std::string latency_answer(const Histogram& durations);
// The same for the longest one, in milliseconds.
std::string slowest_answer(const Histogram& durations);

}  // namespace stave::bench
