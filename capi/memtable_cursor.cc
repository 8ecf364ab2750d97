#include <stave/memtable.h>

#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_options.h"
#include "core/mvcc/memtable_cursor.h"

using stave::Bytes;
using stave::Code;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::MemtableCursor;
using stave::mvcc::SnapshotLease;

// A child of a memtable, and of a transaction or a snapshot if it was opened on one.
struct stave_memtable_cursor final : Handle {
  static constexpr HandleKind kind = HandleKind::memtable_cursor;
  static constexpr std::string_view name = "cursor";

  stave_memtable_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<MemtableState> table;
  std::shared_ptr<TransactionState> transaction;  // or null
  std::shared_ptr<SnapshotState> snapshot;        // or null
  std::mutex close_mutex;                         // held while `cursor` ends
  std::unique_ptr<MemtableCursor> cursor;         // null once closed

  bool on_record = false;  // key and value may be asked for
  // The record was met by next_many, which had no memory for it: the next move stays on it.
  bool pending_record = false;
  // An error that next_many met behind records that it delivered: the next move begins with it.
  Status pending_error;
  bool done = false;
};

namespace {

// One call of a function that takes a cursor: inside it, inside what it was opened on, and inside
// its table.
class CursorCall {
 public:
  Status enter(stave_memtable_cursor* cursor) {
    STAVE_TRY(check(cursor));
    STAVE_TRY(inside_cursor_.enter_nested(cursor->gate));
    if (cursor->transaction != nullptr) {
      STAVE_TRY(inside_transaction_.enter_nested(cursor->transaction->gate()));
      if (cursor->transaction->core().ended()) return Code::closed;
    }
    if (cursor->snapshot != nullptr) {
      STAVE_TRY(inside_snapshot_.enter_nested(cursor->snapshot->gate()));
    }
    return inside_table_.enter_nested(cursor->table->gate());
  }

 private:
  Inside inside_cursor_;
  InsideSmall inside_transaction_;
  Inside inside_snapshot_;
  Inside inside_table_;
};

Status move(stave_memtable_cursor& cursor) {
  cursor.on_record = false;
  if (!cursor.pending_error.ok()) return std::exchange(cursor.pending_error, Status());
  if (cursor.done) return Code::done;
  if (!std::exchange(cursor.pending_record, false)) {
    // Caught here, so that next_many can keep the records before it.
    Status status = caught([&] { return cursor.cursor->next(); });
    cursor.done = status.is(Code::done);
    if (!status.ok()) return status;
  }
  cursor.on_record = true;
  return {};
}

// Appends the record that the cursor stands on. All or nothing.
bool append_record(const MemtableCursor& cursor, stave_buffer& records, uint64_t* sizes) {
  const Bytes key = cursor.key();
  const Bytes value = cursor.value();
  std::byte* added = nullptr;
  if (!extend(records, key.size() + value.size(), &added)) return false;
  stave::copy(added, key);
  stave::copy(added + key.size(), value);
  sizes[0] = key.size();
  sizes[1] = cursor.deleted() ? STAVE_TOMBSTONE : value.size();
  return true;
}

Status next_many(stave_memtable_cursor& cursor, size_t count_max, size_t bytes_max,
                 stave_buffer& records, uint64_t* sizes, size_t* count) {
  while (*count < count_max) {
    Status status = move(cursor);
    if (status.ok() && !append_record(*cursor.cursor, records, sizes + 2 * *count)) {
      cursor.pending_record = true;
      status = Code::no_memory;
    }
    cursor.on_record = false;
    if (!status.ok()) {
      if (*count == 0) return status;
      if (status.is_error() && !cursor.pending_record) cursor.pending_error = std::move(status);
      return {};
    }
    ++*count;
    if (records.size >= bytes_max) return {};
  }
  return {};
}

Status check_on_record(const stave_memtable_cursor& cursor) {
  if (cursor.on_record) return {};
  return invalid_argument("the cursor does not stand on a record");
}

// The part of the record that the cursor stands on.
Status part(stave_memtable_cursor* cursor, Bytes (MemtableCursor::*get)() const noexcept,
            const void** data, size_t* size) {
  STAVE_TRY(require(data, "data"));
  STAVE_TRY(require(size, "size"));
  *data = nullptr;
  *size = 0;
  CursorCall call;
  STAVE_TRY(call.enter(cursor));
  STAVE_TRY(check_on_record(*cursor));
  const Bytes bytes = (*cursor->cursor.*get)();
  *data = non_null(bytes);
  *size = bytes.size();
  return {};
}

// What a cursor reads at, and for whom.
struct Moment {
  std::shared_ptr<SnapshotLease> lease;  // of a snapshot
  uint64_t snapshot = 0;
  uint64_t reader = 0;
};

Result<std::unique_ptr<stave_memtable_cursor>> open_cursor(
    const std::shared_ptr<MemtableState>& table, Moment moment,
    const stave_memtable_cursor_options* options) {
  const auto checked = memtable_cursor_options(options, table->table()->options().managed);
  if (!checked) return checked.status();
  auto handle = std::make_unique<stave_memtable_cursor>();
  handle->table = table;
  handle->cursor = std::make_unique<MemtableCursor>(table->table().share(), std::move(moment.lease),
                                                    moment.snapshot, moment.reader, *checked);
  return handle;
}

// Inside the transaction's gate.
Status open_on_transaction(const std::shared_ptr<TransactionState>& state,
                           const stave_memtable_cursor_options* options,
                           stave_memtable_cursor** cursor) {
  const stave::mvcc::Transaction& transaction = state->core();
  if (transaction.ended()) return Code::closed;
  Moment moment{nullptr, transaction.snapshot(), transaction.identity()};
  auto opened = open_cursor(state->parent, std::move(moment), options);
  if (!opened) return opened.status();
  (*opened)->transaction = state;
  *cursor = opened->release();
  return {};
}

// Ends the cursor once the call inside it, if any, has returned. From any thread, repeatedly.
void close_cursor(stave_memtable_cursor& cursor) {
  cursor.gate.close_and_wait();
  const std::lock_guard lock(cursor.close_mutex);
  cursor.cursor.reset();
}

}  // namespace

