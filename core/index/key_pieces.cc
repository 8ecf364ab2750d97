#include "core/index/key_pieces.h"

#include <algorithm>
#include <bit>
#include <new>

#include "core/os/chunk_memory.h"

namespace stave::index {

namespace {

constexpr size_t first_chunk = 4096;

}  // namespace

KeyPieces::~KeyPieces() {
  while (chunks_ != nullptr) drop(chunks_);
}

std::byte* KeyPieces::take(size_t size) noexcept {
  Free* const found = find(size);
  auto* const piece = reinterpret_cast<std::byte*>(found != nullptr ? found : add_chunk(size));
  if (piece == nullptr) return nullptr;
  const size_t has = unlink(piece);
  std::byte* const behind = piece + size;
  if (has > size)
    make_free(behind, has - size);
  else
    set_word(behind, word_of(behind) & ~previous_is_free);
  // The piece before it is not free: they would be one.
  new (piece) Head;
  return piece;
}

void KeyPieces::give_back(std::byte* piece, size_t size) noexcept {
  if (std::byte* const behind = piece + size; (word_of(behind) & is_free) != 0)
    size += unlink(behind);
  if ((word_of(piece) & previous_is_free) != 0) {
    const size_t before = size_before(piece);
    piece -= before;
    size += unlink(piece);
  }
  if (const uint64_t end = word_of(piece + size); (end & is_end) != 0) {
    auto* const chunk = reinterpret_cast<Chunk*>(end & ~flags);
    // A chunk that comes and goes stays, unless as much is free elsewhere.
    if (piece == first_piece(chunk) && free_bytes_ >= chunk->size) return drop(chunk);
  }
  make_free(piece, size);
}

void KeyPieces::drop_free_chunks() noexcept {
  for (Chunk* chunk = chunks_; chunk != nullptr;) {
    Chunk* const next = chunk->next;
    std::byte* const piece = first_piece(chunk);
    const uint64_t word = word_of(piece);
    if ((word & is_free) != 0 && (word_of(piece + (word & ~flags)) & is_end) != 0) {
      unlink(piece);
      drop(chunk);
    }
    chunk = next;
  }
}

// ---- Pieces ------------------------------------------------------------------------------------

// Relaxed, both: all changes are made by one thread at a time, and flags mean nothing to others.
uint64_t KeyPieces::word_of(const std::byte* piece) noexcept {
  return reinterpret_cast<const Head*>(piece)->word.load(std::memory_order_relaxed);
}
void KeyPieces::set_word(std::byte* piece, uint64_t word) noexcept {
  reinterpret_cast<Head*>(piece)->word.store(word, std::memory_order_relaxed);
}

uint64_t& KeyPieces::size_before(std::byte* piece) noexcept {
  return *reinterpret_cast<uint64_t*>(piece - sizeof(uint64_t));
}

// By units, from 1 KiB on by quarters of a doubling.
size_t KeyPieces::list_of(size_t size) noexcept {
  if (size <= exact_max) return size / unit;
  constexpr size_t first_shift = std::bit_width(exact_max) - 1;
  const size_t shift = static_cast<size_t>(std::bit_width(size)) - 1;
  return exact_max / unit + 1 + (shift - first_shift) * 4 + (size >> (shift - 2)) % 4;
}

KeyPieces::Free* KeyPieces::make_free(std::byte* piece, size_t size) noexcept {
  const size_t list = list_of(size);
  Free* const next = free_[list];
  auto* const free = new (piece) Free{{0, size | is_free}, next};
  if (next != nullptr) next->first = reinterpret_cast<uintptr_t>(free);
  free_[list] = free;
  not_empty_[list / 64] |= uint64_t{1} << (list % 64);
  free_bytes_ += size;
  std::byte* const behind = piece + size;
  size_before(behind) = size;
  set_word(behind, word_of(behind) | previous_is_free);
  return free;
}

size_t KeyPieces::unlink(std::byte* piece) noexcept {
  const auto* const free = reinterpret_cast<const Free*>(piece);
  const size_t size = word_of(piece) & ~flags;
  if (free->next != nullptr) free->next->first = free->first;
  if (auto* const before = reinterpret_cast<Free*>(free->first); before != nullptr) {
    before->next = free->next;
  } else {
    const size_t list = list_of(size);
    free_[list] = free->next;
    if (free->next == nullptr) not_empty_[list / 64] &= ~(uint64_t{1} << (list % 64));
  }
  free_bytes_ -= size;
  return size;
}

KeyPieces::Free* KeyPieces::first_from(size_t list) const noexcept {
  for (size_t i = list / 64; i < not_empty_.size(); i++) {
    const uint64_t from = i == list / 64 ? ~uint64_t{0} << (list % 64) : ~uint64_t{0};
    if (const uint64_t bits = not_empty_[i] & from; bits != 0)
      return free_[i * 64 + static_cast<size_t>(std::countr_zero(bits))];
  }
  return nullptr;
}

// Of exactly this size, or so large that what is left of it is a piece.
KeyPieces::Free* KeyPieces::find(size_t size) const noexcept {
  const size_t list = list_of(size);
  if (Free* const piece = free_[list]; piece != nullptr) {
    const size_t has = word_of(reinterpret_cast<const std::byte*>(piece)) & ~flags;
    if (has == size || has >= size + smallest) return piece;
  }
  // All in a list that begins at this size or behind it are large enough.
  const size_t divided = size + smallest;
  const size_t from = list_of(divided);
  return first_from(divided <= exact_max ? from : from + 1);
}

// ---- Chunks ------------------------------------------------------------------------------------

// A quarter of what there is, within limits: huge pages soon, and little lost when the keys stop
// coming.
KeyPieces::Free* KeyPieces::add_chunk(size_t piece) noexcept {
  const size_t needed = sizeof(Chunk) + piece + smallest + sizeof(Head);
  const size_t wanted = std::bit_ceil(std::max<size_t>(needed, bytes_ / 4));
  const size_t size =
      std::max(std::bit_ceil(needed), std::clamp(wanted, first_chunk, os::huge_page_size));
  std::byte* const memory = os::allocate_chunk(size);
  if (memory == nullptr) return nullptr;
  auto* const chunk = new (memory) Chunk{nullptr, chunks_, size};
  if (chunks_ != nullptr) chunks_->previous = chunk;
  chunks_ = chunk;
  bytes_ += size;
  std::byte* const end = memory + size - sizeof(Head);
  new (end) Head{0, reinterpret_cast<uintptr_t>(chunk) | is_end};
  return make_free(first_piece(chunk), static_cast<size_t>(end - first_piece(chunk)));
}

// Its pieces are in no list, or the lists are not used any more.
void KeyPieces::drop(Chunk* chunk) noexcept {
  (chunk->previous != nullptr ? chunk->previous->next : chunks_) = chunk->next;
  if (chunk->next != nullptr) chunk->next->previous = chunk->previous;
  bytes_ -= chunk->size;
  os::free_chunk(reinterpret_cast<std::byte*>(chunk), chunk->size);
}

}  // namespace stave::index
