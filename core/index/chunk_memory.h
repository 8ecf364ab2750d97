// Memory for tables: small chunks from the heap, others in huge pages. Zeroed, aligned to 128
// bytes.
#pragma once

#include <cstddef>

namespace stave::index {

// The size that a chunk for so many bytes has.
size_t chunk_size(size_t bytes) noexcept;
// Null without memory. `size` is one that chunk_size() returns, as every power of two is.
std::byte* allocate_chunk(size_t size) noexcept;
void free_chunk(std::byte* chunk, size_t size) noexcept;

}  // namespace stave::index
