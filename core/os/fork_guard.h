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
  bool in_child() const noexcept { return !surely_not_in_child() && in_child_without_page(); }
  // The check without the call. False also where in_child() has to ask for it.
  bool surely_not_in_child() const noexcept {
    // Relaxed: the kernel's wipe happens before the child's first instruction.
    return page_of_process().load(std::memory_order_relaxed) == process_;
  }

  // A mark for memory beside the guard, which says at one glance that this is the guard's process
  // and that what `salt` stands for is so: is_marked() is true of what mark() gave for the same
  // salt, and in a child of nothing. 0 is no mark.
  uint32_t mark(uint32_t salt) const noexcept {
    return surely_not_in_child() ? static_cast<uint32_t>(process_) ^ salt : 0;
  }
  static bool is_marked(uint32_t mark, uint32_t salt) noexcept {
    // Relaxed: as above.
    const uint64_t process = page_of_process().load(std::memory_order_relaxed);
    return (static_cast<uint32_t>(process) ^ salt) == mark;
  }

 private:
  bool in_child_without_page() const noexcept;

  static const std::atomic<uint64_t>& page_of_process() noexcept {
    // Relaxed: what it points to is zero until the first guard is made, and whoever has a guard has
    // it from the thread that made it.
    return *page_.load(std::memory_order_relaxed);
  }

  // Where pages cannot be wiped, and before the first guard is made, a word that is always 0. Not
  // in the guard: what is asked may be no guard, but memory that has been freed.
  static std::atomic<const std::atomic<uint64_t>*> page_;
  uint64_t process_;  // the page's value in this guard's process, or its pid; never 0
};

}  // namespace stave::os
