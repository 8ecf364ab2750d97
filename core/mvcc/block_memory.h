// Memory for rows and versions: blocks of the process's node pool, which lie in huge pages and
// which each thread has some of at hand; larger ones come from the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/cow_map/node_pool.h"

namespace stave::mvcc {

inline constexpr size_t block_unit = cow_map::NodePool::unit;
inline constexpr size_t block_size_max = block_unit * cow_map::NodePool::units_max;

inline uint32_t block_units(size_t size) noexcept {
  return static_cast<uint32_t>((size + block_unit - 1) / block_unit);
}
// Null without memory.
inline void* allocate_block(size_t size) noexcept {
  return size <= block_size_max ? cow_map::NodePool::allocate(block_units(size))
                                : std::malloc(size);
}
// `size` is what was asked for.
inline void free_block(void* block, size_t size) noexcept {
  if (size <= block_size_max) {
    cow_map::NodePool::free(block, block_units(size));
  } else {
    std::free(block);
  }
}

}  // namespace stave::mvcc
