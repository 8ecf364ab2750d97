// What the cursors over records have in common: how a call gets in, and how a move goes on from
// what the last one could not deliver.
#pragma once

#include <cstddef>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// One call of a function that takes a cursor: inside the cursor and inside what it reads, its
// `parent`.
template <typename Cursor>
class CursorCall {
 public:
  Status enter(Cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_cursor_.enter(cursor->gate));
    return inside_parent_.enter(cursor->parent->gate());
  }

 private:
  Inside inside_cursor_;
  Inside inside_parent_;
};

// Where a cursor stands.
struct CursorPlace {
  bool on_record = false;  // the parts of a record may be asked for
  // What next_many came across and could not deliver: an error behind records that it did deliver,
  // or the record that the cursor stands on and memory was lacking for. The next move begins with
  // it, so that nothing is passed over in silence.
  Status pending_error;
  bool pending_record = false;
  bool done = false;  // there is nothing behind; final
};

// `next()` moves the core's cursor.
template <typename Next>
Status move(CursorPlace& place, Next&& next) {
  place.on_record = false;
  if (!place.pending_error.ok()) return std::exchange(place.pending_error, Status());
  if (place.done) return Code::done;
  if (!std::exchange(place.pending_record, false)) {
    // Caught here, so that move_many() can keep the records before it.
    const Status status = caught(next);
    place.done = status.is(Code::done);
    if (!status.ok()) return status;
  }
  place.on_record = true;
  return {};
}

// Moves up to count_max times. `deliver(i)` hands out the record that the cursor has come to as the
// i-th, all or nothing: false without memory. `full()`: there is enough of them.
template <typename Next, typename Deliver, typename Full>
Status move_many(CursorPlace& place, size_t count_max, size_t* count, Next&& next,
                 Deliver&& deliver, Full&& full) {
  while (*count < count_max) {
    Status status = move(place, next);
    if (status.ok() && !deliver(*count)) {
      place.pending_record = true;
      status = Code::no_memory;
    }
    place.on_record = false;
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error() && !place.pending_record) place.pending_error = std::move(status);
      return {};
    }
    ++*count;
    if (full()) return {};
  }
  return {};
}

inline Status require_on_record(const CursorPlace& place) {
  if (place.on_record) return {};
  return invalid_argument("the cursor does not stand on a record");
}

// Appends to what next_many delivers. All or nothing: false without memory.
inline bool append_record(stave_buffer& records, Bytes key, Bytes value) {
  std::byte* added = nullptr;
  if (!extend(records, key.size() + value.size(), &added)) return false;
  copy(added, key);
  copy(added + key.size(), value);
  return true;
}

// The arguments that a part of the record goes to: nothing yet.
inline Status clear_part(const void** data, size_t* size) {
  STAVE_TRY(require(data, "data"));
  STAVE_TRY(require(size, "size"));
  *data = nullptr;
  *size = 0;
  return {};
}
inline void set_part(Bytes bytes, const void** data, size_t* size) noexcept {
  *data = non_null(bytes);
  *size = bytes.size();
}

// A whole call that asks for the part `get(cursor)` of the record that the cursor stands on.
template <typename Cursor, typename Get>
Status get_part(Cursor* cursor, const void** data, size_t* size, Get&& get) {
  STAVE_TRY(clear_part(data, size));
  CursorCall<Cursor> call;
  STAVE_TRY(call.enter(cursor));
  STAVE_TRY(require_on_record(cursor->place));
  set_part(get(*cursor), data, size);
  return {};
}

}  // namespace stave::capi
