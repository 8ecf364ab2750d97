#include "core/cow_map/node_pool.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <new>
#include <utility>

#include "core/os/page_memory.h"
#include "core/sync/fast_thread_local.h"
#include "core/sync/thread_exit.h"

#if defined(__SANITIZE_ADDRESS__)
#define STAVE_NODES_FROM_NEW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STAVE_NODES_FROM_NEW 1
#endif
#endif
#ifndef STAVE_NODES_FROM_NEW
#define STAVE_NODES_FROM_NEW 0
#endif

namespace stave::cow_map {

namespace {

constexpr size_t unit = NodePool::unit;
constexpr uint32_t units_max = NodePool::units_max;

// A block that nobody uses.
struct FreeBlock {
  FreeBlock* next;
};

// ---- What all threads share -----------------------------------------------------------------

constexpr size_t piece_size = size_t{16} << 10;
constexpr uint32_t piece_units = piece_size / unit;
constexpr size_t chunk_size = os::huge_page_size;
// The first one holds the headers of the others.
constexpr uint32_t chunk_pieces = chunk_size / piece_size;
// As much may be free, beside an eighth of what is used: enough for a map to be filled where
// another one has been freed, without fresh pages.
constexpr size_t reserve_bytes = size_t{8} << 20;
// The first chunk stays in small pages: a program with a few small maps must not pay for a large
// one.
constexpr size_t small_page_chunks = 1;

// The header of a piece. It is in the list of its `fits`.
struct alignas(unit) Piece {
  // No larger block is free in it, up to units_max; or one of these.
  static constexpr uint32_t all_free = units_max + 1;
  static constexpr uint32_t dropped = units_max + 2;  // all free, and without memory of the system

  Piece* next = nullptr;
  Piece* previous = nullptr;
  uint32_t fits = 0;
  uint32_t free_units = piece_units;
  std::array<uint64_t, piece_units / 64> free_bits{};  // a bit for each unit

  // 64 bits from this unit on, with zeros after the last one.
  uint64_t bits_from(uint32_t from) const noexcept {
    const uint32_t index = from / 64;
    const uint32_t shift = from % 64;
    const uint64_t low = free_bits[index] >> shift;
    const bool has_more = shift != 0 && index + 1 < free_bits.size();
    return has_more ? low | free_bits[index + 1] << (64 - shift) : low;
  }
  // Makes so many units, all free or all used, the other.
  void flip(uint32_t from, uint32_t units) noexcept {
    const uint64_t bits = (uint64_t{1} << units) - 1;
    const uint32_t shift = from % 64;
    free_bits[from / 64] ^= bits << shift;
    if (shift + units > 64) free_bits[from / 64 + 1] ^= bits >> (64 - shift);
  }
  // Where the first free run of so many units begins, or piece_units.
  uint32_t find_run(uint32_t units) const noexcept {
    uint32_t from = 0;
    while (from + units <= piece_units) {
      const uint64_t bits = bits_from(from);
      const auto used = static_cast<uint32_t>(std::countr_zero(bits));
      if (used != 0) {
        from += used;
        continue;
      }
      const auto free = static_cast<uint32_t>(std::countr_one(bits));
      if (free >= units) return from;
      from += free;
    }
    return piece_units;
  }
  // The length of the free run that this unit lies in, counted up to units_max to either side.
  uint32_t run_around(uint32_t at) const noexcept {
    const uint32_t before = std::min(at, units_max);
    const uint64_t left = bits_from(at - before) << (64 - before - 1);
    return static_cast<uint32_t>(std::countl_one(left) + std::countr_one(bits_from(at))) - 1;
  }
};
static_assert(sizeof(Piece) == unit);
static_assert(2 * units_max < 64 && sizeof(Piece) * chunk_pieces <= piece_size);

// REQUIRES for all functions: the mutex.
class Chunks {
 public:
  // A chain of up to `count` blocks, shorter or empty (null) without memory.
  FreeBlock* take(uint32_t units, uint32_t count) noexcept {
    FreeBlock* taken = nullptr;
    while (count != 0) {
      Piece* const piece = piece_for(units);
      if (piece == nullptr) break;
      uint32_t from = piece_units;
      while (count != 0 && (from = piece->find_run(units)) != piece_units) {
        piece->flip(from, units);
        piece->free_units -= units;
        free_units_ -= units;
        taken = new (memory_of(*piece) + from * unit) FreeBlock{taken};
        count--;
      }
      relist(*piece, from == piece_units ? units - 1 : std::min(piece->fits, units_max));
    }
    return taken;
  }

  // Takes the blocks of a chain back.
  void give(FreeBlock* block, uint32_t units) noexcept {
    while (block != nullptr) give_one(std::exchange(block, block->next), units);
  }

