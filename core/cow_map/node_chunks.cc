#include "core/cow_map/node_chunks.h"

#include <algorithm>
#include <bit>
#include <new>

namespace stave::cow_map {

NodeChunks::Chunk& NodeChunks::chunk_of(const void* address) noexcept {
  return *reinterpret_cast<Chunk*>(reinterpret_cast<uintptr_t>(address) & ~(chunk_size - 1));
}

bool NodeChunks::is_free(const Chunk& chunk, uint32_t from, uint32_t end) noexcept {
  return std::all_of(chunk.free_bits.begin() + from / word_units,
                     chunk.free_bits.begin() + end / word_units,
                     [](uint64_t word) { return word == UINT64_MAX; });
}

// Where in `low`, of which `high` is the continuation, so many set bits one behind the other begin:
// a bit for each. At most 63.
uint64_t NodeChunks::runs_in(uint64_t low, uint64_t high, uint32_t units) noexcept {
  // A bit stands for a run of `length` that begins with it.
  for (uint32_t length = 1; length < units;) {
    const uint32_t step = std::min(length, units - length);
    low &= low >> step | high << (word_units - step);
    high &= high >> step;
    length += step;
  }
  return low;
}

// The first free run of so many units, or chunk_units.
uint32_t NodeChunks::find_run(Chunk& chunk, uint32_t from, uint32_t units) noexcept {
  uint64_t wanted = ~uint64_t{0} << (from % word_units);
  for (uint32_t index = from / word_units; index < chunk_words; index++) {
    if (chunk.word_fits[index] >= units) {
      const uint64_t high = index + 1 == chunk_words ? 0 : chunk.free_bits[index + 1];
      const uint64_t runs = runs_in(chunk.free_bits[index], high, units);
      if ((runs & wanted) != 0)
        return index * word_units + static_cast<uint32_t>(std::countr_zero(runs & wanted));
      if (runs == 0) chunk.word_fits[index] = static_cast<uint8_t>(units - 1);
    }
    wanted = ~uint64_t{0};
  }
  return chunk_units;
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

void NodeChunks::mark_free(Chunk& chunk, uint32_t from, uint32_t units) noexcept {
  mark(chunk, from, units, true);
  // A run that has become longer begins here, or not far in front.
  const uint32_t first = (from - std::min(from, NodePool::units_max)) / word_units;
  for (uint32_t index = first; index <= (from + units - 1) / word_units; index++)
    chunk.word_fits[index] = NodePool::units_max;
}

FreeBlock* NodeChunks::take(uint32_t units, uint32_t count) noexcept {
  FreeBlock* taken = nullptr;
  for (uint32_t searches = 0; count != 0; searches++) {
    // Some are enough.
    if (searches >= searches_max && taken != nullptr) break;
    Chunk* const chunk = searches == searches_max ? add_chunk() : chunk_for(units);
    if (chunk == nullptr) break;
    count -= take_from(*chunk, units, count, taken);
  }
  return taken;
}

// Puts up to `count` blocks in front of a chain. Returns how many.
uint32_t NodeChunks::take_from(Chunk& chunk, uint32_t units, uint32_t count,
                               FreeBlock*& taken) noexcept {
  Search& search = searches_[units];
  if (search.chunk != &chunk) search = {&chunk, header_units};
  for (uint32_t number = 0; number < count; number++) {
    const uint32_t found = find_run(chunk, search.unit, units);
    if (found == chunk_units) {
      unlist(chunk);
      list(chunk, units - 1);
      return number;
    }
    search.unit = found + units;
    mark(chunk, found, units, false);
    use_region(chunk, found);
    use_region(chunk, found + units - 1);
    chunk.free_units -= units;
    free_units_ -= units;
    auto* const block =
        reinterpret_cast<FreeBlock*>(reinterpret_cast<std::byte*>(&chunk) + found * NodePool::unit);
    block->next = taken;
    taken = block;
  }
  return count;
}

// One with as little more than that as is known, or a new one; null without memory.
NodeChunks::Chunk* NodeChunks::chunk_for(uint32_t units) noexcept {
  const uint64_t fitting = lists_with_chunks_ >> units << units;
  return fitting != 0 ? lists_[static_cast<size_t>(std::countr_zero(fitting))] : add_chunk();
}

NodeChunks::Chunk* NodeChunks::add_chunk() noexcept {
  std::byte* const memory = os::map_pages(
      chunk_size, chunk_count_ < small_page_chunks ? os::PageSize::small : os::PageSize::huge);
  if (memory == nullptr) return nullptr;
  auto* const chunk = new (memory) Chunk;
  chunk->free_units = chunk_units - header_units;
  chunk->free_bits.fill(UINT64_MAX);
  chunk->word_fits.fill(NodePool::units_max);
  for (uint32_t unit = 0; unit < header_units; unit++) mark(*chunk, unit, 1, false);
  chunk_count_++;
  free_units_ += chunk->free_units;
  list(*chunk, NodePool::units_max);
  return chunk;
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
  mark_free(chunk, first, units);
  chunk.free_units += units;
  chunk.freed_since_search += units;
  free_units_ += units;
  const size_t used_units = chunk_count_ * chunk_units - free_units_;
  const bool much_is_free = free_units_ > reserve_units + used_units / 8;
  if (much_is_free && chunk.free_units == chunk_units - header_units) {
    unlist(chunk);
    free_units_ -= chunk.free_units;
    dropped_bytes_ -= chunk.dropped_regions.count() * region_size;
    chunk_count_--;
    return os::unmap_pages(reinterpret_cast<std::byte*>(&chunk), chunk_size);
  }
  if (chunk.freed_since_search >= worth_searching_units) {
    unlist(chunk);
    list(chunk, NodePool::units_max);
  }
  if (much_is_free) {
    drop_region(chunk, first);
    drop_region(chunk, first + units - 1);
  }
}

void NodeChunks::list(Chunk& chunk, uint32_t fits) noexcept {
  chunk.fits = fits;
  if (fits == NodePool::units_max) chunk.freed_since_search = 0;
  chunk.previous = nullptr;
  chunk.next = lists_[fits];
  if (chunk.next != nullptr) chunk.next->previous = &chunk;
  lists_[fits] = &chunk;
  lists_with_chunks_ |= uint64_t{1} << fits;
}

void NodeChunks::unlist(Chunk& chunk) noexcept {
  (chunk.previous == nullptr ? lists_[chunk.fits] : chunk.previous->next) = chunk.next;
  if (chunk.next != nullptr) chunk.next->previous = chunk.previous;
  if (lists_[chunk.fits] == nullptr) lists_with_chunks_ &= ~(uint64_t{1} << chunk.fits);
  // What is searched next in it, or in another one at its address, is searched from the start.
  for (Search& search : searches_) {
    if (search.chunk == &chunk) search = {};
  }
}

// Gives the memory of the region around a unit back, if all of it is free.
void NodeChunks::drop_region(Chunk& chunk, uint32_t unit) noexcept {
  const uint32_t region = unit / region_units;
  const uint32_t end = (region + 1) * region_units;
  if (chunk.dropped_regions[region]) return;
  if (!is_free(chunk, end - region_units, end)) return;
  os::drop_pages(reinterpret_cast<std::byte*>(&chunk) + region * region_size, region_size);
  chunk.dropped_regions[region] = true;
  chunk.drops++;
  dropped_bytes_ += region_size;
}

void NodeChunks::use_region(Chunk& chunk, uint32_t unit) noexcept {
  if (!chunk.dropped_regions[unit / region_units]) return;
  chunk.dropped_regions[unit / region_units] = false;
  dropped_bytes_ -= region_size;
  // The first region that was dropped has split the chunk's huge page.
  if (chunk.drops < drops_worth_collapsing || chunk.dropped_regions.any()) return;
  chunk.drops = 0;
  os::collapse_pages(reinterpret_cast<std::byte*>(&chunk), chunk_size);
}

}  // namespace stave::cow_map
