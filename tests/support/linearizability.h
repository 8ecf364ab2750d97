// Was what concurrent calls answered possible, had they run one after the other, each at some
// moment between its beginning and its end? (Wing and Gong 1993, with the memory of Lowe 2017.) For
// the calls on one object; objects are checked one by one (Herlihy and Wing 1990).
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "tests/support/random.h"

namespace stave::test {

// Numbers calls' beginnings and ends; a call that ended before another began has less.
struct Interval {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// `Call` has an `Interval interval` and `bool apply(State&) const`: changes the state as the call
// does, and says whether it answered what it must in this state. `State` is a number.
template <typename Call>
class LinearizabilityCheck {
 public:
  explicit LinearizabilityCheck(std::vector<Call> calls) : calls_(std::move(calls)) {
    std::sort(calls_.begin(), calls_.end(),
              [](const Call& a, const Call& b) { return a.interval.begin < b.interval.begin; });
    Random random(1);
    for (size_t i = 0; i < calls_.size(); i++) keys_.push_back(random.next());
    placed_.resize(calls_.size());
  }

  // Tries orders, depth first; a set of placed calls with the same state is not tried twice.
  bool holds(uint64_t state) {
    size_t next = 0;
    while (path_.size() < calls_.size()) {
      if (place_one(next, state)) {
        next = first_;
        continue;
      }
      if (path_.empty()) return false;
      const Step last = path_.back();
      path_.pop_back();
      placed_[last.call] = false;
      set_ ^= keys_[last.call];
      first_ = std::min(first_, last.call);
      state = last.state_before;
      next = last.call + 1;
    }
    return true;
  }

 private:
  struct Step {
    size_t call;
    uint64_t state_before;
  };

  // Places the first call from `next` on that may come now. It may if no call that is not placed
  // has ended before it began.
  bool place_one(size_t next, uint64_t& state) {
    const uint64_t first_end = earliest_end();
    for (size_t i = next; i < calls_.size() && calls_[i].interval.begin < first_end; i++) {
      if (placed_[i]) continue;
      uint64_t after = state;
      if (!calls_[i].apply(after)) continue;
      if (!seen_.insert((set_ ^ keys_[i]) * 31 + after).second) continue;
      path_.push_back({i, state});
      placed_[i] = true;
      set_ ^= keys_[i];
      while (first_ < calls_.size() && placed_[first_]) first_++;
      state = after;
      return true;
    }
    return false;
  }

  uint64_t earliest_end() const {
    uint64_t earliest = ~uint64_t{0};
    for (size_t i = first_; i < calls_.size() && calls_[i].interval.begin < earliest; i++)
      if (!placed_[i]) earliest = std::min(earliest, calls_[i].interval.end);
    return earliest;
  }

  std::vector<Call> calls_;
  std::vector<uint64_t> keys_;  // a random number for each call: a set is the XOR of its calls'
  std::vector<bool> placed_;
  std::vector<Step> path_;
  std::unordered_set<uint64_t> seen_;
  uint64_t set_ = 0;
  size_t first_ = 0;  // all before it are placed
};

template <typename Call>
bool linearizable(std::vector<Call> calls, uint64_t initial_state) {
  return LinearizabilityCheck<Call>(std::move(calls)).holds(initial_state);
}

}  // namespace stave::test
