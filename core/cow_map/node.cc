#include "core/cow_map/node.h"

#include <new>

#include "core/base/prefetch.h"
#include "core/cow_map/node_pool.h"
#include "core/cow_map/value_block.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {

namespace {

template <typename Type>
Type* create(size_t size, uint32_t form, uint64_t owner) noexcept {
  const auto units = static_cast<uint8_t>(size / node_unit);
  void* const memory = NodePool::allocate(units);
  if (memory == nullptr) return nullptr;
  auto* const node = new (memory) Type(owner);
  node->form = static_cast<uint8_t>(form);
  node->units = units;
  return node;
}

void free_retired_shell(sync::Retired* retired) noexcept {
  free_shell(static_cast<Node*>(retired));
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
  // Blocks lie anywhere in memory.
  for_each_block([](ValueBlock* block) { stave::prefetch_to_write(block); });
  for_each_block([](ValueBlock* block) { block->release(); });
  free_shell(leaf);
}

// REQUIRES: the parent of `child` is being freed, so that no reader can be in it any more.
template <ValueForm form>
void release_child(Word child) noexcept {
  // A leaf of blocks is retired by itself: sixteen of them with all their blocks would be too much
  // at once.
  // Relaxed: whoever shared it has released it since, or still refers to it; see Node::was_shared.
  if (form == ValueForm::block || is_inner(child) ||
      as_node(child)->was_shared.load(std::memory_order_relaxed))
    return release(child, form);
  // Readers came here only through the parent, and through nodes that the parent replaced.
  free_shell(as_leaf(child));
}

template <ValueForm form>
void free_inner(sync::Retired* retired) noexcept {
  auto* const inner = static_cast<Inner*>(retired);
  prefetch_children(inner);
  for_each_child(inner, [](Word child) { release_child<form>(child); });
  free_shell(inner);
}

sync::Retired::Reclaim reclaim_function(Word word, ValueForm form) noexcept {
  if (is_inner(word))
    return form == ValueForm::inside ? free_inner<ValueForm::inside> : free_inner<ValueForm::block>;
  return form == ValueForm::inside ? free_retired_shell : free_leaf_of_blocks;
}

}  // namespace

Leaf* create_leaf(uint32_t buckets, uint64_t owner) noexcept {
  return create<Leaf>(Leaf::memory_for(buckets), buckets, owner);
}

Inner* create_inner(uint32_t bits, uint64_t owner) noexcept {
  return create<Inner>(Inner::memory_for(bits), bits, owner);
}

void release(Word word, ValueForm form) noexcept {
  if (word == 0) return;
  if (as_node(word)->references.release())
    return sync::EpochRegistry::retire(as_node(word), reclaim_function(word, form));
  // Most often a copy has replaced the node in one map; the nodes that the other maps hold will be
  // released all at once.
  sync::EpochRegistry::contribute(1);
}

void retire_shell(Node* node) noexcept {
  sync::EpochRegistry::retire(node, free_retired_shell);
}

void free_shell(Node* node) noexcept {
  NodePool::free(node, node->units);
}

}  // namespace stave::cow_map
