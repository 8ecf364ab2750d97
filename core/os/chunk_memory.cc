#include "core/os/chunk_memory.h"

#include <pthread.h>
#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

namespace stave::os {

namespace {

// A huge page with room for 32 of the smallest chunks.
struct Page {
  std::byte* memory;
  Page* next;
  uint64_t used;  // a bit for each
};

// Pages that have chunks. There are few: most are of tables of a megabyte and more.
class Pages {
 public:
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  // The functions below need the lock.

  std::byte* take(size_t size) noexcept {
    for (Page* page = first_; page != nullptr; page = page->next) {
      if (std::byte* chunk = take_from(*page, size); chunk != nullptr) return chunk;
    }
    return add() ? take_from(*first_, size) : nullptr;
  }

  void give_back(std::byte* chunk, size_t size) noexcept {
    Page** link = &first_;
    while (!holds(**link, chunk)) link = &(*link)->next;
    Page& page = **link;
    const auto number = static_cast<size_t>(chunk - page.memory) / shared_chunk_min;
    page.used &= ~(mask_of(size) << number);
    if (page.used == 0) {
      *link = page.next;
      unmap_pages(page.memory, huge_page_size);
      delete &page;
    } else if (madvise(chunk, size, MADV_DONTNEED) != 0) {
      // Locked in memory, so that it stays as it is.
      std::memset(chunk, 0, size);
    }
  }

 private:
  static uint64_t mask_of(size_t size) noexcept {
    return (uint64_t{1} << size / shared_chunk_min) - 1;
  }
  static bool holds(const Page& page, const std::byte* chunk) noexcept {
    return reinterpret_cast<uintptr_t>(chunk) - reinterpret_cast<uintptr_t>(page.memory) <
           huge_page_size;
  }

  static std::byte* take_from(Page& page, size_t size) noexcept {
    const uint64_t mask = mask_of(size);
    const size_t units = size / shared_chunk_min;
    const size_t step = size_t{1} << std::countr_zero(units);
    for (size_t number = 0; number + units <= huge_page_size / shared_chunk_min; number += step) {
      if ((page.used & mask << number) != 0) continue;
      page.used |= mask << number;
      return page.memory + number * shared_chunk_min;
    }
    return nullptr;
  }

  bool add() noexcept {
    auto* page = new (std::nothrow) Page{nullptr, first_, 0};
    if (page == nullptr) return false;
    page->memory = map_pages(huge_page_size);
    if (page->memory == nullptr) {
      delete page;
      return false;
    }
    first_ = page;
    return true;
  }

  std::mutex mutex_;
  Page* first_ = nullptr;
};

// Never destroyed: tables may be freed until the process ends.
constinit Pages pages;

void lock_pages() {
  pages.lock();
}
void unlock_pages() {
  pages.unlock();
}
// With the library: at the first use a fork could come in the middle. A failure leaves only a
// forked child worse off, if its parent was just here.
[[maybe_unused]] const bool handlers_added =
    pthread_atfork(lock_pages, unlock_pages, unlock_pages) == 0;

constexpr std::align_val_t heap_alignment{128};

constexpr size_t round_up(size_t bytes, size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

size_t chunk_size(size_t bytes) noexcept {
  if (bytes > shared_chunk_max) return round_up(bytes, huge_page_size);
  if (bytes > shared_chunk_min) return round_up(bytes, shared_chunk_min);
  return bytes;
}

std::byte* allocate_chunk(size_t size) noexcept {
  if (size >= huge_page_size) return map_pages(size);
  if (size >= shared_chunk_min) {
    const std::lock_guard lock(pages);
    return pages.take(size);
  }
  void* const memory = ::operator new(size, heap_alignment, std::nothrow);
  if (memory == nullptr) return nullptr;
  return static_cast<std::byte*>(std::memset(memory, 0, size));
}

void free_chunk(std::byte* chunk, size_t size) noexcept {
  if (size >= huge_page_size) {
    unmap_pages(chunk, size);
  } else if (size >= shared_chunk_min) {
    const std::lock_guard lock(pages);
    pages.give_back(chunk, size);
  } else {
    ::operator delete(chunk, heap_alignment);
  }
}

}  // namespace stave::os
