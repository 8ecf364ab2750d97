#include "core/cow_map/cursor.h"

#include <algorithm>
#include <cstring>

namespace stave::cow_map {

namespace {

// How many words in front of the walk are asked for.
constexpr uint32_t leaves_ahead = 2;

void prefetch(Word word) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(as_leaf(word));
  const size_t size = sizeof(Leaf) + leaf_groups(word) * sizeof(LeafGroup);
  for (size_t offset = 0; offset < size; offset += 64) __builtin_prefetch(bytes + offset);
}

}  // namespace

LeafWalk::LeafWalk(Word word) noexcept {
  if (word == 0) return;
  if (is_inner(word)) {
    levels_[depth_++] = {as_inner(word), 0};
  } else {
    first_ = as_leaf(word);
  }
}

Leaf* LeafWalk::next() noexcept {
  if (first_ != nullptr) return std::exchange(first_, nullptr);
  while (depth_ != 0) {
    Level& level = levels_[depth_ - 1];
    const uint32_t count = level.inner->count();
    if (level.next == count) {
      depth_--;
      continue;
    }
    std::atomic<Word>* const words = level.inner->words();
    const Word word = words[level.next++].load(std::memory_order_relaxed);
    while (level.next < count && words[level.next].load(std::memory_order_relaxed) == word)
      level.next++;
    if (word == 0) continue;
    if (is_inner(word)) {
      levels_[depth_++] = {as_inner(word), 0};
      continue;
    }
    // The leaves lie anywhere in memory: those behind come while this one is read.
    for (uint32_t ahead = level.next; ahead < std::min(level.next + leaves_ahead, count); ahead++) {
      const Word following = words[ahead].load(std::memory_order_relaxed);
      if (!is_inner(following)) prefetch(following);
    }
    return as_leaf(word);
  }
  return nullptr;
}

void Cursor::take_inside(uint32_t count, int64_t* keys, std::byte* values) noexcept {
  const uint32_t size = *inside_size();
  // Copies, which no store to the caller's arrays can change.
  Leaf* const leaf = leaf_;
  uint64_t live = live_;
  for (uint32_t i = 0; i < count; i++) {
    const LeafSlot& slot = leaf->slot(static_cast<uint32_t>(std::countr_zero(live)));
    live &= live - 1;
    // Relaxed: the snapshot came with everything in it.
    if (keys != nullptr) keys[i] = static_cast<int64_t>(slot.key.load(std::memory_order_relaxed));
    if (values == nullptr) continue;
    const uint64_t value = slot.value.load(std::memory_order_relaxed);
    if (size == sizeof value) {
      std::memcpy(values + size_t{i} * sizeof value, &value, sizeof value);
    } else {
      std::memcpy(values + size_t{i} * size, &value, size);
    }
  }
  live_ = live;
}

}  // namespace stave::cow_map
