#include "core/store/record_reader.h"

#include <array>
#include <memory>

#include "core/base/hash.h"
#include "core/os/file_io.h"
#include "core/store/record_format.h"

namespace stave::store {

namespace {

// A record up to this size is read with its header in one call, into the stack.
constexpr size_t small_record_size = 16384;

// The header of the very record that the directory points to.
bool is_expected(const RecordHeader& header, Bytes key, DirectoryEntry entry) noexcept {
  return header.kind == RecordKind::put && header.plausible() && header.is_supported() &&
         header.key_size == key.size() && header.size() == entry.size;
}

// A whole record in memory: its header, its key and its checksum.
bool is_right(Bytes record, Bytes key, DirectoryEntry entry, uint64_t seed) noexcept {
  return is_expected(RecordHeader::decode(record.data()), key, entry) &&
         equal(record.subspan(record_header_size, key.size()), key) &&
         checksum_matches(record, seed);
}

Status mismatch(const Segment& segment, DirectoryEntry entry) {
  return segment.damage(entry.location.offset(), "checksum mismatch");
}

// The record inside the mapping; empty when the file has become too short for it.
Bytes mapped_record(const os::Mapping& mapping, DirectoryEntry entry) noexcept {
  const uint64_t offset = entry.location.offset();
  if (offset + entry.size > mapping.size()) return {};
  return {mapping.data() + offset, entry.size};
}

}  // namespace

Status RecordReader::read(Bytes key, DirectoryEntry entry, MutableBytes into) const {
  const Segment& segment = *segments_[entry.location.slot()];
  if (const auto& mapping = segment.read_mapping()) {
    const Bytes record = mapped_record(*mapping, entry);
    if (record.empty() || !is_right(record, key, entry, segment.seed_at(entry.location.offset())))
      return mismatch(segment, entry);
    copy(into.data(), record.last(into.size()));
    return {};
  }
  return entry.size <= small_record_size ? read_small(segment, key, entry, into)
                                         : read_large(segment, key, entry, into);
}

Status RecordReader::read_small(const Segment& segment, Bytes key, DirectoryEntry entry,
                                MutableBytes into) const {
  std::array<std::byte, small_record_size> memory;
  const MutableBytes record = MutableBytes(memory).first(entry.size);
  const uint64_t offset = entry.location.offset();
  STAVE_TRY(os::read_exactly(segment.file(), segment.path(), offset, record));
  if (!is_right(record, key, entry, segment.seed_at(offset))) return mismatch(segment, entry);
  copy(into.data(), record.last(into.size()));
  return {};
}

// The value goes straight to its destination; the checksum is put together from the two parts.
Status RecordReader::read_large(const Segment& segment, Bytes key, DirectoryEntry entry,
                                MutableBytes into) const {
  const size_t head_size = record_header_size + key.size();
  const auto head_memory = std::make_unique_for_overwrite<std::byte[]>(head_size);
  const MutableBytes head(head_memory.get(), head_size);
  const uint64_t offset = entry.location.offset();
  STAVE_TRY(os::read_exactly(segment.file(), segment.path(), offset, head));
  STAVE_TRY(os::read_exactly(segment.file(), segment.path(), offset + head_size, into));
  const RecordHeader header = RecordHeader::decode(head.data());
  Hash64Stream checksum(segment.seed_at(offset));
  checksum.update(Bytes(head).subspan(record_at::lsn));
  checksum.update(into);
  if (!is_expected(header, key, entry) || !equal(head.subspan(record_header_size), key) ||
      checksum.digest() != header.checksum)
    return mismatch(segment, entry);
  return {};
}

Result<PinnedValue> RecordReader::read_pinned(Bytes key, DirectoryEntry entry) const {
  const Segment& segment = *segments_[entry.location.slot()];
  const size_t size = value_size(key, entry);
  if (const auto& mapping = segment.read_mapping()) {
    const Bytes record = mapped_record(*mapping, entry);
    if (record.empty() || !is_right(record, key, entry, segment.seed_at(entry.location.offset())))
      return mismatch(segment, entry);
    return PinnedValue{mapping, record.last(size)};
  }
  const std::shared_ptr<std::byte[]> memory(new std::byte[size == 0 ? 1 : size]);
  STAVE_TRY(read(key, entry, {memory.get(), size}));
  return PinnedValue{memory, Bytes(memory.get(), size)};
}

}  // namespace stave::store
