#include "core/mvcc/inline_value.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/limits.h"

namespace stave::mvcc {

SharedBytes* SharedBytes::create(Bytes bytes) noexcept {
  void* memory = std::malloc(size_for(bytes.size()));
  if (memory == nullptr) return nullptr;
  auto* block = new (memory) SharedBytes(bytes.size());
  copy(reinterpret_cast<std::byte*>(block + 1), bytes);
  return block;
}

void SharedBytes::release() noexcept {
  if (references_.release()) std::free(this);
}

Status InlineValue::Source::prepare() noexcept {
  if (bytes_.size() <= inline_value_size_max) return {};
  if (bytes_.size() > value_size_max)
    return Status::error(Code::too_large, "the value is larger than 1 GiB");
  block_ = SharedBytes::create(bytes_);
  return block_ != nullptr ? Code::ok : Code::no_memory;
}

InlineValue::InlineValue(Source&& source, std::byte* tail) noexcept
    : size_(source.is_tombstone_ ? tombstone_size : static_cast<uint32_t>(source.bytes_.size())) {
  if (is_large()) {
    SharedBytes* block = std::exchange(source.block_, nullptr);
    std::memcpy(tail, &block, sizeof(block));
  } else {
    copy(tail, source.bytes_);
  }
}

void InlineValue::release(std::byte* tail) noexcept {
  if (SharedBytes* block = value(tail).block; block != nullptr) block->release();
}

ValueRef InlineValue::value(const std::byte* tail) const noexcept {
  if (is_tombstone()) return {};
  if (!is_large()) return {Bytes(tail, size_), nullptr};
  SharedBytes* block = nullptr;
  std::memcpy(&block, tail, sizeof(block));
  return {block->bytes(), block};
}

ValueHold::ValueHold(const ValueRef& value) noexcept : block_(value.block) {
  if (block_ != nullptr) {
    block_->add_reference();
  } else {
    inline_size_ = value.bytes.size();
    copy(inline_, value.bytes);
  }
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
