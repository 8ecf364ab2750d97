#include "core/os/testing/live_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace stave::os {

namespace {

constexpr uint64_t page_size = 4096;
// Addresses cost nothing; most files never have to move.
constexpr uint64_t capacity_min = uint64_t{256} << 20;

constexpr uint64_t round_up(uint64_t size) noexcept {
  return (size + page_size - 1) / page_size * page_size;
}

bool allow(const MemoryRange& range, uint64_t begin, uint64_t end, int access) noexcept {
  return ::mprotect(range.data + begin, end - begin, access) == 0;
}

// Ranges of capacity_min for the next files: all zeros, accessible or not.
class KeptRanges {
 public:
  static KeptRanges& instance() {
    // Never destroyed: files may end after it.
    static KeptRanges& kept = *new KeptRanges;
    return kept;
  }

  // The one that has to be changed least for so many accessible bytes, of which it has no more.
  MemoryRange take(uint64_t accessible) noexcept {
    const std::lock_guard lock(mutex_);
    MemoryRange* const end = ranges_.data() + count_;
    const auto cost = [&](const MemoryRange& range) {
      return range.accessible <= accessible ? accessible - range.accessible : range.accessible;
    };
    MemoryRange* const best = std::min_element(
        ranges_.data(), end,
        [&](const MemoryRange& a, const MemoryRange& b) { return cost(a) < cost(b); });
    if (best == end) return {};
    MemoryRange& range = *best;
    if (range.accessible > accessible) {
      if (!allow(range, accessible, range.accessible, PROT_NONE)) return {};
      range.accessible = accessible;
    }
    return std::exchange(range, ranges_[--count_]);
  }

  bool keep(const MemoryRange& range) noexcept {
    if (range.capacity != capacity_min || range.accessible > kept_bytes_max) return false;
    std::fill(range.data, range.data + range.accessible, std::byte{0});
    const std::lock_guard lock(mutex_);
    if (count_ == ranges_.size()) return false;
    ranges_[count_++] = range;
    return true;
  }

 private:
  static constexpr uint64_t kept_bytes_max = uint64_t{1} << 20;

  std::mutex mutex_;
  std::array<MemoryRange, 64> ranges_;
  size_t count_ = 0;
};

MemoryRange take_range(uint64_t capacity, uint64_t accessible) noexcept {
  if (capacity == capacity_min)
    if (const MemoryRange kept = KeptRanges::instance().take(accessible); kept.data != nullptr)
      return kept;
  void* const memory =
      ::mmap(nullptr, capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return {};
  return {static_cast<std::byte*>(memory), capacity, 0};
}

void give_back(const MemoryRange& range) noexcept {
  if (range.data != nullptr && !KeptRanges::instance().keep(range))
    ::munmap(range.data, range.capacity);
}

// Volatile keeps the compiler from making library calls, which ThreadSanitizer would see, out of
// the loops below.
using Word [[gnu::aligned(1), gnu::may_alias]] = uint64_t;

}  // namespace

LiveMemory::~LiveMemory() {
  give_back(range_);
}

bool LiveMemory::reserve(uint64_t capacity, uint64_t size) noexcept {
  if (capacity <= range_.capacity) return true;
  if (capacity > uint64_t{1} << 46) return false;
  const uint64_t used = std::max(round_up(size), range_.accessible);
  MemoryRange next = take_range(round_up(std::max(capacity, capacity_min)), used);
  if (next.data == nullptr) return false;
  std::swap(range_, next);
  const bool extended = extend(next.accessible);
  if (extended)
    copy_racing(range_.data, next.data, next.accessible);
  else
    std::swap(range_, next);
  give_back(next);
  return extended;
}

bool LiveMemory::extend(uint64_t size) noexcept {
  if (size <= range_.accessible) return true;
  if (size > range_.capacity) return false;
  const uint64_t end = round_up(size);
  if (!allow(range_, range_.accessible, end, PROT_READ | PROT_WRITE)) return false;
  range_.accessible = end;
  return true;
}

void LiveMemory::shrink(uint64_t size) noexcept {
  if (size >= range_.accessible) return;
  const uint64_t end = round_up(size);
  std::fill(range_.data + size, range_.data + range_.accessible, std::byte{0});
  if (end == range_.accessible) return;
  // If this fails the pages stay accessible: an access beyond the end goes unnoticed, no more.
  if (allow(range_, end, range_.accessible, PROT_NONE)) range_.accessible = end;
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
