// The trie of one map: lookups by any thread, changes by one at a time.
//
// Inner nodes are extendible-hashing directories of 2 to 64 words, indexed by the next bits of the
// hash. Several neighbouring words may hold the same leaf. A full leaf is split in two; if only one
// word holds it, its node is doubled first, and when the node has all its bits, an inner node
// replaces the leaf. Removal reverses these steps. docs/internals/cow_map.md draws it.
//
// How a change is made. prepare() makes sure that the leaf of the key and all nodes above it carry
// the map's token, and that the leaf has an empty slot if one is needed: everything that can fail.
// It copies and rearranges nodes, and each step leaves the same entries in the same map, for
// readers too. After that, one slot is stored to. So a failed allocation leaves the map as it was.
//
// Thread safety: find() and find_many() from any thread under an EpochPin; memory() and size() from
// any thread. All other functions REQUIRE the lock of the map.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "core/base/planted_bug.h"
#include "core/base/prefetch.h"
#include "core/cow_map/family.h"
#include "core/cow_map/key_hash.h"
#include "core/cow_map/leaf_builder.h"
#include "core/cow_map/node.h"

namespace stave::cow_map {

// What the writer's search found. Valid until the next change.
struct Located {
  bool found = false;
  uint64_t value = 0;  // of the key, if found
  uint64_t hash = 0;
  Leaf* leaf = nullptr;  // null when prepare() is needed before the leaf can be changed
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
  // Becomes empty, with inner nodes for about `capacity` entries. False without memory: then the
  // trie is unchanged.
  bool reset(uint64_t capacity) noexcept;
  // Becomes a copy of `other`, which takes `other_token`. REQUIRES: the trie is empty. O(1).
  void share(Trie& other, uint64_t other_token) noexcept;
  // Returns a reference to the root, which does not change any more, because the trie takes
  // `new_token`. O(1).
  Word share_root(uint64_t new_token) noexcept;
  // Releases everything: the root is 0.
  void clear() noexcept;

  // 0 when the trie refers to nothing. REQUIRES: an EpochPin, or the map's lock.
  Word root() const noexcept {
    // Acquire: pairs with the releases in publish().
    return root_.load(std::memory_order_acquire);
  }
  // The slot of a key, or none. REQUIRES: the root stays protected while the slot is used.
  LeafSlot find(Word root, int64_t key) const noexcept { return find_hash(root, hash_of(key)); }
  // Below a word whose node is reached by `bits_passed` bits of the hash.
  static LeafSlot find_hash(Word word, uint64_t hash, uint32_t bits_passed = 0) noexcept;
  // Like find() for each key of a group, at most group_max, in stages: the memory that a stage
  // reads is prefetched for all keys before the stage begins. Prefetches the values that are
  // blocks.
  static constexpr size_t group_max = 32;
  void find_many(Word root, std::span<const int64_t> keys,
                 std::array<LeafSlot, group_max>& slots) const noexcept;
  // Prefetches what locate() and put() of a group of keys, at most group_max, will read.
  void prefetch_to_write(std::span<const int64_t> keys) const noexcept;

  // Like find(), for a change.
  Located locate(int64_t key) const noexcept;
  // Stores the value for the key that locate() has looked up; the reference to a block that was
  // there passes to the caller. `memory` is that of the new value's block. False without memory:
  // nothing has changed.
  bool put(const Located& at, uint64_t value, size_t memory) noexcept;
  // Removes the key that locate() has found, like put().
  bool remove(const Located& at) noexcept;
  // Merges leaves and inner nodes that are this map's alone, and lays their entries out in as
  // little memory as there is. False without memory: some of it is done.
  bool shrink() noexcept;

  // Whether it takes no more memory than one that has just been reset.
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
  struct ChildRef {
    std::atomic<Word>* holder;  // the word that refers to `node`
    Inner* node;
    uint32_t bits;  // of `node`: kept here so that nobody has to read its header
    uint32_t index;
    uint32_t depth;  // bits consumed above `node`

    uint32_t count() const noexcept { return uint32_t{1} << bits; }
    Word word() const noexcept { return node->word(index); }
  };
  // The words of a ChildRef's node that hold the same child.
  struct Run {
    uint32_t first;
    uint32_t count;
  };
  enum class Step : uint8_t { ready, again, no_memory };  // the more urgent, the greater

  // The word of the leaf where a hash belongs, below a root.
  static Word leaf_of(Word root, uint64_t hash) noexcept;
  // Like leaf_of(), below any word; `rest` is what is left of the hash there.
  static Word leaf_below(Word word, uint64_t rest) noexcept;

  uint64_t hash_of(int64_t key) const noexcept { return hash_(static_cast<uint64_t>(key)); }
  struct Group;
  Group find_leaves(Word root, std::span<const int64_t> keys) const noexcept;

