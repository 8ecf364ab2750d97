#include "core/store/log/log_reader.h"

#include <algorithm>

#include "core/base/hash.h"
#include "core/base/planted_bug.h"
#include "core/os/file_io.h"

namespace stave::store {

LogReader::LogReader(const Segment& segment, uint64_t offset, uint64_t limit)
    : segment_(segment),
      limit_(limit),
      offset_(offset),
      window_(std::make_unique_for_overwrite<std::byte[]>(
          static_cast<size_t>(std::min<uint64_t>(window_size, limit)))) {}

Result<Bytes> LogReader::view(uint64_t offset, size_t size) {
  const bool inside = offset >= window_offset_ && offset + size <= window_offset_ + window_filled_;
  if (!inside) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(window_size, limit_ - offset));
    window_filled_ = 0;
    STAVE_TRY(os::read_exactly(segment_.file(), segment_.path(), offset, {window_.get(), wanted}));
    window_offset_ = offset;
    window_filled_ = wanted;
  }
  return Bytes(window_.get() + (offset - window_offset_), size);
}

Result<std::optional<RecordHeader>> LogReader::plausible_header(uint64_t offset, uint64_t limit) {
  if (offset > limit || limit - offset < record_header_size) return std::optional<RecordHeader>();
  STAVE_TRY_ASSIGN(const Bytes bytes, view(offset, record_header_size));
  const RecordHeader header = RecordHeader::decode(bytes.data());
  if (!header.plausible() || padded(header.size()) > limit - offset)
    return std::optional<RecordHeader>();
  return std::optional<RecordHeader>(header);
}

Result<bool> LogReader::checksum_is_right(uint64_t offset, const RecordHeader& header) {
  const uint64_t size = header.size();
  const uint64_t seed = segment_.seed_at(offset);
  if (size <= window_size) {
    STAVE_TRY_ASSIGN(const Bytes bytes, view(offset, static_cast<size_t>(size)));
    return checksum_matches(bytes, seed);
  }
  Hash64Stream stream(seed);
  for (uint64_t done = record_at::lsn; done < size;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(window_size, size - done));
    STAVE_TRY_ASSIGN(const Bytes bytes, view(offset + done, part));
    stream.update(bytes);
    done += part;
  }
  return stream.digest() == header.checksum;
}

Result<std::optional<RecordHeader>> LogReader::checked_header(uint64_t offset, uint64_t limit) {
  Result<std::optional<RecordHeader>> header = plausible_header(offset, limit);
  if (!header || !*header) return header;
  STAVE_TRY_ASSIGN(const bool right, checksum_is_right(offset, **header));
  if (!right) return std::optional<RecordHeader>();
  return header;
}

Result<bool> LogReader::batch_is_complete(const RecordHeader& header, uint64_t frame_size) {
  if (frame_size > frame_size_max || frame_size > limit_ - offset_) return false;
  const uint64_t frame_end = offset_ + frame_size;
  uint64_t offset = offset_ + batch_header_size;
  for (uint32_t i = 0; i < header.value_size; i++) {
    STAVE_TRY_ASSIGN(const std::optional<RecordHeader> member, checked_header(offset, frame_end));
    if (!member || member->is_batch() || !member->is_member() || member->lsn != header.lsn)
      return false;
    offset += padded(member->size());
  }
  return offset == frame_end;
}

Status LogReader::visit_record(uint64_t offset, const RecordHeader& header, Visit visit) {
  if (!header.is_supported()) return segment_.unsupported(offset);
  const size_t key_offset = header.key_offset();
  STAVE_TRY_ASSIGN(const Bytes bytes, view(offset, key_offset + header.key_size));
  return visit({header, offset, bytes.subspan(key_offset, header.key_size), offset_,
                header.namespace_id(bytes.data()), header.expires_at(bytes.data())});
}

