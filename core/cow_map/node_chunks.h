// The part of NodePool that all threads share: chunks of the system's memory, of which any run of
// units can be taken and given back.
//
// Leaves of a growing map move from one size to the next nearly all at the same time. So memory is
// not set aside for blocks of one size: what the blocks of one have left serves those of another,
// and neighbours become one when both are free.
//
// A chunk stands in a list, by the size of the blocks that may still be found in it. A search that
// has come to its end without one of its size says that there are only smaller ones; what has been
// freed meanwhile is not looked for until it is enough to be worth a search.
//
// Not thread safe: NodePool holds its mutex around every call. No call searches more than a few
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
  static constexpr uint32_t chunk_words = chunk_units / word_units;
  // What goes back to the system as a whole, when all of it is free and there is much that is. The
  // blocks that a thread has at hand may each keep one from it: 30 MiB at most.
  static constexpr uint32_t region_units = 256;
  static constexpr size_t region_size = region_units * NodePool::unit;
  // After so many, a chunk that is used all over again goes back into a huge page.
  static constexpr uint32_t drops_worth_collapsing = chunk_units / region_units / 4;
  // So much may be free, beside an eighth of what is used: room for a map to be filled where
  // another one has been freed, without fresh pages.
  static constexpr size_t reserve_units = size_t{4} * chunk_units;
  // A chunk is searched again when so much of it has become free since.
  static constexpr uint32_t worth_searching_units = chunk_units / 128;
  // So often a call goes on to another chunk; what it needs then comes from a new one.
  static constexpr uint32_t searches_max = 8;
  // The first chunk stays in small pages: a program with a few small maps shall not pay for a large
  // one.
  static constexpr size_t small_page_chunks = 1;

  // Lies at the start of its memory.
  struct Chunk {
    Chunk* next = nullptr;  // of the list
    Chunk* previous = nullptr;
    uint32_t free_units = 0;
    uint32_t freed_since_search = 0;
    uint32_t fits = 0;   // no larger blocks are to be found in it; the number of its list
    uint32_t drops = 0;  // of regions, since its memory was last made one huge page
    std::bitset<chunk_units / region_units> dropped_regions;
    std::array<uint64_t, chunk_words> free_bits{};  // a bit for each unit
    // As `fits`, for the runs that begin in each of these words.
    std::array<uint8_t, chunk_words> word_fits{};
  };
  static_assert(NodePool::units_max < 64);  // lists_with_chunks_, mark()
  static constexpr uint32_t header_units = (sizeof(Chunk) + NodePool::unit - 1) / NodePool::unit;

  static Chunk& chunk_of(const void* address) noexcept;
  // Whether all units of some words are.
  static bool is_free(const Chunk& chunk, uint32_t from, uint32_t end) noexcept;
  static uint64_t runs_in(uint64_t low, uint64_t high, uint32_t units) noexcept;
  static uint32_t find_run(Chunk& chunk, uint32_t from, uint32_t units) noexcept;
  static void mark(Chunk& chunk, uint32_t from, uint32_t units, bool free) noexcept;
  static void mark_free(Chunk& chunk, uint32_t from, uint32_t units) noexcept;

  uint32_t take_from(Chunk& chunk, uint32_t units, uint32_t count, FreeBlock*& taken) noexcept;
  Chunk* chunk_for(uint32_t units) noexcept;
  Chunk* add_chunk() noexcept;
  void give_one(FreeBlock* block, uint32_t units) noexcept;
  void list(Chunk& chunk, uint32_t fits) noexcept;
  void unlist(Chunk& chunk) noexcept;
  void drop_region(Chunk& chunk, uint32_t unit) noexcept;
  void use_region(Chunk& chunk, uint32_t unit) noexcept;

  // How far the last search for blocks of one size has come.
  struct Search {
    const Chunk* chunk = nullptr;
    uint32_t unit = 0;
  };

  std::array<Search, NodePool::units_max + 1> searches_{};
  std::array<Chunk*, NodePool::units_max + 1> lists_{};  // by Chunk::fits; the first has no use
  uint64_t lists_with_chunks_ = 0;                       // a bit for each
  size_t chunk_count_ = 0;
  size_t free_units_ = 0;
  size_t dropped_bytes_ = 0;
};

}  // namespace stave::cow_map
