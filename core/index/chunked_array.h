// An array that grows without moving: a small first chunk, and then four chunks to each doubling,
// or one where a doubling is large. Elements are valid when all their bytes are zero, and begin so.
//
// Four chunks to a doubling leave at most a quarter of the memory unused after the last element. A
// large doubling is one mapping: its huge pages cost memory only from their first use on.
//
// `kIndexBits`: of the largest index.
//
// Thread safety: operator[] from any thread, for elements that the caller has learnt of by an
// acquire of something published after ensure(); ensure() from one thread at a time; bytes() from
// any thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/os/chunk_memory.h"

namespace stave::index {

template <typename T, unsigned kIndexBits>
class ChunkedArray {
 public:
  ChunkedArray() noexcept = default;
  ~ChunkedArray() {
    for_each_chunk([this](uint64_t begin, uint64_t elements) {
      const uintptr_t base = bases_[chunk_of(begin)].load(std::memory_order_relaxed);
      os::free_chunk(reinterpret_cast<std::byte*>(base + begin * sizeof(T)), chunk_bytes(elements));
    });
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  T& operator[](uint64_t index) const noexcept {
    // Relaxed: stored before the element was published.
    const uintptr_t base = bases_[chunk_of(index)].load(std::memory_order_relaxed);
    return *reinterpret_cast<T*>(base + index * sizeof(T));
  }

  // Makes memory for the elements up to this one; false when there is none.
  bool ensure(uint64_t index) noexcept {
    for (uint64_t capacity = this->capacity(); capacity <= index; capacity = this->capacity()) {
      if (capacity >> kIndexBits != 0) return false;
      const uint64_t elements = chunk_elements(capacity);
      std::byte* const chunk = os::allocate_chunk(chunk_bytes(elements));
      if (chunk == nullptr) return false;
      // Where element 0 would be, if all chunks were adjacent: one addition less in operator[].
      const uintptr_t base = reinterpret_cast<uintptr_t>(chunk) - capacity * sizeof(T);
      const uint64_t last = capacity + elements - 1;
      for (size_t at = chunk_of(capacity); at <= chunk_of(last); at++)
        bases_[at].store(base, std::memory_order_relaxed);
      // Relaxed: for bytes(), which needs no more than the number.
      capacity_.store(capacity + elements, std::memory_order_relaxed);
    }
    return true;
  }

  // The memory in use while the first `used` elements are.
  uint64_t bytes(uint64_t used) const noexcept {
    uint64_t bytes = 0;
    for_each_chunk([&bytes, used](uint64_t begin, uint64_t elements) {
      const size_t size = chunk_bytes(elements);
      if (size < os::huge_page_size) {
        bytes += size;
      } else if (used > begin) {
        const uint64_t touched = std::min(used - begin, elements) * sizeof(T);
        bytes += (touched + os::huge_page_size - 1) / os::huge_page_size * os::huge_page_size;
      }
    });
    return bytes;
  }

 private:
  static constexpr unsigned kPartBits = 2;  // of a doubling that comes in parts
  static constexpr uint64_t kFirstChunk = uint64_t{2} << kPartBits;
  // A doubling of so much memory comes in one chunk.
  static constexpr uint64_t kMappingMin = 3 * uint64_t{os::huge_page_size};
  static constexpr size_t kChunks = size_t{kIndexBits + 1 - kPartBits} << kPartBits;

  // Position in bases_: by the index's highest bit and the kPartBits bits that follow it.
  static size_t chunk_of(uint64_t index) noexcept {
    const auto highest =
        static_cast<size_t>(63 ^ __builtin_clzll(index | uint64_t{1} << kPartBits));
    const size_t shift = highest - kPartBits;
    return (shift << kPartBits) + static_cast<size_t>(index >> shift);
  }

  // The number of elements of the chunk that begins at this index.
  static uint64_t chunk_elements(uint64_t begin) noexcept {
    if (begin == 0) return kFirstChunk;
    const uint64_t doubling = std::bit_floor(begin);
    return doubling * sizeof(T) >= kMappingMin ? doubling : doubling >> kPartBits;
  }
  static size_t chunk_bytes(uint64_t elements) noexcept {
    return os::chunk_size(static_cast<size_t>(elements) * sizeof(T));
  }

  uint64_t capacity() const noexcept { return capacity_.load(std::memory_order_relaxed); }
  template <typename Visit>
  void for_each_chunk(Visit visit) const noexcept {
    const uint64_t end = capacity();
    for (uint64_t begin = 0; begin < end; begin += chunk_elements(begin))
      visit(begin, chunk_elements(begin));
  }

  std::atomic<uint64_t> capacity_{0};
  std::array<std::atomic<uintptr_t>, kChunks> bases_{};
};

}  // namespace stave::index
