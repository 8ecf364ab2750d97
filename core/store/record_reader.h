// Reads one record at a known place, and checks it: whatever the device answers, the caller gets
// the value of that very key or an error.
//
// Thread safety: any thread.
#pragma once

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/key_directory.h"
#include "core/store/segment_directory.h"
#include "core/store/store.h"

namespace stave::store {

class RecordReader {
 public:
  explicit RecordReader(const SegmentDirectory& segments) noexcept : segments_(segments) {}

  // Copies the value to `into`, which has exactly value_size(key, entry) bytes.
  Status read(Bytes key, DirectoryEntry entry, MutableBytes into) const;
  // With ReadIo::mmap without a copy.
  Result<PinnedValue> read_pinned(Bytes key, DirectoryEntry entry) const;

  static size_t value_size(Bytes key, DirectoryEntry entry) noexcept {
    return entry.size - record_header_size - key.size();
  }

 private:
  Status read_small(const Segment& segment, Bytes key, DirectoryEntry entry,
                    MutableBytes into) const;
  Status read_large(const Segment& segment, Bytes key, DirectoryEntry entry,
                    MutableBytes into) const;
  const SegmentDirectory& segments_;
};

}  // namespace stave::store
