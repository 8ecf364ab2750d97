#include "core/index/chunk_memory.h"

#include <cstring>
#include <new>

#include "core/os/page_memory.h"
#include "core/os/page_pieces.h"

namespace stave::index {

namespace {

constexpr std::align_val_t alignment{128};

constexpr size_t round_up(size_t bytes, size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

size_t chunk_size(size_t bytes) noexcept {
  if (bytes > os::page_piece_max) return round_up(bytes, os::huge_page_size);
  if (bytes > os::page_piece_min) return round_up(bytes, os::page_piece_min);
  return bytes;
}

std::byte* allocate_chunk(size_t size) noexcept {
  if (size >= os::huge_page_size) return os::map_pages(size);
  if (size >= os::page_piece_min) return os::take_page_piece(size);
  void* const memory = ::operator new(size, alignment, std::nothrow);
  if (memory == nullptr) return nullptr;
  return static_cast<std::byte*>(std::memset(memory, 0, size));
}

void free_chunk(std::byte* chunk, size_t size) noexcept {
  if (size >= os::huge_page_size) {
    os::unmap_pages(chunk, size);
  } else if (size >= os::page_piece_min) {
    os::give_back_page_piece(chunk, size);
  } else {
    ::operator delete(chunk, alignment);
  }
}

}  // namespace stave::index
