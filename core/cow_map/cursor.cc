#include "core/cow_map/cursor.h"

namespace stave::cow_map {

namespace {

void prefetch(Leaf* leaf) noexcept {
  const auto* const bytes = reinterpret_cast<const char*>(leaf);
  for (size_t offset = 0; offset < sizeof(Leaf) + groups_max * sizeof(LeafGroup); offset += 64)
    __builtin_prefetch(bytes + offset);
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
    if (level.next == level.inner->count()) {
      depth_--;
      continue;
    }
    std::atomic<Word>* const words = level.inner->words();
    const Word word = words[level.next++].load(std::memory_order_relaxed);
    Word following = 0;
    while (level.next < level.inner->count() &&
           (following = words[level.next].load(std::memory_order_relaxed)) == word) {
      level.next++;
    }
    if (word == 0) continue;
    if (is_inner(word)) {
      levels_[depth_++] = {as_inner(word), 0};
      continue;
    }
    // The leaves lie anywhere in memory: the next one comes while this one is read.
    if (following != 0 && following != word && !is_inner(following)) prefetch(as_leaf(following));
    return as_leaf(word);
  }
  return nullptr;
}

}  // namespace stave::cow_map
