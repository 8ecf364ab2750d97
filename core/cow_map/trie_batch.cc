// Lookups and writes of a group of keys, in stages: each step is made for all keys of the group
// before the next step is made for any, so that the processor waits for the memory of all of them
// at the same time.
#include <cassert>

#include "core/base/prefetch.h"
#include "core/cow_map/trie.h"

namespace stave::cow_map {

namespace {

void prefetch_bucket(Leaf* leaf, uint32_t bucket) noexcept {
  LeafBucket& slots = leaf->buckets()[bucket];
  prefetch_one_of_many(&slots.words[0]);
  prefetch_one_of_many(&slots.words[bucket_slots]);
}

void prefetch_all_buckets(Leaf* leaf, uint32_t buckets) noexcept {
  for (uint32_t bucket = 0; bucket < buckets; bucket++) prefetch_bucket(leaf, bucket);
}

}  // namespace

struct Trie::Group {
  std::array<uint64_t, group_max> hashes;
  std::array<Word, group_max> leaves;  // the word of the leaf where each hash belongs, or 0
};

// Finds the leaves a level at a time, and prefetches the home buckets in them.
Trie::Group Trie::find_leaves(Word root, std::span<const int64_t> keys) const noexcept {
  assert(keys.size() <= group_max);
  Group group;
  std::array<uint64_t, group_max> rest;  // what is left of each hash
  for (size_t i = 0; i < keys.size(); i++) {
    group.hashes[i] = rest[i] = hash_of(keys[i]);
    group.leaves[i] = root;
  }
  bool any_inner = true;
  for (uint32_t depth = 0; any_inner; depth += root_bits_max) {
    any_inner = false;
    for (size_t i = 0; i < keys.size(); i++) {
      Word& word = group.leaves[i];
      if (!is_inner(word)) continue;
      word = child_of(word, rest[i]);
      rest[i] <<= inner_bits_max(depth);
      if (is_inner(word)) {
        prefetch_one_of_many(&as_inner(word)->words()[rest[i] >> (word & tag_mask)]);
        any_inner = true;
      } else if (word != 0) {
        prefetch_bucket(as_leaf(word), home_bucket(group.hashes[i], leaf_buckets(word)));
      }
    }
  }
  return group;
}

void Trie::find_many(Word root, std::span<const int64_t> keys,
                     std::array<LeafSlot, group_max>& slots) const noexcept {
  const Group group = find_leaves(root, keys);
  for (size_t i = 0; i < keys.size(); i++) {
    const Word word = group.leaves[i];
    slots[i] = word == 0 ? LeafSlot()
                         : find_slot(as_leaf(word)->buckets(), leaf_buckets(word), group.hashes[i]);
    if (form_ == ValueForm::block && slots[i])
      prefetch_one_of_many(reinterpret_cast<const void*>(slot_value(slots[i])));
  }
}

void Trie::prefetch_to_write(std::span<const int64_t> keys) const noexcept {
  // Relaxed: the writer reads what it, or a writer before it, has written.
  const Group group = find_leaves(root_.load(std::memory_order_relaxed), keys);
  // The headers, which say who may change a leaf and what is full.
  for (size_t i = 0; i < keys.size(); i++)
    if (group.leaves[i] != 0) prefetch_one_of_many(as_leaf(group.leaves[i]));
  for (size_t i = 0; i < keys.size(); i++) {
    if (group.leaves[i] == 0) continue;
    Leaf* const leaf = as_leaf(group.leaves[i]);
    const uint32_t buckets = leaf_buckets(group.leaves[i]);
    const uint32_t home = home_bucket(group.hashes[i], buckets);
    if (!leaf->is_full(home)) continue;
    const uint32_t next = next_bucket(home, buckets);
    if (leaf->is_full(next)) {
      prefetch_all_buckets(leaf, buckets);  // an insert builds the leaf anew
    } else {
      prefetch_bucket(leaf, next);
    }
  }
}

}  // namespace stave::cow_map
