// The way back: leaves that merge, nodes that halve, after removals.
#include <algorithm>

#include "core/cow_map/trie.h"

namespace stave::cow_map {

namespace {

// Two neighbours with no more entries than this become one leaf, which has `depth` bits. Well below
// half of what it takes, so that a map which grows and shrinks around one size does not split and
// merge each time.
constexpr uint32_t merge_entries_max(uint32_t depth) noexcept {
  return leaf_buckets_max(depth) * 9 / 4;
}

// A leaf gets smaller when two buckets less, or more, would do.
bool is_loose(const Leaf& leaf, uint32_t depth) noexcept {
  return buckets_with_room(leaf.entries(), depth) + 2 <= leaf.form;
}

bool is_empty(Inner* inner) noexcept {
  for (uint32_t i = 0; i < inner->count(); i++) {
    // Relaxed: the writer's own node.
    if (inner->words()[i].load(std::memory_order_relaxed) != 0) return false;
  }
  return true;
}

}  // namespace

void Trie::tighten(const Leaf& leaf, uint64_t hash) noexcept {
  // What no depth has to do with.
  if (leaf.entries() > merge_entries_max(64) / 2 && !is_loose(leaf, 64)) return;
  Step step = Step::again;
  while (step == Step::again) {
    Place place;
    // All of the way is the map's own: a removal has just come down here.
    descend(hash, false, &place);
    step = tighten_step(place);
  }
}

// One step, `again` if it made another one possible, `ready` if there is nothing to do.
Trie::Step Trie::tighten_step(const Place& place) noexcept {
  const Word word = place.word();
  const Run run = run_of(place);
  const uint32_t depth = leaf_depth(place, run);
  if (word != 0) {
    Leaf* const leaf = as_leaf(word);
    const uint32_t entries = leaf->entries();
    if (entries > merge_entries_max(depth) / 2) {
      if (is_loose(*leaf, depth)) pack_leaf(place, buckets_with_room(entries, depth));
      return Step::ready;
    }
    if (entries == 0) {
      publish(place, run, 0);
      dropped(word);
      release(word, form_);
      return Step::again;
    }
    if (run.count == place.count() && place.depth != 0) {
      // The leaf has the node to itself: it takes its place.
      publish(*place.node_place, word);
      dropped(word_of(place.node));
      retire_shell(place.node);
      return Step::again;
    }
  }
  if (run.count < place.count() && (place.depth != 0 || run.count * 2 < place.count())) {
    const Step merged = merge(place, run);
    if (merged == Step::again) return merged;
  }
  if (place.bits > 1 && halve(place)) return Step::again;
  if (word != 0 && is_loose(*as_leaf(word), depth))
    pack_leaf(place, buckets_with_room(as_leaf(word)->entries(), depth));
  return Step::ready;
}

// The leaf, or the nothing, in `run` and its neighbour become one if they are small enough.
Trie::Step Trie::merge(const Place& place, Run run) noexcept {
  const uint32_t buddy = run.first ^ run.count;
  const Place neighbour = {place.node_place, place.node, place.bits, buddy, place.depth};
  const Word other_word = neighbour.word();
  const Word word = place.word();
  if (is_inner(other_word) || other_word == word) return Step::ready;
  for (uint32_t i = 0; i < run.count; i++) {
    if (place.node->words()[buddy + i].load(std::memory_order_relaxed) != other_word)
      return Step::ready;
  }
  const Run both = {std::min(run.first, buddy), run.count * 2};
  if (word == 0 || other_word == 0) {
    publish(place, both, word == 0 ? other_word : word);
    return Step::again;
  }
  Leaf* const leaf = as_leaf(word);
  Leaf* const other = as_leaf(other_word);
  const uint32_t entries = leaf->entries() + other->entries();
  const uint32_t depth = leaf_depth(place, both);
  if (entries > merge_entries_max(depth)) return Step::ready;
  const Built built = rebuilt({leaf, leaf->live}, {other, other->live},
                              {buckets_with_room(entries, depth)}, nullptr);
  if (!built.enough_memory) return Step::no_memory;
  Leaf* const merged = built.leaf;
  if (merged == nullptr) return Step::ready;
  made(word_of(merged));
  publish(place, both, word_of(merged));
  replaced(leaf);
  replaced(other);
  return Step::again;
}

// A node all of whose children stand in two words or more needs one bit less.
bool Trie::halve(const Place& place) noexcept {
  Inner* const node = place.node;
  for (uint32_t i = 0; i < node->count(); i += 2) {
    const Word word = node->words()[i].load(std::memory_order_relaxed);
    if (node->words()[i + 1].load(std::memory_order_relaxed) != word) return false;
  }
  Inner* const half = create_inner(node->form - 1u, token_);
  if (half == nullptr) return false;
  for (uint32_t i = 0; i < half->count(); i++) {
    half->words()[i].store(node->words()[size_t{2} * i].load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
  }
  made(word_of(half));
  dropped(word_of(node));
  publish(*place.node_place, word_of(half));
  retire_shell(node);
  return true;
}

bool Trie::pack_leaf(const Place& place, uint32_t buckets) noexcept {
  Leaf* const leaf = as_leaf(place.word());
  if (buckets >= leaf->form || leaf->live.empty()) return true;
  const Built packed = rebuilt({leaf, leaf->live}, {}, {buckets, leaf->form - 1u}, nullptr);
  if (!packed.enough_memory) return false;
  return packed.leaf == nullptr || replace_leaf(place, packed.leaf);
}

bool Trie::shrink() noexcept {
  const Word root = root_.load(std::memory_order_relaxed);
  // A node that is shared has children that are shared: making them smaller would make more memory
  // of it.
  return !owns(as_node(root)) || shrink_leaves(as_inner(root), 0);
}

bool Trie::shrink_leaves(Inner* inner, uint32_t depth) noexcept {
  bool enough_memory = true;
  for_each_child(inner, [&](Word child, uint32_t first) {
    if (!enough_memory || !owns(as_node(child))) return;
    if (is_inner(child)) {
      Inner* const below = as_inner(child);
      enough_memory = shrink_leaves(below, depth + inner->form);
      if (is_empty(below)) {
        publish(inner->words()[first], 0);
        dropped(child);
        retire_shell(below);
      }
      return;
    }
    enough_memory = pack_leaf({nullptr, inner, inner->form, first, depth},
                              buckets_for(as_leaf(child)->entries()));
  });
  return enough_memory;
}

}  // namespace stave::cow_map
