// A value that does not fit into a slot: immutable bytes behind a count of who refers to them (the
// leaves that hold it, and pins).
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>

#include "core/base/bytes.h"
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
    return block;
  }

  Bytes bytes() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size_}; }
  size_t memory() const noexcept { return sizeof(ValueBlock) + size_; }
  // For statistics; of the writer.
  uint64_t owner() const noexcept { return owner_; }

  // By somebody who has a reference, or refers to something that has.
  void acquire() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  // By a reader who found the block under an epoch pin, when it may be on its way out. False when
  // it is.
  bool try_acquire() noexcept {
    uint32_t references = references_.load(std::memory_order_relaxed);
    do {
      if (references == 0) return false;
      // Relaxed: the bytes came with the pointer.
    } while (
        !references_.compare_exchange_weak(references, references + 1, std::memory_order_relaxed));
    return true;
  }
  void release() noexcept {
    // Release and acquire: whoever frees the block does so after everybody's last look at it.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    sync::EpochRegistry::retire(this, [](sync::Retired* retired) noexcept {
      ::operator delete(static_cast<ValueBlock*>(retired));
    });
  }

 private:
  ValueBlock(uint32_t size, uint64_t owner) noexcept : size_(size), owner_(owner) {}

  std::atomic<uint32_t> references_{1};
  uint32_t size_;
  uint64_t owner_;
};

}  // namespace stave::cow_map
