// How a trie gets smaller after removals: leaves merge, inner nodes halve.
#include <algorithm>
#include <array>

#include "core/cow_map/trie.h"

namespace stave::cow_map {

namespace {

// Two neighbours with no more entries than this in all merge into one leaf of this depth. With
// room, that is well below half of what a leaf takes, so that a map which grows and shrinks around
// one size does not split and merge each time.
constexpr uint32_t merge_entries_max(uint32_t depth, Fill fill) noexcept {
  const uint32_t buckets = leaf_buckets_max(depth);
  return fill == Fill::full ? buckets * bucket_slots * 3 / 4 : buckets * 9 / 4;
}

// Whether a leaf has at least two buckets more than it needs.
bool is_loose(const Leaf& leaf, uint32_t depth) noexcept {
  return buckets_with_room(leaf.entries(), depth) + 2 <= leaf.form;
}

bool is_empty(Inner* inner) noexcept {
  for (uint32_t i = 0; i < inner->count(); i++)
    if (inner->word(i) != 0) return false;
  return true;
}

}  // namespace

void Trie::tighten(const Leaf& leaf, uint64_t hash) noexcept {
  // Most often there is nothing to do at any depth.
  if (leaf.entries() > merge_entries_max(64, Fill::with_room) / 2 && !is_loose(leaf, 64)) return;
  Step step = Step::again;
  while (step == Step::again) {
    ChildRef child;
    // All nodes on the way are the map's own: the removal has just made them so.
    descend(hash, false, &child);
    step = tighten_step(child, Fill::with_room);
  }
}

// One step: `again` if it may have made another one possible, `ready` if there is nothing to do.
Trie::Step Trie::tighten_step(const ChildRef& child, Fill fill) noexcept {
  const Word word = child.word();
  const Run run = run_of(child);
  const uint32_t depth = leaf_depth(child, run);
  if (word != 0) {
    Leaf* const leaf = as_leaf(word);
    const uint32_t entries = leaf->entries();
    if (run.count == child.count() && child.depth != 0) {
      // The leaf is the only child of the node: it replaces the node.
      replace_inner(child, word);
      return Step::again;
    }
    if (entries > merge_entries_max(depth, fill) / 2) {
      if (is_loose(*leaf, depth)) pack_leaf(child, buckets_with_room(entries, depth));
      return Step::ready;
    }
    if (entries == 0) {
      publish(child, run, 0);
      dropped(as_node(word));
      release(word, form_);
      return Step::again;
    }
  }
  if (run.count < child.count() && (child.depth != 0 || run.count * 2 < child.count())) {
    const Step merged = merge(child, run, fill);
    if (merged != Step::ready) return merged;
  }
  if (word == 0 && child.depth != 0 && is_empty(child.node)) {
    replace_inner(child, 0);
    return Step::again;
  }
  if (child.bits > 1) {
    const Step halved = halve(child);
    if (halved != Step::ready) return halved;
  }
  if (word != 0 && is_loose(*as_leaf(word), depth))
    pack_leaf(child, buckets_with_room(as_leaf(word)->entries(), depth));
  return Step::ready;
}

// Merges the leaf, or the 0, in `run` with its neighbour if they are small enough.
Trie::Step Trie::merge(const ChildRef& child, Run run, Fill fill) noexcept {
  const uint32_t buddy = run.first ^ run.count;
  const ChildRef neighbour = {child.holder, child.node, child.bits, buddy, child.depth};
  const Word other_word = neighbour.word();
  const Word word = child.word();
  if (is_inner(other_word) || other_word == word) return Step::ready;
  for (uint32_t i = 0; i < run.count; i++) {
    if (child.node->word(buddy + i) != other_word) return Step::ready;
  }
  const Run both = {std::min(run.first, buddy), run.count * 2};
  if (word == 0 || other_word == 0) {
    publish(child, both, word == 0 ? other_word : word);
    return Step::again;
  }
  Leaf* const leaf = as_leaf(word);
  Leaf* const other = as_leaf(other_word);
  // A shared one stays in memory whether or not this map has a copy of its entries.
  if (!owns(leaf) || !owns(other)) return Step::ready;
  const uint32_t entries = leaf->entries() + other->entries();
  const uint32_t depth = leaf_depth(child, both);
  if (entries > merge_entries_max(depth, fill)) return Step::ready;
  const Built built = rebuilt(
      {leaf, leaf->live}, {other, other->live},
      {fill == Fill::full ? buckets_for(entries) : buckets_with_room(entries, depth)}, nullptr);
  if (!built.enough_memory) return Step::no_memory;
  Leaf* const merged = built.leaf;
  if (merged == nullptr) return Step::ready;
  made(merged);
  publish(child, both, word_of(merged));
  replaced(leaf);
  replaced(other);
  return Step::again;
}

// Halves a node if each pair of words holds one child, or a leaf and 0.
Trie::Step Trie::halve(const ChildRef& child) noexcept {
  Inner* const node = child.node;
  std::array<Word, (size_t{1} << root_bits_max) / 2> words;
  const uint32_t count = node->count() / 2;
  for (uint32_t i = 0; i < count; i++) {
    const Word first = node->word(2 * i);
    const Word second = node->word(2 * i + 1);
    words[i] = first != 0 ? first : second;
    if (is_inner(words[i]) || (second != 0 && second != words[i])) return Step::ready;
  }
  Inner* const half = create_inner(node->form - 1u, token_);
  if (half == nullptr) return Step::no_memory;
  for (uint32_t i = 0; i < count; i++) half->words()[i].store(words[i], std::memory_order_relaxed);
  made(half);
  replace_inner(child, word_of(half));
  return Step::again;
}

bool Trie::pack_leaf(const ChildRef& child, uint32_t buckets) noexcept {
  Leaf* const leaf = as_leaf(child.word());
  if (buckets >= leaf->form || leaf->live.empty()) return true;
  const Built packed = rebuilt({leaf, leaf->live}, {}, {buckets, leaf->form - 1u}, nullptr);
  if (!packed.enough_memory) return false;
  return packed.leaf == nullptr || replace_leaf(child, packed.leaf);
}

bool Trie::shrink() noexcept {
  // A node that is halved may make other leaves of it neighbours: until nothing changes.
  Step outcome = Step::again;
  while (outcome == Step::again) {
    outcome = Step::ready;
    uint64_t hash = 0;
    do {
      outcome = std::max(outcome, shrink_leaf(&hash));
    } while (hash != 0 && outcome != Step::no_memory);
  }
  return outcome == Step::ready;
}

// Shrinks the leaf of a hash and the nodes above it, and sets `hash` to the first one after that
// leaf, 0 after the last. Returns `again` if it has merged anything.
Trie::Step Trie::shrink_leaf(uint64_t* hash) noexcept {
  ChildRef child;
  Step outcome = Step::ready;
  for (Step step = Step::again; step == Step::again;) {
    descend(*hash, false, &child);
    const Word word = child.word();
    // What is below a shared node is shared: to make it smaller would make more memory of it.
    if (!owns(child.node) || (word != 0 && !owns(as_leaf(word)))) break;
    step = tighten_step(child, Fill::full);
    outcome = std::max(outcome, step);
    if (step == Step::ready && child.word() != 0 &&
        !pack_leaf(child, buckets_for(as_leaf(child.word())->entries())))
      return Step::no_memory;
  }
  const uint32_t below = 64 - leaf_depth(child, run_of(child));
  *hash = ((*hash >> below) + 1) << below;
  return outcome;
}

}  // namespace stave::cow_map
