// The barrier between a store and later loads.
#pragma once

#include <atomic>

#include "core/sync/only_thread.h"

namespace stave::sync {

// A sequentially consistent fence. On x86-64 it is spelled out, because clang 14 makes mfence of
// the standard's, which drains loads too: pinning an epoch before a load that misses the cache took
// 190 ns with it and 14 ns with a locked instruction, which is also what g++ chooses. The word
// below the stack pointer rather than at it: nobody has just stored there (2.0 ns a pin
// against 3.7). ThreadSanitizer does not see it, so nothing may rely on it for more than the order
// of atomic accesses: what makes plain accesses safe is acquire and release, always.
inline void full_barrier() noexcept {
#if defined(__x86_64__)
  asm volatile("lock; orq $0, -8(%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// The same for what threads tell each other, as "I am inside" against "it is closed": nothing while
// the process has one thread. Whoever is created later sees all that came before; that one more is
// created behind this and sees too little is not possible, for it is this thread that does it.
inline void barrier_to_other_threads() noexcept {
  if (!is_only_thread()) full_barrier();
}

}  // namespace stave::sync
