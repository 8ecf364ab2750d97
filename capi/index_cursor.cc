#include <stave/index.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/cursor_steps.h"
#include "capi/error.h"
#include "capi/index_handle.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;

namespace stave::capi {

void IndexState::add_cursor(stave_index_cursor& cursor) noexcept {
  const std::lock_guard lock(mutex_);
  cursor.next = cursors_;
  if (cursors_ != nullptr) cursors_->previous = &cursor;
  cursors_ = &cursor;
}

void IndexState::remove_cursor(stave_index_cursor& cursor) noexcept {
  const std::lock_guard lock(mutex_);
  cursor.cursor.reset();
  if (cursors_ != &cursor && cursor.previous == nullptr) return;  // removed already
  (cursor.previous != nullptr ? cursor.previous->next : cursors_) = cursor.next;
  if (cursor.next != nullptr) cursor.next->previous = cursor.previous;
  cursor.previous = cursor.next = nullptr;
}

}  // namespace stave::capi

namespace {

// Moves the core's cursor.
auto next_of(stave_index_cursor& cursor) {
  return [&cursor] { return cursor.cursor->next(&cursor.item); };
}

Bytes key_of(const stave_index_cursor& cursor) noexcept {
  return Bytes(cursor.item.key);
}

bool append_key(const stave_index_cursor& cursor, stave_buffer& keys, uint32_t* size) {
  const Bytes key = key_of(cursor);
  std::byte* added = nullptr;
  if (!extend(keys, key.size(), &added)) return false;
  stave::copy(added, key);
  *size = static_cast<uint32_t>(key.size());
  return true;
}

Status require_keys(const stave_index_cursor& cursor) {
  if (!cursor.parent->is_resolved()) return {};
  return invalid_argument("a resolved index has no keys");
}

// Ends the cursor once the call inside it, if any, has returned. From any thread, repeatedly.
void close_cursor(stave_index_cursor& cursor) {
  cursor.gate.close_and_wait();
  cursor.parent->remove_cursor(cursor);
}

}  // namespace

stave_status stave_index_cursor_open(stave_index* index, stave_index_cursor** cursor,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    IndexCall call;
    STAVE_TRY(call.enter_to_write(index));
    auto handle = std::make_unique<stave_index_cursor>();
    auto opened = call.index().cursor();
    if (!opened) return opened.status();
    handle->parent = index->state;
    handle->cursor = *std::move(opened);
    call.state().add_cursor(*handle);
    *cursor = handle.release();
    return {};
  });
}

stave_status stave_index_cursor_next(stave_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall<stave_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    return move(cursor->place, next_of(*cursor));
  });
}

stave_status stave_index_cursor_value(stave_index_cursor* cursor, uint64_t* value,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(value, "value"));
    *value = 0;
    CursorCall<stave_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_on_record(cursor->place));
    *value = cursor->item.value;
    return {};
  });
}

stave_status stave_index_cursor_key(stave_index_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(clear_part(data, size));
    CursorCall<stave_index_cursor> call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_keys(*cursor));
    STAVE_TRY(require_on_record(cursor->place));
    set_part(key_of(*cursor), data, size);
    return {};
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
    return move_many(cursor->place, count_max, count, next_of(*cursor), deliver,
                     [&] { return keys != nullptr && keys->size >= bytes_max; });
  });
}

stave_status stave_index_cursor_close(stave_index_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (cursor == nullptr) return {};
    STAVE_TRY(check(cursor));
    if (cursor->parent->gate().entered_by_this_thread()) return Code::busy;
    close_cursor(*cursor);
    return {};
  });
}

void stave_index_cursor_free(stave_index_cursor* cursor) {
  if (!begin_free(cursor)) return;
  // Inside the resolver that a call of this very cursor runs it can neither be closed nor freed: it
  // is left as it is.
  if (cursor->gate.entered_by_this_thread()) return;
  close_cursor(*cursor);
  delete cursor;
}
