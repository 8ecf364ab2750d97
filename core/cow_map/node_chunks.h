// The part of NodePool that all threads share: chunks of the system's memory, of which any run of
// units can be taken and given back.
//
// Leaves of a growing map move from one size to the next nearly all at the same time. So memory is
// not set aside for blocks of one size: what the blocks of one have left serves those of another,
// and neighbours become one when both are free.
//
// Not thread safe: NodePool holds its mutex around every call. No call searches more than four
// chunks.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "core/cow_map/node_pool.h"
#include "core/os/page_memory.h"

namespace stave::cow_map {

// A block that nobody uses.
struct FreeBlock {
  FreeBlock* next;
};

class NodeChunks {
 public:
  // A chain of up to `count` blocks, shorter or empty (null) without memory.
  FreeBlock* take(uint32_t units, uint32_t count) noexcept;
  // Takes the blocks of a chain back.
  void give(FreeBlock* blocks, uint32_t units) noexcept;
  size_t bytes_held() const noexcept { return chunk_count_ * chunk_size - dropped_bytes_; }

 private:
  static constexpr size_t chunk_size = os::huge_page_size;
  static constexpr uint32_t word_units = 64;
  static constexpr uint32_t chunk_units = chunk_size / NodePool::unit;
  // What goes back to the system as a whole, when all of it is free and there is much that is. The
  // blocks that a thread has at hand may each keep one from it: 13 MiB at most.
  static constexpr uint32_t region_units = 256;
  static constexpr size_t region_size = region_units * NodePool::unit;
  // A chunk is searched again when so much of it has become free since.
  static constexpr uint32_t worth_searching_units = chunk_units / 128;
  // So often a call goes on to another chunk, the last time to a new one.
  static constexpr uint32_t searches_max = 4;
  // The first chunk stays in small pages: a program with a few small maps shall not pay for a large
  // one.
  static constexpr size_t small_page_chunks = 1;

  // Lies at the start of its memory.
  struct Chunk {
    Chunk* next = nullptr;  // of those worth searching
    Chunk* previous = nullptr;
    uint32_t free_units = 0;
    uint32_t freed_since_search = 0;
    bool is_listed = false;
    std::bitset<chunk_units / region_units> dropped_regions;
    std::array<uint64_t, chunk_units / word_units> free_bits{};  // a bit for each unit
  };
  static constexpr uint32_t header_units = (sizeof(Chunk) + NodePool::unit - 1) / NodePool::unit;

  static Chunk& chunk_of(const void* address) noexcept;
  static uint32_t next_bit(const Chunk& chunk, uint32_t from, uint32_t end, bool free) noexcept;
  static uint32_t find_run(const Chunk& chunk, uint32_t from, uint32_t units) noexcept;
  static void mark(Chunk& chunk, uint32_t from, uint32_t units, bool free) noexcept;

  bool next_current(bool must_be_new) noexcept;
  void give_one(FreeBlock* block, uint32_t units) noexcept;
  void list(Chunk& chunk) noexcept;
  void unlist(Chunk& chunk) noexcept;
  void drop_region(Chunk& chunk, uint32_t unit) noexcept;
  void use_region(Chunk& chunk, uint32_t unit) noexcept;

  Chunk* current_ = nullptr;                                  // what blocks are taken from
  std::array<uint32_t, NodePool::units_max + 1> searched_{};  // of it, for blocks of each size
  Chunk* listed_ = nullptr;
  size_t chunk_count_ = 0;
  size_t free_units_ = 0;
  size_t dropped_bytes_ = 0;
};

}  // namespace stave::cow_map
