// How long each of many operations takes that one thread does one behind the other.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/time_away.h"

namespace stave::bench {

enum class Counted {
  whole,     // what the clock says
  not_away,  // without the time that the thread's processor was away
};

class OperationTimes {
 public:
  // The first operation begins.
  explicit OperationTimes(Counted counted) : counted_(counted), begin_(away_.taken_at()) {}

  Clock::time_point begin() const noexcept { return begin_; }

  // An operation is done, and the next one begins.
  void next() {
    const Clock::time_point begin = begin_;
    begin_ = Clock::now();
    auto took = static_cast<uint64_t>((begin_ - begin).count());
    count_++;
    // Asked now and then even when nothing was long, so that what is taken off a long operation is
    // not that of many before it.
    if (took >= long_operation || count_ % operations_a_look == 0) {
      const uint64_t away = away_.take();
      // An operation begins and ends where it is asked what to take off: the processor may be away
      // between two looks at the clock, too.
      begin_ = away_.taken_at();
      if (counted_ == Counted::not_away && took >= long_operation) {
        took = static_cast<uint64_t>((begin_ - begin).count());
        took -= std::min(took, away);
      }
    }
    durations_.record(took);
  }

  const Histogram& durations() const noexcept { return durations_; }

 private:
  static constexpr uint64_t long_operation = 100'000;
  static constexpr uint64_t operations_a_look = 64;

  Counted counted_;
  Histogram durations_;
  TimeAway away_;
  uint64_t count_ = 0;
  Clock::time_point begin_;
};

// The slowest of many operations that are all done again from the start, several times, as the
// clock tells it. What an operation does or waits for on the system's account comes again in every
// run, if not at the same operation then near it; what the machine did to it does not. So of each
// neighbourhood, a 128th part of the operations, the run counts in which its slowest took least.
// One thread.
class RecurringTimes {
 public:
  static constexpr unsigned runs = 5;

  explicit RecurringTimes(uint64_t operations) : operations_(operations) {
    least_.fill(std::numeric_limits<uint64_t>::max());
  }

  // Does them once more: operation(number) for each number, in order.
  template <typename Operation>
  void run(Operation&& operation) {
    std::array<uint64_t, parts> slowest{};
    Clock::time_point begin = Clock::now();
    for (uint64_t number = 0; number < operations_; number++) {
      operation(number);
      const Clock::time_point end = Clock::now();
      uint64_t& of_part = slowest[number * parts / operations_];
      of_part = std::max(of_part, static_cast<uint64_t>((end - begin).count()));
      begin = end;
    }
    // Neighbourhoods overlap, so that none ends where something comes now before and now behind.
    for (size_t part = 0; part + 1 < parts; part++)
      least_[part] = std::min(least_[part], std::max(slowest[part], slowest[part + 1]));
  }

  double slowest_milliseconds() const {
    return static_cast<double>(*std::max_element(least_.begin(), least_.end())) / 1e6;
  }

 private:
  static constexpr size_t parts = 256;

  uint64_t operations_;
  std::array<uint64_t, parts - 1> least_;
};

}  // namespace stave::bench
