#include "core/os/page_memory.h"

#include <sys/mman.h>

#include <cassert>
#include <cstdint>

namespace stave::os {

std::byte* map_pages(size_t size, PageSize page_size) noexcept {
  assert(size % huge_page_size == 0);
  // The system aligns to small pages: map more and give the ends back.
  const size_t mapped_size = size + huge_page_size;
  void* const mapped = mmap(nullptr, mapped_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(mapped);
  const size_t misaligned = reinterpret_cast<uintptr_t>(begin) % huge_page_size;
  const size_t head = misaligned == 0 ? 0 : huge_page_size - misaligned;
  std::byte* const pages = begin + head;
  if (head != 0) munmap(begin, head);
  munmap(pages + size, mapped_size - head - size);
  // A hint: without huge pages everything works as before.
  static_cast<void>(
      madvise(pages, size, page_size == PageSize::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE));
  return pages;
}

void drop_pages(std::byte* pages, size_t size) noexcept {
  static_cast<void>(madvise(pages, size, MADV_DONTNEED));
}

void unmap_pages(std::byte* pages, size_t size) noexcept {
  munmap(pages, size);
}

}  // namespace stave::os
