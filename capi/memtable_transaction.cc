// Memtables that keep the time: transactions and snapshots.
#include <stave/memtable.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_read.h"
#include "capi/memtable_write.h"
#include "capi/output.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::InlineValue;
using stave::mvcc::Memtable;
using stave::mvcc::SnapshotLease;
using stave::mvcc::Visible;

namespace {

// One look at one key by a transaction or by a snapshot, to be given to the ways of reading.
struct TransactionRead {
  TransactionCall& call;
  Bytes key;
  Result<Visible> operator()(Memtable::Visit visit) const { return call.core().read(key, visit); }
};
struct SnapshotRead {
  SnapshotCall& call;
  Bytes key;
  Result<Visible> operator()(Memtable::Visit visit) const {
    return call.table().read(key, call.core().timestamp(), 0, visit);
  }
};

// The functions below are the same for both; `Call` and `Read` say for which.

template <typename Call, typename Read, typename Handle>
Status get(Handle* handle, const void* key, size_t key_size, void* data, size_t capacity,
           size_t* size) {
  STAVE_TRY(require(size, "size"));
  Output output(size);
  Call call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  size_t found = 0;
  const Status status =
      read_into(Read{call, as_bytes(key, key_size)}, data, capacity, &found, nullptr);
  output.set(found);
  return status;
}

template <typename Call, typename Read, typename Handle>
Status get_buffer(Handle* handle, const void* key, size_t key_size, stave_buffer* value) {
  STAVE_TRY(check_buffer(value, "value"));
  value->size = 0;
  Call call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  return read_buffer(Read{call, as_bytes(key, key_size)}, *value, nullptr);
}

template <typename Call, typename Read, typename Handle>
Status get_pin(Handle* handle, const void* key, size_t key_size, stave_pin** pin) {
  STAVE_TRY(require(pin, "pin"));
  *pin = nullptr;
  Call call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  return read_pin(Read{call, as_bytes(key, key_size)}, pin, nullptr);
}

template <typename Call, typename Read, typename Handle>
Status contains(Handle* handle, const void* key, size_t key_size) {
  Call call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  return outcome(Read{call, as_bytes(key, key_size)}([](const InlineValue&, const std::byte*) {}),
                 nullptr);
}

// Calls with many keys ask themselves, because they may have none of which the core would say it.
Status check_not_ended(TransactionCall& call) {
  return call.core().ended() ? Code::closed : Code::ok;
}
Status check_not_ended(SnapshotCall&) {
  return {};
}

template <typename Call, typename Read, typename Handle>
Status multi_get(Handle* handle, const void* keys, const uint32_t* key_sizes, size_t count,
                 stave_buffer* values, uint64_t* value_sizes) {
  STAVE_TRY(check_buffer(values, "values"));
  values->size = 0;
  Call call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(check_not_ended(call));
  STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
  if (count != 0) STAVE_TRY(require(value_sizes, "value_sizes"));
  FlatBytes flat(keys);
  std::array<Bytes, Memtable::prefetch_max> group;
  for (size_t done = 0; done < count;) {
    const size_t size = std::min(group.size(), count - done);
    for (size_t i = 0; i < size; i++) group[i] = flat.take(key_sizes[done + i]);
    if (size > 1) call.table().prefetch({group.data(), size});
    for (size_t i = 0; i < size; i++, done++)
      STAVE_TRY(read_appended(Read{call, group[i]}, *values, STAVE_ABSENT, &value_sizes[done]));
  }
  return {};
}

Status write(stave_memtable_transaction* transaction, Bytes key, Bytes value, bool tombstone) {
  TransactionCall call;
  STAVE_TRY(call.enter(transaction));
  STAVE_TRY(require_bytes(key.data(), key.size(), "key"));
  STAVE_TRY(require_bytes(value.data(), value.size(), "value"));
  return write_value(
      [&](InlineValue::Source source) { return call.core().write(key, std::move(source)); }, value,
      tombstone);
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
    handle->core.emplace(table->core.share());
    STAVE_TRY(handle->core->start());
    *transaction = handle.release();
    return {};
  });
}

stave_status stave_memtable_transaction_id(stave_memtable_transaction* transaction, uint64_t* id,
                                           stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(id, "id"));
    *id = 0;
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    if (call.core().ended()) return Code::closed;
    *id = call.core().identity();
    return {};
  });
}

stave_status stave_memtable_transaction_snapshot(stave_memtable_transaction* transaction,
                                                 uint64_t* timestamp, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(timestamp, "timestamp"));
    *timestamp = 0;
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    if (call.core().ended()) return Code::closed;
    *timestamp = call.core().snapshot();
    return {};
  });
}

