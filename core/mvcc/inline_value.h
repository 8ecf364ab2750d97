// The payload of a memtable's versions: a value or a tombstone. A small value lies in the version's
// own allocation (its tail); a larger one in a block with a count of references, so that it can be
// handed out without a copy and outlive its version.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/cow_map/reference_count.h"

namespace stave::mvcc {

// Values up to this size share their version's allocation.
inline constexpr size_t inline_value_size_max = 56;

// Immutable bytes with a count of references.
class SharedBytes {
 public:
  // With one reference. Null without memory.
  static SharedBytes* create(Bytes bytes) noexcept;
  void add_reference() noexcept { references_.acquire(); }
  void release() noexcept;
  Bytes bytes() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size_}; }
  static size_t size_for(size_t bytes) noexcept { return sizeof(SharedBytes) + bytes; }

 private:
  explicit SharedBytes(size_t size) noexcept : size_(size) {}
  cow_map::ReferenceCount<std::atomic> references_;
  size_t size_;
};

// A value that a read has found. Valid while the reader is pinned.
struct ValueRef {
  Bytes bytes;
  SharedBytes* block = nullptr;  // that holds the bytes of a large value, else null
};

class InlineValue {
 public:
  // What a version is made from.
  class Source {
   public:
    // `bytes` must live until the version is made. Ignored for a tombstone.
    Source(Bytes bytes, bool tombstone) noexcept
        : bytes_(tombstone ? Bytes() : bytes), is_tombstone_(tombstone) {}
    Source(Source&& other) noexcept
        : bytes_(other.bytes_),
          is_tombstone_(other.is_tombstone_),
          block_(std::exchange(other.block_, nullptr)) {}
    Source& operator=(Source&&) = delete;
    ~Source() {
      if (block_ != nullptr) block_->release();
    }
    // Copies a large value. REQUIRED before a version is made. `too_large` or `no_memory`.
    Status prepare() noexcept;

   private:
    friend class InlineValue;
    Bytes bytes_;
    bool is_tombstone_;
    SharedBytes* block_ = nullptr;
  };

  // What Version needs of a payload (version.h).
  static size_t tail_size(const Source& source) noexcept {
    return source.block_ != nullptr ? sizeof(SharedBytes*) : source.bytes_.size();
  }
  InlineValue(Source&& source, std::byte* tail) noexcept;
  void release(std::byte* tail) noexcept;
  size_t tail_size() const noexcept {
    if (is_tombstone()) return 0;
    return is_large() ? sizeof(SharedBytes*) : size_;
  }
  size_t memory() const noexcept {
    return tail_size() + (is_large() ? SharedBytes::size_for(size_) : 0);
  }

  bool is_tombstone() const noexcept { return size_ == tombstone_size; }
  // Empty for a tombstone.
  ValueRef value(const std::byte* tail) const noexcept;

 private:
  static constexpr uint32_t tombstone_size = UINT32_MAX;
  bool is_large() const noexcept { return !is_tombstone() && size_ > inline_value_size_max; }

  uint32_t size_;
};

// A value that was read and that outlives its version and the reader's pin.
class ValueHold {
 public:
  ValueHold() noexcept = default;
  explicit ValueHold(const ValueRef& value) noexcept;
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
