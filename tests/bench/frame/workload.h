// What the rows do: keys, their order, random choices. Everything is computed from numbers, the
// same ones for each system, so that a workload needs no memory of its own beside the system's.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/base/hash.h"
#include "core/os/seeded_random.h"

namespace stave::bench {

using Key8 = uint64_t;
using Key16 = std::array<uint64_t, 2>;

// A bijection of 64-bit numbers that looks random (the finalizer of SplitMix64).
inline uint64_t mixed(uint64_t number) noexcept {
  return os::SeededRandom(number).next();
}

// The key with this number. Different numbers have different keys.
template <typename Key>
Key key_of(uint64_t number) noexcept {
  if constexpr (std::is_same_v<Key, Key8>) {
    return mixed(number);
  } else {
    return {mixed(number), mixed(~number)};
  }
}
// Numbers of keys that are never put.
inline constexpr uint64_t absent_numbers_begin = uint64_t{1} << 40;

template <typename Key>
Bytes bytes_of(const Key& key) noexcept {
  return as_bytes(&key, sizeof key);
}

// The hash for systems that leave the choice to their user: the one that Stave uses.
template <typename Key>
struct KeyHash {
  size_t operator()(const Key& key) const noexcept { return hash64(bytes_of(key), 0); }
};

// Uniform in [0, bound), without the division of SeededRandom::below.
inline uint64_t uniform(os::SeededRandom& random, uint64_t bound) noexcept {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random.next()) * bound) >> 64);
}

// What is asked for, in its order. Computing it takes as long as some lookups, and keeps the
// processor from beginning the next one early, so it is done before.
template <typename Key>
struct Drawn {
  Key key;
  uint64_t number;
};
// `size` draws among the `count` numbers begin, begin + step, ...
template <typename Key>
std::vector<Drawn<Key>> draw_uniform(uint64_t size, uint64_t seed, uint64_t count,
                                     uint64_t begin = 0, uint64_t step = 1) {
  os::SeededRandom random(seed);
  std::vector<Drawn<Key>> draws(size);
  for (Drawn<Key>& drawn : draws) {
    drawn.number = begin + step * uniform(random, count);
    drawn.key = key_of<Key>(drawn.number);
  }
  return draws;
}

// A permutation of [0, count) that visits neighbours far apart: for removing in another order than
// that of insertion. The factor is a prime above every count.
inline uint64_t shuffled(uint64_t index, uint64_t count) noexcept {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(index) * 1'000'000'000'039u % count);
}

// Numbers in [0, count) with the popularity that YCSB gives them: rank r comes with probability
// proportional to 1 / r^0.99 (Gray et al., "Quickly Generating Billion-Record Synthetic Databases",
// 1994), and the ranks are scattered over the numbers.
class Zipf {
 public:
  static constexpr double exponent = 0.99;

  explicit Zipf(uint64_t count)
      : count_(count),
        zeta_(zeta(count)),
        eta_((1 - std::pow(2.0 / static_cast<double>(count), 1 - exponent)) /
             (1 - zeta(2) / zeta_)) {}

  uint64_t next(os::SeededRandom& random) const {
    const double u = static_cast<double>(random.next() >> 11) * 0x1p-53;
    const uint64_t rank = rank_of(u);
    return mixed(rank) % count_;
  }
  // `size` draws. Drawing costs more than what is measured, so it is done before.
  std::vector<uint32_t> draw(uint64_t size, uint64_t seed) const {
    os::SeededRandom random(seed);
    std::vector<uint32_t> numbers(size);
    for (uint32_t& number : numbers) number = static_cast<uint32_t>(next(random));
    return numbers;
  }

 private:
  static double zeta(uint64_t count) {
    double sum = 0;
    for (uint64_t rank = 1; rank <= count; rank++)
      sum += 1 / std::pow(static_cast<double>(rank), exponent);
    return sum;
  }
  uint64_t rank_of(double u) const {
    const double scaled = u * zeta_;
    if (scaled < 1) return 0;
    if (scaled < 1 + std::pow(0.5, exponent)) return 1;
    const double rank =
        static_cast<double>(count_) * std::pow(eta_ * u - eta_ + 1, 1 / (1 - exponent));
    return std::min(static_cast<uint64_t>(rank), count_ - 1);
  }

  uint64_t count_;
  double zeta_;
  double eta_;
};

}  // namespace stave::bench
