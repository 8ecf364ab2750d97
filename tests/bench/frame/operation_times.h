// How long each of many operations takes that one thread does one behind the other.
#pragma once

#include <algorithm>

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

}  // namespace stave::bench
