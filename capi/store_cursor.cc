#include <stave/store.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/cursor_frame.h"
#include "capi/edit.h"
#include "capi/error.h"
#include "capi/store_handle.h"

using stave::as_bytes;
using stave::Status;
using namespace stave::capi;
using stave::store::Store;

struct stave_store_cursor final : CursorHandle<std::unique_ptr<stave::store::Cursor>> {
  static constexpr HandleKind kind = HandleKind::cursor;

  explicit stave_store_cursor(stave_store& store) noexcept : CursorHandle(kind, &store) {}

  Status advance() { return core->next(); }
};

stave_status stave_store_cursor_open(stave_store* store, const stave_store_cursor_options* options,
                                     stave_store_cursor** cursor, stave_error* error) {
  return open_child(error, store, cursor, [&](stave_store_cursor& made, Store& core) -> Status {
    STAVE_TRY_ASSIGN(const auto checked, cursor_options(options));
    STAVE_TRY_ASSIGN(auto opened, core.open_cursor(as_bytes(checked.prefix, checked.prefix_size),
                                                   checked.keys_only != 0,
                                                   as_bytes(checked.token, checked.token_size)));
    made.core = std::move(opened);
    return {};
  });
}

stave_status stave_store_cursor_next(stave_store_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return cursor_next(cursor); });
}

stave_status stave_store_cursor_key(stave_store_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(
      error, [&] { return get_part(cursor, data, size, [](auto& at) { return at.core->key(); }); });
}

stave_status stave_store_cursor_value(stave_store_cursor* cursor, const void** data, size_t* size,
                                      stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& at) { return at.core->value(); });
  });
}

stave_status stave_store_cursor_next_many(stave_store_cursor* cursor, size_t count_max,
                                          size_t bytes_max, stave_buffer* records, uint64_t* sizes,
                                          size_t* count, stave_error* error) {
  return guarded(error, [&] {
    return next_many_records(cursor, count_max, bytes_max, records, sizes, count, [&](size_t i) {
      sizes[2 * i] = cursor->core->key().size();
      sizes[2 * i + 1] = cursor->core->value().size();
    });
  });
}

stave_status stave_store_cursor_token(stave_store_cursor* cursor, stave_buffer* token,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    BufferOutput output(token);
    STAVE_TRY(require(token, "token"));
    STAVE_TRY(output.prepare("token"));
    CursorCall<stave_store_cursor> call;
    STAVE_TRY(call.enter(cursor));
    return output.receive(cursor->core->token().encode());
  });
}

stave_status stave_store_cursor_close(stave_store_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return close_handle(cursor); });
}

void stave_store_cursor_free(stave_store_cursor* cursor) {
  free_handle(cursor);
}
