// Large zeroed memory straight from the system, in huge pages where it has them: tables of many
// megabytes that are read at random spend less time on address translation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::os {

// What huge pages are asked in; mappings are aligned to it.
inline constexpr size_t huge_page_size = size_t{2} << 20;

enum class PageSize : uint8_t {
  huge,   // if the system has them
  small,  // where a little of the memory is used and shall cost little
};

// `size` bytes, a multiple of huge_page_size, zero until written and costing no memory until
// touched. Null when the system refuses.
std::byte* map_pages(size_t size, PageSize page_size = PageSize::huge) noexcept;
// The content of these pages (of 4 KiB) is not needed any more: they are zero, and cost no memory,
// until they are used again.
void drop_pages(std::byte* pages, size_t size) noexcept;
void unmap_pages(std::byte* pages, size_t size) noexcept;

}  // namespace stave::os
