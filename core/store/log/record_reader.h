// Reads the record at a place that a key directory names.
//
// A key directory knows a record's place and a part of its key's hash: whose record it is, only the
// record says. Whatever the device answers, the caller gets the bytes of that very record or an
// error.
//
// One thread at a time; short-lived, and large for a stack frame's object (a kilobyte).
#pragma once

#include <array>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/format/record_format.h"
#include "core/store/log/pinned_value.h"
#include "core/store/log/segment_directory.h"

namespace stave::store {

class RecordReader {
 public:
  explicit RecordReader(const SegmentDirectory& segments) noexcept : segments_(segments) {}

  // Goes to the put record at `location` and checks its header, its checksum not yet.
  Status open(Location location) { return open(segments_.of(location), location); }
  // The same for those who know the segment that holds it.
  Status open(Segment& segment, Location location);
  // open(), and whether the record holds `key`. `corruption` when the record is damaged, so that
  // this is unknown.
  Result<bool> open_if_of(Bytes key, Location location);

  // Begins to bring near what most records take, where it can be read without a call. Any location
  // of the segment.
  static void prefetch(const Segment& segment, Location location) noexcept;

  // Of the record it stands on. The key stays valid until the next open.
  Location location() const noexcept { return segment_->location_of(offset_); }
  uint32_t record_size() const noexcept { return static_cast<uint32_t>(header_.size()); }
  size_t value_size() const noexcept { return header_.value_size; }
  Result<Bytes> key();

  // After key() or open_if_of(): checks the record and copies its value to `into`, which has
  // value_size() bytes.
  Status read_value(MutableBytes into) const;
  // The same; with ReadIo::mmap without a copy.
  Result<PinnedValue> pin_value() const;
  // Only checks the record, with memory for a piece of it.
  Status check() const;

 private:
  Status read_head();
  Status extend_head(size_t size);
  Status why_unreadable() const;
  Status damage() const;
  size_t value_offset() const noexcept { return record_header_size + header_.key_size; }

  // What one small read brings: most records whole. Larger ones cost a second read.
  static constexpr size_t first_read_size = 1024;

  const SegmentDirectory& segments_;
  Segment* segment_ = nullptr;
  uint64_t offset_ = 0;
  RecordHeader header_{};
  Bytes head_;  // the record's first bytes: in a mapping, first_read_ or long_head_
  std::array<std::byte, first_read_size> first_read_;
  std::unique_ptr<std::byte[]> long_head_;
};

}  // namespace stave::store
