// Lays the entries of one leaf or two out in a new one.
//
// Each entry has two lines where it may lie (slots.h). Placed one after the other, each where it
// finds room, entries soon stand in each other's way; laid out together they fill more of the
// slots: line by line, what the line before could not take comes first, and what is more than there
// is room for goes on to the next.
#pragma once

#include <array>
#include <cstdint>

#include "core/cow_map/node.h"

namespace stave::cow_map {

class LeafBuilder {
 public:
  // At most lines_max * line_slots in all.
  void add(Leaf* leaf, uint64_t positions) noexcept;
  // An entry with this hash is to find an empty slot.
  void reserve(uint64_t hash) noexcept { hashes_[count_++] = hash; }

  // The fewest lines, `lines` or more, in which everything has a place; 0 when lines_max are not
  // enough.
  uint32_t fit(uint32_t lines) noexcept;
  // Whether there is a place for everything in so many lines.
  bool fits(uint32_t lines) noexcept;
  // Writes a new leaf, of as many lines as the last call of fit() or fits() has found enough.
  void write(Leaf* leaf) noexcept;

 private:
  static constexpr uint32_t slots_max = lines_max * line_slots;

  // The entries in the order of their coming, and behind them the hash to reserve for.
  std::array<uint64_t, slots_max + 1> hashes_;
  std::array<uint64_t, slots_max> values_;
  uint32_t entries_ = 0;
  uint32_t count_ = 0;
  std::array<uint8_t, lines_max> kept_;  // of the entries at home in a line, how many stay there
};

// Lines that leave some room when `entries` lie in them.
constexpr uint32_t lines_with_room(uint32_t entries) noexcept {
  return entries == 0 ? 1 : (entries * 13 + 10 * line_slots - 1) / (10 * line_slots);
}
// Lines that are nearly full.
constexpr uint32_t lines_for(uint32_t entries) noexcept {
  return entries == 0 ? 1 : (entries * 9 + 8 * line_slots - 1) / (8 * line_slots);
}

}  // namespace stave::cow_map
