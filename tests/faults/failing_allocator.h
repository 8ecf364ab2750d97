// The program's operator new, which can be told to fail.
#pragma once

#include <cstdint>

namespace stave::test {

// While one lives, allocation number `first` of this thread, counted from 1, fails with bad_alloc,
// and with `forever` all later ones too.
class FailingAllocations {
 public:
  FailingAllocations(uint64_t first, bool forever) noexcept;
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  // Whether an allocation that does not go through operator new may be made; counts it.
  static bool permit() noexcept;

  // So far.
  static uint64_t allocations() noexcept;
  static uint64_t failures() noexcept;
};

}  // namespace stave::test
