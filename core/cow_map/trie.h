// The trie of fat leaves behind one map: lookups by any thread, changes by one at a time.
//
// Inner nodes are extendible-hashing directories: 2 to 64 words, indexed by the next
// bits of the hash; a leaf stands in as many neighbouring words as share it. A full leaf is split
// in two; if it stands in one word only, its node doubles, and when that has all its bits, an inner
// node takes the leaf's place. Removal goes the same way back. docs/internals/cow_map.md draws it.
//
// How a change is made. prepare() makes sure that the leaf of the key and all nodes above it carry
// the map's token and that the leaf has an empty slot if one is needed: everything that can fail.
// It copies and rearranges nodes, and each step leaves the same entries in the same map, for
// readers too. What follows is a store to one slot. So a failed allocation leaves the map as it
// was.
//
// Thread safety: find() from any thread under an EpochPin. Everything else by one thread at a time,
// which is whoever holds the lock of the map; memory() and size() may be read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/planted_bug.h"
#include "core/cow_map/family.h"
#include "core/cow_map/key_hash.h"
#include "core/cow_map/leaf_builder.h"
#include "core/cow_map/node.h"

namespace stave::cow_map {

// What the writer's search found. Good until the next change.
struct Located {
  bool found = false;
  uint64_t value = 0;  // that is found
  uint64_t hash = 0;
  Leaf* leaf = nullptr;  // null when it must be prepared before it can be changed
  LeafSlot slot;         // of the key, in a leaf that may be shared
};

class Trie {
 public:
  // Refers to nothing until begin(), and then reset() or share().
  Trie() noexcept = default;
  ~Trie() { clear(); }
  Trie(const Trie&) = delete;
  Trie& operator=(const Trie&) = delete;

  // Once. The token is the map's first one.
  void begin(const KeyHash& hash, ValueForm form, uint64_t token) noexcept {
    hash_ = hash;
    form_ = form;
    token_ = token;
  }
  // Becomes empty, with room for about `capacity` entries. False without memory: then it is as it
  // was.
  bool reset(uint64_t capacity) noexcept;
  // An empty trie becomes a copy of `other`, which takes `other_token`. O(1).
  void share(Trie& other, uint64_t other_token) noexcept;
  // A reference to the root, which does not change any more: the trie takes `new_token`. O(1).
  Word share_root(uint64_t new_token) noexcept;
  // Lets go of everything: the root is 0.
  void clear() noexcept;

  // 0 when the trie refers to nothing. Any thread; under an EpochPin, or while the trie cannot
  // change.
  Word root() const noexcept {
    // Acquire: pairs with the releases in publish().
    return root_.load(std::memory_order_acquire);
  }
  // The slot of a key, or nothing: for as long as the root is protected.
  LeafSlot find(Word root, int64_t key) const noexcept { return find_hash(root, hash_of(key)); }
  // Below a word whose node is reached by `bits_passed` bits of the hash.
  static LeafSlot find_hash(Word word, uint64_t hash, uint32_t bits_passed = 0) noexcept;
  // Like find() for each key of a group, at most group_max, in stages: the memory that a stage
  // reads is prefetched for all keys before the stage begins. Prefetches the values that are
  // blocks.
  static constexpr size_t group_max = 32;
  void find_many(Word root, std::span<const int64_t> keys,
                 std::array<LeafSlot, group_max>& slots) const noexcept;
  // Prefetches what locate() and put() of a group of keys read, at most group_max. The writer.
  void prefetch_to_write(std::span<const int64_t> keys) const noexcept;

  // The writer's search.
  Located locate(int64_t key) const noexcept;
  // Stores the value where locate() has found that it belongs; the reference of a block that was
  // there passes to the caller. `memory` is that of the new value's block. False without memory:
  // nothing has happened.
  bool put(const Located& at, uint64_t value, size_t memory) noexcept;
  // Removes the key that locate() has found. As put().
  bool remove(const Located& at) noexcept;
  // Gives back what leaves have beyond their entries, and inner nodes without any, where they are
  // this map's alone. False without memory: some of it is done.
  bool shrink() noexcept;

  // Whether it takes no more than one that has just been reset.
  bool is_bare() const noexcept { return memory() <= Inner::memory_for(1); }

  uint64_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  // Bytes of all nodes and blocks; and of those that carry the map's token.
  uint64_t memory() const noexcept { return memory_.load(std::memory_order_relaxed); }
  uint64_t own_memory() const noexcept { return own_memory_.load(std::memory_order_relaxed); }
  uint64_t token() const noexcept { return token_; }
  const KeyHash& hash() const noexcept { return hash_; }
  ValueForm form() const noexcept { return form_; }

