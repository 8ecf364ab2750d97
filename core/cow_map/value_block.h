// A value that does not fit into a slot: immutable bytes with a count of their referents (the
// leaves that hold it, and pins).
#pragma once

#include <cstdint>
#include <cstring>
#include <new>

#include "core/base/bytes.h"
#include "core/base/planted_bug.h"
#include "core/cow_map/reference_count.h"
#include "core/sync/epoch.h"

namespace stave::cow_map {

class ValueBlock : public sync::Retired {
 public:
  // With one reference; null without memory. `owner` is the token of the map that stores it.
  static ValueBlock* create(Bytes bytes, uint64_t owner) noexcept {
    void* memory = ::operator new(sizeof(ValueBlock) + bytes.size(), std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* block = new (memory) ValueBlock(static_cast<uint32_t>(bytes.size()), owner);
    copy(reinterpret_cast<std::byte*>(block + 1), bytes);
    // All blocks of a map are released at once: whoever makes one helps to free them.
    sync::EpochRegistry::contribute(1);
    return block;
  }

  Bytes bytes() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size_}; }
  size_t memory() const noexcept { return sizeof(ValueBlock) + size_; }
  // For the writer's statistics.
  uint64_t owner() const noexcept { return owner_; }

  // Like those of ReferenceCount.
  void acquire() noexcept { references_.acquire(); }
  bool try_acquire() noexcept { return references_.try_acquire(); }
  void release() noexcept {
    if (!references_.release()) return;
    if (STAVE_PLANTED_BUG(values_freed_at_once)) return free(this);
    sync::EpochRegistry::retire(this, free);
  }

 private:
  static void free(sync::Retired* retired) noexcept {
    ::operator delete(static_cast<ValueBlock*>(retired));
  }
  ValueBlock(uint32_t size, uint64_t owner) noexcept : size_(size), owner_(owner) {}

  ReferenceCount<std::atomic> references_;
  uint32_t size_;
  uint64_t owner_;
};

}  // namespace stave::cow_map
