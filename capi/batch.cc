#include "capi/batch.h"

#include <stave/store.h>

#include <memory>
#include <string>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using Kind = stave::store::Batch::Kind;

namespace {

Status add(stave_batch* batch, Kind kind, const void* key, size_t key_size, const void* value,
           size_t value_size) {
  BatchCall call;
  STAVE_TRY(call.enter(batch));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  STAVE_TRY(require_bytes(value, value_size, "value"));
  return batch->entries.add(kind, as_bytes(key, key_size), as_bytes(value, value_size));
}

}  // namespace

stave_status stave_batch_create(stave_batch** batch, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(batch, "batch"));
    *batch = nullptr;
    *batch = new stave_batch;
    return {};
  });
}

stave_status stave_batch_put(stave_batch* batch, const void* key, size_t key_size,
                             const void* value, size_t value_size, stave_error* error) {
  return guarded(error, [&] { return add(batch, Kind::put, key, key_size, value, value_size); });
}

stave_status stave_batch_remove(stave_batch* batch, const void* key, size_t key_size,
                                stave_error* error) {
  return guarded(error, [&] { return add(batch, Kind::remove, key, key_size, nullptr, 0); });
}

stave_status stave_batch_require(stave_batch* batch, const void* key, size_t key_size,
                                 uint32_t condition, const void* value, size_t value_size,
                                 stave_error* error) {
  return guarded(error, [&]() -> Status {
    switch (condition) {
      case STAVE_REQUIRE_ABSENT:
        return add(batch, Kind::require_absent, key, key_size, nullptr, 0);
      case STAVE_REQUIRE_EXISTS:
        return add(batch, Kind::require_exists, key, key_size, nullptr, 0);
      case STAVE_REQUIRE_EQUAL:
        return add(batch, Kind::require_equal, key, key_size, value, value_size);
      default:
        return invalid_argument("condition is " + std::to_string(condition) +
                                "; it must be one of STAVE_REQUIRE_*");
    }
  });
}

stave_status stave_batch_count(stave_batch* batch, uint64_t* count, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    BatchCall call;
    STAVE_TRY(call.enter(batch));
    *count = batch->entries.size();
    return {};
  });
}

stave_status stave_batch_clear(stave_batch* batch, stave_error* error) {
  return guarded(error, [&]() -> Status {
    BatchCall call;
    STAVE_TRY(call.enter(batch));
    batch->entries.clear();
    return {};
  });
}

stave_status stave_batch_close(stave_batch* batch, stave_error* error) {
  return guarded(error, [&] { return close_handle(batch); });
}

void stave_batch_free(stave_batch* batch) {
  free_handle(batch);
}

stave_status stave_store_write(stave_store* store, stave_batch* batch, uint64_t* failed,
                               const stave_write_options* options, stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall store_call;
    STAVE_TRY(store_call.enter(store));
    BatchCall batch_call;
    STAVE_TRY(batch_call.enter(batch));
    auto durability = store_call.store().options().durability;
    STAVE_TRY(write_durability(options, &durability));
    size_t failed_position = 0;
    const Status status =
        store_call.store().write(batch->entries, durability, &failed_position, nullptr);
    if (status.is(Code::mismatch) && failed != nullptr) *failed = failed_position;
    return status;
  });
}
