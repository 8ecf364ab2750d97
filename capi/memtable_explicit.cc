// Memtables whose timestamps the caller brings.
#include <stave/memtable.h>

#include <vector>

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

namespace {

// One look at one key, to be given to the ways of reading.
struct Read {
  Memtable& table;
  Bytes key;
  uint64_t snapshot;
  uint64_t transaction;

  Result<stave::mvcc::Visible> operator()(Memtable::Visit visit) const {
    return table.read(key, snapshot, transaction, visit);
  }
};

Status check_read(MemtableCall& call, stave_memtable* table, const void* key, size_t key_size) {
  STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
  return require_bytes(key, key_size, "key");
}

Status write(stave_memtable* table, Bytes key, Bytes value, bool tombstone, uint64_t transaction) {
  MemtableCall call;
  STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
  STAVE_TRY(require_bytes(key.data(), key.size(), "key"));
  STAVE_TRY(require_bytes(value.data(), value.size(), "value"));
  if (transaction == 0) return invalid_argument("transaction is 0");
  return write_value(
      [&](InlineValue::Source source) {
        return call.table().write(key, std::move(source), transaction);
      },
      value, tombstone);
}

std::vector<Bytes> split(const void* keys, const uint32_t* key_sizes, size_t count) {
  std::vector<Bytes> list;
  list.reserve(count);
  FlatBytes flat(keys);
  for (size_t i = 0; i < count; i++) list.push_back(flat.take(key_sizes[i]));
  return list;
}

}  // namespace

stave_status stave_memtable_read(stave_memtable* table, const void* key, size_t key_size,
                                 uint64_t snapshot, uint64_t transaction, void* data,
                                 size_t capacity, size_t* size, uint8_t* deleted,
                                 stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    Output size_output(size);
    Output deleted_output(deleted);
    MemtableCall call;
    STAVE_TRY(check_read(call, table, key, key_size));
    size_t found = 0;
    uint8_t is_deleted = 0;
    const Status status =
        read_into(Read{call.table(), as_bytes(key, key_size), snapshot, transaction}, data,
                  capacity, &found, &is_deleted);
    size_output.set(found);
    deleted_output.set(is_deleted);
    return status;
  });
}

stave_status stave_memtable_read_buffer(stave_memtable* table, const void* key, size_t key_size,
                                        uint64_t snapshot, uint64_t transaction,
                                        stave_buffer* value, uint8_t* deleted, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(value, "value"));
    value->size = 0;
    Output deleted_output(deleted);
    MemtableCall call;
    STAVE_TRY(check_read(call, table, key, key_size));
    uint8_t is_deleted = 0;
    const Status status = read_buffer(
        Read{call.table(), as_bytes(key, key_size), snapshot, transaction}, *value, &is_deleted);
    deleted_output.set(is_deleted);
    return status;
  });
}

stave_status stave_memtable_read_pin(stave_memtable* table, const void* key, size_t key_size,
                                     uint64_t snapshot, uint64_t transaction, stave_pin** pin,
                                     uint8_t* deleted, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(pin, "pin"));
    *pin = nullptr;
    Output deleted_output(deleted);
    MemtableCall call;
    STAVE_TRY(check_read(call, table, key, key_size));
    uint8_t is_deleted = 0;
    const Status status = read_pin(
        Read{call.table(), as_bytes(key, key_size), snapshot, transaction}, pin, &is_deleted);
    deleted_output.set(is_deleted);
    return status;
  });
}

stave_status stave_memtable_read_with(stave_memtable* table, const void* key, size_t key_size,
                                      uint64_t snapshot, uint64_t transaction,
                                      stave_memtable_reader reader, void* context, uint8_t* deleted,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    Output deleted_output(deleted);
    MemtableCall call;
    STAVE_TRY(check_read(call, table, key, key_size));
    if (reader == nullptr) return invalid_argument("reader is NULL");
    stave::mvcc::ValueHold hold;
    uint8_t is_deleted = 0;
    const Status found = read_hold(
        Read{call.table(), as_bytes(key, key_size), snapshot, transaction}, hold, &is_deleted);
    deleted_output.set(is_deleted);
    if (!found.ok()) return found;
    const stave_status answer = reader(context, non_null(hold.bytes()), hold.bytes().size());
    if (answer >= 0) return static_cast<Code>(answer);
    return Status::error(static_cast<Code>(answer), "the reader callback has failed");
  });
}

stave_status stave_memtable_multi_read(stave_memtable* table, const void* keys,
                                       const uint32_t* key_sizes, size_t count, uint64_t snapshot,
                                       uint64_t transaction, stave_buffer* values,
                                       uint64_t* value_sizes, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(value_sizes, "value_sizes"));
    FlatBytes flat(keys);
    for (size_t i = 0; i < count; i++) {
      STAVE_TRY(read_appended(Read{call.table(), flat.take(key_sizes[i]), snapshot, transaction},
                              *values, STAVE_TOMBSTONE, &value_sizes[i]));
    }
    return {};
  });
}

stave_status stave_memtable_write(stave_memtable* table, const void* key, size_t key_size,
                                  const void* value, size_t value_size, uint64_t transaction,
                                  stave_error* error) {
  return guarded(error, [&] {
    return write(table, as_bytes(key, key_size), as_bytes(value, value_size), false, transaction);
  });
}

stave_status stave_memtable_write_tombstone(stave_memtable* table, const void* key, size_t key_size,
                                            uint64_t transaction, stave_error* error) {
  return guarded(error,
                 [&] { return write(table, as_bytes(key, key_size), {}, true, transaction); });
}

stave_status stave_memtable_multi_write(stave_memtable* table, const void* keys,
                                        const uint32_t* key_sizes, const void* values,
                                        const uint64_t* value_sizes, size_t count,
                                        uint64_t transaction, size_t* written, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (written != nullptr) *written = 0;
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
    if (transaction == 0) return invalid_argument("transaction is 0");
    return write_many(
        [&](Bytes key, InlineValue::Source source) {
          return call.table().write(key, std::move(source), transaction);
        },
        {keys, key_sizes, values, value_sizes, count}, written);
  });
}

stave_status stave_memtable_commit(stave_memtable* table, uint64_t transaction, uint64_t timestamp,
                                   const void* keys, const uint32_t* key_sizes, size_t count,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (transaction == 0) return invalid_argument("transaction is 0");
    return call.table().commit(transaction, timestamp, split(keys, key_sizes, count));
  });
}

stave_status stave_memtable_abort(stave_memtable* table, uint64_t transaction, const void* keys,
                                  const uint32_t* key_sizes, size_t count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(call.enter(table, Timestamps::explicit_ones));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (transaction == 0) return invalid_argument("transaction is 0");
    return call.table().abort(transaction, split(keys, key_sizes, count));
  });
}

stave_status stave_memtable_has_write_conflict(stave_memtable* table, const void* key,
                                               size_t key_size, uint64_t transaction,
                                               uint8_t* conflict, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(conflict, "conflict"));
    Output output(conflict);
    MemtableCall call;
    STAVE_TRY(check_read(call, table, key, key_size));
    if (transaction == 0) return invalid_argument("transaction is 0");
    output.set(call.table().has_write_conflict(as_bytes(key, key_size), transaction) ? 1 : 0);
    return {};
  });
}
