// Memory for the rows and versions of one table: whole cache lines, cut from chunks that lie in
// huge pages as soon as they are large, so that a look at a row costs one line and mostly no walk
// through the page tables.
//
// Threads take blocks from, and give them back to, the shard of their number: with few threads
// nobody waits. A shard without a block looks into the others before it asks the system. Chunks
// stay until the pool ends; what is given back is used again.
//
// A block is used for longer than its table: readers may still be in it. So the pool ends by itself
// when its owner has closed it and the last block is back.
//
// Thread safety: everything from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/mvcc/spin_lock.h"

namespace stave::mvcc {

class BlockPool {
 public:
  // Where a block comes from, for whoever gives it back: kept inside it.
  using Origin = uint16_t;
  struct Block {
    void* memory = nullptr;  // null without memory
    Origin origin = 0;
  };

  static constexpr size_t kLine = 64;
  // Larger blocks come from the heap.
  static constexpr size_t kBlockMax = 4 * kLine;

  // Null without memory.
  static BlockPool* create() noexcept;
  // By the owner, once. Blocks may come back later.
  void close() noexcept;

  // From `pool`, or from the heap without one.
  static Block take(BlockPool* pool, size_t size) noexcept;
  // The size that it was taken with.
  static void give_back(Block block, size_t size) noexcept;

 private:
  static constexpr size_t kShards = 8;
  static constexpr size_t kClasses = kBlockMax / kLine;
  static constexpr size_t kFirstChunk = 4096;

  struct FreeBlock {
    FreeBlock* next;
    Origin origin;
  };
  // In front of each chunk. A block's origin is its distance from here in lines.
  struct alignas(kLine) Chunk {
    BlockPool* pool;
    Chunk* next;
    size_t size;
  };
  struct alignas(kLine) Shard {
    SpinLock<> lock;
    bool closed = false;
    std::array<FreeBlock*, kClasses> free{};
    Chunk* chunks = nullptr;  // the newest first
    size_t used = 0;          // bytes of the newest
    uint64_t in_use = 0;      // blocks taken less those given back here: wraps around below 0
  };

  BlockPool() noexcept = default;
  ~BlockPool();

  static size_t class_of(size_t size) noexcept { return (size - 1) / kLine; }
  Shard& own_shard() noexcept;
  Block take(size_t size_class) noexcept;
  void put_back(Block block, size_t size_class) noexcept;
  // Under the shard's lock.
  static Block take_free(Shard& shard, size_t size_class) noexcept;
  static Block cut(Shard& shard, size_t size_class) noexcept;
  bool add_chunk(Shard& shard) noexcept;
  // Moves what another shard has of the class to this one, under no lock. False when none has.
  bool fetch(Shard& shard, size_t size_class) noexcept;

  std::array<Shard, kShards> shards_;
  std::atomic<uint64_t> in_use_after_close_{0};
};

}  // namespace stave::mvcc
