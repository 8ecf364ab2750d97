#include "core/cow_map/trie.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "core/base/planted_bug.h"
#include "core/base/prefetch.h"
#include "core/cow_map/value_block.h"

namespace stave::cow_map {

namespace {

ValueBlock* as_block(uint64_t value) noexcept {
  return reinterpret_cast<ValueBlock*>(value);
}

}  // namespace

// The bits of the hash that lead to a leaf when there are so many entries, less those of a lowest
// node that would have fewer than all its bits: nodes of few words take three times as much memory.
uint32_t Trie::bits_for(uint64_t capacity) noexcept {
  // As many as the fullest leaves have, nearly.
  constexpr uint64_t entries_per_leaf = 60;
  const uint64_t leaves = std::min(capacity / entries_per_leaf, uint64_t{1} << 40);
  const auto bits = std::max<uint32_t>(1, static_cast<uint32_t>(std::bit_width(leaves)));
  return bits <= root_bits_max ? bits : bits - (bits - root_bits_max) % inner_bits_max(bits);
}

bool Trie::reset(uint64_t capacity) noexcept {
  const uint32_t bits = bits_for(capacity);
  const uint64_t memory_before = memory();
  const uint64_t own_before = own_memory();
  bool failed = false;
  const Word root = build_directory(0, bits, &failed);
  if (failed) {
    release(root, form_);
    memory_.store(memory_before, std::memory_order_relaxed);
    own_memory_.store(own_before, std::memory_order_relaxed);
    return false;
  }
  const Word before = root_.load(std::memory_order_relaxed);
  publish(root_, root);
  set_size(0);
  add_memory(uint64_t{0} - memory_before, uint64_t{0} - own_before);
  release(before, form_);
  return true;
}

// Inner nodes for `bits` more bits of the hash, all at their full width but the last ones.
Word Trie::build_directory(uint32_t depth, uint32_t bits, bool* failed) noexcept {
  const uint32_t own_bits = std::min(bits, inner_bits_max(depth));
  Inner* const inner = create_inner(own_bits, token_);
  if (inner == nullptr) {
    *failed = true;
    return 0;
  }
  for (uint32_t i = 0; i < inner->count(); i++)
    inner->words()[i].store(0, std::memory_order_relaxed);
  made(word_of(inner));
  for (uint32_t i = 0; own_bits < bits && i < inner->count() && !*failed; i++)
    inner->words()[i].store(build_directory(depth + own_bits, bits - own_bits, failed),
                            std::memory_order_relaxed);
  return word_of(inner);
}

Word Trie::share_root(uint64_t new_token) noexcept {
  const Word root = root_.load(std::memory_order_relaxed);
  acquire(root);
  own_memory_.store(0, std::memory_order_relaxed);
  if (!STAVE_PLANTED_BUG(clone_keeps_token)) token_ = new_token;
  return root;
}

void Trie::share(Trie& other, uint64_t other_token) noexcept {
  publish(root_, other.share_root(other_token));
  set_size(other.size());
  memory_.store(other.memory(), std::memory_order_relaxed);
}

void Trie::clear() noexcept {
  const Word before = root_.load(std::memory_order_relaxed);
  publish(root_, 0);
  set_size(0);
  memory_.store(0, std::memory_order_relaxed);
  own_memory_.store(0, std::memory_order_relaxed);
  release(before, form_);
}

bool Trie::put(const Located& at, uint64_t value, size_t memory) noexcept {
  Leaf* const leaf = at.leaf != nullptr ? at.leaf : prepare(at.hash, !at.found);
  if (leaf == nullptr) return false;
  if (at.found) {
    replace_slot_value(slot_in(leaf, at), value);
    dropped_value(at.value);
  } else {
    add_entry(leaf, at.hash, value);
  }
  if (memory != 0) add_memory(memory, memory);
  return true;
}

bool Trie::remove(const Located& at) noexcept {
  Leaf* const leaf = at.leaf != nullptr ? at.leaf : prepare(at.hash, false);
  if (leaf == nullptr) return false;
  const LeafSlot slot = slot_in(leaf, at);
  leaf->live.erase(leaf->position_of(slot));
  bury_slot(slot, at.hash);
  set_size(size() - 1);
  dropped_value(at.value);
  tighten(*leaf, at.hash);
  return true;
}

// Of a key that has been located, in a leaf that may have been prepared since.
LeafSlot Trie::slot_in(Leaf* leaf, const Located& at) noexcept {
  const LeafSlot slot = leaf == at.leaf ? at.slot : find_slot(leaf->buckets(), leaf->form, at.hash);
  assert(slot);
  return slot;
}

void Trie::dropped_value(uint64_t value) noexcept {
  if (form_ == ValueForm::inside || value == 0) return;
  const ValueBlock* const block = as_block(value);
  const uint64_t bytes = uint64_t{0} - block->memory();
  add_memory(bytes, block->owner() == token_ ? bytes : 0);
}

bool Trie::descend(uint64_t hash, bool own, Place* place) noexcept {
  std::atomic<Word>* node_place = &root_;
  uint32_t depth = 0;
  for (;;) {
    const Word word = node_place->load(std::memory_order_relaxed);
    Inner* const node = own ? own_inner(*node_place, word) : as_inner(word);
    if (node == nullptr) return false;
    const uint32_t bits = inner_bits(word);
    *place = {node_place, node, bits, static_cast<uint32_t>((hash << depth) >> (64 - bits)), depth};
    if (!is_inner(place->word())) return true;
    depth += bits;
    node_place = &node->words()[place->index];
  }
}

void Trie::prefetch_shared(uint64_t hash) const noexcept {
  uint64_t rest = hash;
  Word word = root_.load(std::memory_order_relaxed);
  for (uint32_t depth = 0; is_inner(word); depth += root_bits_max) {
    Inner* const inner = as_inner(word);
    if (!owns(inner) && !inner->references.is_sole()) prefetch_children(inner);
    word = child_of(word, rest);
    rest <<= inner_bits_max(depth);
  }
  if (word == 0 || owns(as_leaf(word))) return;
  const auto* const bytes = reinterpret_cast<const std::byte*>(as_leaf(word));
  for (size_t offset = 0; offset < memory_of(word); offset += node_unit)
    prefetch_one_of_many(bytes + offset);
}

Leaf* Trie::prepare(uint64_t hash, bool adds) noexcept {
  // The nodes above a leaf of the map's own are its own too, and their headers need not be read.
  const Word word = leaf_of(root_.load(std::memory_order_relaxed), hash);
  const bool shared = word == 0 || !owns(as_leaf(word));
  if (shared) prefetch_shared(hash);
  for (;;) {
    Place place;
    if (!descend(hash, shared, &place)) return nullptr;
    switch (prepare_leaf(place, hash, adds)) {
      case Step::ready:
        return as_leaf(place.word());
      case Step::again:
        break;
      case Step::no_memory:
        return nullptr;
    }
  }
}

Trie::Step Trie::prepare_leaf(const Place& place, uint64_t hash, bool adds) noexcept {
  const Word word = place.word();
  if (word == 0) {
    Leaf* const leaf = first_leaf(hash);
    if (leaf == nullptr) return Step::no_memory;
    made(word_of(leaf));
    publish(place.node->words()[place.index], word_of(leaf));
    return Step::ready;
  }
  Leaf* const leaf = as_leaf(word);
  if (is_writable(leaf) && (!adds || leaf->has_room(hash))) return Step::ready;
  if (!adds || leaf->has_room(hash))
    return replace_leaf(place, copied(leaf, leaf->live)) ? Step::ready : Step::no_memory;
  const Run run = run_of(place);
  const uint32_t depth = leaf_depth(place, run);
  // Without slots that could be used again it must become larger; by two buckets, so that it is not
  // soon full again.
  const uint32_t least = leaf->form + (leaf->has_buried(hash) ? 0u : 1u);
  if (const uint32_t most = leaf_buckets_max(depth); least <= most) {
    const uint32_t wanted = std::max(buckets_with_room(leaf->entries() + 1, depth), least + 1);
    const Built larger =
        rebuilt({leaf, leaf->live}, {}, {std::clamp(wanted, least, most), most}, &hash);
    if (!larger.enough_memory) return Step::no_memory;
    if (larger.leaf != nullptr) {
      replace_leaf(place, larger.leaf);
      return Step::ready;
    }
  }
  const bool split_done = run.count > 1 ? split(place, run) : widen(place);
  return split_done ? Step::again : Step::no_memory;
}

bool Trie::replace_leaf(const Place& place, Leaf* leaf) noexcept {
  if (leaf == nullptr) return false;
  Leaf* const before = as_leaf(place.word());
  made(word_of(leaf));
  publish(place, run_of(place), word_of(leaf));
  replaced(before);
  return true;
}

Leaf* Trie::copied(Leaf* leaf, const PositionSet& positions) noexcept {
  Leaf* const copy = create_leaf(leaf->form, token_);
  if (copy == nullptr) return nullptr;
  // No reader writes to a leaf, and its writer is here: the bytes can be copied as they are.
  std::memcpy(static_cast<void*>(copy->buckets()), static_cast<const void*>(leaf->buckets()),
              leaf->form * bucket_size);
  (leaf->live - positions).for_each([&](uint32_t position) {
    std::atomic<uint64_t>& hash = copy->slot(position).hash();
    hash.store(no_hash(hash.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  });
  copy->live = positions;
  copy->taken = leaf->taken;
  return copy;
}

Trie::Built Trie::rebuilt(const Entries& entries, const Entries& others, Room room,
                          const uint64_t* reserve) noexcept {
  const uint64_t any_hash =
      entries.leaf->slot(entries.positions.first()).hash().load(std::memory_order_relaxed);
  for (uint32_t buckets = room.least; buckets <= room.most; buckets++) {
    Leaf* const result = create_leaf(buckets, token_);
    if (result == nullptr) return {.enough_memory = false};
    LeafBuilder builder(result, any_hash);
    if (builder.add(entries.leaf, entries.positions) &&
        (others.leaf == nullptr || builder.add(others.leaf, others.positions)) &&
        (reserve == nullptr || builder.has_room(*reserve))) [[likely]] {
      builder.finish(result);
      return {.leaf = result};
    }
    discard(result);
  }
  return {};
}

Leaf* Trie::first_leaf(uint64_t hash) noexcept {
  Leaf* const leaf = create_leaf(1, token_);
  if (leaf != nullptr) LeafBuilder(leaf, hash).finish(leaf);
  return leaf;
}

void Trie::replaced(Leaf* leaf) noexcept {
  dropped(word_of(leaf));
  // Its entries' references pass to the new leaf, unless another node holds on to the old one.
  if (leaf->references.is_sole()) return retire_shell(leaf);
  if (form_ == ValueForm::block) {
    leaf->live.for_each([&](uint32_t position) {
      ValueBlock* const block =
          as_block(leaf->slot(position).value().load(std::memory_order_relaxed));
      if (block != nullptr) block->acquire();
    });
  }
  release(word_of(leaf), form_);
}

Inner* Trie::own_inner(std::atomic<Word>& place, Word word) noexcept {
  Inner* const inner = as_inner(word);
  if (owns(inner)) return inner;
  Inner* const copy = create_inner(inner->form, token_);
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy->words()), static_cast<const void*>(inner->words()),
              inner->count() * sizeof(Word));
  // Its children's references pass to the copy, unless another map holds on to it.
  const bool sole = inner->references.is_sole();
  if (!sole) {
    prefetch_children(inner);
    for_each_child(inner, [](Word child, uint32_t) { acquire(child); });
  }
  made(word_of(copy));
  dropped(word);
  publish(place, word_of(copy));
  if (sole) {
    retire_shell(inner);
  } else {
    release(word, form_);
  }
  return copy;
}

// The leaf stands in several words: two leaves share them.
bool Trie::split(const Place& place, Run run) noexcept {
  Leaf* const leaf = as_leaf(place.word());
  const uint32_t depth = leaf_depth(place, run);
  PositionSet high_half;
  leaf->live.for_each([&](uint32_t position) {
    const uint64_t hash = leaf->slot(position).hash().load(std::memory_order_relaxed);
    high_half.insert_if(hash >> (63 - depth) & 1, position);
  });
  Leaf* halves[2] = {nullptr, nullptr};
  for (const uint32_t side : {0u, 1u}) {
    const PositionSet keep = side == 0 ? leaf->live - high_half : high_half;
    if (keep.empty()) continue;  // its words become 0
    const uint32_t buckets = buckets_with_room(keep.count(), depth + 1);
    const Built half = rebuilt({leaf, keep}, {}, {std::min(buckets, buckets_max)}, nullptr);
    halves[side] = half.leaf;
    // Where all entries have a place some of them have.
    if (half.leaf == nullptr && half.enough_memory) halves[side] = copied(leaf, keep);
    if (halves[side] != nullptr) continue;
    if (halves[0] != nullptr) discard(halves[0]);
    return false;
  }
  const uint32_t half_count = run.count / 2;
  for (const uint32_t side : {0u, 1u}) {
    Word word = 0;
    if (halves[side] != nullptr) {
      word = word_of(halves[side]);
      made(word);
    }
    publish(place, {run.first + side * half_count, half_count}, word);
  }
  replaced(leaf);
  return true;
}

// The leaf stands in one word: it gets two, by doubling the node or in a node of its own.
bool Trie::widen(const Place& place) noexcept {
  Inner* const node = place.node;
  const bool doubles = place.bits < inner_bits_max(place.depth);
  Inner* const wider = create_inner(doubles ? place.bits + 1 : 1u, token_);
  if (wider == nullptr) return false;
  for (uint32_t i = 0; i < wider->count(); i++) {
    const uint32_t from = doubles ? i / 2 : place.index;
    wider->words()[i].store(node->words()[from].load(std::memory_order_relaxed),
                            std::memory_order_relaxed);
  }
  made(word_of(wider));
  if (doubles) {
    dropped(word_of(node));
    publish(*place.node_place, word_of(wider));
    retire_shell(node);
  } else {
    publish(node->words()[place.index], word_of(wider));
  }
  return true;
}

Trie::Run Trie::run_of(const Place& place) noexcept {
  const Word word = place.word();
  const auto same = [&](uint32_t first, uint32_t count) {
    for (uint32_t i = first; i < first + count; i++)
      if (place.node->words()[i].load(std::memory_order_relaxed) != word) return false;
    return true;
  };
  Run run = {place.index, 1};
  if (word == 0 || is_inner(word)) return run;
  // Runs have the size of a power of two, and begin at a multiple of it.
  while (run.count < place.count()) {
    const uint32_t buddy = run.first ^ run.count;
    if (!same(buddy, run.count)) break;
    run = {std::min(run.first, buddy), run.count * 2};
  }
  return run;
}

}  // namespace stave::cow_map
