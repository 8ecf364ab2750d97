// A small number per thread, for picking a shard of something that many threads count in.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/sync/fast_thread_local.h"

namespace stave::sync {

namespace internal {
// 0 until the thread asks for the first time.
inline STAVE_FAST_THREAD_LOCAL uint32_t thread_number_plus_one = 0;
uint32_t assign_thread_number() noexcept;
extern constinit std::atomic<uint32_t> thread_numbers_given;
}  // namespace internal

// The least number that no living thread has, from the first use until the thread ends. So
// `thread_number() % shards` spreads the threads evenly that live side by side, and what belongs to
// a number may be changed without locked instructions: its next owner sees what the last one did.
// A thread that has given its number back at its end (thread_exit.h) has one that nobody had before
// and nobody gets again. So have threads beyond the first thousand, and those whose end the library
// would not see.
inline uint32_t thread_number() noexcept {
  const uint32_t number = internal::thread_number_plus_one;
  if (number == 0) [[unlikely]]
    return internal::assign_thread_number();
  return number - 1;
}

// Above all numbers that threads have had so far. Whoever knows by other means that a thread has
// done something with its number sees that number below this.
inline uint32_t thread_numbers_given() noexcept {
  // Relaxed: stored before the thread could use its number.
  return internal::thread_numbers_given.load(std::memory_order_relaxed);
}

}  // namespace stave::sync
