// Memory for tables: small pieces from the heap, others in huge pages. Zeroed, aligned to 128
// bytes. Not a pool: tables keep their pieces until they end.
#pragma once

#include <cstddef>

namespace stave::index {

// Null without memory. `size` is a power of two.
std::byte* allocate_chunk(size_t size) noexcept;
void free_chunk(std::byte* chunk, size_t size) noexcept;

}  // namespace stave::index
