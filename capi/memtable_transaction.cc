// Memtables that keep the time: transactions and snapshots.
#include <stave/memtable.h>

#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_read.h"
#include "capi/memtable_write.h"
#include "capi/output.h"

using stave::as_bytes;
using stave::Code;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::KeyWrite;
using stave::mvcc::Memtable;
using stave::mvcc::ReadView;
using stave::mvcc::Transaction;

namespace {

class TransactionReader {
 public:
  explicit TransactionReader(stave_memtable_transaction* transaction) noexcept
      : handle_(transaction) {}

  Status enter() {
    STAVE_TRY(call_.enter(handle_));
    const Result<ReadView> view = call_.core().view();
    if (!view) return view.status();
    view_ = *view;
    return {};
  }
  Memtable& table() noexcept { return call_.table(); }
  ReadView view() const noexcept { return view_; }

 private:
  stave_memtable_transaction* const handle_;
  TransactionCall call_;
  ReadView view_;
};

class SnapshotReader {
 public:
  explicit SnapshotReader(stave_memtable_snapshot* snapshot) noexcept : handle_(snapshot) {}

  Status enter() { return call_.enter(handle_); }
  Memtable& table() noexcept { return call_.table(); }
  ReadView view() noexcept { return call_.core().view(); }

 private:
  stave_memtable_snapshot* const handle_;
  SnapshotCall call_;
};

Status get_figure(stave_memtable_transaction* transaction, uint64_t* figure, const char* name,
                  uint64_t (Transaction::*get)() const noexcept) {
  STAVE_TRY(require(figure, name));
  *figure = 0;
  TransactionCall call;
  STAVE_TRY(call.enter(transaction));
  if (call.core().ended()) return Code::closed;
  *figure = (call.core().*get)();
  return {};
}

Status write(stave_memtable_transaction* transaction, const KeyWrite& write) {
  TransactionCall call;
  STAVE_TRY(call.enter(transaction));
  STAVE_TRY(check_write(write));
  return call.core().write(write);
}

}  // namespace

// ---- Transactions ------------------------------------------------------------------------------

stave_status stave_memtable_begin(stave_memtable* table, stave_memtable_transaction** transaction,
                                  stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(transaction, "transaction"));
    *transaction = nullptr;
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::managed));
    auto handle = std::make_unique<stave_memtable_transaction>(*table);
    handle->core.emplace(call.table());
    if (handle->core->ended()) return Code::no_memory;
    *transaction = handle.release();
    return {};
  });
}

stave_status stave_memtable_transaction_id(stave_memtable_transaction* transaction, uint64_t* id,
                                           stave_error* error) {
  return guarded(error, [&] { return get_figure(transaction, id, "id", &Transaction::identity); });
}

stave_status stave_memtable_transaction_snapshot(stave_memtable_transaction* transaction,
                                                 uint64_t* timestamp, stave_error* error) {
  return guarded(error, [&] {
    return get_figure(transaction, timestamp, "timestamp", &Transaction::snapshot);
  });
}

stave_status stave_memtable_transaction_put(stave_memtable_transaction* transaction,
                                            const void* key, size_t key_size, const void* value,
                                            size_t value_size, stave_error* error) {
  return guarded(error, [&] {
    return write(transaction, {as_bytes(key, key_size), as_bytes(value, value_size)});
  });
}

stave_status stave_memtable_transaction_remove(stave_memtable_transaction* transaction,
                                               const void* key, size_t key_size,
                                               stave_error* error) {
  return guarded(error, [&] {
    return write(transaction, {.key = as_bytes(key, key_size), .tombstone = true});
  });
}

stave_status stave_memtable_transaction_get(stave_memtable_transaction* transaction,
                                            const void* key, size_t key_size, void* data,
                                            size_t capacity, size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get(TransactionReader(transaction), key, key_size, data, capacity, size);
  });
}

stave_status stave_memtable_transaction_get_buffer(stave_memtable_transaction* transaction,
                                                   const void* key, size_t key_size,
                                                   stave_buffer* value, stave_error* error) {
  return guarded(error,
                 [&] { return get_buffer(TransactionReader(transaction), key, key_size, value); });
}

stave_status stave_memtable_transaction_get_pin(stave_memtable_transaction* transaction,
                                                const void* key, size_t key_size, stave_pin** pin,
                                                stave_error* error) {
  return guarded(error,
                 [&] { return get_pin(TransactionReader(transaction), key, key_size, pin); });
}

stave_status stave_memtable_transaction_contains(stave_memtable_transaction* transaction,
                                                 const void* key, size_t key_size,
                                                 stave_error* error) {
  return guarded(error, [&] { return contains(TransactionReader(transaction), key, key_size); });
}

