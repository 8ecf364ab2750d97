// Memory for keys of any size: pieces cut from chunks, which become one again with their neighbours
// when they are given back. So what one size leaves serves all others, and chunks of which nothing
// is used go back to the system.
//
// Boundary tags (Knuth, The Art of Computer Programming 1, 2.5): the word at byte 8 of a piece says
// whether the piece is free and whether the one before it is; a free one keeps its size in that
// word and in its last one. Free pieces hang in lists by size, four to each doubling from 1 KiB on
// and exact below, as in TLSF (Masmano et al., 2004): a take or a give_back is a few steps, however
// many pieces there are. A take is served from the smallest list that has one large enough.
//
// Thread safety: one thread at a time. But as long as a piece is not free, its owner's part of the
// word may be read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stave::index {

class KeyPieces {
 public:
  // What each piece begins with. Its owner may use both words, but for the bits in `flags`.
  struct Head {
    uint64_t first = 0;
    std::atomic<uint64_t> word{0};
  };
  static constexpr uint64_t flags = 15;

  KeyPieces() noexcept = default;
  ~KeyPieces();
  KeyPieces(const KeyPieces&) = delete;
  KeyPieces& operator=(const KeyPieces&) = delete;

  // What so many bytes take.
  static constexpr size_t size_for(size_t bytes) noexcept {
    return bytes <= smallest ? smallest : (bytes + unit - 1) / unit * unit;
  }
  // Of a size that size_for() has answered, at most a megabyte. Its flags are zero. Null without
  // memory.
  std::byte* take(size_t size) noexcept;
  void give_back(std::byte* piece, size_t size) noexcept;
  // Gives back the chunks that are kept for what may come.
  void drop_free_chunks() noexcept;

  // Of all chunks.
  uint64_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr size_t unit = 16;
  static constexpr size_t smallest = 32;  // a free piece needs four words
  static constexpr size_t exact_max = 1024;
  static constexpr size_t lists = 112;

  // The flags.
  static constexpr uint64_t is_free = 1;
  static constexpr uint64_t previous_is_free = 2;
  static constexpr uint64_t is_end = 4;  // of a chunk: the word holds the address of its beginning

  struct Free : Head {  // first: the one before it in its list
    Free* next;
  };
  // In front of each chunk, of a cache line: pieces of 32 bytes then lie in one line each.
  struct alignas(64) Chunk {
    Chunk* previous;
    Chunk* next;
    size_t size;
  };

  static size_t list_of(size_t size) noexcept;
  static uint64_t word_of(const std::byte* piece) noexcept;
  static void set_word(std::byte* piece, uint64_t word) noexcept;
  // Also in the last word of the piece before.
  static uint64_t& size_before(std::byte* piece) noexcept;

  Free* find(size_t size) const noexcept;
  Free* first_from(size_t list) const noexcept;
  // Into its list, and known to the piece behind it. The one before it is not free.
  Free* make_free(std::byte* piece, size_t size) noexcept;
  // Out of its list. Answers its size.
  size_t unlink(std::byte* piece) noexcept;
  Free* add_chunk(size_t size) noexcept;
  static std::byte* first_piece(Chunk* chunk) noexcept {
    return reinterpret_cast<std::byte*>(chunk + 1);
  }
  void drop(Chunk* chunk) noexcept;

  std::array<Free*, lists> free_{};
  std::array<uint64_t, (lists + 63) / 64> not_empty_{};  // a bit for each list
  uint64_t free_bytes_ = 0;
  Chunk* chunks_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace stave::index
