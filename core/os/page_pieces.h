// Zeroed memory too small for huge pages of its own, cut from huge pages that several pieces share:
// parts of tables that are read at random. A look at one of 20 MB in small pages waits for the walk
// through the page tables nearly as long as for the memory.
//
// What is given back costs no memory any more, and a page without a piece goes back to the system.
//
// Thread safety: everything from any thread, and in the child after fork().
#pragma once

#include <cstddef>

#include "core/os/page_memory.h"

namespace stave::os {

inline constexpr size_t page_piece_min = huge_page_size / 32;
inline constexpr size_t page_piece_max = huge_page_size / 2;

// `size` is a multiple of page_piece_min, at most page_piece_max; the piece is aligned to the
// largest power of two that divides it. Null when the system refuses.
std::byte* take_page_piece(size_t size) noexcept;
void give_back_page_piece(std::byte* piece, size_t size) noexcept;

}  // namespace stave::os
