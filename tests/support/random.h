// A small, fast, portable pseudo-random generator for tests: the same seed gives the same run with
// every standard library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stave::test {

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) noexcept : state_(seed) {}

  uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, bound); the bias is far below what a test could see. `bound` is not 0.
  uint64_t below(uint64_t bound) noexcept { return next() % bound; }
  // In [low, high].
  uint64_t between(uint64_t low, uint64_t high) noexcept { return low + below(high - low + 1); }
  bool one_in(uint64_t bound) noexcept { return below(bound) == 0; }

  template <typename T, size_t N>
  const T& pick(const std::array<T, N>& choices) noexcept {
    return choices[below(N)];
  }
  template <typename T>
  T& pick(std::span<T> choices) noexcept {
    return choices[below(choices.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace stave::test
