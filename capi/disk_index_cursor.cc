// Cursors of the disk_index family.
#include <stave/disk_index.h>

#include <array>
#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/cursor_frame.h"
#include "capi/disk_index_handle.h"

using stave::Bytes;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::key_size;

struct stave_disk_index_cursor final : CursorHandle<std::unique_ptr<stave::disk_index::Cursor>> {
  static constexpr HandleKind kind = HandleKind::disk_index_cursor;

  explicit stave_disk_index_cursor(stave_disk_index& parent) noexcept
      : CursorHandle(kind, &parent), index(parent) {}

  Status advance() {
    STAVE_TRY(core->next());
    stave::disk_index::store_key(key.data(), core->key());
    return {};
  }

  stave_disk_index& index;
  std::array<std::byte, key_size> key{};
};

stave_status stave_disk_index_cursor_open(stave_disk_index* index, stave_disk_index_cursor** cursor,
                                          stave_error* error) {
  return open_child(error, index, cursor, [](stave_disk_index_cursor& made, auto& core) -> Status {
    made.core = core.open_cursor();
    return {};
  });
}

stave_status stave_disk_index_cursor_next(stave_disk_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return cursor_next(cursor); });
}

stave_status stave_disk_index_cursor_key(stave_disk_index_cursor* cursor, const void** data,
                                         size_t* size, stave_error* error) {
  return guarded(
      error, [&] { return get_part(cursor, data, size, [](auto& at) { return Bytes(at.key); }); });
}

stave_status stave_disk_index_cursor_record(stave_disk_index_cursor* cursor, const void** data,
                                            size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& at) { return at.core->record(); });
  });
}

stave_status stave_disk_index_cursor_next_many(stave_disk_index_cursor* cursor, size_t count_max,
                                               void* keys, void* records, size_t record_size,
                                               size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    CursorCall<stave_disk_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    if (count_max == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(*cursor->index.core, records, record_size));
    const auto deliver = [&](size_t i) {
      stave::copy(static_cast<std::byte*>(keys) + i * key_size, cursor->key);
      stave::copy(static_cast<std::byte*>(records) + i * record_size, cursor->core->record());
      return true;
    };
    return move_many(*cursor, count_max, count, deliver, [] { return false; });
  });
}

stave_status stave_disk_index_cursor_close(stave_disk_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return close_handle(cursor); });
}

void stave_disk_index_cursor_free(stave_disk_index_cursor* cursor) {
  free_handle(cursor);
}
