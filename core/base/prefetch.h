// Asking for memory ahead of its use.
//
// GCC takes a function that does nothing but prefetch for one without an effect, and removes the
// calls of it, unless it has been inlined early. The empty assembler statement is an effect, and no
// instruction.
#pragma once

namespace stave {

inline constexpr int prefetch_for_reading = 0;
inline constexpr int prefetch_for_writing = 1;

// Begins to load a cache line that is read, or written, soon.
inline void prefetch(const void* line) noexcept {
  __builtin_prefetch(line, prefetch_for_reading);
  asm volatile("");
}
inline void prefetch_to_write(const void* line) noexcept {
  __builtin_prefetch(line, prefetch_for_writing);
  asm volatile("");
}

// For many lines at a time: begins to load a line into the second cache. The first one can wait for
// few lines at a time, and what is asked for beyond them waits in a queue; the second one waits for
// twice as many, and what it has is near enough.
inline void prefetch_one_of_many(const void* line) noexcept {
  constexpr int second_cache = 2;
  __builtin_prefetch(line, prefetch_for_reading, second_cache);
  asm volatile("");
}

}  // namespace stave
