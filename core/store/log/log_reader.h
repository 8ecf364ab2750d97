// Reads the frames of one segment in order, trusting nothing.
//
// One thread at a time. Memory: a window of a megabyte, whatever the records' sizes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/store/format/record_format.h"
#include "core/store/log/segment.h"

namespace stave::store {

class LogReader {
 public:
  struct Record {
    RecordHeader header;
    uint64_t offset;
    Bytes key;  // valid until the reader's next call
    uint64_t frame_offset;
    uint32_t namespace_id;  // 0: the store itself
    uint64_t expires_at;    // Unix time in milliseconds; 0: never
  };
  using Visit = FunctionRef<Status(const Record&)>;

  // Bytes at `limit` and beyond are not looked at.
  LogReader(const Segment& segment, uint64_t offset, uint64_t limit);

  // Where the next frame begins.
  uint64_t offset() const noexcept { return offset_; }

  // When a complete frame with this LSN begins at offset(): calls `visit` for each of its records,
  // moves after it and returns true; otherwise false. Errors: of reading, of `visit`, and
  // `unsupported_version` for a complete frame that uses a feature that this library does not have.
  // `visit` is called only after all of the frame was checked.
  Result<bool> next(uint64_t lsn, Visit visit);

  // Of a relocated segment, with its end as the limit: calls `visit` for the record at offset(),
  // moves after it and returns true; false at the end. Errors as of next(), and `corruption` for
  // anything but a complete record: no write was cut short here.
  Result<bool> next_relocated(Visit visit);

  // The newest LSN above `lsn` that frames at offset() or later say was durable, 0 if none does.
  // Looks at every 16th byte outside of complete frames. A frame at offset() would have the LSN
  // `first_lsn`.
  Result<uint64_t> newest_durable_claim(uint64_t lsn, uint64_t first_lsn);

  // The end of the last non-zero bytes at offset() or later, rounded up to 16; offset() if all are
  // zero.
  Result<uint64_t> end_of_data();

 private:
  // The bytes [offset, offset + size), at most window_size of them, all below the limit.
  Result<Bytes> view(uint64_t offset, size_t size);
  // The header at `offset` if it is plausible and its bytes fit below `limit`.
  Result<std::optional<RecordHeader>> plausible_header(uint64_t offset, uint64_t limit);
  Result<bool> checksum_is_right(uint64_t offset, const RecordHeader& header);
  // A record or batch header at `offset` with a right checksum.
  Result<std::optional<RecordHeader>> checked_header(uint64_t offset, uint64_t limit);
  // The bytes of the batch header at `offset`.
  Result<Bytes> batch_header(uint64_t offset) { return view(offset, batch_header_size); }
  // Where the frame at offset() would end by its header, whatever its checksum; offset() if there
  // is no plausible header with this LSN.
  Result<uint64_t> presumed_end(uint64_t lsn);
  Result<uint64_t> newest_claim_from(uint64_t offset, uint64_t lsn, uint64_t first_lsn);
  // Whether all members of a batch are there, with right checksums.
  Result<bool> batch_is_complete(const RecordHeader& header, uint64_t frame_size);
  Status visit_record(uint64_t offset, const RecordHeader& header, Visit visit);

  static constexpr size_t window_size = size_t{1} << 20;
  const Segment& segment_;
  const uint64_t limit_;
  uint64_t offset_;
  std::unique_ptr<std::byte[]> window_;
  uint64_t window_offset_ = 0;
  size_t window_filled_ = 0;
};

}  // namespace stave::store
