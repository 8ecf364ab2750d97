#include "core/cow_map/node_chunks.h"

#include <algorithm>
#include <bit>
#include <new>

namespace stave::cow_map {

NodeChunks::Chunk& NodeChunks::chunk_of(const void* address) noexcept {
  return *reinterpret_cast<Chunk*>(reinterpret_cast<uintptr_t>(address) & ~(chunk_size - 1));
}

// The first unit in [from, end) that is free, or that is not; `end` without one.
uint32_t NodeChunks::next_bit(const Chunk& chunk, uint32_t from, uint32_t end, bool free) noexcept {
  while (from < end) {
    const uint64_t word = chunk.free_bits[from / word_units];
    const uint64_t wanted = (free ? word : ~word) >> (from % word_units);
    if (wanted != 0) return std::min(end, from + static_cast<uint32_t>(std::countr_zero(wanted)));
    from = (from / word_units + 1) * word_units;
  }
  return end;
}

// The first free run of so many units, or chunk_units.
uint32_t NodeChunks::find_run(const Chunk& chunk, uint32_t from, uint32_t units) noexcept {
  for (;;) {
    const uint32_t first = next_bit(chunk, from, chunk_units, true);
    if (first + units > chunk_units) return chunk_units;
    from = next_bit(chunk, first, first + units, false);
    if (from == first + units) return first;
  }
}

void NodeChunks::mark(Chunk& chunk, uint32_t from, uint32_t units, bool free) noexcept {
  const uint64_t bits = (uint64_t{1} << units) - 1;
  const uint32_t shift = from % word_units;
  uint64_t* const word = &chunk.free_bits[from / word_units];
  word[0] = free ? word[0] | bits << shift : word[0] & ~(bits << shift);
  if (shift + units <= word_units) return;
  const uint64_t rest = bits >> (word_units - shift);
  word[1] = free ? word[1] | rest : word[1] & ~rest;
}

FreeBlock* NodeChunks::take(uint32_t units, uint32_t count) noexcept {
  FreeBlock* taken = nullptr;
  uint32_t searches_left = searches_max;
  while (count != 0) {
    const uint32_t found =
        current_ == nullptr ? chunk_units : find_run(*current_, searched_[units], units);
    if (found == chunk_units) {
      // A new chunk has some; and some are enough.
      if (searches_left == 0 || !next_current(searches_left == 1)) break;
      searches_left--;
      continue;
    }
    searched_[units] = found + units;
    mark(*current_, found, units, false);
    use_region(*current_, found);
    use_region(*current_, found + units - 1);
    current_->free_units -= units;
    free_units_ -= units;
    auto* const block = reinterpret_cast<FreeBlock*>(reinterpret_cast<std::byte*>(current_) +
                                                     found * NodePool::unit);
    block->next = taken;
    taken = block;
    count--;
  }
  return taken;
}

// Goes on to a chunk that is worth searching, or to a new one. False without memory.
bool NodeChunks::next_current(bool must_be_new) noexcept {
  Chunk* next = must_be_new ? nullptr : listed_;
  if (next != nullptr) {
    unlist(*next);
  } else {
    std::byte* const memory = os::map_pages(
        chunk_size, chunk_count_ < small_page_chunks ? os::PageSize::small : os::PageSize::huge);
    if (memory == nullptr) return false;
    next = new (memory) Chunk;
    next->free_units = chunk_units - header_units;
    next->free_bits.fill(UINT64_MAX);
    for (uint32_t unit = 0; unit < header_units; unit++) mark(*next, unit, 1, false);
    chunk_count_++;
    free_units_ += next->free_units;
  }
  if (current_ != nullptr && current_->freed_since_search >= worth_searching_units) list(*current_);
  next->freed_since_search = 0;
  current_ = next;
  searched_.fill(header_units);
  return true;
}

void NodeChunks::give(FreeBlock* blocks, uint32_t units) noexcept {
  while (blocks != nullptr) {
    FreeBlock* const next = blocks->next;
    give_one(blocks, units);
    blocks = next;
  }
}

void NodeChunks::give_one(FreeBlock* block, uint32_t units) noexcept {
  Chunk& chunk = chunk_of(block);
  const auto first = static_cast<uint32_t>(
      (reinterpret_cast<std::byte*>(block) - reinterpret_cast<std::byte*>(&chunk)) /
      static_cast<ptrdiff_t>(NodePool::unit));
  mark(chunk, first, units, true);
  chunk.free_units += units;
  chunk.freed_since_search += units;
  free_units_ += units;
  if (&chunk == current_) return;
  const size_t used_units = chunk_count_ * chunk_units - free_units_;
  const bool much_is_free = free_units_ > chunk_units + used_units / 8;
  if (much_is_free && chunk.free_units == chunk_units - header_units) {
    if (chunk.is_listed) unlist(chunk);
    free_units_ -= chunk.free_units;
    dropped_bytes_ -= chunk.dropped_regions.count() * region_size;
    chunk_count_--;
    return os::unmap_pages(reinterpret_cast<std::byte*>(&chunk), chunk_size);
  }
  if (!chunk.is_listed && chunk.freed_since_search >= worth_searching_units) list(chunk);
  if (much_is_free) {
    drop_region(chunk, first);
    drop_region(chunk, first + units - 1);
  }
}

void NodeChunks::list(Chunk& chunk) noexcept {
  chunk.is_listed = true;
  chunk.previous = nullptr;
  chunk.next = listed_;
  if (listed_ != nullptr) listed_->previous = &chunk;
  listed_ = &chunk;
}

void NodeChunks::unlist(Chunk& chunk) noexcept {
  chunk.is_listed = false;
  (chunk.previous == nullptr ? listed_ : chunk.previous->next) = chunk.next;
  if (chunk.next != nullptr) chunk.next->previous = chunk.previous;
}

// Gives the memory of the region around a unit back, if all of it is free.
void NodeChunks::drop_region(Chunk& chunk, uint32_t unit) noexcept {
  const uint32_t region = unit / region_units;
  const uint32_t end = (region + 1) * region_units;
  if (chunk.dropped_regions[region]) return;
  if (next_bit(chunk, end - region_units, end, false) != end) return;
  os::drop_pages(reinterpret_cast<std::byte*>(&chunk) + region * region_size, region_size);
  chunk.dropped_regions[region] = true;
  dropped_bytes_ += region_size;
}

void NodeChunks::use_region(Chunk& chunk, uint32_t unit) noexcept {
  if (!chunk.dropped_regions[unit / region_units]) return;
  chunk.dropped_regions[unit / region_units] = false;
  dropped_bytes_ -= region_size;
}

}  // namespace stave::cow_map
