#include <stave/index.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
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

// One call of a function that takes a cursor: inside the cursor and inside its index.
class CursorCall {
 public:
  Status enter(stave_index_cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_cursor_.enter(cursor->gate));
    return inside_index_.enter(cursor->parent->gate());
  }

 private:
  Inside inside_cursor_;
  Inside inside_index_;
};

Status move(stave_index_cursor& cursor) {
  cursor.on_entry = false;
  if (!cursor.pending_error.ok()) return std::exchange(cursor.pending_error, Status());
  if (cursor.done) return Code::done;
  if (!std::exchange(cursor.pending_entry, false)) {
    // Caught here, so that next_many can keep the entries before it.
    Status status = caught([&] { return cursor.cursor->next(&cursor.item); });
    cursor.done = status.is(Code::done);
    if (!status.ok()) return status;
  }
  cursor.on_entry = true;
  return {};
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

struct Destination {
  uint64_t* values;
  stave_buffer* keys;  // null when only values are wanted
  uint32_t* key_sizes;
};

Status next_many(stave_index_cursor& cursor, size_t count_max, size_t bytes_max,
                 const Destination& to, size_t* count) {
  while (*count < count_max) {
    Status status = move(cursor);
    if (status.ok() && to.keys != nullptr && !append_key(cursor, *to.keys, to.key_sizes + *count)) {
      cursor.pending_entry = true;
      status = Code::no_memory;
    }
    cursor.on_entry = false;
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error() && !cursor.pending_entry) cursor.pending_error = std::move(status);
      return {};
    }
    to.values[(*count)++] = cursor.item.value;
    if (to.keys != nullptr && to.keys->size >= bytes_max) return {};
  }
  return {};
}

Status require_entry(const stave_index_cursor& cursor) {
  if (cursor.on_entry) return {};
  return invalid_argument("the cursor does not stand on an entry");
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
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return move(*cursor);
  });
}

stave_status stave_index_cursor_value(stave_index_cursor* cursor, uint64_t* value,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(value, "value"));
    *value = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_entry(*cursor));
    *value = cursor->item.value;
    return {};
  });
}

stave_status stave_index_cursor_key(stave_index_cursor* cursor, const void** data, size_t* size,
                                    stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(data, "data"));
    STAVE_TRY(require(size, "size"));
    *data = nullptr;
    *size = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_keys(*cursor));
    STAVE_TRY(require_entry(*cursor));
    *data = non_null(key_of(*cursor));
    *size = key_of(*cursor).size();
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
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    if (keys != nullptr) STAVE_TRY(require_keys(*cursor));
    return next_many(*cursor, count_max, bytes_max, {values, keys, key_sizes}, count);
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
  close_cursor(*cursor);
  delete cursor;
}
