// A put record in a mapped segment, looked at in few instructions: what most gets do most of the
// time. Whatever is unusual or wrong is RecordReader's business, which also says what it is.
//
// A value; as good as the segment that it was opened in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/store/location.h"
#include "core/store/record_format.h"
#include "core/store/segment.h"

namespace stave::store {

class MappedRecord {
 public:
  // Goes to the record at `location`; its checksum is not looked at yet. False when there is no
  // mapping, or no such record in it.
  bool open(const Segment& segment, Location location) noexcept {
    const os::Mapping* const mapping = segment.read_mapping().get();
    if (mapping == nullptr) return false;
    const uint64_t end = std::min(mapping->size(), segment.file_size());
    const uint64_t offset = segment.offset_of(location);
    if (offset + record_header_size > end) return false;
    bytes_ = mapping->data() + offset;
    const RecordHeader header = RecordHeader::decode(bytes_);
    key_size_ = header.key_size;
    value_size_ = header.value_size;
    segment_ = &segment;
    offset_ = offset;
    return header.kind == RecordKind::put && header.is_supported() && header.plausible() &&
           offset + size() <= end;
  }

  // Of the last open() that was true.
  uint64_t size() const noexcept { return record_size(key_size_, value_size_); }
  Bytes key() const noexcept { return {bytes_ + record_header_size, key_size_}; }
  Bytes value() const noexcept { return {bytes_ + record_header_size + key_size_, value_size_}; }
  bool checksum_matches() const noexcept {
    return store::checksum_matches({bytes_, static_cast<size_t>(size())},
                                   segment_->seed_at(offset_));
  }
  // What RecordReader says of one whose checksum does not match.
  Status damage() const { return segment_->damage(offset_, "checksum mismatch"); }

 private:
  const std::byte* bytes_ = nullptr;
  const Segment* segment_ = nullptr;
  uint64_t offset_ = 0;
  size_t key_size_ = 0;
  size_t value_size_ = 0;
};

}  // namespace stave::store
