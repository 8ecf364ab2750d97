#include <stave/memtable.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/cursor_frame.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "core/mvcc/memtable_cursor.h"

using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::MemtableCursor;
using stave::mvcc::ReadView;

// A child of a transaction, of a snapshot, or of a memtable whose timestamps are explicit.
struct stave_memtable_cursor final : CursorHandle<std::unique_ptr<MemtableCursor>> {
  static constexpr HandleKind kind = HandleKind::memtable_cursor;
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  explicit stave_memtable_cursor(stave_memtable_transaction& parent) noexcept
      : CursorHandle(kind, &parent), transaction(&parent) {}
  explicit stave_memtable_cursor(Handle& parent) noexcept : CursorHandle(kind, &parent) {}

  Status advance() { return core->next(); }
  Status check_parents() const {
    return transaction != nullptr && transaction->core->ended() ? Code::closed : Code::ok;
  }

  stave_memtable_transaction* const transaction = nullptr;
};

namespace {

Status open(stave_memtable_cursor& cursor, const stave_memtable& table, ReadView view,
            const stave_memtable_cursor_options* options) {
  STAVE_TRY_ASSIGN(const auto checked,
                   memtable_cursor_options(options, table.core->options().managed));
  cursor.core = std::make_unique<MemtableCursor>(*table.core, view, checked);
  return {};
}

}  // namespace

stave_status stave_memtable_transaction_cursor(stave_memtable_transaction* transaction,
                                               const stave_memtable_cursor_options* options,
                                               stave_memtable_cursor** cursor, stave_error* error) {
  return open_child(error, transaction, cursor, [&](auto& made, auto& core) -> Status {
    if (core.ended()) return Code::closed;
    return open(made, transaction->table, {core.snapshot(), core.identity()}, options);
  });
}

stave_status stave_memtable_snapshot_cursor(stave_memtable_snapshot* snapshot,
                                            const stave_memtable_cursor_options* options,
                                            stave_memtable_cursor** cursor, stave_error* error) {
  return open_child(error, snapshot, cursor, [&](auto& made, auto& core) {
    return open(made, snapshot->table, core.view(), options);
  });
}

stave_status stave_memtable_cursor_open(stave_memtable* table, uint64_t snapshot,
                                        uint64_t transaction,
                                        const stave_memtable_cursor_options* options,
                                        stave_memtable_cursor** cursor, stave_error* error) {
  return open_child(error, table, cursor, [&](auto& made, auto& core) -> Status {
    STAVE_TRY(require_explicit(core));
    return open(made, *table, {snapshot, transaction}, options);
  });
}

stave_status stave_memtable_cursor_next(stave_memtable_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return cursor_next(cursor); });
}

stave_status stave_memtable_cursor_key(stave_memtable_cursor* cursor, const void** data,
                                       size_t* size, stave_error* error) {
  return guarded(
      error, [&] { return get_part(cursor, data, size, [](auto& at) { return at.core->key(); }); });
}

stave_status stave_memtable_cursor_value(stave_memtable_cursor* cursor, const void** data,
                                         size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get_part(cursor, data, size, [](auto& at) { return at.core->value(); });
  });
}

stave_status stave_memtable_cursor_deleted(stave_memtable_cursor* cursor, uint8_t* deleted,
                                           stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(deleted, "deleted"));
    *deleted = 0;
    CursorCall<stave_memtable_cursor> call;
    STAVE_TRY(call.enter_on_record(cursor));
    *deleted = call.core().deleted() ? 1 : 0;
    return {};
  });
}

stave_status stave_memtable_cursor_next_many(stave_memtable_cursor* cursor, size_t count_max,
                                             size_t bytes_max, stave_buffer* records,
                                             uint64_t* sizes, size_t* count, stave_error* error) {
  return guarded(error, [&] {
    return next_many_records(cursor, count_max, bytes_max, records, sizes, count, [&](size_t i) {
      const MemtableCursor& at = *cursor->core;
      sizes[2 * i] = at.key().size();
      sizes[2 * i + 1] = at.deleted() ? STAVE_TOMBSTONE : at.value().size();
    });
  });
}

stave_status stave_memtable_cursor_close(stave_memtable_cursor* cursor, stave_error* error) {
  return guarded(error, [&] { return close_handle(cursor); });
}

void stave_memtable_cursor_free(stave_memtable_cursor* cursor) {
  free_handle(cursor);
}
