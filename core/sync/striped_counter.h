// A count that many threads add to all the time, and that few ask for.
//
// One count for all would pass its cache line from thread to thread with every addition, and a
// locked instruction keeps the memory accesses before it from overlapping with those behind: gets
// of many keys at once took a fifth longer for being counted in one word. Here most threads have a
// word of their own, which they store to plainly.
//
// Thread safety: all members from any thread. All accesses are relaxed: who knows by other means
// that a thread has added sees it, and everybody else gets a number that was right a moment ago.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/sync/thread_number.h"

namespace stave::sync {

class StripedCounter {
 public:
  void add_one() noexcept {
    const uint32_t thread = thread_number();
    if (thread < own_words) [[likely]] {
      // Nobody else stores to it while this thread has its number; its next owner sees what it
      // stored (thread_number.h).
      Word& own = lines_[thread].word;
      own.store(own.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return;
    }
    lines_[own_words + thread % shared_words].word.fetch_add(1, std::memory_order_relaxed);
  }
  uint64_t sum() const noexcept {
    uint64_t sum = 0;
    for (const Line& line : lines_) sum += line.word.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  using Word = std::atomic<uint64_t>;
  struct alignas(64) Line {
    Word word{0};
  };
  static constexpr uint32_t own_words = 16;
  static constexpr uint32_t shared_words = 4;

  std::array<Line, own_words + shared_words> lines_;
};

}  // namespace stave::sync