  // Makes the leaf of a hash, and all nodes above it, this map's own. With `adds`, the leaf has an
  // empty slot for the hash. Null without memory.
  Leaf* prepare(uint64_t hash, bool adds) noexcept;
  // Goes down to the leaf of a hash. With `own`, copies the inner nodes that are not the map's own;
  // false without memory.
  bool descend(uint64_t hash, bool own, ChildRef* child) noexcept;
  Step prepare_leaf(const ChildRef& child, uint64_t hash, bool adds) noexcept;
  bool split(const ChildRef& child, Run run) noexcept;
  bool widen(const ChildRef& child) noexcept;

  Inner* own_inner(std::atomic<Word>& holder, Word word) noexcept;
  // A copy of a leaf with the entries in `positions`, each in the slot where it is; the other slots
  // are buried. Null without memory.
  Leaf* copied(Leaf* leaf, const PositionSet& positions) noexcept;
  // A new leaf, or null: without memory, or because the entries need more buckets.
  struct Built {
    Leaf* leaf = nullptr;
    bool enough_memory = true;
  };
  // Some of a leaf's entries.
  struct Entries {
    Leaf* leaf = nullptr;
    PositionSet positions = {};
  };
  // How many buckets a new leaf may have.
  struct BucketRange {
    uint32_t least;
    uint32_t most = buckets_max;
  };
  // A new leaf of as few buckets as possible with `entries`, of which there must be one, and
  // `others`, and with an empty slot for the hash `*reserve` unless that is null.
  Built rebuilt(const Entries& entries, const Entries& others, BucketRange range,
                const uint64_t* reserve) noexcept;
  // An empty leaf for keys that have the first bit of this hash. Null without memory.
  Leaf* first_leaf(uint64_t hash) noexcept;
  // Replaces the child by a leaf that holds the same entries. False if `leaf` is null, for lack of
  // memory.
  bool replace_leaf(const ChildRef& child, Leaf* leaf) noexcept;
  // REQUIRES: `leaf` has been replaced by one or two leaves that hold its entries.
  void replaced(Leaf* leaf) noexcept;
  // Rebuilds the leaf in `buckets` buckets, or in more, if that makes it smaller. False without
  // memory.
  bool pack_leaf(const ChildRef& child, uint32_t buckets) noexcept;
  static LeafSlot slot_in(Leaf* leaf, const Located& at) noexcept;
  // REQUIRES: the leaf is the map's own and has room for the hash.
  void add_entry(Leaf* leaf, uint64_t hash, uint64_t value) noexcept {
    const uint32_t position = leaf->empty_position(hash);
    publish_slot(leaf->slot(position), hash, value);
    leaf->mark_taken(position);
    set_size(size() + 1);
  }
  // For the statistics: the map no longer refers to this value.
  void dropped_value(uint64_t value) noexcept;

  // Merges what has become small by the removal of an entry from `leaf`. Without memory for all of
  // it, does some.
  void tighten(const Leaf& leaf, uint64_t hash) noexcept;
  Step tighten_step(const ChildRef& child, Fill fill) noexcept;
  Step merge(const ChildRef& child, Run run, Fill fill) noexcept;
  Step halve(const ChildRef& child) noexcept;
  Step shrink_leaf(uint64_t* hash) noexcept;

  static Run run_of(const ChildRef& child) noexcept;
  // The bits of the hash that all keys of the leaf in `run` have in common.
  static uint32_t leaf_depth(const ChildRef& child, Run run) noexcept {
    return child.depth + child.bits - static_cast<uint32_t>(std::countr_zero(run.count));
  }
  void publish(std::atomic<Word>& holder, Word word) noexcept {
    // Release: pairs with the acquires in find() and root(): the node is complete.
    holder.store(word, std::memory_order_release);
  }
  void publish(const ChildRef& child, Run run, Word word) noexcept {
    for (uint32_t i = 0; i < run.count; i++) publish(child.node->words()[run.first + i], word);
  }
  // Replaces an inner node, whose references to children have passed to `word`.
  void replace_inner(const ChildRef& child, Word word) noexcept {
    publish(*child.holder, word);
    dropped(child.node);
    retire_shell(child.node);
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
  void made(const Node* node) noexcept { add_memory(node->memory(), node->memory()); }
  void dropped(const Node* node) noexcept {
    const uint64_t bytes = uint64_t{0} - node->memory();
    add_memory(bytes, owns(node) ? bytes : 0);
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

// Inline: a complete lookup. A word has what the next access needs, so the only loads are one per
// level and those of the slots compared.
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
  // Its header says who may change the slots.
  stave::prefetch_to_write(leaf);
  const uint32_t home = home_bucket(at.hash, leaf_buckets(word));
  at.slot = find_in_bucket(leaf->buckets()[home], at.hash);
  if (!at.slot && leaf->is_full(home)) [[unlikely]] {
    const uint32_t next = next_bucket(home, leaf_buckets(word));
    at.slot = find_in_bucket(leaf->buckets()[next], at.hash);
  }
  at.found = static_cast<bool>(at.slot);
  // Relaxed: as above.
  if (at.found) at.value = at.slot.value().load(std::memory_order_relaxed);
  // If a leaf is the map's own, so are all nodes above it.
  if (is_writable(leaf) && (at.found || leaf->has_room(at.hash))) at.leaf = leaf;
  return at;
}

}  // namespace stave::cow_map
