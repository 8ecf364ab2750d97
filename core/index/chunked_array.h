// An array that grows without moving: a first chunk, and then one or several chunks to each
// doubling. Elements are valid when all their bytes are zero, and begin so.
//
// `kPartBits`: each doubling comes in 2^kPartBits chunks. One is the fastest to find an element in;
// more leave less memory unused behind the last element. `kIndexBits`: of the largest index.
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

template <typename T, unsigned kPartBits = 0, unsigned kIndexBits = 44>
class ChunkedArray {
 public:
  // The first chunk has 2^first_chunk_bits elements, at least as many as there are places for one
  // by one.
  explicit ChunkedArray(unsigned first_chunk_bits) noexcept
      : first_chunk_bits_(std::max(first_chunk_bits, kPartBits + 1)) {}
  ~ChunkedArray() {
    uint64_t next = 0;
    while (next < capacity_) {
      const uint64_t elements = chunk_elements(next);
      const uintptr_t base = bases_[place(next)].load(std::memory_order_relaxed);
      free_chunk(reinterpret_cast<std::byte*>(base + next * sizeof(T)), chunk_bytes(elements));
      next += elements;
    }
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  T& operator[](uint64_t index) const noexcept {
    // Relaxed: stored before the element was published.
    const uintptr_t base = bases_[place(index)].load(std::memory_order_relaxed);
    return *reinterpret_cast<T*>(base + index * sizeof(T));
  }

  // Memory for the elements up to this one; false when there is none.
  bool ensure(uint64_t index) noexcept {
    while (capacity_ <= index) {
      if (capacity_ >> kIndexBits != 0) return false;
      const uint64_t elements = chunk_elements(capacity_);
      std::byte* const chunk = allocate_chunk(chunk_bytes(elements));
      if (chunk == nullptr) return false;
      // Where element 0 would be, if all chunks lay side by side: one addition less in operator[].
      const uintptr_t base = reinterpret_cast<uintptr_t>(chunk) - capacity_ * sizeof(T);
      // The first chunk has many places.
      const uint64_t last = capacity_ + elements - 1;
      for (size_t at = place(capacity_); at <= place(last); at++)
        bases_[at].store(base, std::memory_order_relaxed);
      capacity_ += elements;
    }
    return true;
  }

  // How many elements there is memory for. For the thread that calls ensure().
  uint64_t capacity() const noexcept { return capacity_; }

 private:
  // An index has its place by its highest bit and the kPartBits bits that follow that.
  static size_t place(uint64_t index) noexcept {
    const auto highest =
        static_cast<size_t>(63 ^ __builtin_clzll(index | uint64_t{1} << kPartBits));
    if constexpr (kPartBits == 0) return highest;
    const size_t shift = highest - kPartBits;
    return (shift << kPartBits) + static_cast<size_t>(index >> shift);
  }
  static constexpr size_t kPlaces = size_t{kIndexBits + 1 - kPartBits} << kPartBits;

  // Of the chunk that begins here.
  uint64_t chunk_elements(uint64_t begin) const noexcept {
    return begin == 0 ? uint64_t{1} << first_chunk_bits_ : std::bit_floor(begin) >> kPartBits;
  }
  // A power of two; what that leaves over behind the elements is not touched.
  static size_t chunk_bytes(uint64_t elements) noexcept {
    return std::bit_ceil(static_cast<size_t>(elements) * sizeof(T));
  }

  const unsigned first_chunk_bits_;
  uint64_t capacity_ = 0;
  std::array<std::atomic<uintptr_t>, kPlaces> bases_{};
};

}  // namespace stave::index
