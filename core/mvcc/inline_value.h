// The payload of a memtable's versions: a value or a tombstone. Small values lie in the version's
// own allocation; larger ones in a block with a count of references, so that they can be handed
// out without a copy and outlive their version.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/bytes.h"

namespace stave::mvcc {

// Bytes of a value that share their version's allocation at most.
inline constexpr size_t inline_value_size_max = 56;

// Immutable bytes with a count of references.
class SharedBytes {
 public:
  // With one reference. Null without memory.
  static SharedBytes* create(Bytes bytes) noexcept;
  void add_reference() noexcept {
    // Relaxed: whoever adds one has the right to by another.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;
  Bytes bytes() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size_}; }
  static size_t size_for(size_t bytes) noexcept { return sizeof(SharedBytes) + bytes; }

 private:
  explicit SharedBytes(size_t size) noexcept : size_(size) {}
  std::atomic<uint64_t> references_{1};
  size_t size_;
};

class InlineValue {
 public:
  // What a version is made from.
  class Source {
   public:
    // `bytes` must live until the version is made. Check ready() next.
    static Source value(Bytes bytes) noexcept;
    static Source tombstone() noexcept { return Source({}, tombstone_size); }
    Source(Source&& other) noexcept
        : bytes_(other.bytes_), size_(other.size_), block_(std::exchange(other.block_, nullptr)) {}
    Source& operator=(Source&&) = delete;
    ~Source() {
      if (block_ != nullptr) block_->release();
    }
    // False without memory for a large value.
    bool ready() const noexcept {
      return size_ == tombstone_size || size_ <= inline_value_size_max || block_ != nullptr;
    }
    bool is_tombstone() const noexcept { return size_ == tombstone_size; }

   private:
    friend class InlineValue;
    Source(Bytes bytes, uint32_t size) noexcept : bytes_(bytes), size_(size) {}
    Bytes bytes_;
    uint32_t size_;
    SharedBytes* block_ = nullptr;
  };

  static size_t room(const Source& source) noexcept;
  InlineValue(Source&& source, std::byte* room) noexcept;
  void release(std::byte* room) noexcept;
  size_t room() const noexcept {
    if (is_tombstone()) return 0;
    return is_large() ? sizeof(SharedBytes*) : size_;
  }

  bool is_tombstone() const noexcept { return size_ == tombstone_size; }
  Bytes bytes(const std::byte* room) const noexcept;
  // The block of a large value, else null.
  SharedBytes* block(const std::byte* room) const noexcept;
  // Bytes of memory behind the version and in blocks of its own.
  size_t memory() const noexcept {
    if (is_tombstone()) return 0;
    return is_large() ? sizeof(SharedBytes*) + SharedBytes::size_for(size_) : size_;
  }

 private:
  static constexpr uint32_t tombstone_size = UINT32_MAX;
  bool is_large() const noexcept {
    return size_ != tombstone_size && size_ > inline_value_size_max;
  }

  uint32_t size_;
};

// A value that was read, independent of the version it was read from: no epoch is held by it.
class ValueHold {
 public:
  ValueHold() noexcept = default;
  // While the version it lies in cannot be freed.
  ValueHold(const InlineValue& value, const std::byte* room) noexcept;
  ValueHold(ValueHold&& other) noexcept { *this = std::move(other); }
  ValueHold& operator=(ValueHold&& other) noexcept;
  ~ValueHold() {
    if (block_ != nullptr) block_->release();
  }
  Bytes bytes() const noexcept {
    return block_ != nullptr ? block_->bytes() : Bytes(inline_, inline_size_);
  }

 private:
  SharedBytes* block_ = nullptr;
  size_t inline_size_ = 0;
  std::byte inline_[inline_value_size_max];
};

}  // namespace stave::mvcc
