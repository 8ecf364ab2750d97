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

// The bits of the hash that lead to a leaf in a map of `capacity` entries, rounded down so that the
// lowest inner nodes have all their bits: of a node with few words most would be the header.
uint32_t Trie::bits_for(uint64_t capacity) noexcept {
  // Nearly as many as the fullest leaves have.
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

// Inner nodes for `bits` more bits of the hash, each as wide as it can be.
Word Trie::build_directory(uint32_t depth, uint32_t bits, bool* failed) noexcept {
  const uint32_t own_bits = std::min(bits, inner_bits_max(depth));
  Inner* const inner = create_inner(own_bits, token_);
  if (inner == nullptr) {
    *failed = true;
    return 0;
  }
  for (uint32_t i = 0; i < inner->count(); i++)
    inner->words()[i].store(0, std::memory_order_relaxed);
  made(inner);
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

// The slot of a key that was located, in a leaf that prepare() may have made since.
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

bool Trie::descend(uint64_t hash, bool own, ChildRef* child) noexcept {
  std::atomic<Word>* holder = &root_;
  uint32_t depth = 0;
  for (;;) {
    const Word word = holder->load(std::memory_order_relaxed);
    Inner* const node = own ? own_inner(*holder, word) : as_inner(word);
    if (node == nullptr) return false;
    const uint32_t bits = inner_bits(word);
    *child = {holder, node, bits, static_cast<uint32_t>((hash << depth) >> (64 - bits)), depth};
    if (!is_inner(child->word())) return true;
    depth += bits;
    holder = &node->words()[child->index];
  }
}

Leaf* Trie::prepare(uint64_t hash, bool adds) noexcept {
  // If a leaf is the map's own, so are all nodes above it: their headers need not be read.
  const Word word = leaf_of(root_.load(std::memory_order_relaxed), hash);
  const bool shared = word == 0 || !owns(as_leaf(word));
  for (;;) {
    ChildRef child;
    if (!descend(hash, shared, &child)) return nullptr;
    switch (prepare_leaf(child, hash, adds)) {
      case Step::ready:
        return as_leaf(child.word());
      case Step::again:
        break;
      case Step::no_memory:
        return nullptr;
    }
  }
}

Trie::Step Trie::prepare_leaf(const ChildRef& child, uint64_t hash, bool adds) noexcept {
  const Word word = child.word();
  if (word == 0) {
    Leaf* const leaf = first_leaf(hash);
    if (leaf == nullptr) return Step::no_memory;
    made(leaf);
    publish(child.node->words()[child.index], word_of(leaf));
    return Step::ready;
  }
  Leaf* const leaf = as_leaf(word);
  if (is_writable(leaf) && (!adds || leaf->has_room(hash))) return Step::ready;
  if (!adds || leaf->has_room(hash))
    return replace_leaf(child, copied(leaf, leaf->live)) ? Step::ready : Step::no_memory;
  const Run run = run_of(child);
  const uint32_t depth = leaf_depth(child, run);
  // Without buried slots to reclaim it must grow; by two buckets, so that it is not soon full
  // again.
  const uint32_t least = leaf->form + (leaf->has_buried(hash) ? 0u : 1u);
  if (const uint32_t most = leaf_buckets_max(depth); least <= most) {
    const uint32_t wanted = std::max(buckets_with_room(leaf->entries() + 1, depth), least + 1);
    const Built larger =
        rebuilt({leaf, leaf->live}, {}, {std::clamp(wanted, least, most), most}, &hash);
    if (!larger.enough_memory) return Step::no_memory;
    if (larger.leaf != nullptr) {
      replace_leaf(child, larger.leaf);
      return Step::ready;
    }
  }
  const bool split_done = run.count > 1 ? split(child, run) : widen(child);
  return split_done ? Step::again : Step::no_memory;
}

bool Trie::replace_leaf(const ChildRef& child, Leaf* leaf) noexcept {
  if (leaf == nullptr) return false;
  Leaf* const before = as_leaf(child.word());
  made(leaf);
  publish(child, run_of(child), word_of(leaf));
  replaced(before);
  return true;
}

Leaf* Trie::copied(Leaf* leaf, const PositionSet& positions) noexcept {
  Leaf* const copy = create_leaf(leaf->form, token_);
  if (copy == nullptr) return nullptr;
  // Only this thread writes to the leaf: the bytes can be copied as they are.
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

Trie::Built Trie::rebuilt(const Entries& entries, const Entries& others, BucketRange range,
                          const uint64_t* reserve) noexcept {
  const uint64_t any_hash =
      entries.leaf->slot(entries.positions.first()).hash().load(std::memory_order_relaxed);
  for (uint32_t buckets = range.least; buckets <= range.most; buckets++) {
    Leaf* const result = create_leaf(buckets, token_);
    if (result == nullptr) return {.enough_memory = false};
    clear_slots(result, any_hash);
    if (copy_entries(result, entries.leaf, entries.positions) &&
        (others.leaf == nullptr || copy_entries(result, others.leaf, others.positions)) &&
        (reserve == nullptr || result->has_room(*reserve))) [[likely]]
      return {.leaf = result};
    free_shell(result);
  }
  return {};
}

Leaf* Trie::first_leaf(uint64_t hash) noexcept {
  Leaf* const leaf = create_leaf(1, token_);
  if (leaf != nullptr) clear_slots(leaf, hash);
  return leaf;
}

void Trie::replaced(Leaf* leaf) noexcept {
  dropped(leaf);
  // Its references to blocks pass to the new leaf, unless another node refers to the old one.
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

Inner* Trie::own_inner(std::atomic<Word>& holder, Word word) noexcept {
  Inner* const inner = as_inner(word);
  if (owns(inner)) return inner;
  Inner* const copy = create_inner(inner->form, token_);
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy->words()), static_cast<const void*>(inner->words()),
              inner->count() * sizeof(Word));
  // Its references to children pass to the copy, unless another map refers to the old node.
  const bool sole = inner->references.is_sole();
  if (!sole) {
    prefetch_children(inner);
    for_each_child(inner, [](Word child) { acquire(child); });
  }
  made(copy);
  dropped(as_node(word));
  publish(holder, word_of(copy));
  if (sole) {
    retire_shell(inner);
  } else {
    release(word, form_);
  }
  return copy;
}

// Replaces a leaf that several words hold by two, each in half of the words.
bool Trie::split(const ChildRef& child, Run run) noexcept {
  Leaf* const leaf = as_leaf(child.word());
  const uint32_t depth = leaf_depth(child, run);
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
    // The slots that all entries had are enough for some of them.
    if (half.leaf == nullptr && half.enough_memory) halves[side] = copied(leaf, keep);
    if (halves[side] != nullptr) continue;
    if (halves[0] != nullptr) free_shell(halves[0]);
    return false;
  }
  const uint32_t half_count = run.count / 2;
  for (const uint32_t side : {0u, 1u}) {
    Word word = 0;
    if (halves[side] != nullptr) {
      word = word_of(halves[side]);
      made(halves[side]);
    }
    publish(child, {run.first + side * half_count, half_count}, word);
  }
  replaced(leaf);
  return true;
}

// Gives a leaf that one word holds two words, by doubling its node or in a new node.
bool Trie::widen(const ChildRef& child) noexcept {
  Inner* const node = child.node;
  const bool doubles = child.bits < inner_bits_max(child.depth);
  Inner* const wider = create_inner(doubles ? child.bits + 1 : 1u, token_);
  if (wider == nullptr) return false;
  for (uint32_t i = 0; i < wider->count(); i++) {
    const uint32_t from = doubles ? i / 2 : child.index;
    wider->words()[i].store(node->word(from), std::memory_order_relaxed);
  }
  made(wider);
  if (doubles) {
    replace_inner(child, word_of(wider));
  } else {
    publish(node->words()[child.index], word_of(wider));
  }
  return true;
}

Trie::Run Trie::run_of(const ChildRef& child) noexcept {
  const Word word = child.word();
  const auto same = [&](uint32_t first, uint32_t count) {
    for (uint32_t i = first; i < first + count; i++)
      if (child.node->word(i) != word) return false;
    return true;
  };
  Run run = {child.index, 1};
  if (word == 0 || is_inner(word)) return run;
  // The size of a run is a power of two, and it begins at a multiple of its size.
  while (run.count < child.count()) {
    const uint32_t buddy = run.first ^ run.count;
    if (!same(buddy, run.count)) break;
    run = {std::min(run.first, buddy), run.count * 2};
  }
  return run;
}

}  // namespace stave::cow_map
