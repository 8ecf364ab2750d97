#include "core/os/page_pieces.h"

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "core/os/fork_handlers.h"

namespace stave::os {

namespace {

// A huge page with room for 32 of the smallest pieces.
struct Page {
  std::byte* memory;
  Page* next;
  uint64_t used;  // a bit for each
};

// Pages that have pieces. There are few: most are of tables of a megabyte and more.
class Pages {
 public:
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  // The functions below need the lock.

  std::byte* take(size_t size) noexcept {
    for (Page* page = first_; page != nullptr; page = page->next) {
      if (std::byte* piece = take_from(*page, size); piece != nullptr) return piece;
    }
    return add() ? take_from(*first_, size) : nullptr;
  }

  void give_back(std::byte* piece, size_t size) noexcept {
    Page** link = &first_;
    while (!holds(**link, piece)) link = &(*link)->next;
    Page& page = **link;
    const auto number = static_cast<size_t>(piece - page.memory) / page_piece_min;
    page.used &= ~(mask_of(size) << number);
    if (page.used == 0) {
      *link = page.next;
      unmap_pages(page.memory, huge_page_size);
      delete &page;
    } else if (madvise(piece, size, MADV_DONTNEED) != 0) {
      // Locked in memory, so that it stays as it is.
      std::memset(piece, 0, size);
    }
  }

 private:
  static uint64_t mask_of(size_t size) noexcept {
    return (uint64_t{1} << size / page_piece_min) - 1;
  }
  static bool holds(const Page& page, const std::byte* piece) noexcept {
    return reinterpret_cast<uintptr_t>(piece) - reinterpret_cast<uintptr_t>(page.memory) <
           huge_page_size;
  }

  static std::byte* take_from(Page& page, size_t size) noexcept {
    const uint64_t mask = mask_of(size);
    const size_t units = size / page_piece_min;
    const size_t step = size_t{1} << std::countr_zero(units);
    for (size_t number = 0; number + units <= huge_page_size / page_piece_min; number += step) {
      if ((page.used & mask << number) != 0) continue;
      page.used |= mask << number;
      return page.memory + number * page_piece_min;
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
    add_fork_handlers(lock_pages, unlock_pages, unlock_pages);

}  // namespace

std::byte* take_page_piece(size_t size) noexcept {
  assert(size % page_piece_min == 0 && size >= page_piece_min && size <= page_piece_max);
  const std::lock_guard lock(pages);
  return pages.take(size);
}

void give_back_page_piece(std::byte* piece, size_t size) noexcept {
  const std::lock_guard lock(pages);
  pages.give_back(piece, size);
}

}  // namespace stave::os
