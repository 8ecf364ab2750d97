#include "core/store/log/record_reader.h"

#include <algorithm>

#include "core/base/hash.h"
#include "core/base/prefetch.h"
#include "core/os/file_io.h"

namespace stave::store {

Status RecordReader::damage() const {
  return segment_->damage(offset_, "checksum mismatch");
}

Status RecordReader::open(Location location) {
  Segment& segment = segments_.of(location);
  segment_ = &segment;
  offset_ = segment.offset_of(location);
  head_ = segment.mapped_from(offset_);
  if (head_.empty()) STAVE_TRY(read_head());
  if (head_.size() < record_header_size) return damage();
  header_ = RecordHeader::decode(head_.data());
  // The size of the file was set before the record's location was published. It bounds the memory
  // that a damaged header can ask for.
  if (header_.kind != RecordKind::put || !header_.plausible() ||
      offset_ + header_.size() > segment.file_size())
    return damage();
  return header_.is_supported() ? Status() : why_unreadable();
}

// A flag that this library does not support: a newer library wrote the record, or it is damaged.
Status RecordReader::why_unreadable() const {
  STAVE_TRY(check());
  return segment_->unsupported(offset_);
}

Result<bool> RecordReader::open_if_of(Bytes key, Location location) {
  STAVE_TRY(open(location));
  if (header_.key_size == key.size()) {
    STAVE_TRY_ASSIGN(const Bytes own, this->key());
    if (equal(own, key) && namespace_id() == 0) return true;
  }
  // Another key with the same bits of its hash, or a damaged record.
  STAVE_TRY(check());
  return false;
}

Result<Bytes> RecordReader::key() {
  STAVE_TRY(extend_head(value_offset()));
  return head_.subspan(header_.key_offset(), header_.key_size);
}

void RecordReader::prefetch(const Segment& segment, Location location) noexcept {
  const Bytes record = segment.mapped_from(segment.offset_of(location));
  if (record.empty()) return;
  // The hardware prefetcher brings the rest of longer records.
  constexpr size_t lines = 3;
  constexpr size_t line_size = 64;
  for (size_t line = 0; line < lines; line++)
    prefetch_one_of_many(record.data() + line * line_size);
}

Status RecordReader::read_head() {
  STAVE_TRY_ASSIGN(const size_t size,
                   os::read_up_to(segment_->file(), segment_->path(), offset_, first_read_));
  head_ = Bytes(first_read_).first(size);
  return {};
}

// Makes head_ at least `size` bytes long: a long key does not fit into the first read.
Status RecordReader::extend_head(size_t size) {
  if (head_.size() >= size) return {};
  if (segment_->read_mapping()) return damage();
  auto memory = std::make_unique_for_overwrite<std::byte[]>(size);
  const MutableBytes whole(memory.get(), size);
  copy(whole.data(), head_);
  STAVE_TRY(os::read_exactly(segment_->file(), segment_->path(), offset_ + head_.size(),
                             whole.subspan(head_.size())));
  head_ = whole;
  long_head_ = std::move(memory);
  return {};
}

Status RecordReader::read_value(MutableBytes into) const {
  const uint64_t seed = segment_->seed_at(offset_);
  if (head_.size() >= record_size()) {
    const Bytes record = head_.first(record_size());
    if (!checksum_matches(record, seed)) return damage();
    copy(into.data(), record.subspan(value_offset()));
    return {};
  }
  // The value goes straight to its destination; the checksum is put together from the two parts.
  const Bytes begun = head_.subspan(value_offset());
  copy(into.data(), begun);
  STAVE_TRY(os::read_exactly(segment_->file(), segment_->path(), offset_ + head_.size(),
                             into.subspan(begun.size())));
  Hash64Stream checksum(seed);
  checksum.update(head_.first(value_offset()).subspan(record_at::lsn));
  checksum.update(into);
  return checksum.digest() == header_.checksum ? Status() : damage();
}

Result<PinnedValue> RecordReader::pin_value() const {
  if (const auto& mapping = segment_->read_mapping(); mapping && head_.size() >= record_size()) {
    const Bytes record = head_.first(record_size());
    if (!checksum_matches(record, segment_->seed_at(offset_))) return damage();
    return PinnedValue{mapping, record.last(value_size())};
  }
  const size_t size = value_size();
  const std::shared_ptr<std::byte[]> memory(new std::byte[size == 0 ? 1 : size]);
  STAVE_TRY(read_value({memory.get(), size}));
  return PinnedValue{memory, Bytes(memory.get(), size)};
}

Status RecordReader::check() const {
  constexpr uint64_t piece_size = 65536;
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(piece_size);
  Hash64Stream checksum(segment_->seed_at(offset_));
  const uint64_t end = offset_ + header_.size();
  for (uint64_t at = offset_ + record_at::lsn; at < end;) {
    const MutableBytes piece(memory.get(), std::min(piece_size, end - at));
    STAVE_TRY(os::read_exactly(segment_->file(), segment_->path(), at, piece));
    checksum.update(piece);
    at += piece.size();
  }
  return checksum.digest() == header_.checksum ? Status() : damage();
}

}  // namespace stave::store
