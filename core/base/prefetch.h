// Asking for memory ahead of its use, where that is many lines at a time.
#pragma once

namespace stave {

// Begins to bring a cache line into the second cache. The first one can wait for few lines at a
// time, and what is asked for beyond them waits in a queue; the second one waits for twice as many,
// and what it has is near enough. A single line that is read next is better asked for with
// __builtin_prefetch alone.
inline void prefetch_one_of_many(const void* line) noexcept {
  constexpr int for_reading = 0;
  constexpr int second_cache = 2;
  __builtin_prefetch(line, for_reading, second_cache);
}

}  // namespace stave