stave_status stave_memtable_transaction_multi_get(stave_memtable_transaction* transaction,
                                                  const void* keys, const uint32_t* key_sizes,
                                                  size_t count, stave_buffer* values,
                                                  uint64_t* value_sizes, stave_error* error) {
  return guarded(error, [&] {
    return multi_get(TransactionReader(transaction), keys, key_sizes, count, values, value_sizes);
  });
}

stave_status stave_memtable_transaction_multi_write(stave_memtable_transaction* transaction,
                                                    const void* keys, const uint32_t* key_sizes,
                                                    const void* values, const uint64_t* value_sizes,
                                                    size_t count, size_t* written,
                                                    stave_error* error) {
  return guarded(error, [&]() -> Status {
    Output output(written);
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    if (call.core().ended()) return Code::closed;
    const auto list = split_writes(keys, key_sizes, values, value_sizes, count);
    if (!list) return list.status();
    size_t made = 0;
    Status status = call.core().multi_write(*list, made);
    output.set(made);
    return status;
  });
}

stave_status stave_memtable_transaction_commit(stave_memtable_transaction* transaction,
                                               uint64_t* timestamp, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (timestamp != nullptr) *timestamp = 0;
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    const Result<uint64_t> committed = call.core().commit();
    if (!committed) return committed.status();
    if (timestamp != nullptr) *timestamp = *committed;
    return {};
  });
}

stave_status stave_memtable_transaction_rollback(stave_memtable_transaction* transaction,
                                                 stave_error* error) {
  return guarded(error, [&]() -> Status {
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    return call.core().roll_back();
  });
}

stave_status stave_memtable_transaction_close(stave_memtable_transaction* transaction,
                                              stave_error* error) {
  return guarded(error, [&] { return close_handle(transaction); });
}

void stave_memtable_transaction_free(stave_memtable_transaction* transaction) {
  free_handle(transaction);
}

// ---- Snapshots ---------------------------------------------------------------------------------

stave_status stave_memtable_snapshot_open(stave_memtable* table, stave_memtable_snapshot** snapshot,
                                          stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(snapshot, "snapshot"));
    *snapshot = nullptr;
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::managed));
    auto handle = std::make_unique<stave_memtable_snapshot>(*table);
    handle->core.emplace(call.table());
    if (!handle->core->is_open()) return Code::no_memory;
    *snapshot = handle.release();
    return {};
  });
}

stave_status stave_memtable_snapshot_timestamp(stave_memtable_snapshot* snapshot,
                                               uint64_t* timestamp, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(timestamp, "timestamp"));
    *timestamp = 0;
    SnapshotCall call;
    STAVE_TRY(call.enter(snapshot));
    *timestamp = call.core().timestamp();
    return {};
  });
}

stave_status stave_memtable_snapshot_get(stave_memtable_snapshot* snapshot, const void* key,
                                         size_t key_size, void* data, size_t capacity, size_t* size,
                                         stave_error* error) {
  return guarded(
      error, [&] { return get(SnapshotReader(snapshot), key, key_size, data, capacity, size); });
}

stave_status stave_memtable_snapshot_get_buffer(stave_memtable_snapshot* snapshot, const void* key,
                                                size_t key_size, stave_buffer* value,
                                                stave_error* error) {
  return guarded(error, [&] { return get_buffer(SnapshotReader(snapshot), key, key_size, value); });
}

stave_status stave_memtable_snapshot_get_pin(stave_memtable_snapshot* snapshot, const void* key,
                                             size_t key_size, stave_pin** pin, stave_error* error) {
  return guarded(error, [&] { return get_pin(SnapshotReader(snapshot), key, key_size, pin); });
}

stave_status stave_memtable_snapshot_contains(stave_memtable_snapshot* snapshot, const void* key,
                                              size_t key_size, stave_error* error) {
  return guarded(error, [&] { return contains(SnapshotReader(snapshot), key, key_size); });
}

stave_status stave_memtable_snapshot_multi_get(stave_memtable_snapshot* snapshot, const void* keys,
                                               const uint32_t* key_sizes, size_t count,
                                               stave_buffer* values, uint64_t* value_sizes,
                                               stave_error* error) {
  return guarded(error, [&] {
    return multi_get(SnapshotReader(snapshot), keys, key_sizes, count, values, value_sizes);
  });
}

stave_status stave_memtable_snapshot_close(stave_memtable_snapshot* snapshot, stave_error* error) {
  return guarded(error, [&] { return close_handle(snapshot); });
}

void stave_memtable_snapshot_free(stave_memtable_snapshot* snapshot) {
  free_handle(snapshot);
}
