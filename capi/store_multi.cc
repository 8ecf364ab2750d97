// Many keys in one call: flat arrays in, flat arrays out; and all keys.
#include <stave/store.h>

#include <algorithm>
#include <new>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/output.h"
#include "capi/store_handle.h"

using stave::MutableBytes;
using stave::Status;
using namespace stave::capi;
using stave::store::Store;
using stave::store::WriteOptions;

stave_status stave_store_multi_get(stave_store* store, const void* keys, const uint32_t* key_sizes,
                                   size_t count, stave_buffer* values, uint64_t* value_sizes,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    Call<stave_store> call;
    STAVE_TRY(call.enter(store, Access::nested));
    STAVE_TRY_ASSIGN(const auto list, split_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(value_sizes, "value_sizes"));
    std::fill_n(value_sizes, count, STAVE_ABSENT);
    return call.core().multi_get(list, [&](size_t position, size_t size) -> MutableBytes {
      std::byte* added = nullptr;
      if (!extend(*values, size, &added)) throw std::bad_alloc();
      value_sizes[position] = size;
      return {added, size};
    });
  });
}

stave_status stave_store_multi_put(stave_store* store, const void* keys, const uint32_t* key_sizes,
                                   const void* values, const uint64_t* value_sizes, size_t count,
                                   const stave_write_options* options, stave_error* error) {
  return guarded_write(
      error, store, options, [&](Store& core, const WriteOptions& checked) -> Status {
        STAVE_TRY_ASSIGN(const auto key_list, split_flat(keys, key_sizes, count, "keys"));
        STAVE_TRY_ASSIGN(const auto value_list, split_flat(values, value_sizes, count, "values"));
        return core.multi_put(key_list, value_list, checked);
      });
}

stave_status stave_store_multi_remove(stave_store* store, const void* keys,
                                      const uint32_t* key_sizes, size_t count, uint64_t* removed,
                                      const stave_write_options* options, stave_error* error) {
  if (removed != nullptr) *removed = 0;
  return guarded_write(
      error, store, options, [&](Store& core, const WriteOptions& checked) -> Status {
        STAVE_TRY_ASSIGN(const auto list, split_flat(keys, key_sizes, count, "keys"));
        return core.multi_remove(list, checked, removed);
      });
}

stave_status stave_store_clear(stave_store* store, uint64_t* removed,
                               const stave_write_options* options, stave_error* error) {
  Output output(removed);
  return guarded_write(error, store, options, [&](Store& core, const WriteOptions& checked) {
    uint64_t count = 0;
    Status status = caught([&] { return core.clear(checked, &count); });
    output.set(count);
    return status;
  });
}

stave_status stave_store_remove_expired(stave_store* store, uint64_t* removed, stave_error* error) {
  Output output(removed);
  return guarded_call(error, store, [&](Store& core) {
    uint64_t count = 0;
    uint64_t next_expiry = 0;
    const auto sweep = [&] {
      return core.remove_expired(&count, &next_expiry, [] { return Status(); });
    };
    Status status = caught(sweep);
    output.set(count);
    return status;
  });
}
