// A count that many threads change all the time and few read.
//
// One shared word would travel between the processors' caches with every change. Here each of the
// first threads has a word of its own, which it alone stores to, without a locked instruction; the
// others share some. A thread may subtract what another has added: single words may be negative,
// their sum is right.
//
// Thread safety: all members from any thread. All accesses are relaxed: a thread that knows by
// other means that another has added sees it in the sum; otherwise the sum was right a moment ago.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "core/sync/thread_number.h"

namespace stave::sync {

class StripedCounter {
 public:
  constexpr StripedCounter() noexcept = default;

  void add(int64_t more) noexcept {
    const uint32_t thread = thread_number();
    if (thread < own_words) [[likely]] {
      // No other thread stores to it while this one has its number; the number's next owner sees
      // what this one stored (thread_number.h).
      Word& own = lines_[thread].word;
      own.store(own.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
      return;
    }
    lines_[own_words + thread % shared_words].word.fetch_add(more, std::memory_order_relaxed);
  }
  // Exact while no thread adds; never negative, though the words are read one after the other.
  uint64_t sum() const noexcept {
    int64_t sum = 0;
    for (const Line& line : lines_) sum += line.word.load(std::memory_order_relaxed);
    return static_cast<uint64_t>(std::max<int64_t>(0, sum));
  }

 private:
  using Word = std::atomic<int64_t>;
  struct alignas(64) Line {
    Word word{0};
  };
  static constexpr uint32_t own_words = 16;
  static constexpr uint32_t shared_words = 4;

  std::array<Line, own_words + shared_words> lines_{};
};

}  // namespace stave::sync
