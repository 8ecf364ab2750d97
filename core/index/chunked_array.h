// An array that grows without moving: chunks, each as large as all before it. Elements are valid
// when all their bytes are zero, and begin so.
//
// Thread safety: operator[] from any thread, for elements that the caller has learnt of by an
// acquire of something published after ensure(); ensure() from one thread at a time.
#pragma once

#include <algorithm>
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
  // The first chunk has 2^first_chunk_bits elements, at least 2.
  explicit ChunkedArray(unsigned first_chunk_bits) noexcept
      : first_chunk_(std::max(first_chunk_bits, 1U) - 1), end_(first_chunk_) {}
  ~ChunkedArray() {
    for (unsigned chunk = first_chunk_; chunk < end_; chunk++)
      free_chunk(reinterpret_cast<std::byte*>(bases_[chunk].load(std::memory_order_relaxed) +
                                              first_index(chunk) * sizeof(T)),
                 chunk_bytes(chunk));
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  T& operator[](uint64_t index) const noexcept {
    // Relaxed: stored before the element was published.
    const uintptr_t base = bases_[highest_bit(index)].load(std::memory_order_relaxed);
    return *reinterpret_cast<T*>(base + index * sizeof(T));
  }

  // Memory for the elements up to this one; false when there is none.
  bool ensure(uint64_t index) noexcept {
    while (end_ <= chunk_of(index)) {
      if (end_ == bases_.size()) return false;
      std::byte* const chunk = allocate_chunk(chunk_bytes(end_));
      if (chunk == nullptr) return false;
      // Where element 0 would be, if all chunks lay side by side: one addition less in operator[].
      const uintptr_t base = reinterpret_cast<uintptr_t>(chunk) - first_index(end_) * sizeof(T);
      // The first chunk also has the indices whose highest bit is a lower one.
      for (size_t bit = end_ == first_chunk_ ? 0 : end_; bit <= end_; bit++)
        bases_[bit].store(base, std::memory_order_relaxed);
      end_++;
    }
    return true;
  }

  // How many elements there is memory for. For the thread that calls ensure().
  uint64_t capacity() const noexcept { return end_ == first_chunk_ ? 0 : uint64_t{1} << end_; }

 private:
  // Chunk c holds the indices whose highest bit is bit c; the first one those below, too.
  unsigned chunk_of(uint64_t index) const noexcept {
    return std::max(static_cast<unsigned>(highest_bit(index)), first_chunk_);
  }
  static size_t highest_bit(uint64_t index) noexcept {
    return size_t{63} ^ static_cast<size_t>(static_cast<unsigned>(__builtin_clzll(index | 1)));
  }
  uint64_t first_index(unsigned chunk) const noexcept {
    return chunk == first_chunk_ ? 0 : uint64_t{1} << chunk;
  }
  size_t chunk_bytes(unsigned chunk) const noexcept {
    return (size_t{1} << (chunk == first_chunk_ ? chunk + 1 : chunk)) * sizeof(T);
  }

  static constexpr size_t kChunksMax = 44;
  const unsigned first_chunk_;
  unsigned end_;  // behind the last chunk that is there
  // By the highest bit of an index.
  std::array<std::atomic<uintptr_t>, kChunksMax> bases_{};
};

}  // namespace stave::index
