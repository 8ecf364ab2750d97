#include <stave/store.h>

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;

// A child of a store. It may be freed after the store: see StoreState for what stays alive.
struct stave_store_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::cursor;
  static constexpr std::string_view name = "cursor";

  stave_store_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<StoreState> parent;
  // Null once closed. The cursor is destroyed before the store that it reads.
  std::shared_ptr<stave::store::Store> store;
  std::unique_ptr<stave::store::Cursor> cursor;

  bool on_record = false;  // key and value may be asked for
  // What next_many came across and could not deliver: an error behind records that it did deliver,
  // or the record that the cursor stands on and memory was lacking for. The next move begins with
  // it, so that nothing is passed over in silence.
  Status pending_error;
  bool pending_record = false;
  bool done = false;  // there is nothing behind; final
};

namespace {

// One call of a function that takes a cursor: inside the cursor and inside its store.
class CursorCall {
 public:
  Status enter(stave_store_cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_cursor_.enter(cursor->gate));
    return inside_store_.enter(cursor->parent->gate());
  }

 private:
  Inside inside_cursor_;
  Inside inside_store_;
};

Status move(stave_store_cursor& cursor) {
  cursor.on_record = false;
  if (!cursor.pending_error.ok()) return std::exchange(cursor.pending_error, Status());
  if (cursor.done) return Code::done;
  if (!std::exchange(cursor.pending_record, false)) {
    // Caught here, so that next_many can keep the records before it.
    Status status = caught([&] { return cursor.cursor->next(); });
    cursor.done = status.is(Code::done);
    if (!status.ok()) return status;
  }
  cursor.on_record = true;
  return {};
}

// Appends the record that the cursor stands on. All or nothing.
bool append_record(const stave::store::Cursor& cursor, stave_buffer& records, uint64_t* sizes) {
  const Bytes key = cursor.key();
  const Bytes value = cursor.value();
  std::byte* added = nullptr;
  if (!extend(records, key.size() + value.size(), &added)) return false;
  stave::copy(added, key);
  stave::copy(added + key.size(), value);
  sizes[0] = key.size();
  sizes[1] = value.size();
  return true;
}

Status next_many(stave_store_cursor& cursor, size_t count_max, size_t bytes_max,
                 stave_buffer& records, uint64_t* sizes, size_t* count) {
  while (*count < count_max) {
    Status status = move(cursor);
    if (status.ok() && !append_record(*cursor.cursor, records, sizes + 2 * *count)) {
      cursor.pending_record = true;
      status = Code::no_memory;
    }
    cursor.on_record = false;
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error() && !cursor.pending_record) cursor.pending_error = std::move(status);
      return {};
    }
    ++*count;
    if (records.size >= bytes_max) return {};
  }
  return {};
}

// The part of the record that the cursor stands on.
Status part(stave_store_cursor* cursor, Bytes (stave::store::Cursor::*get)() const noexcept,
            const void** data, size_t* size) {
  STAVE_TRY(require(data, "data"));
  STAVE_TRY(require(size, "size"));
  *data = nullptr;
  *size = 0;
  CursorCall call;
  STAVE_TRY(call.enter(cursor));
  if (!cursor->on_record) return invalid_argument("the cursor does not stand on a record");
  const Bytes bytes = (*cursor->cursor.*get)();
  *data = non_null(bytes);
  *size = bytes.size();
  return {};
}

// Ends the cursor once the call inside it, if any, has returned. From any thread, repeatedly.
void close_cursor(stave_store_cursor& cursor) {
  cursor.gate.close_and_wait();
  cursor.parent->destroy(cursor.cursor, cursor.store);
}

}  // namespace

stave_status stave_store_cursor_open(stave_store* store, const stave_store_cursor_options* options,
                                     stave_store_cursor** cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    const auto checked = cursor_options(options);
    if (!checked) return checked.status();
    auto handle = std::make_unique<stave_store_cursor>();
    auto opened = call.store().open_cursor(as_bytes(checked->prefix, checked->prefix_size),
                                           checked->keys_only != 0);
    if (!opened) return opened.status();
    handle->parent = store->state;
    handle->store = call.state().shared_store();
    handle->cursor = *std::move(opened);
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_store_cursor_next(stave_store_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return move(*cursor);
  });
}

stave_status stave_store_cursor_key(stave_store_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(error, [&] { return part(cursor, &stave::store::Cursor::key, data, size); });
}

stave_status stave_store_cursor_value(stave_store_cursor* cursor, const void** data, size_t* size,
                                      stave_error* error) {
  return guarded(error, [&] { return part(cursor, &stave::store::Cursor::value, data, size); });
}

stave_status stave_store_cursor_next_many(stave_store_cursor* cursor, size_t count_max,
                                          size_t bytes_max, stave_buffer* records, uint64_t* sizes,
                                          size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    STAVE_TRY(check_buffer(records, "records"));
    records->size = 0;
    if (count_max != 0) STAVE_TRY(require(sizes, "sizes"));
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return next_many(*cursor, count_max, bytes_max, *records, sizes, count);
  });
}

stave_status stave_store_cursor_close(stave_store_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (cursor == nullptr) return {};
    STAVE_TRY(check(cursor));
    if (cursor->parent->gate().entered_by_this_thread()) return Code::busy;
    close_cursor(*cursor);
    return {};
  });
}

void stave_store_cursor_free(stave_store_cursor* cursor) {
  if (!begin_free(cursor)) return;
  close_cursor(*cursor);
  delete cursor;
}
