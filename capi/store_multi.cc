// Many keys in one call: flat arrays in, flat arrays out.
#include <stave/store.h>

#include <algorithm>
#include <new>
#include <vector>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"

using stave::Bytes;
using stave::MutableBytes;
using stave::Status;
using namespace stave::capi;

stave_status stave_store_multi_get(stave_store* store, const void* keys, const uint32_t* key_sizes,
                                   size_t count, stave_buffer* values, uint64_t* value_sizes,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(value_sizes, "value_sizes"));
    const std::vector<Bytes> split = split_flat(keys, key_sizes, count);
    std::fill_n(value_sizes, count, STAVE_ABSENT);
    return call.store().multi_get(split, [&](size_t position, size_t size) -> MutableBytes {
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
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    STAVE_TRY(check_flat(values, value_sizes, count, "values"));
    auto durability = call.store().options().durability;
    STAVE_TRY(write_durability(options, &durability));
    return call.store().multi_put(split_flat(keys, key_sizes, count),
                                  split_flat(values, value_sizes, count), durability);
  });
}

stave_status stave_store_multi_remove(stave_store* store, const void* keys,
                                      const uint32_t* key_sizes, size_t count, uint64_t* removed,
                                      const stave_write_options* options, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (removed != nullptr) *removed = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    auto durability = call.store().options().durability;
    STAVE_TRY(write_durability(options, &durability));
    return call.store().multi_remove(split_flat(keys, key_sizes, count), durability, removed);
  });
}
