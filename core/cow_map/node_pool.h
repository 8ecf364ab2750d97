// Memory for nodes: blocks of 1 to 25 cache lines, in huge pages as soon as there is some of it.
//
// A change to a map that is shared makes a few nodes and lets go of as many, and a large map is
// read at random: so a block costs a few nanoseconds, and lies where address translation is cheap.
//
// Each thread keeps some blocks of each size at hand; what it has too much or too little of goes to
// chunks of 2 MiB or comes from them, many at a time, under one mutex (node_chunks.h). When
// more than 8 MiB and an eighth of all is free, memory goes back to the system, in pieces of 16 KiB
// and whole chunks.
//
// Thread safety: everything may be called from any thread, also while it exits, and in the child
// after fork(). A block may be freed by another thread than the one it was given to.
//
// Under AddressSanitizer every block comes from operator new, which watches over it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::cow_map {

class NodePool {
 public:
  static constexpr size_t unit = 64;  // blocks are multiples of it, aligned to it
  static constexpr uint32_t units_max = 25;

  // Null without memory.
  static void* allocate(uint32_t units) noexcept;
  // `units` is what was asked for.
  static void free(void* block, uint32_t units) noexcept;

  // Of the system's memory, but for pages never touched.
  static size_t bytes_held() noexcept;

  // Asked before each allocation, which fails when the answer is false; null to ask nobody. For
  // tests of what happens without memory. Not beside other threads.
  using Permit = bool (*)() noexcept;
  static void ask(Permit permit) noexcept;
};

}  // namespace stave::cow_map
