#include <stave/cow_map.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/cow_map_handle.h"
#include "capi/cursor_frame.h"
#include "capi/error.h"
#include "capi/value_read.h"
#include "core/cow_map/cursor.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;

struct stave_cow_map_cursor final : CursorHandle<std::optional<stave::cow_map::Cursor>> {
  static constexpr HandleKind kind = HandleKind::cow_map_cursor;
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  explicit stave_cow_map_cursor(stave_cow_map& map) noexcept : CursorHandle(kind, &map) {}

  Status advance() { return core->next() ? Code::ok : Code::done; }
};

namespace {

// `values` may be null; else it is empty.
Status next_many(stave_cow_map_cursor& cursor, size_t count_max, size_t bytes_max, int64_t* keys,
                 stave_buffer* values, uint64_t* sizes, size_t* count) {
  const auto deliver = [&](size_t i) {
    if (values != nullptr) {
      const Bytes value = cursor.core->value();
      std::byte* added = nullptr;
      if (!extend(*values, value.size(), &added)) return false;
      copy_value(added, value);
      sizes[i] = value.size();
    }
    if (keys != nullptr) keys[i] = cursor.core->key();
    return true;
  };
  return move_many(cursor, count_max, count, deliver,
                   [&] { return values != nullptr && values->size >= bytes_max; });
}

// The same for values of one size that lie in their slots: a leaf at a time, without a Status for
// each entry.
Code next_many_inside(stave_cow_map_cursor& cursor, size_t count_max, size_t bytes_max,
                      int64_t* keys, stave_buffer* values, uint64_t* sizes,
                      size_t* count) noexcept {
  constexpr size_t many = 1024;
  const size_t size = *cursor.core->inside_size();
  // As many as it takes until `values` holds bytes_max bytes, one at least.
  size_t limit = count_max;
  if (values != nullptr && bytes_max == 0) limit = std::min<size_t>(limit, 1);
  if (values != nullptr && size != 0)
    limit = std::min(limit, bytes_max / size + (bytes_max % size != 0 || bytes_max == 0));
  size_t moved = 0;
  while (moved < limit && !cursor.position.done) {
    size_t wanted = std::min(limit - moved, many);
    std::byte* to = nullptr;
    if (values != nullptr && !extend_inline(*values, wanted * size, &to)) {
      wanted = 1;
      // Not even one: the cursor has not moved.
      if (!extend_inline(*values, size, &to)) {
        *count = moved;
        return moved == 0 ? Code::no_memory : Code::ok;
      }
    }
    const size_t taken =
        cursor.core->take_inside(wanted, keys != nullptr ? keys + moved : nullptr, to);
    if (values != nullptr) {
      values->size -= (wanted - taken) * size;
      std::fill_n(sizes + moved, taken, size);
    }
    moved += taken;
    cursor.position.done = taken < wanted;
  }
  *count = moved;
  return moved == 0 && limit != 0 ? Code::done : Code::ok;
}

}  // namespace

stave_status stave_cow_map_cursor_open(stave_cow_map* map, stave_cow_map_cursor** cursor,
                                       stave_error* error) {
  return open_child(error, map, cursor, [](stave_cow_map_cursor& made, auto& core) -> Status {
    STAVE_TRY_ASSIGN(auto snapshot, core.snapshot());
    made.core.emplace(std::move(snapshot));
    return {};
  });
}

stave_status stave_cow_map_cursor_next(stave_cow_map_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return cursor_next(cursor); });
}

stave_status stave_cow_map_cursor_key(stave_cow_map_cursor* cursor, int64_t* key,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(key, "key"));
    *key = 0;
    CursorCall<stave_cow_map_cursor> call;
    STAVE_TRY(call.enter_on_record(cursor));
    *key = call.core().key();
    return {};
  });
}

stave_status stave_cow_map_cursor_value(stave_cow_map_cursor* cursor, const void** data,
                                        size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& at) { return at.core->value(); });
  });
}

stave_status stave_cow_map_cursor_next_many(stave_cow_map_cursor* cursor, size_t count_max,
                                            size_t bytes_max, int64_t* keys, stave_buffer* values,
                                            uint64_t* sizes, size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    if (values != nullptr) {
      STAVE_TRY(check_buffer(values, "values"));
      values->size = 0;
      if (count_max != 0) STAVE_TRY(require(sizes, "sizes"));
    }
    CursorCall<stave_cow_map_cursor> call;
    STAVE_TRY(call.enter(cursor));
    cursor->position.on_record = false;
    if (!call.core().inside_size())
      return next_many(*cursor, count_max, bytes_max, keys, values, sizes, count);
    return next_many_inside(*cursor, count_max, bytes_max, keys, values, sizes, count);
  });
}

stave_status stave_cow_map_cursor_close(stave_cow_map_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return close_handle(cursor); });
}

void stave_cow_map_cursor_free(stave_cow_map_cursor* cursor) {
  free_handle(cursor);
}
