// Keys too long for their entries, of one shard: pieces of a few sizes cut from chunks, reused as
// soon as the readers of the removed key are gone.
//
// Thread safety: everything from any thread; a record's content from whoever found it under a pin.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/base/bytes.h"
#include "core/index/chunk_memory.h"

namespace stave::index {

// The key's bytes follow it.
struct KeyRecord {
  uint64_t hash = 0;
  // Bits 0-47 the next record of a list, which belongs to whoever holds the removed record; bits
  // 48-63 the size of the key.
  std::atomic<uint64_t> size_and_next{0};

  size_t size() const noexcept {
    // Relaxed: the size never changes while a reader can see the record, the rest is not its
    // business.
    return static_cast<size_t>(size_and_next.load(std::memory_order_relaxed) >> kSizeShift);
  }
  Bytes key() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size()}; }
  KeyRecord* next() const noexcept {
    return reinterpret_cast<KeyRecord*>(size_and_next.load(std::memory_order_relaxed) & kNextMask);
  }
  void set_next(KeyRecord* next) noexcept {
    const uint64_t size_bits = size_and_next.load(std::memory_order_relaxed) & ~kNextMask;
    size_and_next.store(size_bits | reinterpret_cast<uintptr_t>(next), std::memory_order_relaxed);
  }

  static constexpr unsigned kSizeShift = 48;
  static constexpr uint64_t kNextMask = (uint64_t{1} << kSizeShift) - 1;
};

class KeyArena {
 public:
  KeyArena() noexcept = default;
  ~KeyArena();
  KeyArena(const KeyArena&) = delete;
  KeyArena& operator=(const KeyArena&) = delete;

  // Null without memory.
  KeyRecord* add(uint64_t hash, Bytes key) noexcept;
  // Of a record that no reader can see.
  void free(KeyRecord* record) noexcept;

  // Records that wait for their readers together, and the bytes of their pieces.
  struct Removed {
    KeyRecord* first = nullptr;
    size_t bytes = 0;
  };
  // A record that readers may still see joins those that wait. Returns all of them when it is time
  // to wait for their readers, none otherwise.
  Removed remove(KeyRecord* record) noexcept;
  // Takes back those for which there was no memory to wait.
  void keep_waiting(Removed removed) noexcept;
  // Of those whose readers are gone.
  void free_removed(Removed removed) noexcept;

  // Bytes of all chunks.
  uint64_t bytes() const noexcept;

  static constexpr size_t kSizeClasses = 96;

 private:
  static constexpr size_t kFirstChunk = 4096;
  // Records of one wait, and of their bytes, which the last one may exceed: few keys of the largest
  // size are much memory.
  static constexpr uint32_t kRemovedTogether = 16;
  static constexpr size_t kRemovedBytes = size_t{64} << 10;

  // In front of each chunk, of a cache line: pieces of 32 bytes then lie in one line each.
  struct alignas(64) Chunk {
    Chunk* next;
    size_t size;
  };

  std::byte* take(size_t key_size) noexcept;
  bool add_chunk(size_t piece) noexcept;
  void put_back(KeyRecord* record) noexcept;

  mutable std::mutex mutex_;
  std::array<KeyRecord*, kSizeClasses> free_{};
  Chunk* chunks_ = nullptr;
  std::byte* unused_ = nullptr;  // the rest of the newest chunk
  size_t unused_size_ = 0;
  uint64_t bytes_ = 0;
  Removed removed_;
  uint32_t removed_count_ = 0;
};

}  // namespace stave::index