  size_t bytes_held() const noexcept {
    return chunk_count_ * chunk_size - dropped_count_ * piece_size;
  }

 private:
  struct Chunk {
    std::array<Piece, chunk_pieces> pieces;
    uint32_t free_count = 0;  // pieces that are all free, dropped or not
  };
  static_assert(sizeof(Chunk) <= piece_size);

  static Chunk& chunk_of(const void* address) noexcept {
    return *reinterpret_cast<Chunk*>(reinterpret_cast<uintptr_t>(address) & ~(chunk_size - 1));
  }
  static std::byte* memory_of(Piece& piece) noexcept {
    Chunk& chunk = chunk_of(&piece);
    return reinterpret_cast<std::byte*>(&chunk) +
           static_cast<size_t>(&piece - chunk.pieces.data()) * piece_size;
  }

  // One with as little more than that as there is, or a new one; null without memory.
  Piece* piece_for(uint32_t units) noexcept {
    uint64_t fitting = lists_with_pieces_ >> units << units;
    if (fitting == 0) {
      if (!add_chunk()) return nullptr;
      fitting = lists_with_pieces_ >> units << units;
    }
    Piece* const piece = lists_[static_cast<size_t>(std::countr_zero(fitting))];
    if (piece->fits == Piece::dropped) {
      dropped_count_--;
      free_units_ += piece_units;
    }
    if (piece->fits > units_max) chunk_of(piece).free_count--;
    return piece;
  }

  bool add_chunk() noexcept {
    std::byte* const memory = os::map_pages(
        chunk_size, chunk_count_ < small_page_chunks ? os::PageSize::small : os::PageSize::huge);
    if (memory == nullptr) return false;
    auto* const chunk = new (memory) Chunk;
    for (uint32_t i = chunk_pieces; i-- > 1;) {
      chunk->pieces[i].free_bits.fill(UINT64_MAX);
      list(chunk->pieces[i], Piece::all_free);
    }
    chunk->free_count = chunk_pieces - 1;
    chunk_count_++;
    free_units_ += size_t{chunk->free_count} * piece_units;
    return true;
  }

  void give_one(FreeBlock* block, uint32_t units) noexcept {
    Chunk& chunk = chunk_of(block);
    const auto offset = static_cast<size_t>(reinterpret_cast<std::byte*>(block) -
                                            reinterpret_cast<std::byte*>(&chunk));
    Piece& piece = chunk.pieces[offset / piece_size];
    const auto from = static_cast<uint32_t>(offset % piece_size / unit);
    piece.flip(from, units);
    piece.free_units += units;
    free_units_ += units;
    if (piece.free_units == piece_units) {
      relist(piece, Piece::all_free);
      chunk.free_count++;
      while (has_much_free() && lists_[Piece::all_free] != nullptr) drop(*lists_[Piece::all_free]);
    } else if (const uint32_t run = std::min(piece.run_around(from), units_max); run > piece.fits) {
      relist(piece, run);
    }
  }

  bool has_much_free() const noexcept {
    const size_t all_units = (chunk_count_ * (chunk_pieces - 1) - dropped_count_) * piece_units;
    return free_units_ > reserve_bytes / unit + (all_units - free_units_) / 8;
  }
  // Gives the memory of a piece that is all free, or of all pieces of its chunk, back to the
  // system.
  void drop(Piece& piece) noexcept {
    Chunk& chunk = chunk_of(&piece);
    if (chunk.free_count != chunk_pieces - 1) {
      relist(piece, Piece::dropped);
      dropped_count_++;
      free_units_ -= piece_units;
      return os::drop_pages(memory_of(piece), piece_size);
    }
    for (uint32_t i = 1; i < chunk_pieces; i++) {
      if (chunk.pieces[i].fits == Piece::dropped) {
        dropped_count_--;
      } else {
        free_units_ -= piece_units;
      }
      unlist(chunk.pieces[i]);
    }
    chunk_count_--;
    os::unmap_pages(reinterpret_cast<std::byte*>(&chunk), chunk_size);
  }

  void list(Piece& piece, uint32_t fits) noexcept {
    piece.fits = fits;
    piece.previous = nullptr;
    piece.next = lists_[fits];
    if (piece.next != nullptr) piece.next->previous = &piece;
    lists_[fits] = &piece;
    lists_with_pieces_ |= uint64_t{1} << fits;
  }
  void unlist(Piece& piece) noexcept {
    (piece.previous == nullptr ? lists_[piece.fits] : piece.previous->next) = piece.next;
    if (piece.next != nullptr) piece.next->previous = piece.previous;
    if (lists_[piece.fits] == nullptr) lists_with_pieces_ &= ~(uint64_t{1} << piece.fits);
  }
  void relist(Piece& piece, uint32_t fits) noexcept {
    unlist(piece);
    list(piece, fits);
  }

