#include "core/os/fork_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace stave::os {

namespace {

static_assert(std::atomic<uint64_t>::is_always_lock_free);

// One page for the whole process, never unmapped. Null when it is not wiped in children.
std::atomic<uint64_t>* map_wiped_page() noexcept {
  const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  // User-mode emulators accept any advice and follow none: one that accepts nonsense is not
  // believed.
  constexpr int no_such_advice = -1;
  if (::madvise(page, size, no_such_advice) == 0 || ::madvise(page, size, MADV_WIPEONFORK) != 0) {
    ::munmap(page, size);
    return nullptr;
  }
  return new (page) std::atomic<uint64_t>(0);
}

constinit const std::atomic<uint64_t> no_page{0};

// Copied by fork, not wiped: a child's numbers continue its parent's, so no process ever has the
// number of one of its ancestors, whose guards it may hold.
std::atomic<uint64_t> last_number{0};

}  // namespace

constinit std::atomic<const std::atomic<uint64_t>*> ForkGuard::page_{&no_page};

ForkGuard::ForkGuard() noexcept {
  static std::atomic<uint64_t>* const page = map_wiped_page();
  if (page == nullptr) {
    process_ = static_cast<uint64_t>(::getpid());
    return;
  }
  // Relaxed: the same for every guard. Asked first, because handles are made by the million.
  if (page_.load(std::memory_order_relaxed) != page) page_.store(page, std::memory_order_relaxed);
  uint64_t current = page->load(std::memory_order_relaxed);
  if (current == 0) {  // the first guard of this process; two threads may race for it
    const uint64_t number = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
    if (page->compare_exchange_strong(current, number, std::memory_order_relaxed)) current = number;
  }
  process_ = current;
}

bool ForkGuard::in_child_without_page() const noexcept {
  return &page_of_process() != &no_page || static_cast<uint64_t>(::getpid()) != process_;
}

}  // namespace stave::os
