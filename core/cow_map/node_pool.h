// Memory for nodes: blocks of 1 to 25 cache lines, aligned to one, in huge pages.
//
// Each thread keeps some free blocks of each size. When it has none left, or too many, it moves
// some at a time from or to pieces of 16 KiB, which all threads share under one mutex. Any run of
// free lines in a piece can be taken, whatever it was before: leaves of a growing map move from one
// size to the next nearly all at the same time, and what the blocks of one size have left serves
// those of another.
//
// When more than 8 MiB and an eighth of what is used is free, memory goes back to the system: free
// pieces one by one, and the 2 MiB that they are cut from as soon as all pieces of it are free.
//
// Thread safety: everything may be called from any thread, also while it exits, and in the child
// after fork(). A block may be freed by another thread than the one it was given to.
//
// Under AddressSanitizer every block comes from operator new, which watches over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace stave::cow_map {

class NodePool {
 public:
  static constexpr size_t unit = 64;  // blocks are multiples of it, aligned to it
  static constexpr uint32_t units_max = 25;
  static constexpr size_t size_max = unit * units_max;

  // Null without memory.
  static void* allocate(uint32_t units) noexcept;
  // `units` is what was asked for.
  static void free(void* block, uint32_t units) noexcept;
  // The same by bytes, and of any size: what is too large for the pool comes from the heap.
  static void* allocate_bytes(size_t size) noexcept {
    return size <= size_max ? allocate(units_for(size)) : std::malloc(size);
  }
  static void free_bytes(void* block, size_t size) noexcept {
    size <= size_max ? free(block, units_for(size)) : std::free(block);
  }

  // Of the system's memory, apart from pages that were never used.
  static size_t bytes_held() noexcept;

  // Asked before each allocation, which fails when the answer is false; null to ask nobody. For
  // tests of what happens without memory. REQUIRES: no other thread uses the pool.
  using Permit = bool (*)() noexcept;
  static void ask(Permit permit) noexcept;

 private:
  static uint32_t units_for(size_t size) noexcept {
    return static_cast<uint32_t>((size + unit - 1) / unit);
  }
};

}  // namespace stave::cow_map
