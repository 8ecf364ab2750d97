// The nodes of the trie: what they look like, who owns them, how they are freed.
//
//   word of an inner node (or of the root) = address | tag
//     tag 0 to 6      a Leaf with tag + 1 groups of slots
//     tag 7 to 12     an Inner with 2 << (tag - 7) words
//     the word 0      nothing
//
// A lookup takes all it needs about a node from the word, so its first access to a leaf is to the
// group of its key.
//
// Owners. Every map has a token, a number that no other map of the family has ever had, and takes a
// new one whenever it is cloned. A node carries the token of the map that made it.
//   1. A map changes in place only nodes that carry its present token. Such a node is reachable
//      from that map alone, and so are all nodes above it.
//   2. So a node with another token never changes again. Clones, cursors and readers that are still
//      in a root which its map has replaced all see what they began with.
// It is the token and not a reference count of 1 that permits a change: the other referent may just
// have let go, while one of its readers is still inside.
//
// References. `references` counts the nodes and roots that refer to a node; it only decides when
// the node is freed, which is by epoch, because readers hold no reference.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/cow_map/reference_count.h"
#include "core/cow_map/slots.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {

using LeafSlot = Slot<std::atomic>;
using LeafGroup = SlotGroup<std::atomic>;
using Word = uint64_t;

// A leaf of the largest size takes 1000 bytes: what malloc keeps at hand per thread ends at 1 KiB.
inline constexpr uint32_t groups_max = 7;
// Of the slots as many may ever have held an entry.
constexpr uint32_t usable_slots(uint32_t groups) noexcept {
  return groups * group_slots - (groups < 4 ? 1 : groups / 2);
}
inline constexpr uint32_t leaf_entries_max = usable_slots(groups_max);
// The fewest groups for `entries`; the most there can be if they do not fit.
constexpr uint32_t groups_for(uint32_t entries) noexcept {
  uint32_t groups = 1;
  while (groups < groups_max && usable_slots(groups) < entries) groups++;
  return groups;
}

// Words of an inner node, whose words are reached by `depth` bits of the hash: at most this power
// of two. Passing a node costs a lookup a dependent load; copying one, and freeing the copy, costs
// a count for each distinct child. The root is passed by all and its children are near: it is wide.
inline constexpr uint32_t root_bits_max = 6;
constexpr uint32_t inner_bits_max(uint32_t depth) noexcept {
  return depth == 0 ? root_bits_max : 4;
}
// Inner nodes on the way to any leaf: one with a child that is inner has all its bits.
inline constexpr uint32_t levels_max = 1 + (64 - root_bits_max + 3) / 4;

struct Node : sync::Retired {
  Node(uint64_t owner_token) noexcept : owner(owner_token) {}

  ReferenceCount<std::atomic> references;
  uint8_t form = 0;  // groups of a leaf, bits of an inner node
  uint8_t used = 0;  // leaf: slots that are not empty
  uint64_t owner;
};

struct Leaf : Node {
  using Node::Node;
  // Which slots hold an entry. Only for the writer, and for those who look at a leaf that cannot
  // change any more.
  uint64_t live = 0;

  LeafGroup* groups() noexcept { return reinterpret_cast<LeafGroup*>(this + 1); }
  // By position: groups one behind the other.
  LeafSlot& slot(uint32_t position) noexcept {
    return groups()[position / group_slots].slots[position % group_slots];
  }
  uint32_t position_of(const LeafSlot* slot) noexcept {
    const auto offset = static_cast<size_t>(reinterpret_cast<const std::byte*>(slot) -
                                            reinterpret_cast<const std::byte*>(groups()));
    const size_t in_group = offset % sizeof(LeafGroup) - offsetof(LeafGroup, slots);
    return static_cast<uint32_t>(offset / sizeof(LeafGroup) * group_slots +
                                 in_group / sizeof(LeafSlot));
  }
  uint32_t entries() const noexcept { return static_cast<uint32_t>(std::popcount(live)); }
  size_t memory() const noexcept { return sizeof(Leaf) + form * sizeof(LeafGroup); }
};
static_assert(groups_max * group_slots <= 64);  // `live`

