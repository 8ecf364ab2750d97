#include "core/index/key_arena.h"

#include <new>
#include <utility>

namespace stave::index {

namespace {

size_t piece_size(size_t key_size) noexcept {
  return KeyPieces::size_for(sizeof(KeyRecord) + key_size);
}

}  // namespace

KeyRecord* KeyArena::add(uint64_t hash, Bytes key) noexcept {
  KeyRecord* record = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::byte* const piece = pieces_.take(piece_size(key.size()));
    if (piece == nullptr) return nullptr;
    // Its flags are zero, and nobody changes them meanwhile.
    record = new (piece) KeyRecord{{hash, uint64_t{key.size()} << KeyRecord::kSizeShift}};
  }
  copy(reinterpret_cast<std::byte*>(record + 1), key);
  return record;
}

void KeyArena::free(KeyRecord* record) noexcept {
  const std::lock_guard lock(mutex_);
  put_back(record);
}

KeyArena::Removed KeyArena::remove(KeyRecord* record) noexcept {
  const std::lock_guard lock(mutex_);
  record->set_next(removed_.first);
  removed_.first = record;
  removed_.bytes += piece_size(record->size());
  removed_count_++;
  if (removed_count_ < kRemovedTogether && removed_.bytes < kRemovedBytes) return {};
  removed_count_ = 0;
  return std::exchange(removed_, Removed());
}

KeyArena::Removed KeyArena::take_removed() noexcept {
  const std::lock_guard lock(mutex_);
  removed_count_ = 0;
  return std::exchange(removed_, Removed());
}

void KeyArena::keep_waiting(Removed removed) noexcept {
  const std::lock_guard lock(mutex_);
  removed_.bytes += removed.bytes;
  for (KeyRecord* record = removed.first; record != nullptr;) {
    KeyRecord* const next = record->next();
    record->set_next(removed_.first);
    removed_.first = record;
    removed_count_++;
    record = next;
  }
}

void KeyArena::free_removed(Removed removed) noexcept {
  const std::lock_guard lock(mutex_);
  for (KeyRecord* record = removed.first; record != nullptr;) {
    KeyRecord* const next = record->next();
    put_back(record);
    record = next;
  }
}

void KeyArena::shrink() noexcept {
  const std::lock_guard lock(mutex_);
  pieces_.drop_free_chunks();
}

uint64_t KeyArena::bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return pieces_.bytes();
}

// Under the mutex.
void KeyArena::put_back(KeyRecord* record) noexcept {
  pieces_.give_back(reinterpret_cast<std::byte*>(record), piece_size(record->size()));
}

}  // namespace stave::index
