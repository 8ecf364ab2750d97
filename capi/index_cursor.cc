#include <stave/index.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/cursor_frame.h"
#include "capi/error.h"
#include "capi/index_handle.h"

using stave::Bytes;
using stave::Status;
using namespace stave::capi;

namespace {

bool append_key(const stave_index_cursor& cursor, stave_buffer& keys, uint32_t* size) {
  const Bytes key(cursor.item.key);
  std::byte* added = nullptr;
  if (!extend(keys, key.size(), &added)) return false;
  stave::copy(added, key);
  *size = static_cast<uint32_t>(key.size());
  return true;
}

Status require_keys(const stave_index_cursor& cursor) {
  return cursor.has_keys ? Status() : invalid_argument("a resolved index has no keys");
}

}  // namespace

stave_status stave_index_cursor_open(stave_index* index, stave_index_cursor** cursor,
                                     stave_error* error) {
  return open_child(error, index, cursor, [](stave_index_cursor& made, auto& core) -> Status {
    STAVE_TRY_ASSIGN(auto opened, core.cursor());
    made.core = std::move(opened);
    return {};
  });
}

stave_status stave_index_cursor_next(stave_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return cursor_next(cursor); });
}

stave_status stave_index_cursor_value(stave_index_cursor* cursor, uint64_t* value,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(value, "value"));
    *value = 0;
    CursorCall<stave_index_cursor> call;
    STAVE_TRY(call.enter_on_record(cursor));
    *value = cursor->item.value;
    return {};
  });
}

stave_status stave_index_cursor_key(stave_index_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(get_part(cursor, data, size, [](auto& at) { return Bytes(at.item.key); }));
    const Status status = require_keys(*cursor);
    if (!status.ok()) *data = nullptr;
    return status;
  });
}

stave_status stave_index_cursor_next_many(stave_index_cursor* cursor, size_t count_max,
                                          uint64_t* values, size_t bytes_max, stave_buffer* keys,
                                          uint32_t* key_sizes, size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    if (keys != nullptr) {
      STAVE_TRY(check_buffer(keys, "keys"));
      keys->size = 0;
    }
    if (count_max != 0) {
      STAVE_TRY(require(values, "values"));
      if (keys != nullptr) STAVE_TRY(require(key_sizes, "key_sizes"));
    }
    if (keys == nullptr && key_sizes != nullptr) STAVE_TRY(require(keys, "keys"));
    CursorCall<stave_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    if (keys != nullptr) STAVE_TRY(require_keys(*cursor));
    const auto deliver = [&](size_t i) {
      if (keys != nullptr && !append_key(*cursor, *keys, key_sizes + i)) return false;
      values[i] = cursor->item.value;
      return true;
    };
    return move_many(*cursor, count_max, count, deliver,
                     [&] { return keys != nullptr && keys->size >= bytes_max; });
  });
}

stave_status stave_index_cursor_close(stave_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return close_handle(cursor); });
}

void stave_index_cursor_free(stave_index_cursor* cursor) {
  free_handle(cursor);
}
