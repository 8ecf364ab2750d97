// Memtables with timestamps of the caller.
#include <stave/memtable.h>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_read.h"
#include "capi/memtable_write.h"
#include "capi/output.h"

using stave::as_bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::KeyWrite;
using stave::mvcc::Memtable;

namespace {

// Reads at a timestamp, and the pending writes of a transaction (0: none).
class Reader {
 public:
  Reader(stave_memtable* table, uint64_t snapshot, uint64_t transaction) noexcept
      : handle_(table), view_{.snapshot = snapshot, .reader = transaction} {}

  Status enter() {
    STAVE_TRY(call_.enter(handle_));
    return require_explicit(table());
  }
  Memtable& table() noexcept { return call_.core(); }
  stave::mvcc::ReadView view() const noexcept { return view_; }

 private:
  stave_memtable* const handle_;
  const stave::mvcc::ReadView view_;
  Call<stave_memtable> call_;
};

// A function that writes for a transaction: body(core).
template <typename Body>
stave_status guarded_write(stave_error* error, stave_memtable* table, uint64_t transaction,
                           Body&& body) noexcept {
  return guarded_call(error, table, [&](Memtable& core) -> Status {
    STAVE_TRY(require_explicit(core));
    if (transaction == 0) return invalid_argument("transaction is 0");
    return body(core);
  });
}

stave_status write(stave_error* error, stave_memtable* table, const KeyWrite& write,
                   uint64_t transaction) {
  return guarded_write(error, table, transaction, [&](Memtable& core) -> Status {
    STAVE_TRY(check_write(write));
    return core.write(write, transaction);
  });
}

}  // namespace

stave_status stave_memtable_read(stave_memtable* table, const void* key, size_t key_size,
                                 uint64_t snapshot, uint64_t transaction, void* data,
                                 size_t capacity, size_t* size, uint8_t* deleted,
                                 stave_error* error) {
  return get(error, Reader(table, snapshot, transaction), key, key_size, data, capacity, size,
             deleted);
}

stave_status stave_memtable_read_buffer(stave_memtable* table, const void* key, size_t key_size,
                                        uint64_t snapshot, uint64_t transaction,
                                        stave_buffer* value, uint8_t* deleted, stave_error* error) {
  return get_buffer(error, Reader(table, snapshot, transaction), key, key_size, value, deleted);
}

stave_status stave_memtable_read_pin(stave_memtable* table, const void* key, size_t key_size,
                                     uint64_t snapshot, uint64_t transaction, stave_pin** pin,
                                     uint8_t* deleted, stave_error* error) {
  return get_pin(error, Reader(table, snapshot, transaction), key, key_size, pin, deleted);
}

stave_status stave_memtable_read_with(stave_memtable* table, const void* key, size_t key_size,
                                      uint64_t snapshot, uint64_t transaction,
                                      stave_memtable_reader reader, void* context, uint8_t* deleted,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (reader == nullptr) return invalid_argument("reader is NULL");
    Reader through(table, snapshot, transaction);
    stave::mvcc::ValueHold hold;
    STAVE_TRY(find_value(
        through, key, key_size, deleted,
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
  return multi_get(error, Reader(table, snapshot, transaction), keys, key_sizes, count, values,
                   value_sizes, STAVE_TOMBSTONE);
}

stave_status stave_memtable_write(stave_memtable* table, const void* key, size_t key_size,
                                  const void* value, size_t value_size, uint64_t transaction,
                                  stave_error* error) {
  return write(error, table, {as_bytes(key, key_size), as_bytes(value, value_size)}, transaction);
}

stave_status stave_memtable_write_tombstone(stave_memtable* table, const void* key, size_t key_size,
                                            uint64_t transaction, stave_error* error) {
  return write(error, table, {.key = as_bytes(key, key_size), .tombstone = true}, transaction);
}

stave_status stave_memtable_multi_write(stave_memtable* table, const void* keys,
                                        const uint32_t* key_sizes, const void* values,
                                        const uint64_t* value_sizes, size_t count,
                                        uint64_t transaction, size_t* written, stave_error* error) {
  Output output(written);
  return guarded_write(error, table, transaction, [&](Memtable& core) -> Status {
    STAVE_TRY_ASSIGN(const auto list, split_writes(keys, key_sizes, values, value_sizes, count));
    size_t made = 0;
    Status status = core.multi_write(list, transaction, made);
    output.set(made);
    return status;
  });
}

stave_status stave_memtable_commit(stave_memtable* table, uint64_t transaction, uint64_t timestamp,
                                   const void* keys, const uint32_t* key_sizes, size_t count,
                                   stave_error* error) {
  return guarded_write(error, table, transaction, [&](Memtable& core) -> Status {
    const auto list = split_flat(keys, key_sizes, count, "keys");
    return list ? core.commit(transaction, timestamp, *list) : list.status();
  });
}

stave_status stave_memtable_abort(stave_memtable* table, uint64_t transaction, const void* keys,
                                  const uint32_t* key_sizes, size_t count, stave_error* error) {
  return guarded_write(error, table, transaction, [&](Memtable& core) -> Status {
    const auto list = split_flat(keys, key_sizes, count, "keys");
    return list ? core.abort(transaction, *list) : list.status();
  });
}

stave_status stave_memtable_has_write_conflict(stave_memtable* table, const void* key,
                                               size_t key_size, uint64_t transaction,
                                               uint8_t* conflict, stave_error* error) {
  Output output(conflict);
  return guarded_write(error, table, transaction, [&](Memtable& core) -> Status {
    STAVE_TRY(require(conflict, "conflict"));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    output.set(core.has_write_conflict(as_bytes(key, key_size), transaction) ? 1 : 0);
    return {};
  });
}
