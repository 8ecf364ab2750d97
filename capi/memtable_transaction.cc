// Memtables that keep the time: transactions and snapshots.
#include <stave/memtable.h>

#include "capi/barrier.h"
#include "capi/calls.h"
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

Status get_view(const Transaction& transaction, ReadView* view) {
  const Result<ReadView> seen = transaction.view();
  if (seen) *view = *seen;
  return seen.status();
}
Status get_view(const stave::mvcc::SnapshotHold& snapshot, ReadView* view) {
  *view = snapshot.view();
  return {};
}

// Reads through a transaction or a snapshot.
template <typename HandleType>
class Reader {
 public:
  explicit Reader(HandleType* handle) noexcept : handle_(handle) {}

  Status enter() {
    STAVE_TRY(call_.enter(handle_, Access::brief));
    return get_view(call_.core(), &view_);
  }
  Memtable& table() noexcept { return *handle_->table.core; }
  ReadView view() const noexcept { return view_; }

 private:
  HandleType* const handle_;
  Call<HandleType> call_;
  ReadView view_;
};

stave_status get_number(stave_error* error, stave_memtable_transaction* transaction,
                        uint64_t* number, const char* name,
                        uint64_t (Transaction::*get)() const noexcept) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(number, name));
    *number = 0;
    Call<stave_memtable_transaction> call;
    STAVE_TRY(call.enter(transaction, Access::brief));
    if (call.core().ended()) return Code::closed;
    *number = (call.core().*get)();
    return {};
  });
}

stave_status write(stave_error* error, stave_memtable_transaction* transaction,
                   const KeyWrite& write) {
  return guarded_call(error, transaction, Access::brief, [&](Transaction& core) -> Status {
    STAVE_TRY(check_write(write));
    return core.write(write);
  });
}

}  // namespace

// ---- Transactions ------------------------------------------------------------------------------

stave_status stave_memtable_begin(stave_memtable* table, stave_memtable_transaction** transaction,
                                  stave_error* error) {
  return open_child(error, table, transaction,
                    [&](stave_memtable_transaction& made, Memtable& core) -> Status {
                      STAVE_TRY(require_managed(core));
                      made.core.emplace(core);
                      return made.core->ended() ? Code::no_memory : Code::ok;
                    });
}

stave_status stave_memtable_transaction_id(stave_memtable_transaction* transaction, uint64_t* id,
                                           stave_error* error) {
  return get_number(error, transaction, id, "id", &Transaction::identity);
}

stave_status stave_memtable_transaction_snapshot(stave_memtable_transaction* transaction,
                                                 uint64_t* timestamp, stave_error* error) {
  return get_number(error, transaction, timestamp, "timestamp", &Transaction::snapshot);
}

stave_status stave_memtable_transaction_put(stave_memtable_transaction* transaction,
                                            const void* key, size_t key_size, const void* value,
                                            size_t value_size, stave_error* error) {
  return write(error, transaction, {as_bytes(key, key_size), as_bytes(value, value_size)});
}

stave_status stave_memtable_transaction_remove(stave_memtable_transaction* transaction,
                                               const void* key, size_t key_size,
                                               stave_error* error) {
  return write(error, transaction, {.key = as_bytes(key, key_size), .tombstone = true});
}

stave_status stave_memtable_transaction_get(stave_memtable_transaction* transaction,
                                            const void* key, size_t key_size, void* data,
                                            size_t capacity, size_t* size, stave_error* error) {
  return get(error, Reader(transaction), key, key_size, data, capacity, size);
}

stave_status stave_memtable_transaction_get_buffer(stave_memtable_transaction* transaction,
                                                   const void* key, size_t key_size,
                                                   stave_buffer* value, stave_error* error) {
  return get_buffer(error, Reader(transaction), key, key_size, value);
}

stave_status stave_memtable_transaction_get_pin(stave_memtable_transaction* transaction,
                                                const void* key, size_t key_size, stave_pin** pin,
                                                stave_error* error) {
  return get_pin(error, Reader(transaction), key, key_size, pin);
}

