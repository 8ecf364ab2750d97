// The cursor. A key that is present throughout keeps its entry in the key directory, so it comes
// exactly once.
#include "core/store/store.h"

namespace stave::store {

Status Cursor::next() {
  while (true) {
    key_.clear();
    value_.clear();
    if (!unread_) {
      STAVE_TRY_ASSIGN(unread_, locations_.next());
      if (!unread_) return Code::done;
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
  if (!as_text(key).starts_with(prefix_)) return false;
  key_.assign(key.begin(), key.end());
  if (keys_only_) {
    STAVE_TRY(reader_.check());
    return true;
  }
  value_.resize(reader_.value_size());
  STAVE_TRY(reader_.read_value(value_));
  return true;
}

Result<std::unique_ptr<Cursor>> Store::open_cursor(Bytes prefix, bool keys_only) {
  return std::make_unique<Cursor>(segments_, *keys_, prefix, keys_only);
}

}  // namespace stave::store
