// Batches, and their writing to a store.
#include <stave/store.h>

#include <optional>
#include <string>
#include <string_view>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/handle.h"
#include "capi/store_handle.h"
#include "core/store/batch.h"

using stave::as_bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::store::Batch;
using stave::store::Store;
using stave::store::WriteOptions;
using Kind = Batch::Kind;

// A garbage collector may be late to free a closed batch: only a shell is left until then.
struct stave_batch final : CoreHandle<std::optional<Batch>> {
  static constexpr HandleKind kind = HandleKind::batch;
  static constexpr std::string_view name = "batch";

  stave_batch() : CoreHandle(kind) { core.emplace(); }
};

namespace {

stave_status add(stave_error* error, stave_batch* batch, Kind kind, const void* key,
                 size_t key_size, const void* value = nullptr, size_t value_size = 0) {
  return guarded_call(error, batch, [&](Batch& entries) -> Status {
    STAVE_TRY(require_bytes(key, key_size, "key"));
    STAVE_TRY(require_bytes(value, value_size, "value"));
    return entries.add(kind, as_bytes(key, key_size), as_bytes(value, value_size));
  });
}

}  // namespace

stave_status stave_batch_create(stave_batch** batch, stave_error* error) {
  return guarded(
      error, [&] { return make_handle(batch, "batch", [](stave_batch&) { return Status(); }); });
}

stave_status stave_batch_put(stave_batch* batch, const void* key, size_t key_size,
                             const void* value, size_t value_size, stave_error* error) {
  return add(error, batch, Kind::put, key, key_size, value, value_size);
}

stave_status stave_batch_remove(stave_batch* batch, const void* key, size_t key_size,
                                stave_error* error) {
  return add(error, batch, Kind::remove, key, key_size);
}

stave_status stave_batch_require(stave_batch* batch, const void* key, size_t key_size,
                                 uint32_t condition, const void* value, size_t value_size,
                                 stave_error* error) {
  switch (condition) {
    case STAVE_REQUIRE_ABSENT:
      return add(error, batch, Kind::require_absent, key, key_size);
    case STAVE_REQUIRE_EXISTS:
      return add(error, batch, Kind::require_exists, key, key_size);
    case STAVE_REQUIRE_EQUAL:
      return add(error, batch, Kind::require_equal, key, key_size, value, value_size);
    default:
      return guarded(error, [&] {
        return invalid_argument("condition is " + std::to_string(condition) +
                                "; it must be one of STAVE_REQUIRE_*");
      });
  }
}

stave_status stave_batch_count(stave_batch* batch, uint64_t* count, stave_error* error) {
  return get_number(error, batch, Access::any, count, "count", &Batch::size);
}

stave_status stave_batch_clear(stave_batch* batch, stave_error* error) {
  return guarded_call(error, batch, [](Batch& entries) {
    entries.clear();
    return Status();
  });
}

stave_status stave_batch_close(stave_batch* batch, stave_error* error) {
  return guarded(error, [&] { return close_handle(batch); });
}

void stave_batch_free(stave_batch* batch) {
  free_handle(batch);
}

stave_status stave_store_write(stave_store* store, stave_batch* batch, uint64_t* failed,
                               uint64_t* version, const stave_write_options* options,
                               stave_error* error) {
  if (version != nullptr) *version = 0;
  return guarded_write(
      error, store, options, [&](Store& core, const WriteOptions& checked) -> Status {
        Call<stave_batch> call;
        STAVE_TRY(call.enter(batch));
        size_t failed_position = 0;
        Status status = core.write(call.core(), checked, &failed_position, nullptr, version);
        if (status.is(Code::mismatch) && failed != nullptr) *failed = failed_position;
        return status;
      });
}
