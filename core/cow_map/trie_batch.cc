// Some inserts at a time into a large map.
//
// The processor waits for several loads at once only where the instructions between them are few:
// so each step is made for all inserts before the next one is made for any.
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
// node is asked for as soon as its place is known.
void Trie::find_leaves(std::span<const DelayedInsert> inserts, Word* words) const noexcept {
  std::array<uint64_t, DelayedInserts::count_max> rest;
  const Word root = root_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < inserts.size(); i++) {
    rest[i] = inserts[i].hash;
    words[i] = root;
  }
  bool any_inner = true;
  for (uint32_t depth = 0; any_inner; depth += root_bits_max) {
    any_inner = false;
    for (size_t i = 0; i < inserts.size(); i++) {
      if (!is_inner(words[i])) continue;
      const Word word = child_of(words[i], rest[i]);
      rest[i] <<= inner_bits_max(depth);
      words[i] = word;
      if (is_inner(word)) {
        prefetch_one_of_many(&as_inner(word)->words()[rest[i] >> (word & tag_mask)]);
        any_inner = true;
      } else if (word != 0) {
        prefetch_one_of_many(as_leaf(word));
        prefetch_bucket(as_leaf(word), home_bucket(inserts[i].hash, leaf_buckets(word)));
      }
    }
  }
}

bool Trie::put_all(std::span<const DelayedInsert> inserts) noexcept {
  std::array<Word, DelayedInserts::count_max> words;
  find_leaves(inserts, words.data());
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
