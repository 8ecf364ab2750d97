// Memtables with timestamps of the caller.
#include <stave/memtable.h>

#include <vector>

#include "capi/barrier.h"
#include "capi/error.h"
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
using stave::mvcc::KeyWrite;

namespace {

// Reads at a timestamp, and the pending writes of a transaction (0: none).
class Reader {
 public:
  Reader(stave_memtable* table, uint64_t snapshot, uint64_t transaction) noexcept
      : handle_(table), view_{.snapshot = snapshot, .reader = transaction} {}

  Status enter() { return call_.enter(handle_, Timestamps::explicit_ones); }
  stave::mvcc::Memtable& table() noexcept { return call_.table(); }
  stave::mvcc::ReadView view() const noexcept { return view_; }

 private:
  stave_memtable* const handle_;
  const stave::mvcc::ReadView view_;
  MemtableCall call_;
};

Status enter_transaction(MemtableCall& call, stave_memtable* table, uint64_t transaction) {
  STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
  return transaction != 0 ? Status() : invalid_argument("transaction is 0");
}

Status write(stave_memtable* table, const KeyWrite& write, uint64_t transaction) {
  MemtableCall call;
  STAVE_TRY(enter_transaction(call, table, transaction));
  STAVE_TRY(check_write(write));
  return call.table().write(write, transaction);
}

}  // namespace

stave_status stave_memtable_read(stave_memtable* table, const void* key, size_t key_size,
                                 uint64_t snapshot, uint64_t transaction, void* data,
                                 size_t capacity, size_t* size, uint8_t* deleted,
                                 stave_error* error) {
  return guarded(error, [&] {
    return get(Reader(table, snapshot, transaction), key, key_size, data, capacity, size, deleted);
  });
}

stave_status stave_memtable_read_buffer(stave_memtable* table, const void* key, size_t key_size,
                                        uint64_t snapshot, uint64_t transaction,
                                        stave_buffer* value, uint8_t* deleted, stave_error* error) {
  return guarded(error, [&] {
    return get_buffer(Reader(table, snapshot, transaction), key, key_size, value, deleted);
  });
}

stave_status stave_memtable_read_pin(stave_memtable* table, const void* key, size_t key_size,
                                     uint64_t snapshot, uint64_t transaction, stave_pin** pin,
                                     uint8_t* deleted, stave_error* error) {
  return guarded(error, [&] {
    return get_pin(Reader(table, snapshot, transaction), key, key_size, pin, deleted);
  });
}

stave_status stave_memtable_read_with(stave_memtable* table, const void* key, size_t key_size,
                                      uint64_t snapshot, uint64_t transaction,
                                      stave_memtable_reader reader, void* context, uint8_t* deleted,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    Output deleted_output(deleted);
    if (reader == nullptr) return invalid_argument("reader is NULL");
    Reader through(table, snapshot, transaction);
    stave::mvcc::ValueHold hold;
    STAVE_TRY(find_value(
        through, key, key_size, deleted_output,
        [&hold](const stave::mvcc::ValueRef& value) { hold = stave::mvcc::ValueHold(value); }));
    const stave_status answer = reader(context, non_null(hold.bytes()), hold.bytes().size());
    if (answer >= 0) return static_cast<Code>(answer);
    return Status::error(static_cast<Code>(answer), "the reader callback has failed");
  });
}

stave_status stave_memtable_multi_read(stave_memtable* table, const void* keys,
                                       const uint32_t* key_sizes, size_t count, uint64_t snapshot,
                                       uint64_t transaction, stave_buffer* values,
                                       uint64_t* value_sizes, stave_error* error) {
  return guarded(error, [&] {
    return multi_get(Reader(table, snapshot, transaction), keys, key_sizes, count, values,
                     value_sizes, STAVE_TOMBSTONE);
  });
}

stave_status stave_memtable_write(stave_memtable* table, const void* key, size_t key_size,
                                  const void* value, size_t value_size, uint64_t transaction,
                                  stave_error* error) {
  return guarded(error, [&] {
    return write(table, {as_bytes(key, key_size), as_bytes(value, value_size)}, transaction);
  });
}

stave_status stave_memtable_write_tombstone(stave_memtable* table, const void* key, size_t key_size,
                                            uint64_t transaction, stave_error* error) {
  return guarded(error, [&] {
    return write(table, {.key = as_bytes(key, key_size), .tombstone = true}, transaction);
  });
}

stave_status stave_memtable_multi_write(stave_memtable* table, const void* keys,
                                        const uint32_t* key_sizes, const void* values,
                                        const uint64_t* value_sizes, size_t count,
                                        uint64_t transaction, size_t* written, stave_error* error) {
  return guarded(error, [&]() -> Status {
    Output output(written);
    MemtableCall call;
    STAVE_TRY(enter_transaction(call, table, transaction));
    const auto list = split_writes(keys, key_sizes, values, value_sizes, count);
    if (!list) return list.status();
    size_t made = 0;
    Status status = call.table().multi_write(*list, transaction, made);
    output.set(made);
    return status;
  });
}

stave_status stave_memtable_commit(stave_memtable* table, uint64_t transaction, uint64_t timestamp,
                                   const void* keys, const uint32_t* key_sizes, size_t count,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(enter_transaction(call, table, transaction));
    const Result<std::vector<Bytes>> list = split_keys(keys, key_sizes, count);
    return list ? call.table().commit(transaction, timestamp, *list) : list.status();
  });
}

stave_status stave_memtable_abort(stave_memtable* table, uint64_t transaction, const void* keys,
                                  const uint32_t* key_sizes, size_t count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(enter_transaction(call, table, transaction));
    const Result<std::vector<Bytes>> list = split_keys(keys, key_sizes, count);
    return list ? call.table().abort(transaction, *list) : list.status();
  });
}

stave_status stave_memtable_has_write_conflict(stave_memtable* table, const void* key,
                                               size_t key_size, uint64_t transaction,
                                               uint8_t* conflict, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(conflict, "conflict"));
    Output output(conflict);
    MemtableCall call;
    STAVE_TRY(enter_transaction(call, table, transaction));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    output.set(call.table().has_write_conflict(as_bytes(key, key_size), transaction) ? 1 : 0);
    return {};
  });
}
