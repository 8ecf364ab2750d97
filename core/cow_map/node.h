// The nodes of the trie: what they look like, who owns them, how they are freed.
//
//   word of an inner node (or of the root) = address | tag, of 6 bits
//     tag 1 to 8      a Leaf with so many buckets of slots
//     tag 58 to 63    an Inner that consumes 64 - tag bits of the hash: its index is what is left
//                     of the hash, shifted right by the tag
//     the word 0      nothing
//
// A lookup takes all it needs about a node from the word, so its first access to a leaf is to the
// bucket of its key.
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

#include "core/cow_map/node_pool.h"
#include "core/cow_map/reference_count.h"
#include "core/cow_map/slots.h"
#include "core/sync/epoch.h"
#include "core/sync/only_thread.h"

namespace stave::cow_map {

using LeafSlot = Slot<std::atomic>;
using Word = uint64_t;

// All nodes are multiples of a cache line, and lie on one.
inline constexpr size_t node_unit = NodePool::unit;
inline constexpr size_t bucket_size = bucket_slots * sizeof(LeafSlot);
static_assert(bucket_size % node_unit == 0);

// A larger leaf costs more to copy, a smaller one more memory for headers and for words above it.
inline constexpr uint32_t buckets_max = 8;

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
  uint8_t form = 0;  // buckets of a leaf, bits of an inner node
  uint64_t owner;
};

struct alignas(node_unit) Leaf : Node {
  using Node::Node;
  static constexpr uint32_t no_position = 64;

  // Which slots hold an entry, and which have ever held one. Only for the writer, and for those who
  // look at a leaf that cannot change any more.
  uint64_t live = 0;
  uint64_t used = 0;
  // Buckets of which entries lie in the next one, or did.
  uint8_t overflowed = 0;

  LeafSlot* slots() noexcept { return reinterpret_cast<LeafSlot*>(this + 1); }
  // By position: buckets one behind the other.
  LeafSlot& slot(uint32_t position) noexcept { return slots()[position]; }
  uint32_t position_of(const LeafSlot* slot) noexcept {
    return static_cast<uint32_t>(slot - slots());
  }
  // Where this hash may be, as a set of positions.
  uint64_t positions_for(uint64_t hash) const noexcept {
    const uint32_t home = home_bucket(hash, form);
    return bucket_positions(home) | bucket_positions(next_bucket(home, form));
  }
  // The empty slot for a hash, in its home bucket if that has one, or no_position.
  uint32_t empty_position(uint64_t hash) const noexcept {
    const uint32_t home = home_bucket(hash, form);
    uint64_t empty = bucket_positions(home) & ~used;
    if (empty == 0) [[unlikely]]
      empty = bucket_positions(next_bucket(home, form)) & ~used;
    // 64 without any.
    return static_cast<uint32_t>(std::countr_zero(empty));
  }
  bool has_room(uint64_t hash) const noexcept { return empty_position(hash) != no_position; }
  // Whether an entry with this hash may lie elsewhere than at home.
  bool may_be_displaced(uint64_t hash) const noexcept {
    return (overflowed >> home_bucket(hash, form) & 1) != 0;
  }
  void mark_used(uint32_t position, uint64_t hash) noexcept {
    live |= uint64_t{1} << position;
    used |= uint64_t{1} << position;
    const uint32_t home = home_bucket(hash, form);
    if (position / bucket_slots != home) [[unlikely]]
      overflowed |= static_cast<uint8_t>(1u << home);
  }
  uint32_t entries() const noexcept { return static_cast<uint32_t>(std::popcount(live)); }
  size_t memory() const noexcept { return memory_for(form); }
  static constexpr size_t memory_for(uint32_t buckets) noexcept;

 private:
  static uint64_t bucket_positions(uint32_t bucket) noexcept {
    return ((uint64_t{1} << bucket_slots) - 1) << (bucket * bucket_slots);
  }
};
static_assert(sizeof(Leaf) == node_unit);
constexpr size_t Leaf::memory_for(uint32_t buckets) noexcept {
  return sizeof(Leaf) + buckets * bucket_size;
}
static_assert(Leaf::memory_for(buckets_max) <= NodePool::units_max * node_unit);
static_assert(buckets_max * bucket_slots <= 64);  // the sets of positions
static_assert(buckets_max <= 8);                  // that of buckets

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
  size_t memory() const noexcept { return memory_for(form); }
  static constexpr size_t memory_for(uint32_t bits) noexcept;
};
constexpr size_t Inner::memory_for(uint32_t bits) noexcept {
  const size_t size = sizeof(Inner) + (sizeof(Word) << bits);
  return (size + node_unit - 1) / node_unit * node_unit;
}
static_assert(Inner::memory_for(root_bits_max) <= NodePool::units_max * node_unit);

inline constexpr Word tag_mask = node_unit - 1;
inline constexpr Word inner_flag = 32;
static_assert(buckets_max < inner_flag && 64 - root_bits_max >= inner_flag);

inline bool is_inner(Word word) noexcept {
  return (word & inner_flag) != 0;
}
// Of an inner node: which of its words what is left of a hash leads to, and what is left behind it.
inline size_t inner_index(Word word, uint64_t rest) noexcept {
  return rest >> (word & tag_mask);
}
inline uint64_t rest_below(Word word, uint64_t rest) noexcept {
  return rest << (-word & tag_mask);
}
inline uint32_t leaf_buckets(Word word) noexcept {
  return static_cast<uint32_t>(word & tag_mask);
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
  return reinterpret_cast<Word>(leaf) | leaf->form;
}
inline Word word_of(const Inner* inner) noexcept {
  return reinterpret_cast<Word>(inner) | (64u - inner->form);
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
Leaf* create_leaf(uint32_t buckets, uint64_t owner) noexcept;
Inner* create_inner(uint32_t bits, uint64_t owner) noexcept;

// One more referent. `word` is not 0.
inline void acquire(Word word) noexcept {
  if (sync::is_only_thread()) return as_node(word)->references.acquire_alone();
  as_node(word)->references.acquire();
}
// One referent fewer. The last one retires the node; its children follow when no reader can be in
// it any more, level by level, each in a slice of the epochs: so letting go of a large map costs
// its caller as much as letting go of a leaf. 0 is ignored.
void release(Word word, ValueForm form) noexcept;
// Frees a node whose references to children or values have passed to another one.
void retire_shell(Leaf* leaf) noexcept;
void retire_shell(Inner* inner) noexcept;
// A leaf that no reader has seen, and whose values another one holds.
void discard(Leaf* leaf) noexcept;

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
