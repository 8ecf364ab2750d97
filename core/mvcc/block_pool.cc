#include "core/mvcc/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/index/chunk_memory.h"
#include "core/os/page_memory.h"
#include "core/sync/thread_number.h"

// AddressSanitizer is told which blocks are free, as it would know of the heap's.
#if defined(__SANITIZE_ADDRESS__)
#define STAVE_POISON_BLOCKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAVE_POISON_BLOCKS
#endif
#endif
#ifdef STAVE_POISON_BLOCKS
#include <sanitizer/asan_interface.h>
#endif

namespace stave::mvcc {

namespace {

void poison([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) noexcept {
#ifdef STAVE_POISON_BLOCKS
  __asan_poison_memory_region(memory, size);
#endif
}
void unpoison([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) noexcept {
#ifdef STAVE_POISON_BLOCKS
  __asan_unpoison_memory_region(memory, size);
#endif
}

}  // namespace

// An origin is a number of lines.
static_assert(os::huge_page_size / BlockPool::kLine <= UINT16_MAX);

BlockPool* BlockPool::create() noexcept {
  return new (std::nothrow) BlockPool;
}

BlockPool::~BlockPool() {
  for (const Shard& shard : shards_) {
    for (Chunk* chunk = shard.chunks; chunk != nullptr;) {
      Chunk* const next = chunk->next;
      const size_t size = chunk->size;
      unpoison(chunk, size);
      index::free_chunk(reinterpret_cast<std::byte*>(chunk), size);
      chunk = next;
    }
  }
}

void BlockPool::close() noexcept {
  for (Shard& shard : shards_) shard.lock.lock();
  uint64_t in_use = 0;
  for (Shard& shard : shards_) {
    in_use += shard.in_use;
    shard.closed = true;
  }
  // Relaxed: read by those who have seen `closed` under a shard's lock.
  in_use_after_close_.store(in_use, std::memory_order_relaxed);
  for (Shard& shard : shards_) shard.lock.unlock();
  // Nobody has a block who could end the pool.
  if (in_use == 0) delete this;
}

BlockPool::Shard& BlockPool::own_shard() noexcept {
  return shards_[sync::thread_number() % kShards];
}

// ---- Taking ------------------------------------------------------------------------------------

BlockPool::Block BlockPool::take(BlockPool* pool, size_t size) noexcept {
  if (pool == nullptr || size > kBlockMax) return {std::malloc(size), 0};
  const Block block = pool->take(class_of(size));
  if (block.memory != nullptr) unpoison(block.memory, size);
  return block;
}

BlockPool::Block BlockPool::take(size_t size_class) noexcept {
  Shard& shard = own_shard();
  bool fetched = false;
  while (true) {
    {
      const std::lock_guard lock(shard.lock);
      Block block = take_free(shard, size_class);
      if (block.memory == nullptr) block = cut(shard, size_class);
      if (block.memory == nullptr && fetched && add_chunk(shard)) block = cut(shard, size_class);
      if (block.memory != nullptr) shard.in_use++;
      if (block.memory != nullptr || fetched) return block;
    }
    fetched = !fetch(shard, size_class);
  }
}

BlockPool::Block BlockPool::take_free(Shard& shard, size_t size_class) noexcept {
  FreeBlock* const block = shard.free[size_class];
  if (block == nullptr) return {};
  shard.free[size_class] = block->next;
  return {block, block->origin};
}

BlockPool::Block BlockPool::cut(Shard& shard, size_t size_class) noexcept {
  const size_t size = (size_class + 1) * kLine;
  if (shard.chunks == nullptr || shard.chunks->size - shard.used < size) return {};
  std::byte* const memory = reinterpret_cast<std::byte*>(shard.chunks) + shard.used;
  const auto origin = static_cast<Origin>(shard.used / kLine);
  shard.used += size;
  return {memory, origin};
}

// The end of the last chunk is lost: less than a block.
bool BlockPool::add_chunk(Shard& shard) noexcept {
  const size_t size =
      shard.chunks == nullptr ? kFirstChunk : std::min(2 * shard.chunks->size, os::huge_page_size);
  std::byte* const memory = index::allocate_chunk(size);
  if (memory == nullptr) return false;
  shard.chunks = new (memory) Chunk{this, shard.chunks, size};
  shard.used = sizeof(Chunk);
  return true;
}

bool BlockPool::fetch(Shard& shard, size_t size_class) noexcept {
  for (Shard& other : shards_) {
    if (&other == &shard) continue;
    const std::scoped_lock locks(shard.lock, other.lock);
    if (shard.free[size_class] == nullptr)
      std::swap(shard.free[size_class], other.free[size_class]);
    if (shard.free[size_class] != nullptr) return true;
  }
  return false;
}

// ---- Giving back -------------------------------------------------------------------------------

void BlockPool::give_back(Block block, size_t size) noexcept {
  if (block.origin == 0) return std::free(block.memory);
  auto* const chunk = reinterpret_cast<Chunk*>(static_cast<std::byte*>(block.memory) -
                                               size_t{block.origin} * kLine);
  chunk->pool->put_back(block, class_of(size));
}

void BlockPool::put_back(Block block, size_t size_class) noexcept {
  auto* const free = new (block.memory) FreeBlock{nullptr, block.origin};
  poison(free + 1, (size_class + 1) * kLine - sizeof(FreeBlock));
  Shard& shard = own_shard();
  {
    const std::lock_guard lock(shard.lock);
    free->next = std::exchange(shard.free[size_class], free);
    shard.in_use--;
    if (!shard.closed) return;
  }
  // Release and acquire: what everybody did with the blocks comes before the end of the pool.
  if (in_use_after_close_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace stave::mvcc
