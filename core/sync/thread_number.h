// A small number per thread, for picking a shard of something that many threads count in.
#pragma once

#include <cstdint>

#include "core/sync/fast_thread_local.h"

namespace stave::sync {

namespace internal {
// 0 until the thread asks for the first time.
inline STAVE_FAST_THREAD_LOCAL uint32_t thread_number_plus_one = 0;
uint32_t assign_thread_number() noexcept;
}  // namespace internal

// Handed out in order of first use and never given back: threads that live side by side get
// different numbers, so that `thread_number() % shards` spreads them evenly.
inline uint32_t thread_number() noexcept {
  const uint32_t number = internal::thread_number_plus_one;
  if (number == 0) [[unlikely]]
    return internal::assign_thread_number();
  return number - 1;
}

}  // namespace stave::sync
