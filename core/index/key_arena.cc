#include "core/index/key_arena.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "core/base/limits.h"
#include "core/os/page_memory.h"

namespace stave::index {

static_assert(sizeof(KeyRecord) == 16);

namespace {

// The sizes of pieces: multiples of 16 up to 1,024, then four to each doubling.
constexpr size_t kUnit = 16;
constexpr size_t kSmallMax = 1024;
constexpr size_t kSmallClasses = kSmallMax / kUnit;

struct SizeClass {
  size_t number;
  size_t bytes;
};

constexpr SizeClass size_class(size_t key_size) noexcept {
  const size_t bytes = sizeof(KeyRecord) + key_size;
  if (bytes <= kSmallMax) {
    const size_t units = (bytes + kUnit - 1) / kUnit;
    return {units, units * kUnit};
  }
  const auto shift = static_cast<size_t>(std::bit_width(bytes - 1)) - 3;
  const size_t quarters = ((bytes - 1) >> shift) + 1;  // 5 to 8
  return {kSmallClasses + (shift - 8) * 4 + quarters - 4, quarters << shift};
}
static_assert(size_class(kSmallMax - sizeof(KeyRecord) + 1).number == kSmallClasses + 1);
static_assert(size_class(key_size_max).number < KeyArena::kSizeClasses);

}  // namespace

KeyArena::~KeyArena() {
  while (chunks_ != nullptr) {
    Chunk* const next = chunks_->next;
    free_chunk(reinterpret_cast<std::byte*>(chunks_), chunks_->size);
    chunks_ = next;
  }
}

KeyRecord* KeyArena::add(uint64_t hash, Bytes key) noexcept {
  std::byte* memory = nullptr;
  {
    const std::lock_guard lock(mutex_);
    memory = take(key.size());
  }
  if (memory == nullptr) return nullptr;
  auto* const record = new (memory) KeyRecord;
  record->hash = hash;
  record->size_and_next.store(uint64_t{key.size()} << KeyRecord::kSizeShift,
                              std::memory_order_relaxed);
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
  removed_.bytes += size_class(record->size()).bytes;
  removed_count_++;
  if (removed_count_ < kRemovedTogether && removed_.bytes < kRemovedBytes) return {};
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

uint64_t KeyArena::bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// ---- Under the mutex ---------------------------------------------------------------------------

std::byte* KeyArena::take(size_t key_size) noexcept {
  const SizeClass piece = size_class(key_size);
  KeyRecord*& free = free_[piece.number];
  if (free != nullptr) {
    KeyRecord* const record = free;
    free = record->next();
    return reinterpret_cast<std::byte*>(record);
  }
  if (unused_size_ < piece.bytes && !add_chunk(piece.bytes)) return nullptr;
  std::byte* const memory = unused_;
  unused_ += piece.bytes;
  unused_size_ -= piece.bytes;
  return memory;
}

// A quarter of what there is, within limits: huge pages soon, and little lost when the keys stop
// coming.
bool KeyArena::add_chunk(size_t piece) noexcept {
  const size_t wanted = std::max<size_t>(piece + sizeof(Chunk), bytes_ / 4);
  const size_t size = std::max(kFirstChunk, std::min(std::bit_ceil(wanted), os::huge_page_size));
  std::byte* const memory = allocate_chunk(size);
  if (memory == nullptr) return false;
  // What is left of the last chunk serves small keys.
  if (unused_size_ > sizeof(KeyRecord)) {
    KeyRecord*& free = free_[std::min(unused_size_, kSmallMax) / kUnit];
    auto* const rest = new (unused_) KeyRecord;
    rest->set_next(free);
    free = rest;
  }
  chunks_ = new (memory) Chunk{chunks_, size};
  unused_ = memory + sizeof(Chunk);
  unused_size_ = size - sizeof(Chunk);
  bytes_ += size;
  return true;
}

void KeyArena::put_back(KeyRecord* record) noexcept {
  KeyRecord*& free = free_[size_class(record->size()).number];
  record->set_next(free);
  free = record;
}

}  // namespace stave::index
