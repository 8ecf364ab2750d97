// Cursors of the disk_index family.
#include <stave/disk_index.h>

#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/disk_index_handle.h"

using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::key_size;

// A child of an index. It may be freed after the index: see DiskIndexState for what stays alive.
struct stave_disk_index_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::disk_index_cursor;
  static constexpr std::string_view name = "cursor";

  stave_disk_index_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<DiskIndexState> parent;
  // Null once closed. The cursor is destroyed before the index that it reads.
  std::shared_ptr<stave::disk_index::DiskIndex> index;
  std::unique_ptr<stave::disk_index::Cursor> cursor;

  bool on_record = false;  // key and record may be asked for
  std::array<std::byte, key_size> key{};
  Status pending_error;  // behind records that next_many did deliver; the next move begins with it
  bool done = false;     // there is nothing behind; final
};

namespace {

// One call of a function that takes a cursor: inside the cursor and inside its index.
class CursorCall {
 public:
  Status enter(stave_disk_index_cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_cursor_.enter(cursor->gate));
    return inside_index_.enter(cursor->parent->gate());
  }

 private:
  Inside inside_cursor_;
  Inside inside_index_;
};

Status move(stave_disk_index_cursor& cursor) {
  cursor.on_record = false;
  if (!cursor.pending_error.ok()) return std::exchange(cursor.pending_error, Status());
  if (cursor.done) return Code::done;
  // Caught here, so that next_many can keep the records before it.
  Status status = caught([&] { return cursor.cursor->next(); });
  cursor.done = status.is(Code::done);
  if (!status.ok()) return status;
  stave::disk_index::store_key(cursor.key.data(), cursor.cursor->key());
  cursor.on_record = true;
  return {};
}

Status require_on_record(const stave_disk_index_cursor& cursor) {
  if (cursor.on_record) return {};
  return invalid_argument("the cursor does not stand on a record");
}

Status next_many(stave_disk_index_cursor& cursor, size_t count_max, std::byte* keys,
                 std::byte* records, size_t record_size, size_t* count) {
  while (*count < count_max) {
    Status status = move(cursor);
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error()) cursor.pending_error = std::move(status);
      return {};
    }
    stave::copy(keys + *count * key_size, cursor.key);
    stave::copy(records + *count * record_size, cursor.cursor->record());
    ++*count;
  }
  return {};
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
    handle->index = call.state().shared_index();
    handle->cursor = *std::move(opened);
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_disk_index_cursor_next(stave_disk_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return move(*cursor);
  });
}

stave_status stave_disk_index_cursor_key(stave_disk_index_cursor* cursor, const void** data,
                                         size_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(data, "data"));
    STAVE_TRY(require(size, "size"));
    *data = nullptr;
    *size = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_on_record(*cursor));
    *data = cursor->key.data();
    *size = cursor->key.size();
    return {};
  });
}

stave_status stave_disk_index_cursor_record(stave_disk_index_cursor* cursor, const void** data,
                                            size_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(data, "data"));
    STAVE_TRY(require(size, "size"));
    *data = nullptr;
    *size = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_on_record(*cursor));
    *data = cursor->cursor->record().data();
    *size = cursor->cursor->record().size();
    return {};
  });
}

stave_status stave_disk_index_cursor_next_many(stave_disk_index_cursor* cursor, size_t count_max,
                                               void* keys, void* records, size_t record_size,
                                               size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    if (count_max == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(cursor->parent->index(), records, record_size));
    const Status status = next_many(*cursor, count_max, static_cast<std::byte*>(keys),
                                    static_cast<std::byte*>(records), record_size, count);
    cursor->on_record = false;
    return status;
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
