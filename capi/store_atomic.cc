// The store family: changes of several keys of one shard.
#include <stave/store_update.h>

#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/store_handle.h"
#include "capi/value_read.h"
#include "core/store/store_atomic.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::store::Atomic;
using stave::store::Store;
using stave::store::WriteMode;
using stave::store::WriteOptions;

// No handle: it is on the stack of stave_store_atomic, while the callback runs.
struct stave_atomic {
  Atomic& core;
};

namespace {

// A function that is one call inside: body(core, key).
template <typename Body>
stave_status guarded_inside(stave_error* error, stave_atomic* atomic, const void* key,
                            size_t key_size, Body&& body) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(atomic, "atomic"));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    return body(atomic->core, as_bytes(key, key_size));
  });
}

stave_status put(stave_error* error, stave_atomic* atomic, WriteMode mode, const void* key,
                 size_t key_size, const void* value, size_t value_size) noexcept {
  return guarded_inside(error, atomic, key, key_size, [&](Atomic& core, Bytes of_key) -> Status {
    STAVE_TRY(require_bytes(value, value_size, "value"));
    return core.put(of_key, as_bytes(value, value_size), mode);
  });
}

}  // namespace

stave_status stave_store_atomic(stave_store* store, const void* shard_key, size_t shard_key_size,
                                stave_atomic_callback callback, void* context, uint64_t* version,
                                const stave_write_options* options, stave_error* error) {
  Output output(version);
  const auto write = [&](Store& core, const WriteOptions& checked) -> Status {
    STAVE_TRY(require_bytes(shard_key, shard_key_size, "shard_key"));
    if (callback == nullptr) return null_argument("callback");
    const auto run = [&](Atomic& keys) -> Status {
      stave_atomic atomic{keys};
      // An exception that leaves the callback ends in the barrier.
      const stave_status answer = callback(context, &atomic);
      if (answer == STAVE_OK) return {};
      return Status::error(static_cast<Code>(answer), "stopped by the callback");
    };
    uint64_t committed = 0;
    Status status = core.atomic(as_bytes(shard_key, shard_key_size), run, checked, &committed);
    output.set(committed);
    return status;
  };
  return guarded_write(error, store, options, write);
}

stave_status stave_atomic_get(stave_atomic* atomic, const void* key, size_t key_size,
                              stave_buffer* value, stave_error* error) {
  return guarded_inside(error, atomic, key, key_size, [&](Atomic& core, Bytes of_key) {
    return read_to_buffer(value, [&](auto&& receive) { return core.get(of_key, receive); });
  });
}

stave_status stave_atomic_contains(stave_atomic* atomic, const void* key, size_t key_size,
                                   stave_error* error) {
  return guarded_inside(error, atomic, key, key_size,
                        [](Atomic& core, Bytes of_key) { return core.contains(of_key); });
}

stave_status stave_atomic_put(stave_atomic* atomic, const void* key, size_t key_size,
                              const void* value, size_t value_size, stave_error* error) {
  return put(error, atomic, WriteMode::put, key, key_size, value, value_size);
}

stave_status stave_atomic_insert(stave_atomic* atomic, const void* key, size_t key_size,
                                 const void* value, size_t value_size, stave_error* error) {
  return put(error, atomic, WriteMode::insert, key, key_size, value, value_size);
}

stave_status stave_atomic_replace(stave_atomic* atomic, const void* key, size_t key_size,
                                  const void* value, size_t value_size, stave_error* error) {
  return put(error, atomic, WriteMode::replace, key, key_size, value, value_size);
}

stave_status stave_atomic_remove(stave_atomic* atomic, const void* key, size_t key_size,
                                 stave_error* error) {
  return guarded_inside(error, atomic, key, key_size,
                        [](Atomic& core, Bytes of_key) { return core.remove(of_key); });
}
