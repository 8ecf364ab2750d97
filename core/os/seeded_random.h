// Repeatable pseudo-random numbers for simulations (SplitMix64, Steele, Lea and Flood 2014).
#pragma once

#include <cstdint>

namespace stave::os {

class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed) noexcept : state_(seed) {}

  uint64_t next() noexcept {
    uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // In [0, bound); the bias of the remainder does not matter to a simulation. `bound` is not 0.
  uint64_t below(uint64_t bound) noexcept { return next() % bound; }
  bool coin() noexcept { return (next() >> 63) != 0; }

 private:
  uint64_t state_;
};

}  // namespace stave::os
