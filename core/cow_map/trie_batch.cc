// Some inserts into a large map at a time, or some lookups.
//
// The processor waits for several loads at once only where the instructions between them are few:
// so each step is made for all of them before the next one is made for any.
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

void prefetch_buckets(Leaf* leaf, uint32_t buckets) noexcept {
  const auto* const bytes = reinterpret_cast<const std::byte*>(leaf->buckets());
  for (size_t offset = 0; offset < buckets * bucket_size; offset += node_unit)
    prefetch_one_of_many(bytes + offset);
}

}  // namespace

// The words of the leaves where some hashes belong, a level at a time; what is read next of each
// node is asked for as soon as its place is known, and at_leaf(i) when that is a leaf.
template <typename HashOf, typename AtLeaf>
void Trie::find_leaves(Word root, std::span<Word> words, HashOf hash_of, AtLeaf at_leaf) noexcept {
  std::array<uint64_t, together_max> rest;
  for (size_t i = 0; i < words.size(); i++) {
    rest[i] = hash_of(i);
    words[i] = root;
  }
  bool any_inner = true;
  for (uint32_t depth = 0; any_inner; depth += root_bits_max) {
    any_inner = false;
    for (size_t i = 0; i < words.size(); i++) {
      if (!is_inner(words[i])) continue;
      const Word word = child_of(words[i], rest[i]);
      rest[i] <<= inner_bits_max(depth);
      words[i] = word;
      if (is_inner(word)) {
        prefetch_one_of_many(&as_inner(word)->words()[rest[i] >> (word & tag_mask)]);
        any_inner = true;
      } else if (word != 0) {
        at_leaf(i);
      }
    }
  }
}

void Trie::prefetch(Word root, std::span<const int64_t> keys) const noexcept {
  assert(keys.size() <= together_max);
  std::array<uint64_t, together_max> hashes;
  std::array<Word, together_max> words;
  for (size_t i = 0; i < keys.size(); i++) hashes[i] = hash_(static_cast<uint64_t>(keys[i]));
  find_leaves(
      root, std::span(words).first(keys.size()), [&](size_t i) { return hashes[i]; },
      [&](size_t i) {
        prefetch_bucket(as_leaf(words[i]), home_bucket(hashes[i], leaf_buckets(words[i])));
      });
  if (form_ == ValueForm::inside) return;
  for (size_t i = 0; i < keys.size(); i++) {
    if (words[i] == 0) continue;
    const LeafSlot slot =
        find_slot(as_leaf(words[i])->buckets(), leaf_buckets(words[i]), hashes[i]);
    if (slot) prefetch_one_of_many(reinterpret_cast<const void*>(slot_value(slot)));
  }
}

bool Trie::put_all(std::span<const DelayedInsert> inserts) noexcept {
  std::array<Word, together_max> words;
  // Relaxed: the writer reads what it, or a writer before it, has written.
  find_leaves(
      root_.load(std::memory_order_relaxed), std::span(words).first(inserts.size()),
      [&](size_t i) { return inserts[i].hash; },
      [&](size_t i) {
        prefetch_one_of_many(as_leaf(words[i]));
        prefetch_bucket(as_leaf(words[i]), home_bucket(inserts[i].hash, leaf_buckets(words[i])));
      });
  for (size_t i = 0; i < inserts.size(); i++) {
    if (words[i] == 0) continue;
    Leaf* const leaf = as_leaf(words[i]);
    const uint32_t buckets = leaf_buckets(words[i]);
    const uint32_t home = home_bucket(inserts[i].hash, buckets);
    if (!leaf->is_full(home)) continue;
    const uint32_t next = next_bucket(home, buckets);
    if (leaf->is_full(next)) {
      prefetch_buckets(leaf, buckets);  // which will be built anew
    } else {
      prefetch_bucket(leaf, next);
    }
  }
  // First those for which nothing has to be prepared: until then no node is replaced, and `words`
  // is right. The others stay in their order; all inserts of one key are on the same side, or the
  // first ones of them on this one.
  std::array<const DelayedInsert*, DelayedInserts::count_max> left;
  size_t left_count = 0;
  for (size_t i = 0; i < inserts.size(); i++) {
    const Located at = locate_in(words[i], inserts[i].hash);
    if (at.leaf != nullptr) {
      put_at_once(at, inserts[i].value);
    } else {
      left[left_count++] = &inserts[i];
    }
  }
  for (size_t i = 0; i < left_count; i++)
    if (!put(locate_hash(left[i]->hash), left[i]->value, 0)) return false;
  return true;
}

}  // namespace stave::cow_map
