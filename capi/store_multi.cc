// Many keys in one call: flat arrays in, flat arrays out.
#include <stave/store.h>

#include <algorithm>
#include <array>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"
#include "core/store/batch.h"

using stave::Bytes;
using stave::Code;
using stave::MutableBytes;
using stave::Status;
using namespace stave::capi;
using stave::store::Batch;
using stave::store::Store;

namespace {

// Puts the value of `key` behind the content of `values`; its size, or STAVE_ABSENT, into *size.
Status append_value(Store& store, Bytes key, stave_buffer& values, uint64_t* size) {
  bool without_memory = false;
  const size_t before = values.size;
  const Status status = store.get(key, [&](size_t needed) -> MutableBytes {
    std::byte* added = nullptr;
    without_memory = !extend(values, needed, &added);
    return without_memory ? MutableBytes() : MutableBytes(added, needed);
  });
  if (without_memory) return Code::no_memory;
  if (status.is(Code::not_found)) {
    *size = STAVE_ABSENT;
    return {};
  }
  *size = values.size - before;
  return status;
}

}  // namespace

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
    FlatBytes key_bytes(keys);
    std::array<Bytes, Store::prefetch_max> group;
    for (size_t done = 0; done < count;) {
      const size_t size = std::min(group.size(), count - done);
      for (size_t i = 0; i < size; i++) group[i] = key_bytes.take(key_sizes[done + i]);
      if (size > 1) call.store().prefetch({group.data(), size});
      for (size_t i = 0; i < size; i++, done++)
        STAVE_TRY(append_value(call.store(), group[i], *values, &value_sizes[done]));
    }
    return {};
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
    Batch batch;
    FlatBytes key_bytes(keys);
    FlatBytes value_bytes(values);
    for (size_t i = 0; i < count; i++) {
      STAVE_TRY(batch.add(Batch::Kind::put, key_bytes.take(key_sizes[i]),
                          value_bytes.take(static_cast<size_t>(value_sizes[i]))));
    }
    return call.store().write(batch, durability, nullptr, nullptr);
  });
}

stave_status stave_store_multi_remove(stave_store* store, const void* keys,
                                      const uint32_t* key_sizes, size_t count, uint64_t* deleted,
                                      const stave_write_options* options, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (deleted != nullptr) *deleted = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    auto durability = call.store().options().durability;
    STAVE_TRY(write_durability(options, &durability));
    Batch batch;
    FlatBytes key_bytes(keys);
    for (size_t i = 0; i < count; i++)
      STAVE_TRY(batch.add(Batch::Kind::erase, key_bytes.take(key_sizes[i])));
    return call.store().write(batch, durability, nullptr, deleted);
  });
}
