// The store family: opening, closing, and calls on one key.
#include <stave/store.h>

#include <memory>
#include <new>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/pin.h"
#include "capi/store_handle.h"
#include "capi/store_options.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::MutableBytes;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::store::WriteMode;

namespace {

Status put(stave_store* handle, Bytes key, Bytes value, WriteMode mode,
           const stave_write_options* options) {
  StoreCall call;
  STAVE_TRY(call.enter(handle));
  STAVE_TRY(require_bytes(key.data(), key.size(), "key"));
  STAVE_TRY(require_bytes(value.data(), value.size(), "value"));
  auto durability = call.store().options().durability;
  STAVE_TRY(write_durability(options, &durability));
  return call.store().put(key, value, mode, durability);
}

}  // namespace

stave_status stave_store_open(const char* path, const stave_store_options* options,
                              stave_store** store, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(store, "store"));
    *store = nullptr;
    STAVE_TRY(require(path, "path"));
    if (*path == '\0') return invalid_argument("path is empty");
    const Result<stave::store::Options> checked = store_options(options);
    if (!checked) return checked.status();
    // Before the store is opened: after that a failure would have to close it.
    auto handle = std::make_unique<stave_store>();
    auto opened = stave::store::Store::open(stave::os::posix_file_system(), path, *checked);
    if (!opened) return opened.status();
    handle->core = *std::move(opened);
    *store = handle.release();
    return {};
  });
}

stave_status stave_store_options_get(stave_store* store, stave_store_options* options,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require(options, "options"));
    return write_store_options(call.store().options(), options);
  });
}

stave_status stave_store_close(stave_store* store, stave_error* error) {
  return guarded(error, [&] { return close_handle(store); });
}

void stave_store_free(stave_store* store) {
  free_handle(store);
}

stave_status stave_store_put(stave_store* store, const void* key, size_t key_size,
                             const void* value, size_t value_size,
                             const stave_write_options* options, stave_error* error) {
  return guarded(error, [&] {
    return put(store, as_bytes(key, key_size), as_bytes(value, value_size), WriteMode::put,
               options);
  });
}

stave_status stave_store_insert(stave_store* store, const void* key, size_t key_size,
                                const void* value, size_t value_size,
                                const stave_write_options* options, stave_error* error) {
  return guarded(error, [&] {
    return put(store, as_bytes(key, key_size), as_bytes(value, value_size), WriteMode::insert,
               options);
  });
}

stave_status stave_store_replace(stave_store* store, const void* key, size_t key_size,
                                 const void* value, size_t value_size,
                                 const stave_write_options* options, stave_error* error) {
  return guarded(error, [&] {
    return put(store, as_bytes(key, key_size), as_bytes(value, value_size), WriteMode::replace,
               options);
  });
}

stave_status stave_store_remove(stave_store* store, const void* key, size_t key_size,
                                const stave_write_options* options, stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    auto durability = call.store().options().durability;
    STAVE_TRY(write_durability(options, &durability));
    return call.store().remove(as_bytes(key, key_size), durability);
  });
}

stave_status stave_store_get(stave_store* store, const void* key, size_t key_size, void* data,
                             size_t capacity, size_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    Output output(size);
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    STAVE_TRY(require_bytes(data, capacity, "data"));
    const MutableBytes into(static_cast<std::byte*>(data), capacity);
    size_t value_size = 0;
    STAVE_TRY(call.store().get(as_bytes(key, key_size), [&](size_t needed) -> MutableBytes {
      value_size = needed;
      return needed <= into.size() ? into.first(needed) : MutableBytes();
    }));
    output.set(value_size);
    return value_size <= capacity ? Code::ok : Code::buffer_too_small;
  });
}

stave_status stave_store_get_buffer(stave_store* store, const void* key, size_t key_size,
                                    stave_buffer* value, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(value, "value"));
    value->size = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    const Status status =
        call.store().get(as_bytes(key, key_size), [value](size_t size) -> MutableBytes {
          if (!resize_for_overwrite(*value, size)) throw std::bad_alloc();
          return {static_cast<std::byte*>(value->data), size};
        });
    if (!status.ok()) value->size = 0;
    return status;
  });
}

stave_status stave_store_get_pin(stave_store* store, const void* key, size_t key_size,
                                 stave_pin** pin, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(pin, "pin"));
    *pin = nullptr;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    auto value = call.store().get_pin(as_bytes(key, key_size));
    if (!value) return value.status();
    auto* made = new stave_pin;
    made->owner = std::move(value->owner);
    made->bytes = value->bytes;
    *pin = made;
    return {};
  });
}

stave_status stave_store_contains(stave_store* store, const void* key, size_t key_size,
                                  stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    return call.store().contains(as_bytes(key, key_size));
  });
}

stave_status stave_store_size(stave_store* store, uint64_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    *size = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    *size = call.store().size();
    return {};
  });
}
