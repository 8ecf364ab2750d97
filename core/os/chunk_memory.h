// Zeroed memory for parts of tables that are read at random: small chunks from the heap, large ones
// in huge pages of their own, and what is between them cut from huge pages that several chunks
// share. A look at a table of 20 MB in small pages waits for the walk through the page tables
// nearly as long as for the memory.
//
// What is freed costs no memory any more, and a shared page without a chunk goes back to the
// system.
//
// Thread safety: everything from any thread, and in the child after fork().
#pragma once

#include <cstddef>

#include "core/os/page_memory.h"

namespace stave::os {

// Chunks of these sizes, and those between, share pages.
inline constexpr size_t shared_chunk_min = huge_page_size / 32;
inline constexpr size_t shared_chunk_max = huge_page_size / 2;

// The size that a chunk for so many bytes has.
size_t chunk_size(size_t bytes) noexcept;
// `size` is one that chunk_size() returns, as every power of two is. Aligned to 128 bytes, and a
// chunk in a shared page to the largest power of two that divides its size. Null without memory.
std::byte* allocate_chunk(size_t size) noexcept;
void free_chunk(std::byte* chunk, size_t size) noexcept;

}  // namespace stave::os
