#include <stave/cow_map.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "core/cow_map/cursor.h"
#include "core/sync/gate.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;

// A child of a map, of which it needs nothing but to know whether it is closed.
struct stave_cow_map_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::cow_map_cursor;
  static constexpr std::string_view name = "cursor";

  stave_cow_map_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<const ClosedFlag> map_closed;
  std::optional<stave::cow_map::Cursor> cursor;  // nothing once closed

  bool on_entry = false;
  // The cursor has moved to an entry that the last call had no memory to hand out.
  bool pending = false;
  bool done = false;
};

namespace {

class CursorCall {
 public:
  Status enter(stave_cow_map_cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_.enter(cursor->gate));
    if (cursor->map_closed->load(std::memory_order_relaxed)) return Code::closed;
    return {};
  }

 private:
  Inside inside_;
};

bool move(stave_cow_map_cursor& cursor) noexcept {
  cursor.on_entry = false;
  if (cursor.done) return false;
  if (!std::exchange(cursor.pending, false)) cursor.done = !cursor.cursor->next();
  return !cursor.done;
}

// `values` may be null; else it is empty. What it holds is kept in a copy of it meanwhile, which no
// store to a caller's array can change.
Code next_many(stave_cow_map_cursor& cursor, size_t count_max, size_t bytes_max, int64_t* keys,
               stave_buffer* values, uint64_t* sizes, size_t* count) noexcept {
  stave_buffer buffer = values != nullptr ? *values : stave_buffer{};
  Code code = Code::ok;
  size_t moved = 0;
  while (moved < count_max) {
    if (!move(cursor)) {
      code = Code::done;
      break;
    }
    if (values != nullptr) {
      const Bytes value = cursor.cursor->value();
      std::byte* added = nullptr;
      if (!extend_inline(buffer, value.size(), &added)) {
        cursor.pending = true;
        code = Code::no_memory;
        break;
      }
      copy_value(added, value);
      sizes[moved] = value.size();
    }
    if (keys != nullptr) keys[moved] = cursor.cursor->key();
    moved++;
    if (values != nullptr && buffer.size >= bytes_max) break;
  }
  if (values != nullptr) *values = buffer;
  *count = moved;
  return moved == 0 ? code : Code::ok;
}

// The same for values of one size that lie in their slots: many at a time.
Code next_many_inside(stave_cow_map_cursor& cursor, size_t count_max, size_t bytes_max,
                      int64_t* keys, stave_buffer* values, uint64_t* sizes,
                      size_t* count) noexcept {
  constexpr size_t many = 1024;
  const size_t size = *cursor.cursor->inside_size();
  // As many as it takes until `values` holds bytes_max bytes, one at least.
  size_t limit = count_max;
  if (values != nullptr && bytes_max == 0) limit = std::min<size_t>(limit, 1);
  if (values != nullptr && size != 0)
    limit = std::min(limit, bytes_max / size + (bytes_max % size != 0 || bytes_max == 0));
  size_t moved = 0;
  while (moved < limit && !cursor.done) {
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
        cursor.cursor->take_inside(wanted, keys != nullptr ? keys + moved : nullptr, to);
    if (values != nullptr) {
      values->size -= (wanted - taken) * size;
      std::fill_n(sizes + moved, taken, size);
    }
    moved += taken;
    cursor.done = taken < wanted;
  }
  *count = moved;
  return moved == 0 && limit != 0 ? Code::done : Code::ok;
}

Status require_entry(const stave_cow_map_cursor& cursor) {
  return cursor.on_entry ? Status() : invalid_argument("the cursor does not stand on an entry");
}

void close_cursor(stave_cow_map_cursor& cursor) {
  if (cursor.gate.close_and_wait()) cursor.cursor.reset();
}

}  // namespace

stave_status stave_cow_map_cursor_open(stave_cow_map* map, stave_cow_map_cursor** cursor,
                                       stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    STAVE_TRY(check(map));
    auto handle = std::make_unique<stave_cow_map_cursor>();
    handle->map_closed = map->closed_flag();
    auto snapshot = map->map.snapshot();
    if (!snapshot) return snapshot.status();
    handle->cursor.emplace(*std::move(snapshot));
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_cow_map_cursor_next(stave_cow_map_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    cursor->on_entry = move(*cursor);
    return cursor->on_entry ? Code::ok : Code::done;
  });
}

stave_status stave_cow_map_cursor_key(stave_cow_map_cursor* cursor, int64_t* key,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(key, "key"));
    *key = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_entry(*cursor));
    *key = cursor->cursor->key();
    return {};
  });
}

stave_status stave_cow_map_cursor_value(stave_cow_map_cursor* cursor, const void** data,
                                        size_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(data, "data"));
    STAVE_TRY(require(size, "size"));
    *data = nullptr;
    *size = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_entry(*cursor));
    const Bytes value = cursor->cursor->value();
    *data = non_null(value);
    *size = value.size();
    return {};
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
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    cursor->on_entry = false;
    const bool inside = cursor->cursor->inside_size().has_value();
    return inside ? next_many_inside(*cursor, count_max, bytes_max, keys, values, sizes, count)
                  : next_many(*cursor, count_max, bytes_max, keys, values, sizes, count);
  });
}

stave_status stave_cow_map_cursor_close(stave_cow_map_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (cursor == nullptr) return {};
    STAVE_TRY(check(cursor));
    close_cursor(*cursor);
    return {};
  });
}

void stave_cow_map_cursor_free(stave_cow_map_cursor* cursor) {
  if (!begin_free(cursor)) return;
  close_cursor(*cursor);
  delete cursor;
}
