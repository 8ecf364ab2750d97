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
    if (page_) return page_->load(std::memory_order_relaxed) != process_;
    return in_child_by_pid();
  }

 private:
  bool in_child_by_pid() const noexcept;

  const std::atomic<uint64_t>* page_;  // null where pages cannot be wiped
  uint64_t process_;                   // the page's value in this guard's process, or its pid
};

}  // namespace stave::os
