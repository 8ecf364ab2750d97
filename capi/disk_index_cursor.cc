// Cursors of the disk_index family.
#include <stave/disk_index.h>

#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/cursor_steps.h"
#include "capi/disk_index_handle.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::key_size;

// A child of an index. It may be freed after the index: see shared_core.h for what stays alive.
struct stave_disk_index_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::disk_index_cursor;
  static constexpr std::string_view name = "cursor";

  stave_disk_index_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<SharedDiskIndex> parent;
  // Null once closed. The cursor is destroyed before the index that it reads.
  std::shared_ptr<stave::disk_index::DiskIndex> index;
  std::unique_ptr<stave::disk_index::Cursor> cursor;

  CursorPlace place;
  std::array<std::byte, key_size> key{};
};

namespace {

// Moves the core's cursor.
auto next_of(stave_disk_index_cursor& cursor) {
  return [&cursor]() -> Status {
    STAVE_TRY(cursor.cursor->next());
    stave::disk_index::store_key(cursor.key.data(), cursor.cursor->key());
    return {};
  };
}

// Ends the cursor once the call inside it, if any, has returned. From any thread, repeatedly.
void close_cursor(stave_disk_index_cursor& cursor) {
  cursor.gate.close_and_wait();
  cursor.parent->destroy(cursor.cursor, cursor.index);
}

}  // namespace

stave_status stave_disk_index_cursor_open(stave_disk_index* index, stave_disk_index_cursor** cursor,
                                          stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    auto handle = std::make_unique<stave_disk_index_cursor>();
    auto opened = call.index().open_cursor();
    if (!opened) return opened.status();
    handle->parent = index->state;
    handle->index = call.state().shared();
    handle->cursor = *std::move(opened);
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_disk_index_cursor_next(stave_disk_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall<stave_disk_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    return move(cursor->place, next_of(*cursor));
  });
}

stave_status stave_disk_index_cursor_key(stave_disk_index_cursor* cursor, const void** data,
                                         size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& inside) { return Bytes(inside.key); });
  });
}

stave_status stave_disk_index_cursor_record(stave_disk_index_cursor* cursor, const void** data,
                                            size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& inside) { return inside.cursor->record(); });
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
    STAVE_TRY(require_record(cursor->parent->core(), records, record_size));
    const auto deliver = [&](size_t i) {
      stave::copy(static_cast<std::byte*>(keys) + i * key_size, cursor->key);
      stave::copy(static_cast<std::byte*>(records) + i * record_size, cursor->cursor->record());
      return true;
    };
    return move_many(cursor->place, count_max, count, next_of(*cursor), deliver,
                     [] { return false; });
  });
}

stave_status stave_disk_index_cursor_close(stave_disk_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (cursor == nullptr) return {};
    STAVE_TRY(check(cursor));
    if (cursor->parent->gate().entered_by_this_thread()) return Code::busy;
    close_cursor(*cursor);
    return {};
  });
}

void stave_disk_index_cursor_free(stave_disk_index_cursor* cursor) {
  if (!begin_free(cursor)) return;
  close_cursor(*cursor);
  delete cursor;
}