 private:
  // A word of an inner node on the way to a key.
  struct Place {
    std::atomic<Word>* node_place;  // the word that refers to `node`
    Inner* node;
    uint32_t bits;  // of `node`, whose header need not be near
    uint32_t index;
    uint32_t depth;  // bits consumed above `node`

    uint32_t count() const noexcept { return uint32_t{1} << bits; }
    Word word() const noexcept { return node->words()[index].load(std::memory_order_relaxed); }
  };
  // The words of `place`'s node that hold the same child.
  struct Run {
    uint32_t first;
    uint32_t count;
  };
  enum class Step : uint8_t { ready, again, no_memory };

  // The word of the leaf where a hash belongs, below a root.
  static Word leaf_of(Word root, uint64_t hash) noexcept;
  // The same below any word; `rest` is what is left of the hash there.
  static Word leaf_below(Word word, uint64_t rest) noexcept;

  uint64_t hash_of(int64_t key) const noexcept { return hash_(static_cast<uint64_t>(key)); }
  struct Group;
  Group find_leaves(Word root, std::span<const int64_t> keys) const noexcept;

  // See above. Null without memory. With `adds`, the leaf has an empty slot for the hash.
  Leaf* prepare(uint64_t hash, bool adds) noexcept;
  // Begins to bring near what copying the way to a leaf reads, at all levels at once.
  void prefetch_shared(uint64_t hash) const noexcept;
  // Goes down to the leaf of a hash; false without memory. With `own`, copies the inner nodes that
  // are not the map's.
  bool descend(uint64_t hash, bool own, Place* place) noexcept;
  Step prepare_leaf(const Place& place, uint64_t hash, bool adds) noexcept;
  bool split(const Place& place, Run run) noexcept;
  bool widen(const Place& place) noexcept;

  Inner* own_inner(std::atomic<Word>& place, Word word) noexcept;
  // The entries in `positions`, each in the slot where it is; all others are buried. Null without
  // memory.
  Leaf* copied(Leaf* leaf, const PositionSet& positions) noexcept;
  // A new leaf.
  struct Built {
    Leaf* leaf = nullptr;
    bool enough_memory = true;  // null because it would need more buckets
  };
  // Some of a leaf's entries.
  struct Entries {
    Leaf* leaf = nullptr;
    PositionSet positions = {};
  };
  // Buckets of a new leaf: so many, or else more.
  struct Room {
    uint32_t least;
    uint32_t most = buckets_max;
  };
  // Of those, and there is one at least, and of those of another leaf if `others` has one, laid out
  // anew, with an empty slot for `reserve` if that is not null.
  Built rebuilt(const Entries& entries, const Entries& others, Room room,
                const uint64_t* reserve) noexcept;
  // A leaf for the first entry of its place. Null without memory.
  Leaf* first_leaf(uint64_t hash) noexcept;
  // Puts a new leaf, or null without memory, in the place of the one that holds the same entries.
  bool replace_leaf(const Place& place, Leaf* leaf) noexcept;
  // `leaf` has been replaced by one or two that hold its entries.
  void replaced(Leaf* leaf) noexcept;
  // Lays out its entries in `buckets` buckets, or in more, if that makes it smaller.
  bool pack_leaf(const Place& place, uint32_t buckets) noexcept;
  static LeafSlot slot_in(Leaf* leaf, const Located& at) noexcept;
  // Gives the key an empty slot of a leaf that is the map's own.
  void add_entry(Leaf* leaf, uint64_t hash, uint64_t value) noexcept {
    const uint32_t position = leaf->empty_position(hash);
    publish_slot(leaf->slot(position), hash, value);
    leaf->mark_taken(position);
    set_size(size() + 1);
  }
  // A block has left the map.
  void dropped_value(uint64_t value) noexcept;

  // After a removal; what memory is missing for is left undone.
  void tighten(const Leaf& leaf, uint64_t hash) noexcept;
  Step tighten_step(const Place& place) noexcept;
  Step merge(const Place& place, Run run) noexcept;
  bool halve(const Place& place) noexcept;
  bool shrink_leaves(Inner* inner, uint32_t depth) noexcept;

