// The barrier between a store and later loads.
#pragma once

#include <atomic>

namespace stave::sync {

// A sequentially consistent fence. On x86-64 it is written by hand: clang 14 compiles the standard
// fence to mfence, which also waits for earlier loads; a locked instruction does not. It uses the
// word below the stack pointer because no recent store has gone there. ThreadSanitizer does not
// understand it: it orders atomic accesses only, and plain accesses must rely on acquire and
// release.
inline void full_barrier() noexcept {
#if defined(__x86_64__)
  asm volatile("lock; orq $0, -8(%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// As a type, for protocols that the memory-order explorer runs with another one.
struct FullBarrier {
  void operator()() const noexcept { full_barrier(); }
};

}  // namespace stave::sync
