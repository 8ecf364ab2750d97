// The nodes of the trie: their layout, who owns them, how they are freed.
//
//   word of an inner node (or of the root) = address | tag, of 6 bits
//     tag 1 to 12     a Leaf with that many buckets of slots
//     tag 58 to 63    an Inner that consumes 64 - tag bits of the hash: the index of a child is
//     what
//                     is left of the hash, shifted right by the tag
//     the word 0      no node
//
// A lookup takes all it needs to know about a node from the word, so its first access to a leaf is
// to the bucket of its key.
//
// Owners. Every map has a token, a number that no other map of the family has ever had, and gets a
// new one whenever it is cloned. A node carries the token of the map that made it.
//   1. A map changes in place only nodes that carry its present token. Such a node is reachable
//      from that map alone, and so are all nodes above it.
//   2. A node with another token never changes again. Clones, cursors, and readers that are still
//      in a root which its map has replaced, all see what they began with.
// The token permits a change, not a reference count of 1: the other referent may just have released
// the node while one of its readers is still in it.
//
// References. `references` counts the nodes and roots that refer to a node; it only decides when
// the node is freed, which is by epoch, because readers hold no reference.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/base/prefetch.h"
#include "core/cow_map/node_pool.h"
#include "core/cow_map/position_set.h"
#include "core/cow_map/reference_count.h"
#include "core/cow_map/slots.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {

using LeafBucket = Bucket<std::atomic>;
using LeafSlot = Slot<std::atomic>;
using Word = uint64_t;

// All nodes are multiples of a cache line, and lie on one.
inline constexpr size_t node_unit = NodePool::unit;
inline constexpr size_t bucket_size = sizeof(LeafBucket);
static_assert(bucket_size % node_unit == 0);

// An inner node that is reached by `depth` bits of the hash has at most this power of two words.
// Passing a node costs a lookup one dependent load; copying one, and freeing the copy, costs a
// reference count for each distinct child. Every lookup passes the root: it is wide.
inline constexpr uint32_t root_bits_max = 6;
constexpr uint32_t inner_bits_max(uint32_t depth) noexcept {
  return depth == 0 ? root_bits_max : 4;
}
// The most inner nodes above a leaf: one with a child that is inner has all its bits.
inline constexpr uint32_t levels_max = 1 + (64 - root_bits_max + 3) / 4;

struct Node : sync::Retired {
  Node(uint64_t owner_token) noexcept : owner(owner_token) {}

  size_t memory() const noexcept { return units * node_unit; }

  ReferenceCount<std::atomic> references;
  // Whether there has ever been more than one referent. Stored before the second one releases the
  // node, and so before the last one finds that it is the last.
  std::atomic<bool> was_shared{false};
  uint8_t form = 0;   // buckets of a leaf, bits of an inner node
  uint8_t units = 0;  // of memory
  uint64_t owner;
};

struct alignas(node_unit) Leaf : Node {
  using Node::Node;

  // For the writer, and for whoever walks over a leaf that cannot change any more.
  PositionSet live;  // the slots that hold an entry
  uint64_t taken =
      0;  // how many slots of each bucket, the first ones, have ever held one: four bits

  LeafBucket* buckets() noexcept { return reinterpret_cast<LeafBucket*>(this + 1); }
  const LeafBucket* buckets() const noexcept {
    return reinterpret_cast<const LeafBucket*>(this + 1);
  }
  LeafSlot slot(uint32_t position) noexcept { return LeafSlot::at(buckets(), position); }
  uint32_t position_of(LeafSlot slot) noexcept {
    const auto offset = static_cast<size_t>(reinterpret_cast<std::byte*>(&slot.hash()) -
                                            reinterpret_cast<std::byte*>(buckets()));
    return static_cast<uint32_t>(offset / bucket_size * bucket_slots +
                                 offset % bucket_size / sizeof(uint64_t));
  }
  uint32_t taken_in(uint32_t bucket) const noexcept { return taken >> (bucket * 4) & 0xf; }
  // Whether an entry whose home is this bucket may be in the next one: an entry is put there only
  // when its home is full.
  bool is_full(uint32_t bucket) const noexcept { return taken_in(bucket) == bucket_slots; }
  bool has_room(uint64_t hash) const noexcept {
    const uint32_t home = home_bucket(hash, form);
    return !is_full(home) || !is_full(next_bucket(home, form));
  }
  // The empty slot for a hash, in its home bucket if that has one. REQUIRES: has_room(hash).
  uint32_t empty_position(uint64_t hash) const noexcept {
    uint32_t bucket = home_bucket(hash, form);
    if (is_full(bucket)) [[unlikely]]
      bucket = next_bucket(bucket, form);
    return bucket * bucket_slots + taken_in(bucket);
  }
  // Whether slots where this hash could be have been buried.
  bool has_buried(uint64_t hash) const noexcept {
    const auto has_any = [this](uint32_t bucket) {
      return static_cast<uint32_t>(std::popcount(live.in_bucket(bucket))) != taken_in(bucket);
    };
    const uint32_t home = home_bucket(hash, form);
    return has_any(home) || has_any(next_bucket(home, form));
  }
  void mark_taken(uint32_t position) noexcept {
    live.insert(position);
    taken += uint64_t{1} << (position / bucket_slots * 4);
  }
  uint32_t entries() const noexcept { return live.count(); }
  static constexpr size_t memory_for(uint32_t buckets) noexcept;
};
static_assert(sizeof(Leaf) == node_unit);
constexpr size_t Leaf::memory_for(uint32_t buckets) noexcept {
  return sizeof(Leaf) + buckets * bucket_size;
}
static_assert(Leaf::memory_for(buckets_max) <= NodePool::units_max * node_unit);
static_assert(buckets_max * 4 <= 64);  // the counts of slots

