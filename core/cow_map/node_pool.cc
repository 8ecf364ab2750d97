#include "core/cow_map/node_pool.h"

#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "core/cow_map/node_chunks.h"
#include "core/os/fork_handlers.h"
#include "core/sync/fast_thread_local.h"
#include "core/sync/thread_exit.h"

#if defined(__SANITIZE_ADDRESS__)
#define STAVE_NODES_FROM_NEW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAVE_NODES_FROM_NEW 1
#endif
#endif
#ifndef STAVE_NODES_FROM_NEW
#define STAVE_NODES_FROM_NEW 0
#endif

namespace stave::cow_map {

namespace {

// Blocks that a thread gets at a time, and the most of one size that it keeps: retired ones come by
// the hundred, and large ones only from large maps.
constexpr uint32_t batch = 16;
constexpr uint32_t kept_max(uint32_t units) noexcept {
  return units <= 17 ? 64 : 16;
}

// The blocks that a thread has at hand.
struct Shelf {
  FreeBlock* first = nullptr;
  uint32_t count = 0;

  void push(FreeBlock* block) noexcept {
    block->next = first;
    first = block;
    count++;
  }
  FreeBlock* pop() noexcept {
    FreeBlock* const block = first;
    first = block->next;
    count--;
    return block;
  }
};
using Shelves = std::array<Shelf, NodePool::units_max + 1>;

// Neither is ever destroyed: nodes come and go until the process ends.
constinit std::mutex mutex;
constinit NodeChunks chunks;
constinit NodePool::Permit permit = nullptr;

void lock() {
  mutex.lock();
}
void unlock() {
  mutex.unlock();
}
// With the library: at the first use a fork could come in the middle. A failure leaves only a
// forked child worse off: it may find the mutex locked for ever.
[[maybe_unused]] const bool handlers_added = os::add_fork_handlers(lock, unlock, unlock);

// Null before the first use, without memory, and when nobody would give them back.
STAVE_FAST_THREAD_LOCAL Shelves* shelves = nullptr;

// At the end of a thread.
void give_back_shelves() noexcept {
  Shelves* const mine = std::exchange(shelves, nullptr);
  if (mine == nullptr) return;
  const std::lock_guard lock(mutex);
  for (uint32_t units = 1; units < mine->size(); units++) chunks.give((*mine)[units].first, units);
  delete mine;
}

[[gnu::noinline]] Shelves* make_shelves() noexcept {
  if (!sync::will_give_back(sync::ExitStage::caches, give_back_shelves)) return nullptr;
  shelves = new (std::nothrow) Shelves;
  return shelves;
}

[[gnu::noinline]] void* allocate_from_chunks(uint32_t units) noexcept {
  Shelves* const mine = shelves != nullptr ? shelves : make_shelves();
  const std::lock_guard lock(mutex);
  if (mine == nullptr) return chunks.take(units, 1);
  for (FreeBlock* block = chunks.take(units, batch); block != nullptr;) {
    FreeBlock* const next = block->next;
    (*mine)[units].push(block);
    block = next;
  }
  return (*mine)[units].count == 0 ? nullptr : (*mine)[units].pop();
}

// A thread that only frees has no shelves, or soon full ones.
[[gnu::noinline]] void free_to_chunks(FreeBlock* block, uint32_t units) noexcept {
  block->next = nullptr;
  FreeBlock* last = block;
  if (shelves != nullptr) {
    Shelf& shelf = (*shelves)[units];
    while (shelf.count > kept_max(units) / 2) {
      last->next = shelf.pop();
      last = last->next;
    }
    last->next = nullptr;
  }
  const std::lock_guard lock(mutex);
  chunks.give(block, units);
}

}  // namespace

void* NodePool::allocate(uint32_t units) noexcept {
  if (permit != nullptr && !permit()) [[unlikely]]
    return nullptr;
  if (STAVE_NODES_FROM_NEW)
    return ::operator new (units* unit, std::align_val_t{unit}, std::nothrow);
  if (shelves != nullptr && (*shelves)[units].count != 0) [[likely]]
    return (*shelves)[units].pop();
  return allocate_from_chunks(units);
}

void NodePool::free(void* block, uint32_t units) noexcept {
  if (STAVE_NODES_FROM_NEW) return ::operator delete (block, std::align_val_t{unit});
  auto* const free_block = static_cast<FreeBlock*>(block);
  if (shelves != nullptr && (*shelves)[units].count < kept_max(units)) [[likely]]
    return (*shelves)[units].push(free_block);
  free_to_chunks(free_block, units);
}

size_t NodePool::bytes_held() noexcept {
  const std::lock_guard lock(mutex);
  return chunks.bytes_held();
}

void NodePool::ask(Permit new_permit) noexcept {
  permit = new_permit;
}

}  // namespace stave::cow_map
