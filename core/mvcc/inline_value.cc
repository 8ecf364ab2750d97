#include "core/mvcc/inline_value.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace stave::mvcc {

SharedBytes* SharedBytes::create(Bytes bytes) noexcept {
  void* memory = std::malloc(size_for(bytes.size()));
  if (memory == nullptr) return nullptr;
  auto* block = new (memory) SharedBytes(bytes.size());
  copy(reinterpret_cast<std::byte*>(block + 1), bytes);
  return block;
}

void SharedBytes::release() noexcept {
  // Acquire and release: who frees the bytes comes after everyone who read them.
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(this);
}

InlineValue::Source InlineValue::Source::value(Bytes bytes) noexcept {
  Source source(bytes, static_cast<uint32_t>(bytes.size()));
  if (bytes.size() > inline_value_size_max) source.block_ = SharedBytes::create(bytes);
  return source;
}

size_t InlineValue::room(const Source& source) noexcept {
  if (source.size_ == tombstone_size) return 0;
  return source.block_ != nullptr ? sizeof(SharedBytes*) : source.size_;
}

InlineValue::InlineValue(Source&& source, std::byte* room) noexcept : size_(source.size_) {
  if (is_large()) {
    SharedBytes* block = std::exchange(source.block_, nullptr);
    std::memcpy(room, &block, sizeof(block));
  } else if (!is_tombstone()) {
    copy(room, source.bytes_);
  }
}

void InlineValue::release(std::byte* room) noexcept {
  if (SharedBytes* large = block(room); large != nullptr) large->release();
}

Bytes InlineValue::bytes(const std::byte* room) const noexcept {
  if (is_tombstone()) return {};
  return is_large() ? block(room)->bytes() : Bytes(room, size_);
}

SharedBytes* InlineValue::block(const std::byte* room) const noexcept {
  if (!is_large()) return nullptr;
  SharedBytes* block = nullptr;
  std::memcpy(&block, room, sizeof(block));
  return block;
}

ValueHold::ValueHold(const InlineValue& value, const std::byte* room) noexcept
    : block_(value.block(room)) {
  if (block_ != nullptr) {
    block_->add_reference();
    return;
  }
  const Bytes bytes = value.bytes(room);
  inline_size_ = bytes.size();
  copy(inline_, bytes);
}

ValueHold& ValueHold::operator=(ValueHold&& other) noexcept {
  if (this == &other) return *this;
  if (block_ != nullptr) block_->release();
  block_ = std::exchange(other.block_, nullptr);
  inline_size_ = other.inline_size_;
  std::memcpy(inline_, other.inline_, inline_size_);
  return *this;
}

}  // namespace stave::mvcc
