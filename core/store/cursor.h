// A walk over all records, beside any traffic.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/call_time.h"
#include "core/store/cursor_token.h"
#include "core/store/keydir/key_directory.h"
#include "core/store/log/record_reader.h"
#include "core/store/log/segment_directory.h"

namespace stave::store {

// Takes locations from the key directory, and reads their records. A key that is present throughout
// keeps its entry in the directory, so it comes exactly once. What has expired when the cursor is
// made is left out.
//
// Thread safety: one thread at a time.
class Cursor {
 public:
  Cursor(const SegmentDirectory& segments, const KeyDirectory& directory, os::FileSystem& clock,
         Bytes prefix, bool keys_only);
  // Goes on where the cursor was that made the token. Before the first next(). `invalid_argument`:
  // the token is of another store, or of a key directory that is no more.
  Status seek(CursorToken token);
  // Leaves out records that were committed later. Before the first next().
  void set_newest_version(uint64_t version) noexcept { newest_version_ = version; }

  // ok when it stands on a record, `done` after the last.
  Status next();
  // Of the record that it stands on; valid until the next call.
  Bytes key() const noexcept { return key_; }
  Bytes value() const noexcept { return value_; }
  uint64_t expires_at() const noexcept { return reader_.expires_at(); }
  uint64_t version() const noexcept { return reader_.version(); }
  Location location() const noexcept { return reader_.location(); }

  // With it another cursor goes on after the record that this one stands on.
  CursorToken token() const { return {position_, directory_.order(), newest_version_, visited_}; }

 private:
  // False when the record is not wanted.
  Result<bool> read(Location location);

  const KeyDirectory& directory_;
  RecordReader reader_;
  KeyDirectory::Cursor locations_;
  std::optional<Location> unread_;  // taken from locations_
  CallTime time_;
  const std::string prefix_;
  const bool keys_only_;
  uint64_t newest_version_ = UINT64_MAX;
  std::vector<std::byte> key_;
  std::vector<std::byte> value_;

  DirectoryPosition position_;      // of the record, or of what comes first
  std::vector<std::byte> visited_;  // the keys at this position that were visited, as in a token
  std::set<std::string, std::less<>> skipped_;  // those by the cursors before this one
};

}  // namespace stave::store
