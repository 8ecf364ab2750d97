#include "tests/faults/failing_allocator.h"

#include <cstdlib>
#include <new>

namespace stave::test {
namespace {

thread_local bool counting = false;
thread_local uint64_t count = 0;
thread_local uint64_t failed = 0;
thread_local uint64_t first_failing = 0;
thread_local bool fails_forever = false;

bool must_fail() noexcept {
  if (!counting) return false;
  count++;
  if (count != first_failing && !(fails_forever && count > first_failing)) return false;
  failed++;
  return true;
}

}  // namespace

FailingAllocations::FailingAllocations(uint64_t first, bool forever) noexcept {
  count = 0;
  failed = 0;
  first_failing = first;
  fails_forever = forever;
  counting = true;
}

FailingAllocations::~FailingAllocations() {
  counting = false;
}

bool FailingAllocations::permit() noexcept {
  return !must_fail();
}
uint64_t FailingAllocations::allocations() noexcept {
  return count;
}
uint64_t FailingAllocations::failures() noexcept {
  return failed;
}

}  // namespace stave::test

// NOLINTBEGIN(cppcoreguidelines-no-malloc): these are the functions that others call instead
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return stave::test::must_fail() ? nullptr : std::malloc(size == 0 ? 1 : size);
}

void* operator new(size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}

void* operator new(size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  void* const memory = stave::test::must_fail()
                           ? nullptr
                           : std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc)
