#include "core/os/live_memory.h"

#include <sys/mman.h>

#include <algorithm>

namespace stave::os {

namespace {

constexpr uint64_t page_size = 4096;
// Addresses cost nothing; most files never have to move.
constexpr uint64_t capacity_min = uint64_t{256} << 20;

constexpr uint64_t round_up(uint64_t size) noexcept {
  return (size + page_size - 1) / page_size * page_size;
}

// Volatile keeps the compiler from making library calls, which ThreadSanitizer would see, out of
// the loops below.
using Word [[gnu::aligned(1), gnu::may_alias]] = uint64_t;

}  // namespace

LiveMemory::~LiveMemory() {
  if (data_) ::munmap(data_, capacity_);
}

bool LiveMemory::reserve(uint64_t capacity) noexcept {
  if (capacity <= capacity_) return true;
  if (capacity > uint64_t{1} << 46) return false;
  const uint64_t new_capacity = round_up(std::max(capacity, capacity_min));
  void* memory =
      ::mmap(nullptr, new_capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  auto* const new_data = static_cast<std::byte*>(memory);
  if (accessible_ > 0) {
    if (::mprotect(memory, accessible_, PROT_READ | PROT_WRITE) != 0) {
      ::munmap(memory, new_capacity);
      return false;
    }
    copy_racing(new_data, data_, accessible_);
  }
  if (data_) ::munmap(data_, capacity_);
  data_ = new_data;
  capacity_ = new_capacity;
  return true;
}

bool LiveMemory::extend(uint64_t size) noexcept {
  if (size <= accessible_) return true;
  if (size > capacity_) return false;
  const uint64_t end = round_up(size);
  if (::mprotect(data_ + accessible_, end - accessible_, PROT_READ | PROT_WRITE) != 0) return false;
  accessible_ = end;
  return true;
}

void LiveMemory::shrink(uint64_t size) noexcept {
  if (size >= accessible_) return;
  const uint64_t end = round_up(size);
  std::fill(data_ + size, data_ + end, std::byte{0});
  if (end == accessible_) return;
  // If this fails the pages stay accessible: an access beyond the end goes unnoticed, no more.
  static_cast<void>(::mmap(data_ + end, accessible_ - end, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
  accessible_ = end;
}

__attribute__((no_sanitize("thread"))) void copy_racing(std::byte* to, const std::byte* from,
                                                        size_t size) noexcept {
  size_t at = 0;
  for (; at + sizeof(Word) <= size; at += sizeof(Word))
    *reinterpret_cast<volatile Word*>(to + at) = *reinterpret_cast<const volatile Word*>(from + at);
  for (; at < size; at++)
    *const_cast<volatile std::byte*>(to + at) = *const_cast<const volatile std::byte*>(from + at);
}

__attribute__((no_sanitize("thread"))) bool equal_racing(const std::byte* a, const std::byte* b,
                                                         size_t size) noexcept {
  size_t at = 0;
  for (; at + sizeof(Word) <= size; at += sizeof(Word))
    if (*reinterpret_cast<const volatile Word*>(a + at) !=
        *reinterpret_cast<const volatile Word*>(b + at))
      return false;
  for (; at < size; at++)
    if (*const_cast<const volatile std::byte*>(a + at) !=
        *const_cast<const volatile std::byte*>(b + at))
      return false;
  return true;
}

__attribute__((no_sanitize("thread"))) bool zero_racing(const std::byte* bytes,
                                                        size_t size) noexcept {
  size_t at = 0;
  for (; at + sizeof(Word) <= size; at += sizeof(Word))
    if (*reinterpret_cast<const volatile Word*>(bytes + at) != 0) return false;
  for (; at < size; at++)
    if (*const_cast<const volatile std::byte*>(bytes + at) != std::byte{0}) return false;
  return true;
}

}  // namespace stave::os