  static Run run_of(const Place& place) noexcept;
  // The bits of the hash that all keys of the leaf in `run` have in common.
  static uint32_t leaf_depth(const Place& place, Run run) noexcept {
    return place.depth + place.bits - static_cast<uint32_t>(std::countr_zero(run.count));
  }
  void publish(std::atomic<Word>& place, Word word) noexcept {
    // Release: pairs with the acquires in find() and root(): the node is complete.
    place.store(word, std::memory_order_release);
  }
  void publish(const Place& place, Run run, Word word) noexcept {
    for (uint32_t i = 0; i < run.count; i++) publish(place.node->words()[run.first + i], word);
  }
  bool owns(const Node* node) const noexcept { return node->owner == token_; }
  bool is_writable(const Leaf* leaf) const noexcept {
    return owns(leaf) || STAVE_PLANTED_BUG(write_shared_leaf);
  }

  void add_memory(uint64_t all, uint64_t own) noexcept {
    // Relaxed: statistics, stored by the writer alone.
    memory_.store(memory() + all, std::memory_order_relaxed);
    own_memory_.store(own_memory() + own, std::memory_order_relaxed);
  }
  void made(Word word) noexcept { add_memory(memory_of(word), memory_of(word)); }
  void dropped(Word word) noexcept {
    const uint64_t bytes = uint64_t{0} - memory_of(word);
    add_memory(bytes, owns(as_node(word)) ? bytes : 0);
  }
  void set_size(uint64_t size) noexcept { size_.store(size, std::memory_order_relaxed); }
  static uint32_t bits_for(uint64_t capacity) noexcept;
  Word build_directory(uint32_t depth, uint32_t bits, bool* failed) noexcept;

  std::atomic<Word> root_{0};
  KeyHash hash_;
  ValueForm form_ = ValueForm::inside;
  uint64_t token_ = 0;
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> memory_{0};
  std::atomic<uint64_t> own_memory_{0};
};

// Inline: the whole of a lookup. A word has what the next access needs, so the only loads are one
// per level and those of the slots looked at.
[[gnu::always_inline]] inline Word Trie::leaf_below(Word word, uint64_t rest) noexcept {
  while (is_inner(word)) {
    word = child_of(word, rest);
    rest <<= inner_bits_max(1);
  }
  return word;
}

[[gnu::always_inline]] inline Word Trie::leaf_of(Word root, uint64_t hash) noexcept {
  return leaf_below(child_of(root, hash), hash << root_bits_max);
}

[[gnu::always_inline]] inline LeafSlot Trie::find_hash(Word word, uint64_t hash,
                                                       uint32_t bits_passed) noexcept {
  if (bits_passed == 0 && is_inner(word)) {
    word = leaf_of(word, hash);
  } else if (bits_passed < 64) {
    word = leaf_below(word, hash << bits_passed);
  }
  if (word == 0) return {};
  return find_slot(as_leaf(word)->buckets(), leaf_buckets(word), hash);
}

[[gnu::always_inline]] inline Located Trie::locate(int64_t key) const noexcept {
  Located at;
  at.hash = hash_of(key);
  // Relaxed: the writer reads what it, or a writer before it, has written.
  const Word word = leaf_of(root_.load(std::memory_order_relaxed), at.hash);
  if (word == 0) return at;
  Leaf* const leaf = as_leaf(word);
  // Asked for beside the slots: it says who may change them.
  __builtin_prefetch(leaf, 1);
  const uint32_t home = home_bucket(at.hash, leaf_buckets(word));
  at.slot = find_in_bucket(leaf->buckets()[home], at.hash);
  if (!at.slot && leaf->is_full(home)) [[unlikely]] {
    const uint32_t next = next_bucket(home, leaf_buckets(word));
    at.slot = find_in_bucket(leaf->buckets()[next], at.hash);
  }
  at.found = static_cast<bool>(at.slot);
  // Relaxed: as above.
  if (at.found) at.value = at.slot.value().load(std::memory_order_relaxed);
  // The nodes above a leaf of the map's own are its own too.
  if (is_writable(leaf) && (at.found || leaf->has_room(at.hash))) at.leaf = leaf;
  return at;
}

// The value, as in its slot, of a key in a root that does not change.
inline std::optional<uint64_t> find(const Snapshot& snapshot, int64_t key) noexcept {
  const auto bits = static_cast<uint64_t>(key);
  const LeafSlot slot = Trie::find_hash(snapshot.root(), snapshot.family()->hash()(bits));
  if (!slot) return std::nullopt;
  return slot_value(slot);
}

}  // namespace stave::cow_map