stave_status stave_memtable_transaction_cursor(stave_memtable_transaction* transaction,
                                               const stave_memtable_cursor_options* options,
                                               stave_memtable_cursor** cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    return open_on_transaction(transaction->state, options, cursor);
  });
}

stave_status stave_memtable_snapshot_cursor(stave_memtable_snapshot* snapshot,
                                            const stave_memtable_cursor_options* options,
                                            stave_memtable_cursor** cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    SnapshotCall call;
    STAVE_TRY(call.enter(snapshot));
    Moment moment{call.core(), call.core()->timestamp(), 0};
    auto opened = open_cursor(snapshot->state->parent, std::move(moment), options);
    if (!opened) return opened.status();
    (*opened)->snapshot = snapshot->state;
    *cursor = opened->release();
    return {};
  });
}

stave_status stave_memtable_cursor_open(stave_memtable* table, uint64_t snapshot,
                                        uint64_t transaction,
                                        const stave_memtable_cursor_options* options,
                                        stave_memtable_cursor** cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(cursor, "cursor"));
    *cursor = nullptr;
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
    auto opened = open_cursor(table->state.share(), {nullptr, snapshot, transaction}, options);
    if (!opened) return opened.status();
    *cursor = opened->release();
    return {};
  });
}

stave_status stave_memtable_cursor_next(stave_memtable_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return move(*cursor);
  });
}

stave_status stave_memtable_cursor_key(stave_memtable_cursor* cursor, const void** data,
                                       size_t* size, stave_error* error) {
  return guarded(error, [&] { return part(cursor, &MemtableCursor::key, data, size); });
}

stave_status stave_memtable_cursor_value(stave_memtable_cursor* cursor, const void** data,
                                         size_t* size, stave_error* error) {
  return guarded(error, [&] { return part(cursor, &MemtableCursor::value, data, size); });
}

stave_status stave_memtable_cursor_deleted(stave_memtable_cursor* cursor, uint8_t* deleted,
                                           stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(deleted, "deleted"));
    *deleted = 0;
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(check_on_record(*cursor));
    *deleted = cursor->cursor->deleted() ? 1 : 0;
    return {};
  });
}

stave_status stave_memtable_cursor_next_many(stave_memtable_cursor* cursor, size_t count_max,
                                             size_t bytes_max, stave_buffer* records,
                                             uint64_t* sizes, size_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    STAVE_TRY(check_buffer(records, "records"));
    records->size = 0;
    if (count_max != 0) STAVE_TRY(require(sizes, "sizes"));
    CursorCall call;
    STAVE_TRY(call.enter(cursor));
    return next_many(*cursor, count_max, bytes_max, *records, sizes, count);
  });
}

stave_status stave_memtable_cursor_close(stave_memtable_cursor* cursor, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (cursor == nullptr) return {};
    STAVE_TRY(check(cursor));
    close_cursor(*cursor);
    return {};
  });
}

void stave_memtable_cursor_free(stave_memtable_cursor* cursor) {
  if (!begin_free(cursor)) return;
  close_cursor(*cursor);
  delete cursor;
}
