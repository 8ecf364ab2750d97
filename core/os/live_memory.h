// Memory of a simulated file: grows in place, so that mappings of the file never move.
//
// A large range of addresses is reserved and its head made accessible as the file grows. As with a
// real mapping, touching a page wholly beyond the file's end kills the process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stave::os {

class LiveMemory {
 public:
  LiveMemory() = default;
  ~LiveMemory();
  LiveMemory(const LiveMemory&) = delete;
  LiveMemory& operator=(const LiveMemory&) = delete;

  std::byte* data() const noexcept { return data_; }
  uint64_t capacity() const noexcept { return capacity_; }

  // Reserves at least `capacity` bytes, moving the content when the reservation is smaller. False
  // when the system refuses.
  bool reserve(uint64_t capacity) noexcept;
  // Bytes [0, size) can be used; new ones are zeros. False beyond the capacity.
  bool extend(uint64_t size) noexcept;
  // Bytes from `size` on are zeros when they are used again.
  void shrink(uint64_t size) noexcept;

 private:
  std::byte* data_ = nullptr;
  uint64_t capacity_ = 0;
  uint64_t accessible_ = 0;  // a multiple of the page size
};

// Copy and comparison for bytes that other threads may be storing to through a mapping. The kernel
// reads such bytes without synchronization too; ThreadSanitizer is told not to mind.
void copy_racing(std::byte* to, const std::byte* from, size_t size) noexcept;
bool equal_racing(const std::byte* a, const std::byte* b, size_t size) noexcept;
bool zero_racing(const std::byte* bytes, size_t size) noexcept;

}  // namespace stave::os
