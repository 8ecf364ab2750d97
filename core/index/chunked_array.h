// An array that grows without moving: chunks, each as large as all before it. Elements are valid
// when all their bytes are zero, and begin so.
//
// Thread safety: operator[] from any thread, for elements that the caller has learnt of by an
// acquire of something published after ensure(); ensure() from one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/index/chunk_memory.h"

namespace stave::index {

template <typename T>
class ChunkedArray {
 public:
  explicit ChunkedArray(unsigned first_chunk_bits) noexcept : first_bits_(first_chunk_bits) {}
  ~ChunkedArray() {
    for (unsigned chunk = 0; chunk < chunks_; chunk++)
      free_chunk(reinterpret_cast<std::byte*>(bases_[chunk].load(std::memory_order_relaxed) +
                                              first_index(chunk) * sizeof(T)),
                 chunk_bytes(chunk));
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  T& operator[](uint64_t index) const noexcept {
    // Relaxed: stored before the element was published.
    const uintptr_t base = bases_[chunk_of(index)].load(std::memory_order_relaxed);
    return *reinterpret_cast<T*>(base + index * sizeof(T));
  }

  // Memory for the elements up to this one; false when there is none.
  bool ensure(uint64_t index) noexcept {
    while (chunks_ <= chunk_of(index)) {
      if (chunks_ == bases_.size()) return false;
      std::byte* const chunk = allocate_chunk(chunk_bytes(chunks_));
      if (chunk == nullptr) return false;
      // Where element 0 would be, if all chunks lay side by side: one addition less in operator[].
      const uintptr_t base = reinterpret_cast<uintptr_t>(chunk) - first_index(chunks_) * sizeof(T);
      bases_[chunks_].store(base, std::memory_order_relaxed);
      chunks_++;
    }
    return true;
  }

  // How many elements there is memory for. For the thread that calls ensure().
  uint64_t capacity() const noexcept {
    return chunks_ == 0 ? 0 : uint64_t{1} << (first_bits_ + chunks_ - 1);
  }

 private:
  unsigned chunk_of(uint64_t index) const noexcept {
    return static_cast<unsigned>(std::bit_width(index >> first_bits_));
  }
  uint64_t first_index(unsigned chunk) const noexcept {
    return chunk == 0 ? 0 : uint64_t{1} << (first_bits_ + chunk - 1);
  }
  size_t chunk_bytes(unsigned chunk) const noexcept {
    return (size_t{1} << (chunk == 0 ? first_bits_ : first_bits_ + chunk - 1)) * sizeof(T);
  }

  static constexpr size_t kChunksMax = 40;
  const unsigned first_bits_;
  unsigned chunks_ = 0;
  std::array<std::atomic<uintptr_t>, kChunksMax> bases_{};
};

}  // namespace stave::index
