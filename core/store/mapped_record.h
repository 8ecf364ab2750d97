// A put record in a mapped segment, looked at in few instructions: what most gets do most of the
// time. Whatever is unusual or wrong is RecordReader's business, which also says what it is.
//
// A value; as good as the segment that it was opened in.
#pragma once

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
  // Goes to the record at `location`, if it is there and `key` is its key; its checksum is not
  // looked at yet. False also where only RecordReader can tell.
  bool open_of(Bytes key, const Segment& segment, Location location) noexcept {
    const Bytes mapped = segment.mapped();
    const uint64_t offset = segment.offset_of(location);
    if (offset + record_header_size > mapped.size()) return false;
    const std::byte* const bytes = mapped.data() + offset;
    // The kind, the flags and the size of the key at once.
    static_assert(record_at::flags == record_at::kind + 1);
    static_assert(record_at::key_size == record_at::kind + 2);
    constexpr uint32_t but_member = ~(uint32_t{flag_member} << 8);
    constexpr auto put = static_cast<uint64_t>(RecordKind::put);
    const uint32_t head = load_le32(bytes + record_at::kind);
    if ((head & but_member) != (uint64_t{key.size()} << 16 | put)) return false;
    const size_t value_size = load_le32(bytes + record_at::value_size);
    if (value_size > value_size_max || load_le64(bytes + record_at::lsn) == 0 ||
        offset + record_size(key.size(), value_size) > mapped.size())
      return false;
    bytes_ = bytes;
    key_size_ = key.size();
    value_size_ = value_size;
    segment_ = &segment;
    offset_ = offset;
    return equal_keys(this->key(), key);
  }

  // Of the last open_of() that was true.
  Location location() const noexcept { return segment_->location_of(offset_); }
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