  std::array<Piece*, Piece::dropped + 1> lists_{};  // by Piece::fits; the first is never searched
  uint64_t lists_with_pieces_ = 0;                  // a bit for each
  size_t chunk_count_ = 0;
  size_t dropped_count_ = 0;  // pieces
  size_t free_units_ = 0;     // of pieces that are not dropped
};

// ---- What a thread keeps --------------------------------------------------------------------

// Blocks that a thread gets at a time, and the most of one size that it keeps: retired ones come by
// the hundred, and large ones only from large maps.
constexpr uint32_t batch = 16;
constexpr uint32_t kept_max(uint32_t units) noexcept {
  return units <= 17 ? 64 : 16;
}

// The free blocks of one size.
struct CachedBlocks {
  FreeBlock* first = nullptr;
  uint32_t count = 0;

  void push(FreeBlock* block) noexcept {
    block->next = first;
    first = block;
    count++;
  }
  FreeBlock* pop() noexcept {
    count--;
    return std::exchange(first, first->next);
  }
};
using ThreadCache = std::array<CachedBlocks, units_max + 1>;  // by size

// Neither is ever destroyed: nodes come and go until the process ends.
constinit std::mutex mutex;
constinit Chunks chunks;
constinit NodePool::Permit permit = nullptr;

void lock() {
  mutex.lock();
}
void unlock() {
  mutex.unlock();
}
// With the library: at the first use a fork could come in the middle. A failure leaves only a
// forked child worse off: it may find the mutex locked for ever.
[[maybe_unused]] const bool handlers_added = pthread_atfork(lock, unlock, unlock) == 0;

// Null before the first use, without memory, and when nobody would give the blocks back.
STAVE_FAST_THREAD_LOCAL ThreadCache* thread_cache = nullptr;

// At the end of a thread.
void give_back_thread_cache() noexcept {
  ThreadCache* const cache = std::exchange(thread_cache, nullptr);
  if (cache == nullptr) return;
  const std::lock_guard lock(mutex);
  for (uint32_t units = 1; units < cache->size(); units++)
    chunks.give((*cache)[units].first, units);
  delete cache;
}

[[gnu::noinline]] ThreadCache* make_thread_cache() noexcept {
  if (!sync::will_give_back(sync::ExitStage::caches, give_back_thread_cache)) return nullptr;
  thread_cache = new (std::nothrow) ThreadCache;
  return thread_cache;
}

[[gnu::noinline]] void* allocate_from_chunks(uint32_t units) noexcept {
  ThreadCache* const cache = thread_cache != nullptr ? thread_cache : make_thread_cache();
  const std::lock_guard lock(mutex);
  FreeBlock* block = chunks.take(units, cache == nullptr ? 1 : batch);
  if (block == nullptr) return nullptr;
  for (FreeBlock* other = block->next; other != nullptr;)
    (*cache)[units].push(std::exchange(other, other->next));
  return block;
}

// A thread that only frees has no cache, or soon a full one.
[[gnu::noinline]] void free_to_chunks(FreeBlock* block, uint32_t units) noexcept {
  block->next = nullptr;
  if (thread_cache != nullptr) {
    CachedBlocks& cached = (*thread_cache)[units];
    while (cached.count > kept_max(units) / 2) {
      FreeBlock* const other = cached.pop();
      other->next = block;
      block = other;
    }
  }
  const std::lock_guard lock(mutex);
  chunks.give(block, units);
}

}  // namespace

void* NodePool::allocate(uint32_t units) noexcept {
  if (permit != nullptr && !permit()) [[unlikely]]
    return nullptr;
  if (STAVE_NODES_FROM_NEW)
    return ::operator new (units* unit, std::align_val_t{unit}, std::nothrow);
  if (thread_cache != nullptr && (*thread_cache)[units].count != 0) [[likely]]
    return (*thread_cache)[units].pop();
  return allocate_from_chunks(units);
}

void NodePool::free(void* block, uint32_t units) noexcept {
  if (STAVE_NODES_FROM_NEW) return ::operator delete (block, std::align_val_t{unit});
  auto* const free_block = static_cast<FreeBlock*>(block);
  if (thread_cache != nullptr && (*thread_cache)[units].count < kept_max(units)) [[likely]]
    return (*thread_cache)[units].push(free_block);
  free_to_chunks(free_block, units);
}

size_t NodePool::bytes_held() noexcept {
  const std::lock_guard lock(mutex);
  return chunks.bytes_held();
}

void NodePool::ask(Permit new_permit) noexcept {
  permit = new_permit;
}

}  // namespace stave::cow_map
