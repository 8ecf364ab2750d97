// Tells an object's own process from a child forked later, which must not use it: its threads do
// not exist there, and its files and locks are the parent's.
//
// The check is one load and no system call: a page that the kernel replaces by zeros in every
// forked child (MADV_WIPEONFORK) holds the number of the process. Where the kernel lacks that, the
// check is getpid().
#pragma once

#include <atomic>
#include <cstdint>

namespace stave::os {

// Thread safe; copies belong to the same process as the original.
class ForkGuard {
 public:
  // For the calling process.
  ForkGuard() noexcept;

  // True in a child, and a child's child, of the process that made this guard.
  bool in_child() const noexcept {
    // Relaxed: the kernel's wipe happens before the child's first instruction.
    return page_of_process().load(std::memory_order_relaxed) != process_ && in_child_without_page();
  }

 private:
  bool in_child_without_page() const noexcept;

  static const std::atomic<uint64_t>& page_of_process() noexcept {
    // Relaxed: what it points to is zero until the first guard is made, and a guard reaches a
    // thread from the one that made it.
    return *page_.load(std::memory_order_relaxed);
  }

  // Where pages cannot be wiped, and before the first guard is made, a word that is always 0. Not
  // in the guard: what is asked may be no guard, but memory that has been freed.
  static std::atomic<const std::atomic<uint64_t>*> page_;
  uint64_t process_;  // the page's value in this guard's process, or its pid; never 0
};

}  // namespace stave::os
