// Keys too long for their entries, of one shard: each in a piece of memory that is used again as
// soon as the readers of the removed key are gone.
//
// Thread safety: everything from any thread; a record's content from whoever found it under a pin.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/base/bytes.h"
#include "core/index/key_pieces.h"

namespace stave::index {

// The head of a piece: the key's hash, and a word. The key's bytes follow it.
struct KeyRecord : KeyPieces::Head {
  uint64_t hash() const noexcept { return first; }
  // Bits 48-63 of the word.
  size_t size() const noexcept {
    // Relaxed: the size never changes while a reader can see the record, the rest is not its
    // business.
    return static_cast<size_t>(word.load(std::memory_order_relaxed) >> kSizeShift);
  }
  Bytes key() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size()}; }
  // Bits 4-47: the next record of a list, which belongs to whoever holds the removed record.
  KeyRecord* next() const noexcept {
    return reinterpret_cast<KeyRecord*>(word.load(std::memory_order_relaxed) & kNextMask);
  }
  // Under the arena's mutex, as what the pieces change.
  void set_next(KeyRecord* next) noexcept {
    const uint64_t others = word.load(std::memory_order_relaxed) & ~kNextMask;
    word.store(others | reinterpret_cast<uintptr_t>(next), std::memory_order_relaxed);
  }

  static constexpr unsigned kSizeShift = 48;
  static constexpr uint64_t kNextMask = (uint64_t{1} << kSizeShift) - 1 - KeyPieces::flags;
};

class KeyArena {
 public:
  KeyArena() noexcept = default;
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
  // All that wait, before it is time.
  Removed take_removed() noexcept;
  // Takes back those for which there was no memory to wait.
  void keep_waiting(Removed removed) noexcept;
  // Of those whose readers are gone.
  void free_removed(Removed removed) noexcept;

  // Gives back what is kept for keys that may come.
  void shrink() noexcept;

  // With what is free in it.
  uint64_t bytes() const noexcept;

 private:
  // Records of one wait, and of their bytes, which the last one may exceed: few keys of the largest
  // size are much memory.
  static constexpr uint32_t kRemovedTogether = 16;
  static constexpr size_t kRemovedBytes = size_t{64} << 10;

  void put_back(KeyRecord* record) noexcept;

  mutable std::mutex mutex_;
  KeyPieces pieces_;
  Removed removed_;
  uint32_t removed_count_ = 0;
};

}  // namespace stave::index
