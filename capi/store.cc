// The store family: opening, closing, and calls on one key.
#include <stave/store.h>

#include <memory>
#include <utility>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/pin.h"
#include "capi/store_handle.h"
#include "capi/value_read.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Status;
using namespace stave::capi;
using stave::store::Store;
using stave::store::WriteMode;
using stave::store::WriteOptions;

namespace {

stave_status put(stave_error* error, stave_store* handle, const stave_write_options* options,
                 WriteMode mode, Bytes key, Bytes value) {
  return guarded_write(error, handle, options,
                       [&](Store& core, const WriteOptions& checked) -> Status {
                         STAVE_TRY(require_bytes(key.data(), key.size(), "key"));
                         STAVE_TRY(require_bytes(value.data(), value.size(), "value"));
                         return core.put(key, value, mode, checked);
                       });
}

// Calls `receive` with the size of the key's value, which is then copied to where that says.
template <typename Receive>
Status read(stave_store* handle, const void* key, size_t key_size, Receive&& receive) {
  Call<stave_store> call;
  STAVE_TRY(call.enter(handle, Access::nested));
  STAVE_TRY(require_bytes(key, key_size, "key"));
  return call.core().get(as_bytes(key, key_size), receive);
}

}  // namespace

stave_status stave_store_open(const char* path, const stave_store_options* options,
                              stave_store** store, stave_error* error) {
  return guarded(error, [&] {
    // The handle is there before the store is opened: after that a failure would have to close it.
    return make_handle(store, "store", [&](stave_store& handle) -> Status {
      STAVE_TRY(require_path(path));
      STAVE_TRY_ASSIGN(const auto checked, store_options(options));
      STAVE_TRY_ASSIGN(auto opened,
                       Store::open(stave::os::posix_file_system(), path, core_options(checked)));
      handle.core = std::move(opened);
      handle.options = checked;
      return {};
    });
  });
}

stave_status stave_store_options_get(stave_store* store, stave_store_options* options,
                                     stave_error* error) {
  return guarded_call(error, store, [&](Store& core) -> Status {
    STAVE_TRY(require(options, "options"));
    stave_store_options in_force = store->options;
    in_force.shards = core.options().shards;
    in_force.shard_prefix_bits = core.options().shard_prefix_bits;
    in_force.keydir = static_cast<uint32_t>(core.options().keydir);
    return write_struct("stave_store_options", in_force, options);
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
  return put(error, store, options, WriteMode::put, as_bytes(key, key_size),
             as_bytes(value, value_size));
}

stave_status stave_store_insert(stave_store* store, const void* key, size_t key_size,
                                const void* value, size_t value_size,
                                const stave_write_options* options, stave_error* error) {
  return put(error, store, options, WriteMode::insert, as_bytes(key, key_size),
             as_bytes(value, value_size));
}

stave_status stave_store_replace(stave_store* store, const void* key, size_t key_size,
                                 const void* value, size_t value_size,
                                 const stave_write_options* options, stave_error* error) {
  return put(error, store, options, WriteMode::replace, as_bytes(key, key_size),
             as_bytes(value, value_size));
}

stave_status stave_store_remove(stave_store* store, const void* key, size_t key_size,
                                const stave_write_options* options, stave_error* error) {
  return guarded_write(error, store, options,
                       [&](Store& core, const WriteOptions& checked) -> Status {
                         STAVE_TRY(require_bytes(key, key_size, "key"));
                         return core.remove(as_bytes(key, key_size), checked);
                       });
}

stave_status stave_store_expire(stave_store* store, const void* key, size_t key_size,
                                uint64_t expires_at, const stave_write_options* options,
                                stave_error* error) {
  return guarded_write(error, store, options,
                       [&](Store& core, const WriteOptions& checked) -> Status {
                         STAVE_TRY(require_bytes(key, key_size, "key"));
                         return core.expire(as_bytes(key, key_size), expires_at, checked);
                       });
}

stave_status stave_store_get(stave_store* store, const void* key, size_t key_size, void* data,
                             size_t capacity, size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return read_to_memory(data, capacity, size,
                          [&](auto&& receive) { return read(store, key, key_size, receive); });
  });
}

stave_status stave_store_get_buffer(stave_store* store, const void* key, size_t key_size,
                                    stave_buffer* value, stave_error* error) {
  return guarded(error, [&] {
    return read_to_buffer(value,
                          [&](auto&& receive) { return read(store, key, key_size, receive); });
  });
}

stave_status stave_store_get_pin(stave_store* store, const void* key, size_t key_size,
                                 stave_pin** pin, stave_error* error) {
  return guarded(error, [&] {
    return make_handle(pin, "pin", [&](stave_pin& made) -> Status {
      Call<stave_store> call;
      STAVE_TRY(call.enter(store, Access::nested));
      STAVE_TRY(require_bytes(key, key_size, "key"));
      STAVE_TRY_ASSIGN(auto value, call.core().get_pin(as_bytes(key, key_size)));
      made.owner = std::move(value.owner);
      made.bytes = value.bytes;
      return {};
    });
  });
}

stave_status stave_store_value_size(stave_store* store, const void* key, size_t key_size,
                                    size_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    Output output(size);
    return read(store, key, key_size, [&output](size_t found) {
      output.set(found);
      return stave::MutableBytes();
    });
  });
}

stave_status stave_store_expires_at(stave_store* store, const void* key, size_t key_size,
                                    uint64_t* expires_at, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(expires_at, "expires_at"));
    Output output(expires_at);
    Call<stave_store> call;
    STAVE_TRY(call.enter(store, Access::nested));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    STAVE_TRY_ASSIGN(const uint64_t found, call.core().expires_at(as_bytes(key, key_size)));
    output.set(found);
    return {};
  });
}

stave_status stave_store_contains(stave_store* store, const void* key, size_t key_size,
                                  stave_error* error) {
  return guarded_call(error, store, Access::nested, [&](Store& core) -> Status {
    STAVE_TRY(require_bytes(key, key_size, "key"));
    return core.contains(as_bytes(key, key_size));
  });
}

stave_status stave_store_size(stave_store* store, uint64_t* size, stave_error* error) {
  return get_number(error, store, Access::nested, size, "size", &Store::size);
}
