#include "core/cow_map/node.h"

#include <new>

#include "core/cow_map/value_block.h"

namespace stave::cow_map {

namespace {

template <typename Type>
Type* create(size_t room, uint64_t owner) noexcept {
  // The tags need the 16-byte alignment of operator new.
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ > tag_mask);
  void* memory = ::operator new(sizeof(Type) + room, std::nothrow);
  return memory == nullptr ? nullptr : new (memory) Type(owner);
}

void free_shell(sync::Retired* retired) noexcept {
  ::operator delete(static_cast<Node*>(retired));
}

void free_leaf_of_blocks(sync::Retired* retired) noexcept {
  auto* const leaf = static_cast<Leaf*>(retired);
  for_each_position(leaf->live, [&](uint32_t position) {
    auto* block =
        reinterpret_cast<ValueBlock*>(leaf->slot(position).value.load(std::memory_order_relaxed));
    if (block != nullptr) block->release();
  });
  ::operator delete(leaf);
}

template <ValueForm form>
void free_inner(sync::Retired* retired) noexcept {
  auto* const inner = static_cast<Inner*>(retired);
  prefetch_children(inner);
  for_each_child(inner, [](Word child, uint32_t) { release(child, form); });
  ::operator delete(inner);
}

sync::Retired::Reclaim reclaim_function(Word word, ValueForm form) noexcept {
  if (is_inner(word))
    return form == ValueForm::inside ? free_inner<ValueForm::inside> : free_inner<ValueForm::block>;
  return form == ValueForm::inside ? free_shell : free_leaf_of_blocks;
}

}  // namespace

size_t memory_of(Word word) noexcept {
  return is_inner(word) ? as_inner(word)->memory() : as_leaf(word)->memory();
}

Leaf* create_leaf(uint32_t groups, uint64_t owner) noexcept {
  Leaf* const leaf = create<Leaf>(groups * sizeof(LeafGroup), owner);
  if (leaf != nullptr) leaf->form = static_cast<uint8_t>(groups);
  return leaf;
}

Inner* create_inner(uint32_t bits, uint64_t owner) noexcept {
  Inner* const inner = create<Inner>((size_t{1} << bits) * sizeof(Word), owner);
  if (inner != nullptr) inner->form = static_cast<uint8_t>(bits);
  return inner;
}

void release(Word word, ValueForm form) noexcept {
  if (word != 0 && as_node(word)->references.release())
    sync::EpochRegistry::retire(as_node(word), reclaim_function(word, form));
}

void retire_shell(Node* node) noexcept {
  sync::EpochRegistry::retire(node, free_shell);
}

void discard(Node* node) noexcept {
  ::operator delete(node);
}

}  // namespace stave::cow_map