// The words have cache lines of their own: a large map keeps those of its lowest nodes in the
// caches.
struct alignas(node_unit) Inner : Node {
  using Node::Node;

  std::atomic<Word>* words() noexcept { return reinterpret_cast<std::atomic<Word>*>(this + 1); }
  uint32_t count() const noexcept { return uint32_t{1} << form; }
  // Relaxed: for the writer's own node, or one that no longer changes.
  Word word(uint32_t index) noexcept { return words()[index].load(std::memory_order_relaxed); }
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
inline uint32_t leaf_buckets(Word word) noexcept {
  return static_cast<uint32_t>(word & tag_mask);
}
inline uint32_t inner_bits(Word word) noexcept {
  return static_cast<uint32_t>(node_unit - (word & tag_mask));
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
// The child of an inner node that a hash leads to; `rest` is what the nodes above have left of the
// hash. If the child is an inner node, `rest` << inner_bits_max() is left for it, because a node
// with an inner child has all its bits.
inline Word child_of(Word word, uint64_t rest) noexcept {
  // Acquire: pairs with the release in publish() of the trie: the node is complete.
  return as_inner(word)->words()[rest >> (word & tag_mask)].load(std::memory_order_acquire);
}
inline Word word_of(const Leaf* leaf) noexcept {
  return reinterpret_cast<Word>(leaf) | leaf->form;
}
inline Word word_of(const Inner* inner) noexcept {
  return reinterpret_cast<Word>(inner) | (64u - inner->form);
}
// How values are kept; see Options in family.h.
enum class ValueForm : uint8_t {
  inside,  // in the slot
  block,   // a ValueBlock, or 0 for no bytes
};

// With one reference; null without memory. Buckets and words are not initialized: the caller writes
// all of them before it publishes the node.
Leaf* create_leaf(uint32_t buckets, uint64_t owner) noexcept;
Inner* create_inner(uint32_t bits, uint64_t owner) noexcept;

// Adds a referent. REQUIRES: `word` is not 0.
inline void acquire(Word word) noexcept {
  Node* const node = as_node(word);
  // Relaxed: the release of the count carries it.
  node->was_shared.store(true, std::memory_order_relaxed);
  node->references.acquire();
}
// Removes a referent. The last one retires the node; when no reader can be in it any more, its
// children are released in turn, level by level: releasing a large map costs its caller as much as
// releasing a leaf. Only leaves that never had another referent are freed together with their
// parent. 0 is ignored.
void release(Word word, ValueForm form) noexcept;
// Retires a node whose references to children or values have passed to another one.
void retire_shell(Node* node) noexcept;
// Frees a node that no reader has seen, and whose references another one holds.
void free_shell(Node* node) noexcept;

// Prefetches the reference counts of all children, which lie anywhere in memory.
inline void prefetch_children(Inner* inner) noexcept {
  for (uint32_t i = 0; i < inner->count(); i++) stave::prefetch_to_write(as_node(inner->word(i)));
}

// Calls `visit(child word)` for each distinct child: the words that hold the same child are
// neighbours.
template <typename Visit>
void for_each_child(Inner* inner, Visit visit) {
  Word last = 0;
  for (uint32_t i = 0; i < inner->count(); i++) {
    const Word word = inner->word(i);
    if (word != last && word != 0) visit(word);
    last = word;
  }
}

}  // namespace stave::cow_map
