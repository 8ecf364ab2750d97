#include "core/store/cursor.h"

#include <utility>

namespace stave::store {

Cursor::Cursor(const SegmentDirectory& segments, const KeyDirectory& directory,
               os::FileSystem& clock, Bytes prefix, bool keys_only)
    : directory_(directory),
      reader_(segments),
      locations_(directory),
      time_(clock),
      prefix_(as_text(prefix)),
      keys_only_(keys_only) {
  time_.now_ms();
}

Status Cursor::seek(CursorToken token) {
  if (token.order != directory_.order())
    return Status::error(Code::invalid_argument,
                         "the token is of another store, or of a KEYS file that was lost");
  STAVE_TRY(locations_.seek(token.position));
  position_ = token.position;
  newest_version_ = token.newest_version;
  skipped_ = token.visited_keys();
  visited_ = std::move(token.visited);
  return {};
}

Status Cursor::next() {
  while (true) {
    key_.clear();
    value_.clear();
    if (!unread_) {
      STAVE_TRY_ASSIGN(unread_, locations_.next());
      if (!unread_) return Code::done;
      if (locations_.position() != position_) {
        position_ = locations_.position();
        visited_.clear();
      }
    }
    const Result<bool> wanted = read(*unread_);
    // After no_memory, or bad_alloc, the next call reads the same record.
    if (!wanted.status().is(Code::no_memory)) unread_.reset();
    if (!wanted) return wanted.status();
    if (*wanted) return {};
  }
}

Result<bool> Cursor::read(Location location) {
  STAVE_TRY(reader_.open(location));
  STAVE_TRY_ASSIGN(const Bytes key, reader_.key());
  if (!as_text(key).starts_with(prefix_) || reader_.version() > newest_version_ ||
      time_.has_expired(reader_.expires_at()))
    return false;
  if (!skipped_.empty() && skipped_.contains(as_text(key))) return false;
  key_.assign(key.begin(), key.end());
  if (keys_only_) {
    STAVE_TRY(reader_.check());
  } else {
    value_.resize(reader_.value_size());
    STAVE_TRY(reader_.read_value(value_));
  }
  CursorToken::add_visited(visited_, key_);
  return true;
}

}  // namespace stave::store