stave_status stave_memtable_transaction_contains(stave_memtable_transaction* transaction,
                                                 const void* key, size_t key_size,
                                                 stave_error* error) {
  return contains(error, Reader(transaction), key, key_size);
}

stave_status stave_memtable_transaction_multi_get(stave_memtable_transaction* transaction,
                                                  const void* keys, const uint32_t* key_sizes,
                                                  size_t count, stave_buffer* values,
                                                  uint64_t* value_sizes, stave_error* error) {
  return multi_get(error, Reader(transaction), keys, key_sizes, count, values, value_sizes);
}

stave_status stave_memtable_transaction_multi_write(stave_memtable_transaction* transaction,
                                                    const void* keys, const uint32_t* key_sizes,
                                                    const void* values, const uint64_t* value_sizes,
                                                    size_t count, size_t* written,
                                                    stave_error* error) {
  Output output(written);
  return guarded_call(error, transaction, Access::brief, [&](Transaction& core) -> Status {
    if (core.ended()) return Code::closed;
    STAVE_TRY_ASSIGN(const auto list, split_writes(keys, key_sizes, values, value_sizes, count));
    size_t made = 0;
    Status status = core.multi_write(list, made);
    output.set(made);
    return status;
  });
}

stave_status stave_memtable_transaction_commit(stave_memtable_transaction* transaction,
                                               uint64_t* timestamp, stave_error* error) {
  if (timestamp != nullptr) *timestamp = 0;
  return guarded_call(error, transaction, Access::brief, [&](Transaction& core) -> Status {
    STAVE_TRY_ASSIGN(const auto committed, core.commit());
    if (timestamp != nullptr) *timestamp = committed;
    return {};
  });
}

stave_status stave_memtable_transaction_rollback(stave_memtable_transaction* transaction,
                                                 stave_error* error) {
  return guarded_call(error, transaction, Access::brief,
                      [](Transaction& core) { return core.roll_back(); });
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
  return open_child(error, table, snapshot,
                    [&](stave_memtable_snapshot& made, Memtable& core) -> Status {
                      STAVE_TRY(require_managed(core));
                      made.core.emplace(core);
                      return made.core->is_open() ? Code::ok : Code::no_memory;
                    });
}

stave_status stave_memtable_snapshot_timestamp(stave_memtable_snapshot* snapshot,
                                               uint64_t* timestamp, stave_error* error) {
  return stave::capi::get_number(error, snapshot, Access::brief, timestamp, "timestamp",
                                 &stave::mvcc::SnapshotHold::timestamp);
}

stave_status stave_memtable_snapshot_get(stave_memtable_snapshot* snapshot, const void* key,
                                         size_t key_size, void* data, size_t capacity, size_t* size,
                                         stave_error* error) {
  return get(error, Reader(snapshot), key, key_size, data, capacity, size);
}

stave_status stave_memtable_snapshot_get_buffer(stave_memtable_snapshot* snapshot, const void* key,
                                                size_t key_size, stave_buffer* value,
                                                stave_error* error) {
  return get_buffer(error, Reader(snapshot), key, key_size, value);
}

stave_status stave_memtable_snapshot_get_pin(stave_memtable_snapshot* snapshot, const void* key,
                                             size_t key_size, stave_pin** pin, stave_error* error) {
  return get_pin(error, Reader(snapshot), key, key_size, pin);
}

stave_status stave_memtable_snapshot_contains(stave_memtable_snapshot* snapshot, const void* key,
                                              size_t key_size, stave_error* error) {
  return contains(error, Reader(snapshot), key, key_size);
}

stave_status stave_memtable_snapshot_multi_get(stave_memtable_snapshot* snapshot, const void* keys,
                                               const uint32_t* key_sizes, size_t count,
                                               stave_buffer* values, uint64_t* value_sizes,
                                               stave_error* error) {
  return multi_get(error, Reader(snapshot), keys, key_sizes, count, values, value_sizes);
}

stave_status stave_memtable_snapshot_close(stave_memtable_snapshot* snapshot, stave_error* error) {
  return guarded(error, [&] { return close_handle(snapshot); });
}

void stave_memtable_snapshot_free(stave_memtable_snapshot* snapshot) {
  free_handle(snapshot);
}
