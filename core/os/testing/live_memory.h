// Memory of a simulated file: grows in place, so that mappings of the file never move.
//
// A large range of addresses is reserved and its head made accessible as the file grows. As with a
// real mapping, touching a page wholly beyond the file's end kills the process.
//
// Ranges that are done with are kept for the next files, with their pages: tests make many small
// files, and the system takes ten times as long to make and unmake the tables of their pages as
// they take to fill them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::os {

struct MemoryRange {
  std::byte* data = nullptr;
  uint64_t capacity = 0;
  uint64_t accessible = 0;  // a multiple of the page size
};

class LiveMemory {
 public:
  LiveMemory() = default;
  ~LiveMemory();
  LiveMemory(const LiveMemory&) = delete;
  LiveMemory& operator=(const LiveMemory&) = delete;

  std::byte* data() const noexcept { return range_.data; }
  uint64_t capacity() const noexcept { return range_.capacity; }

  // Reserves at least `capacity` bytes, of which `size` will be used, moving the content when the
  // reservation is smaller. False when the system refuses.
  bool reserve(uint64_t capacity, uint64_t size) noexcept;
  // Bytes [0, size) can be used; new ones are zeros. False beyond the capacity.
  bool extend(uint64_t size) noexcept;
  // Bytes from `size` on are zeros when they are used again.
  void shrink(uint64_t size) noexcept;

 private:
  MemoryRange range_;
};

// Copy and comparison for bytes that other threads may be storing to through a mapping. The kernel
// reads such bytes without synchronization too; such reads are hidden from ThreadSanitizer.
void copy_racing(std::byte* to, const std::byte* from, size_t size) noexcept;
bool equal_racing(const std::byte* a, const std::byte* b, size_t size) noexcept;
bool zero_racing(const std::byte* bytes, size_t size) noexcept;

}  // namespace stave::os