[[gnu::flatten]] stave_status stave_memtable_transaction_put(
    stave_memtable_transaction* transaction, const void* key, size_t key_size, const void* value,
    size_t value_size, stave_error* error) {
  return guarded(error, [&] {
    return write(transaction, as_bytes(key, key_size), as_bytes(value, value_size), false);
  });
}

stave_status stave_memtable_transaction_remove(stave_memtable_transaction* transaction,
                                               const void* key, size_t key_size,
                                               stave_error* error) {
  return guarded(error, [&] { return write(transaction, as_bytes(key, key_size), {}, true); });
}

[[gnu::flatten]] stave_status stave_memtable_transaction_get(
    stave_memtable_transaction* transaction, const void* key, size_t key_size, void* data,
    size_t capacity, size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return get<TransactionCall, TransactionRead>(transaction, key, key_size, data, capacity, size);
  });
}

stave_status stave_memtable_transaction_get_buffer(stave_memtable_transaction* transaction,
                                                   const void* key, size_t key_size,
                                                   stave_buffer* value, stave_error* error) {
  return guarded(error, [&] {
    return get_buffer<TransactionCall, TransactionRead>(transaction, key, key_size, value);
  });
}

stave_status stave_memtable_transaction_get_pin(stave_memtable_transaction* transaction,
                                                const void* key, size_t key_size, stave_pin** pin,
                                                stave_error* error) {
  return guarded(error, [&] {
    return get_pin<TransactionCall, TransactionRead>(transaction, key, key_size, pin);
  });
}

stave_status stave_memtable_transaction_contains(stave_memtable_transaction* transaction,
                                                 const void* key, size_t key_size,
                                                 stave_error* error) {
  return guarded(error, [&] {
    return contains<TransactionCall, TransactionRead>(transaction, key, key_size);
  });
}

stave_status stave_memtable_transaction_multi_get(stave_memtable_transaction* transaction,
                                                  const void* keys, const uint32_t* key_sizes,
                                                  size_t count, stave_buffer* values,
                                                  uint64_t* value_sizes, stave_error* error) {
  return guarded(error, [&] {
    return multi_get<TransactionCall, TransactionRead>(transaction, keys, key_sizes, count, values,
                                                       value_sizes);
  });
}

stave_status stave_memtable_transaction_multi_write(stave_memtable_transaction* transaction,
                                                    const void* keys, const uint32_t* key_sizes,
                                                    const void* values, const uint64_t* value_sizes,
                                                    size_t count, size_t* written,
                                                    stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (written != nullptr) *written = 0;
    TransactionCall call;
    STAVE_TRY(call.enter(transaction));
    STAVE_TRY(check_not_ended(call));
    return write_many(
        [&](Bytes key, InlineValue::Source source) {
          return call.core().write(key, std::move(source));
        },
        {keys, key_sizes, values, value_sizes, count}, written);
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
    handle->core = SnapshotLease::open(table->core.share());
    if (handle->core == nullptr) return Code::no_memory;
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
  return guarded(error, [&] {
    return get<SnapshotCall, SnapshotRead>(snapshot, key, key_size, data, capacity, size);
  });
}

stave_status stave_memtable_snapshot_get_buffer(stave_memtable_snapshot* snapshot, const void* key,
                                                size_t key_size, stave_buffer* value,
                                                stave_error* error) {
  return guarded(error, [&] {
    return get_buffer<SnapshotCall, SnapshotRead>(snapshot, key, key_size, value);
  });
}

stave_status stave_memtable_snapshot_get_pin(stave_memtable_snapshot* snapshot, const void* key,
                                             size_t key_size, stave_pin** pin, stave_error* error) {
  return guarded(error,
                 [&] { return get_pin<SnapshotCall, SnapshotRead>(snapshot, key, key_size, pin); });
}

stave_status stave_memtable_snapshot_contains(stave_memtable_snapshot* snapshot, const void* key,
                                              size_t key_size, stave_error* error) {
  return guarded(error,
                 [&] { return contains<SnapshotCall, SnapshotRead>(snapshot, key, key_size); });
}

stave_status stave_memtable_snapshot_multi_get(stave_memtable_snapshot* snapshot, const void* keys,
                                               const uint32_t* key_sizes, size_t count,
                                               stave_buffer* values, uint64_t* value_sizes,
                                               stave_error* error) {
  return guarded(error, [&] {
    return multi_get<SnapshotCall, SnapshotRead>(snapshot, keys, key_sizes, count, values,
                                                 value_sizes);
  });
}

stave_status stave_memtable_snapshot_close(stave_memtable_snapshot* snapshot, stave_error* error) {
  return guarded(error, [&] { return close_handle(snapshot); });
}

void stave_memtable_snapshot_free(stave_memtable_snapshot* snapshot) {
  free_handle(snapshot);
}
