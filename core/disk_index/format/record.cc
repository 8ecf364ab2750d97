#include "core/disk_index/format/record.h"

#include <string>

namespace stave::disk_index {

Status damaged_payload(const std::byte* record) {
  const uint64_t word = load_le64(record + payload_codec_at);
  return Status::error(
      Code::corruption,
      word <= UINT8_MAX
          ? "a record has the unknown codec " + std::to_string(word) + "; rebuild the index"
          : "a record has bytes that no writer leaves; rebuild the index");
}

Status check_record(RecordKind kind, uint32_t size, Bytes record) {
  if (record.size() != size)
    return Status::error(Code::invalid_argument, "the record has " + std::to_string(record.size()) +
                                                     " bytes; records of this index have " +
                                                     std::to_string(size));
  if (kind == RecordKind::payload && !is_payload(record.data()))
    return Status::error(
        Code::invalid_argument,
        "the record is no payload: its codec must be 0 none, 1 LZ4 or 2 Zstandard, "
        "and the bytes after it zero");
  return {};
}

}  // namespace stave::disk_index
