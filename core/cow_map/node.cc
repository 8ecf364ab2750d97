#include "core/cow_map/node.h"

#include <new>

#include "core/cow_map/node_pool.h"
#include "core/cow_map/value_block.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {

namespace {

template <typename Type>
Type* create(size_t size, uint64_t owner) noexcept {
  void* memory = NodePool::allocate(static_cast<uint32_t>(size / node_unit));
  return memory == nullptr ? nullptr : new (memory) Type(owner);
}

void free_memory(Leaf* leaf) noexcept {
  NodePool::free(leaf, static_cast<uint32_t>(leaf->memory() / node_unit));
}
void free_memory(Inner* inner) noexcept {
  NodePool::free(inner, static_cast<uint32_t>(inner->memory() / node_unit));
}

template <typename Type>
void free_shell(sync::Retired* retired) noexcept {
  free_memory(static_cast<Type*>(retired));
}

void free_leaf_of_blocks(sync::Retired* retired) noexcept {
  auto* const leaf = static_cast<Leaf*>(retired);
  const auto for_each_block = [leaf](auto&& use) {
    leaf->live.for_each([&](uint32_t position) {
      auto* block = reinterpret_cast<ValueBlock*>(
          leaf->slot(position).value().load(std::memory_order_relaxed));
      if (block != nullptr) use(block);
    });
  };
  // They lie anywhere in memory.
  for_each_block([](ValueBlock* block) { __builtin_prefetch(block, 1); });
  for_each_block([](ValueBlock* block) { block->release(); });
  free_memory(leaf);
}

// The parent of `child` is being freed, so no reader can be in it any more.
template <ValueForm form>
void release_child(Word child) noexcept {
  // Sixteen leaves with all their blocks would be too much at once.
  // Relaxed: who has shared it has let go since, or still refers to it; see Node::was_shared.
  if (form == ValueForm::block || is_inner(child) ||
      as_node(child)->was_shared.load(std::memory_order_relaxed))
    return release(child, form);
  // No reader came here but through the parent, and through those whose place that one has taken.
  free_memory(as_leaf(child));
}

template <ValueForm form>
void free_inner(sync::Retired* retired) noexcept {
  auto* const inner = static_cast<Inner*>(retired);
  prefetch_children(inner);
  for_each_child(inner, [](Word child, uint32_t) { release_child<form>(child); });
  free_memory(inner);
}

sync::Retired::Reclaim reclaim_function(Word word, ValueForm form) noexcept {
  if (is_inner(word))
    return form == ValueForm::inside ? free_inner<ValueForm::inside> : free_inner<ValueForm::block>;
  return form == ValueForm::inside ? free_shell<Leaf> : free_leaf_of_blocks;
}

}  // namespace

size_t memory_of(Word word) noexcept {
  return is_inner(word) ? as_inner(word)->memory() : as_leaf(word)->memory();
}

Leaf* create_leaf(uint32_t buckets, uint64_t owner) noexcept {
  Leaf* const leaf = create<Leaf>(Leaf::memory_for(buckets), owner);
  if (leaf != nullptr) leaf->form = static_cast<uint8_t>(buckets);
  return leaf;
}

Inner* create_inner(uint32_t bits, uint64_t owner) noexcept {
  Inner* const inner = create<Inner>(Inner::memory_for(bits), owner);
  if (inner != nullptr) inner->form = static_cast<uint8_t>(bits);
  return inner;
}

void release(Word word, ValueForm form) noexcept {
  if (word == 0) return;
  if (as_node(word)->references.release())
    return sync::EpochRegistry::retire(as_node(word), reclaim_function(word, form));
  // Most often a copy has taken the node's place in a map, and those that the other maps hold will
  // be let go of all together.
  sync::EpochRegistry::contribute(1);
}

void retire_shell(Leaf* leaf) noexcept {
  sync::EpochRegistry::retire(leaf, free_shell<Leaf>);
}
void retire_shell(Inner* inner) noexcept {
  sync::EpochRegistry::retire(inner, free_shell<Inner>);
}

void discard(Leaf* leaf) noexcept {
  free_memory(leaf);
}

}  // namespace stave::cow_map
