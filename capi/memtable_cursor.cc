#include <stave/memtable.h>

#include <memory>
#include <string_view>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/cursor_steps.h"
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

  CursorPlace place;
};

namespace {

// One call of a function that takes a cursor: inside it, inside what it was opened on, and inside
// its table.
class MemtableCursorCall {
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

// Moves the core's cursor.
auto next_of(stave_memtable_cursor& cursor) {
  return [&cursor] { return cursor.cursor->next(); };
}

// The part of the record that the cursor stands on.
Status part(stave_memtable_cursor* cursor, Bytes (MemtableCursor::*get)() const noexcept,
            const void** data, size_t* size) {
  STAVE_TRY(clear_part(data, size));
  MemtableCursorCall call;
  STAVE_TRY(call.enter(cursor));
  STAVE_TRY(require_on_record(cursor->place));
  set_part((*cursor->cursor.*get)(), data, size);
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
    MemtableCursorCall call;
    STAVE_TRY(call.enter(cursor));
    return move(cursor->place, next_of(*cursor));
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
    MemtableCursorCall call;
    STAVE_TRY(call.enter(cursor));
    STAVE_TRY(require_on_record(cursor->place));
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
    MemtableCursorCall call;
    STAVE_TRY(call.enter(cursor));
    const auto deliver = [&](size_t i) {
      const MemtableCursor& at = *cursor->cursor;
      if (!append_record(*records, at.key(), at.value())) return false;
      sizes[2 * i] = at.key().size();
      sizes[2 * i + 1] = at.deleted() ? STAVE_TOMBSTONE : at.value().size();
      return true;
    };
    return move_many(cursor->place, count_max, count, next_of(*cursor), deliver,
                     [&] { return records->size >= bytes_max; });
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
