#include "core/cow_map/leaf_builder.h"

#include <algorithm>

namespace stave::cow_map {

void LeafBuilder::add(Leaf* leaf, uint64_t positions) noexcept {
  for_each_position(positions, [&](uint32_t position) {
    const LeafSlot& slot = leaf->slot(position);
    // Relaxed: the writer reads what it, or a writer before it, has written.
    hashes_[entries_] = slot.hash.load(std::memory_order_relaxed);
    values_[entries_] = slot.value.load(std::memory_order_relaxed);
    entries_++;
  });
  count_ = entries_;
}

uint32_t LeafBuilder::fit(uint32_t lines) noexcept {
  for (; lines <= lines_max; lines++)
    if (fits(lines)) return lines;
  return 0;
}

bool LeafBuilder::fits(uint32_t lines) noexcept {
  std::array<uint8_t, lines_max> at_home{};
  for (uint32_t i = 0; i < count_; i++) at_home[home_line(hashes_[i], lines)]++;
  // The first line takes what the last one cannot: no more than is needed, so from nothing up.
  for (uint32_t from_last = 0;;) {
    uint32_t spilled = from_last;
    for (uint32_t line = 0; line < lines; line++) {
      kept_[line] = static_cast<uint8_t>(std::min<uint32_t>(at_home[line], line_slots - spilled));
      spilled = uint32_t{at_home[line]} - kept_[line];
      if (spilled > line_slots) return false;
    }
    if (spilled == from_last) return true;
    from_last = spilled;
  }
}

void LeafBuilder::write(Leaf* leaf) noexcept {
  const uint32_t lines = leaf->form;
  std::array<uint8_t, lines_max> filled{};
  for (uint32_t i = 0; i < entries_; i++) {
    uint32_t line = home_line(hashes_[i], lines);
    if (kept_[line] != 0) {
      kept_[line]--;
    } else {
      line = next_line(line, lines);
    }
    LeafSlot& slot = leaf->slot(line * line_slots + filled[line]++);
    slot.hash.store(hashes_[i], std::memory_order_relaxed);
    slot.value.store(values_[i], std::memory_order_relaxed);
  }
  const uint64_t empty = no_hash(hashes_[0]);
  leaf->live = 0;
  for (uint32_t line = 0; line < lines; line++) {
    for (uint32_t slot = filled[line]; slot < line_slots; slot++)
      leaf->slot(line * line_slots + slot).hash.store(empty, std::memory_order_relaxed);
    leaf->live |= ((uint64_t{1} << filled[line]) - 1) << (line * line_slots);
  }
  leaf->used = leaf->live;
}

}  // namespace stave::cow_map
