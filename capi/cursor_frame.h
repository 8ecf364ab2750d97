// What all cursors have in common: their handle, how they move, and how a move goes on from what
// the last one could not deliver.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// Where a cursor stands.
struct CursorPosition {
  bool on_record = false;  // the parts of a record may be asked for
  // What next_many came across and could not deliver: an error after records that it did deliver,
  // or the record that the cursor stands on and memory was lacking for. The next move begins with
  // it, so that nothing is passed over in silence.
  Status pending_error;
  bool pending_record = false;
  bool done = false;  // there is nothing left; final
};

// A handle of a cursor of the core. A derived type adds
//   Status advance()           moves the core's cursor: ok, done, or an error
// and may replace
//   Status check_parents()     asked in every call, when it is inside the gates
template <typename Pointer>
class CursorHandle : public CoreHandle<Pointer> {
 public:
  static constexpr std::string_view name = "cursor";

  CursorPosition position;

  Status check_parents() const { return {}; }

 protected:
  using CoreHandle<Pointer>::CoreHandle;
};

template <typename Cursor>
class CursorCall : public Call<Cursor> {
 public:
  Status enter(Cursor* cursor) {
    STAVE_TRY(Call<Cursor>::enter(cursor));
    return cursor->check_parents();
  }
  Status enter_on_record(Cursor* cursor) {
    STAVE_TRY(enter(cursor));
    if (cursor->position.on_record) return {};
    return invalid_argument("the cursor does not stand on a record");
  }
};

template <typename Cursor>
Status move(Cursor& cursor) {
  CursorPosition& position = cursor.position;
  position.on_record = false;
  if (!position.pending_error.ok()) return std::exchange(position.pending_error, Status());
  if (position.done) return Code::done;
  if (!std::exchange(position.pending_record, false)) {
    // Caught here, so that move_many() can keep the records before it.
    const Status status = caught([&cursor] { return cursor.advance(); });
    position.done = status.is(Code::done);
    if (!status.ok()) return status;
  }
  position.on_record = true;
  return {};
}

// stave_x_cursor_next.
template <typename Cursor>
Status cursor_next(Cursor* cursor) {
  CursorCall<Cursor> call;
  STAVE_TRY(call.enter(cursor));
  return move(*cursor);
}

// Moves up to count_max times. `deliver(i)` hands out the record that the cursor has come to as the
// i-th, all or nothing: false without memory. `full()`: there is enough of them.
template <typename Cursor, typename Deliver, typename Full>
Status move_many(Cursor& cursor, size_t count_max, size_t* count, Deliver&& deliver, Full&& full) {
  CursorPosition& position = cursor.position;
  while (*count < count_max) {
    Status status = move(cursor);
    if (status.ok() && !deliver(*count)) {
      position.pending_record = true;
      status = Code::no_memory;
    }
    position.on_record = false;
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error() && !position.pending_record) position.pending_error = std::move(status);
      return {};
    }
    ++*count;
    if (full()) return {};
  }
  return {};
}

// stave_x_cursor_next_many for cursors of keys and values. `sizes_of(cursor, i)` writes the sizes
// of the i-th record.
template <typename Cursor, typename SizesOf>
Status next_many_records(Cursor* cursor, size_t count_max, size_t bytes_max, stave_buffer* records,
                         const uint64_t* sizes, size_t* count, SizesOf&& sizes_of) {
  STAVE_TRY(require(count, "count"));
  *count = 0;
  STAVE_TRY(check_buffer(records, "records"));
  records->size = 0;
  if (count_max != 0) STAVE_TRY(require(sizes, "sizes"));
  CursorCall<Cursor> call;
  STAVE_TRY(call.enter(cursor));
  const auto deliver = [&](size_t i) {
    const Bytes key = cursor->core->key();
    const Bytes value = cursor->core->value();
    std::byte* added = nullptr;
    if (!extend(*records, key.size() + value.size(), &added)) return false;
    copy(added, key);
    copy(added + key.size(), value);
    sizes_of(i);
    return true;
  };
  return move_many(*cursor, count_max, count, deliver, [&] { return records->size >= bytes_max; });
}

// A call that asks for the part `get(cursor)` of the record that the cursor stands on.
template <typename Cursor, typename Get>
Status get_part(Cursor* cursor, const void** data, size_t* size, Get&& get) {
  STAVE_TRY(require(data, "data"));
  STAVE_TRY(require(size, "size"));
  *data = nullptr;
  *size = 0;
  CursorCall<Cursor> call;
  STAVE_TRY(call.enter_on_record(cursor));
  const Bytes part = get(*cursor);
  *data = non_null(part);
  *size = part.size();
  return {};
}

}  // namespace stave::capi
