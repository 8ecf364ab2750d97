// Reads one record, whose location a key directory names.
//
// A key directory knows a part of the key's hash: the record alone says which key it has. Whatever
// the device returns, the caller gets the bytes of that record or an error.
//
// Thread safety: one thread at a time. Short-lived; an object takes a kilobyte of stack.
#pragma once

#include <array>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/format/record_format.h"
#include "core/store/log/segment_directory.h"

namespace stave::store {

// Bytes of a value that is read in place, and what keeps them alive: a mapped segment, or memory of
// their own. May outlive the store.
struct PinnedValue {
  std::shared_ptr<const void> owner;
  Bytes bytes;
};

class RecordReader {
 public:
  explicit RecordReader(const SegmentDirectory& segments) noexcept : segments_(segments) {}

  // Goes to the put record at `location` and checks its header, but not its checksum.
  Status open(Location location);
  // open(), and whether the record holds `key`, of the store itself and no other namespace.
  // `corruption` when the record is damaged, so that this is unknown.
  Result<bool> open_if_of(Bytes key, Location location);

  // Prefetches the bytes of most records, when the segment is mapped.
  static void prefetch(const Segment& segment, Location location) noexcept;

  // Of the record that it stands on. The key stays valid until the next open.
  Location location() const noexcept { return segment_->location_of(offset_); }
  uint32_t record_size() const noexcept { return static_cast<uint32_t>(header_.size()); }
  size_t value_size() const noexcept { return header_.value_size; }
  // The LSN of the commit that wrote it.
  uint64_t version() const noexcept { return header_.lsn; }
  Result<Bytes> key();
  // 0: the store itself. REQUIRES: key() was called, as of expires_at().
  uint32_t namespace_id() const noexcept { return header_.namespace_id(head_.data()); }
  // Unix time in milliseconds; 0: never.
  uint64_t expires_at() const noexcept { return header_.expires_at(head_.data()); }

  // Verifies the checksum, and copies the value to `into`, which has value_size() bytes. REQUIRES:
  // key() or open_if_of() was called, as of pin_value().
  Status read_value(MutableBytes into) const;
  // Like read_value(); without a copy when the segment is mapped.
  Result<PinnedValue> pin_value() const;
  // Verifies the checksum, in pieces.
  Status check() const;

 private:
  Status read_head();
  Status extend_head(size_t size);
  Status why_unreadable() const;
  Status damage() const;
  size_t value_offset() const noexcept { return header_.key_offset() + header_.key_size; }

  // Most records are no larger. Others cost a second read.
  static constexpr size_t first_read_size = 1024;

  const SegmentDirectory& segments_;
  Segment* segment_ = nullptr;
  uint64_t offset_ = 0;
  RecordHeader header_{};
  Bytes head_;  // the record's first bytes: mapped, or in first_read_ or long_head_
  std::array<std::byte, first_read_size> first_read_;
  std::unique_ptr<std::byte[]> long_head_;
};

}  // namespace stave::store
