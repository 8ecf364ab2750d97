// A set of slots of one leaf, by position: a bit for each.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/cow_map/slots.h"

namespace stave::cow_map {

// A larger leaf costs more to copy, a smaller one more memory for headers and for words above it.
inline constexpr uint32_t buckets_max = 12;

class PositionSet {
 public:
  static constexpr uint32_t word_bits = 64;
  static constexpr uint32_t word_count = (buckets_max * bucket_slots + word_bits - 1) / word_bits;

  void insert(uint32_t position) noexcept { word_of(position) |= bit_of(position); }
  // Inserts if `condition` is 1, and not if it is 0, without a branch.
  void insert_if(uint64_t condition, uint32_t position) noexcept {
    word_of(position) |= condition << (position % word_bits);
  }
  // Inserts the first `count` slots of a bucket.
  void insert_first(uint32_t bucket, uint32_t count) noexcept {
    const uint32_t position = bucket * bucket_slots;
    word_of(position) |= ((uint64_t{1} << count) - 1) << (position % word_bits);
  }
  void erase(uint32_t position) noexcept { word_of(position) &= ~bit_of(position); }
  bool empty() const noexcept { return (words_[0] | words_[1]) == 0; }
  uint32_t count() const noexcept {
    return static_cast<uint32_t>(std::popcount(words_[0]) + std::popcount(words_[1]));
  }
  // The least position. REQUIRES: not empty().
  uint32_t first() const noexcept {
    const uint32_t word = words_[0] != 0 ? 0 : 1;
    return word * word_bits + static_cast<uint32_t>(std::countr_zero(words_[word]));
  }
  // Removes and returns first().
  uint32_t take_first() noexcept {
    const uint32_t position = first();
    word_of(position) &= word_of(position) - 1;
    return position;
  }
  // The slots of one bucket: 8 bits.
  uint32_t in_bucket(uint32_t bucket) const noexcept {
    const uint32_t position = bucket * bucket_slots;
    return static_cast<uint32_t>(words_[position / word_bits] >> (position % word_bits)) & 0xff;
  }
  // 64 positions, for loops over all of them.
  uint64_t word(uint32_t index) const noexcept { return words_[index]; }
  friend PositionSet operator-(PositionSet left, const PositionSet& right) noexcept {
    for (uint32_t i = 0; i < word_count; i++) left.words_[i] &= ~right.words_[i];
    return left;
  }

  // Calls `visit(position)` for each.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (uint32_t i = 0; i < word_count; i++) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1)
        visit(i * word_bits + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }

 private:
  static uint64_t bit_of(uint32_t position) noexcept {
    return uint64_t{1} << (position % word_bits);
  }
  uint64_t& word_of(uint32_t position) noexcept { return words_[position / word_bits]; }

  std::array<uint64_t, word_count> words_{};
};
static_assert(PositionSet::word_count == 2);

}  // namespace stave::cow_map
