// How fast writers may go while a pass merges what they wrote before.
//
// A delta that is full before the pass behind it is done leaves its writers nothing but to wait for
// the rest of the pass at once. So they are slowed before: a little with each chunk of the log, as
// much as it takes for the room to last until the pass is done. When little room is left, and the
// pass is slower than it looked, a little with each operation.
//
// Thread safety: one thread at a time, but for wait(), which any number of threads may call.
#pragma once

#include <chrono>
#include <cstdint>

namespace stave::disk_index {

class Pacing {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  static constexpr Clock::duration no_pause{};
  // No pause is longer, so that each operation takes less than a millisecond.
  static constexpr Clock::duration pause_max = std::chrono::microseconds(300);
  // A shorter one would take longer than it should.
  static constexpr Clock::duration pause_min = std::chrono::microseconds(50);

  // Returns after `pause`. A thread that sleeps leaves its processor, which on a virtual machine
  // may come back milliseconds late, and a writer that is paced makes thousands of pauses a second.
  // So one thread of the process stays awake for it, if there are other processors. No more,
  // because they would keep the merger, whom all of them wait for, from its processor.
  static void wait(Clock::duration pause) noexcept;

  struct Progress {
    uint64_t limit = 0;  // operations that the active delta takes
    uint64_t room = 0;   // that it takes yet
    double merged = 0;   // part of the pass that is done
  };

  void begin_pass(Time now) noexcept { pass_begun_ = now; }

  // Whether it is time for pauses between chunks, too.
  static bool is_scarce(uint64_t limit, uint64_t room) noexcept { return room < limit / 32; }

  // For who begins a chunk of so many operations, perhaps after the pause of before: how long to
  // pause, or no_pause.
  Clock::duration before_chunk(const Progress& progress, uint64_t operations, Time now) noexcept;

 private:
  Time pass_begun_;
  Time chunk_begun_;
};

}  // namespace stave::disk_index
