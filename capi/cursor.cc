#include <stave/store.h>

#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/cursor_steps.h"
#include "capi/error.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;

// A child of a store. It may be freed after the store: see shared_core.h for what stays alive.
struct stave_store_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::cursor;
  static constexpr std::string_view name = "cursor";

  stave_store_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<SharedStore> parent;
  // Null once closed. The cursor is destroyed before the store that it reads.
  std::shared_ptr<stave::store::Store> store;
  std::unique_ptr<stave::store::Cursor> cursor;

  CursorPlace place;
};

namespace {

// Moves the core's cursor.
auto next_of(stave_store_cursor& cursor) {
  return [&cursor] { return cursor.cursor->next(); };
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
    handle->store = call.state().shared();
    handle->cursor = *std::move(opened);
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_store_cursor_next(stave_store_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall<stave_store_cursor> call;
    STAVE_TRY(call.enter(cursor));
    return move(cursor->place, next_of(*cursor));
  });
}

stave_status stave_store_cursor_key(stave_store_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& inside) { return inside.cursor->key(); });
  });
}

stave_status stave_store_cursor_value(stave_store_cursor* cursor, const void** data, size_t* size,
                                      stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& inside) { return inside.cursor->value(); });
  });
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
    CursorCall<stave_store_cursor> call;
    STAVE_TRY(call.enter(cursor));
    const auto deliver = [&](size_t i) {
      const Bytes key = cursor->cursor->key();
      const Bytes value = cursor->cursor->value();
      if (!append_record(*records, key, value)) return false;
      sizes[2 * i] = key.size();
      sizes[2 * i + 1] = value.size();
      return true;
    };
    return move_many(cursor->place, count_max, count, next_of(*cursor), deliver,
                     [&] { return records->size >= bytes_max; });
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