Result<bool> LogReader::next(uint64_t lsn, Visit visit) {
  STAVE_TRY_ASSIGN(const std::optional<RecordHeader> read, checked_header(offset_, limit_));
  if (!read || read->lsn != lsn || read->is_member()) return false;
  const RecordHeader header = *read;
  if (!header.is_batch()) {
    STAVE_TRY(visit_record(offset_, header, visit));
    offset_ += padded(header.size());
    return true;
  }
  STAVE_TRY_ASSIGN(const Bytes batch, batch_header(offset_));
  if (!batch_header_is_supported(batch.data())) return segment_.unsupported(offset_);
  const uint64_t frame_size = batch_frame_size(batch.data());
  Result<bool> whole = batch_is_complete(header, frame_size);
  if (!whole || (!*whole && !STAVE_PLANTED_BUG(torn_batch))) return whole;
  uint64_t offset = offset_ + batch_header_size;
  for (uint32_t i = 0; i < header.value_size; i++) {
    STAVE_TRY_ASSIGN(const std::optional<RecordHeader> member, plausible_header(offset, limit_));
    if (STAVE_PLANTED_BUG(torn_batch) && !member) break;
    // It was there a moment ago: the file has changed.
    if (!member) return segment_.damage(offset, "the file changed while it was read");
    STAVE_TRY(visit_record(offset, *member, visit));
    offset += padded(member->size());
  }
  offset_ += frame_size;
  return true;
}

Result<bool> LogReader::next_relocated(Visit visit) {
  if (offset_ == limit_) return false;
  STAVE_TRY_ASSIGN(const std::optional<RecordHeader> header, checked_header(offset_, limit_));
  if (!header || header->is_batch() || header->is_member() || header->lsn < segment_.base_lsn())
    return segment_.damage(offset_, "no relocated record");
  STAVE_TRY(visit_record(offset_, *header, visit));
  offset_ += padded(header->size());
  return true;
}

Result<uint64_t> LogReader::presumed_end(uint64_t lsn) {
  STAVE_TRY_ASSIGN(const std::optional<RecordHeader> header, plausible_header(offset_, limit_));
  if (!header || header->lsn != lsn) return offset_;
  if (!header->is_batch()) return offset_ + padded(header->size());
  STAVE_TRY_ASSIGN(const Bytes batch, batch_header(offset_));
  const uint64_t size = batch_frame_size(batch.data());
  return offset_ + (size <= limit_ - offset_ ? size : 0);
}

Result<uint64_t> LogReader::newest_durable_claim(uint64_t lsn, uint64_t first_lsn) {
  // The frames after one whose value is damaged come first: the bytes of the value were chosen by
  // its writer.
  STAVE_TRY_ASSIGN(const uint64_t end, presumed_end(first_lsn));
  if (end != offset_) {
    const Result<uint64_t> claim = newest_claim_from(end, lsn, first_lsn);
    if (!claim || *claim != 0) return claim;
  }
  return newest_claim_from(offset_, lsn, first_lsn);
}

Result<uint64_t> LogReader::newest_claim_from(uint64_t offset, uint64_t lsn, uint64_t first_lsn) {
  uint64_t newest = 0;
  // Values that imitate the headers of large records could make this quadratic. What exceeds the
  // budget counts as no claim: an imitation must not keep a store from opening. A complete frame
  // uses its size, and the bytes inside of it nothing.
  uint64_t hash_budget = 8 * limit_ + (uint64_t{64} << 20);
  for (uint64_t at = offset; at < limit_;) {
    STAVE_TRY_ASSIGN(const std::optional<RecordHeader> header, plausible_header(at, limit_));
    const uint64_t here = at;
    at += location_unit;
    // No frame is smaller than a record without key and value.
    const uint64_t lsn_max = first_lsn + (here - offset_) / padded(record_header_size);
    if (!header || header->lsn < first_lsn || header->lsn > lsn_max || header->size() > hash_budget)
      continue;
    const RecordHeader& candidate = *header;
    hash_budget -= candidate.size();
    STAVE_TRY_ASSIGN(const bool right, checksum_is_right(here, candidate));
    if (!right) continue;
    at = here + padded(candidate.size());
    const uint64_t claim = candidate.durable_lag == 0 ? 0 : candidate.durable_claim();
    if (claim > lsn) newest = std::max(newest, claim);
  }
  return newest;
}

Result<uint64_t> LogReader::end_of_data() {
  uint64_t end = offset_;
  for (uint64_t at = offset_; at < limit_;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(window_size, limit_ - at));
    STAVE_TRY_ASSIGN(const Bytes bytes, view(at, part));
    const auto last = std::find_if(bytes.rbegin(), bytes.rend(),
                                   [](std::byte byte) { return byte != std::byte{0}; });
    if (last != bytes.rend()) end = at + static_cast<uint64_t>(bytes.rend() - last);
    at += part;
  }
  return std::max(offset_, padded(end));
}

}  // namespace stave::store