// Calls `visit(position)` for each position in `positions`, a set of bits.
template <typename Visit>
void for_each_position(uint64_t positions, Visit visit) {
  for (; positions != 0; positions &= positions - 1)
    visit(static_cast<uint32_t>(std::countr_zero(positions)));
}

struct Inner : Node {
  using Node::Node;

  std::atomic<Word>* words() noexcept { return reinterpret_cast<std::atomic<Word>*>(this + 1); }
  uint32_t count() const noexcept { return uint32_t{1} << form; }
  size_t memory() const noexcept { return sizeof(Inner) + count() * sizeof(Word); }
};

inline constexpr Word tag_mask = 15;
inline constexpr Word inner_tag = groups_max;
static_assert(inner_tag + root_bits_max - 1 <= tag_mask);

inline bool is_inner(Word word) noexcept {
  return (word & tag_mask) >= inner_tag;
}
// The number of hash bits that an inner node consumes.
inline uint32_t inner_bits(Word word) noexcept {
  return static_cast<uint32_t>((word & tag_mask) - inner_tag + 1);
}
inline uint32_t leaf_groups(Word word) noexcept {
  return static_cast<uint32_t>(word & tag_mask) + 1;
}
inline Inner* as_inner(Word word) noexcept {
  return reinterpret_cast<Inner*>(word & ~tag_mask);
}
inline Leaf* as_leaf(Word word) noexcept {
  return reinterpret_cast<Leaf*>(word & ~tag_mask);
}
inline Node* as_node(Word word) noexcept {
  return reinterpret_cast<Node*>(word & ~tag_mask);
}
inline Word word_of(const Leaf* leaf) noexcept {
  return reinterpret_cast<Word>(leaf) | (leaf->form - 1u);
}
inline Word word_of(const Inner* inner) noexcept {
  return reinterpret_cast<Word>(inner) | (inner_tag + inner->form - 1);
}
// The bytes that a word's node takes.
size_t memory_of(Word word) noexcept;

// How values are kept; see Options in map.h.
enum class ValueForm : uint8_t {
  inside,  // in the slot
  block,   // a ValueBlock, or 0 for no bytes
};

// With one reference; null without memory. What is behind the header comes unwritten, and is
// written as a whole before the node is published.
Leaf* create_leaf(uint32_t groups, uint64_t owner) noexcept;
Inner* create_inner(uint32_t bits, uint64_t owner) noexcept;

// One more referent. `word` is not 0.
inline void acquire(Word word) noexcept {
  as_node(word)->references.acquire();
}
// One referent fewer. The last one retires the node; its children follow when no reader can be in
// it any more, level by level, each in a slice of the epochs: so letting go of a large map costs
// its caller as much as letting go of a leaf. 0 is ignored.
void release(Word word, ValueForm form) noexcept;
// Frees a node whose references to children or values have passed to another one.
void retire_shell(Node* node) noexcept;
// A node that no reader has seen, with nothing in it that is counted.
void discard(Node* node) noexcept;

// Starts to bring the counts of all children near, which lie anywhere in memory.
inline void prefetch_children(Inner* inner) noexcept {
  for (uint32_t i = 0; i < inner->count(); i++)
    __builtin_prefetch(as_node(inner->words()[i].load(std::memory_order_relaxed)), 1);
}

// Calls `visit(child word, its first position)` for each distinct child: a child that stands in
// several words stands in neighbouring ones.
template <typename Visit>
void for_each_child(Inner* inner, Visit visit) {
  Word last = 0;
  for (uint32_t i = 0; i < inner->count(); i++) {
    // Relaxed: the writer's own node, or one that no longer changes.
    const Word word = inner->words()[i].load(std::memory_order_relaxed);
    if (word != last && word != 0) visit(word, i);
    last = word;
  }
}

}  // namespace stave::cow_map
