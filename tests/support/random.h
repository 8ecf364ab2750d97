// Pseudo-random choices for tests: the same seed gives the same run with every standard library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/os/seeded_random.h"

namespace stave::test {

class Random : public os::SeededRandom {
 public:
  using os::SeededRandom::SeededRandom;

  // In [low, high].
  uint64_t between(uint64_t low, uint64_t high) noexcept { return low + below(high - low + 1); }
  bool one_in(uint64_t bound) noexcept { return below(bound) == 0; }
  template <typename T, size_t N>
  const T& pick(const std::array<T, N>& choices) noexcept {
    return choices[below(N)];
  }
};

}  // namespace stave::test
