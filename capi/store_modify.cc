// The store family: writes that rest on the key's present value.
#include <stave/store_update.h>

#include "capi/calls.h"
#include "capi/edit.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/store_handle.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::store::Store;
using stave::store::WriteOptions;

namespace {

// A function that writes, and fills `buffer`, its argument `name`: body(core, checked, output).
template <typename Body>
stave_status guarded_exchange(stave_error* error, stave_store* store,
                              const stave_write_options* options, stave_buffer* buffer,
                              const char* name, Body&& body) noexcept {
  return guarded_write(error, store, options,
                       [&](Store& core, const WriteOptions& checked) -> Status {
                         BufferOutput output(buffer);
                         STAVE_TRY(output.prepare(name));
                         return output.finish(body(core, checked, output));
                       });
}

enum class Returned { updated, previous };

// stave_store_update and stave_store_fetch_update: `buffer` receives what `returned` says.
stave_status update(stave_error* error, stave_store* store, const void* key, size_t key_size,
                    stave_edit edit, void* context, stave_buffer* buffer, Returned returned,
                    const stave_write_options* options) noexcept {
  const char* const name = returned == Returned::updated ? "updated" : "previous";
  const auto write = [&](Store& core, const WriteOptions& checked, BufferOutput& output) -> Status {
    STAVE_TRY(require_bytes(key, key_size, "key"));
    Editor editor(edit, context);
    STAVE_TRY(editor.prepare("edit"));
    // The buffer is filled before the change is logged, which may not fail any more then.
    const auto compute = [&](Bytes present) -> Result<Bytes> {
      STAVE_TRY_ASSIGN(const Bytes updated, editor.run(present));
      STAVE_TRY(output.receive(returned == Returned::updated ? updated : present));
      return updated;
    };
    return core.update(as_bytes(key, key_size), compute, checked);
  };
  return guarded_exchange(error, store, options, buffer, name, write);
}

}  // namespace

stave_status stave_store_compare_and_swap(stave_store* store, const void* key, size_t key_size,
                                          const void* expected, size_t expected_size,
                                          const void* desired, size_t desired_size,
                                          const stave_write_options* options, stave_error* error) {
  return guarded_write(
      error, store, options, [&](Store& core, const WriteOptions& checked) -> Status {
        STAVE_TRY(require_bytes(key, key_size, "key"));
        STAVE_TRY(require_bytes(expected, expected_size, "expected"));
        STAVE_TRY(require_bytes(desired, desired_size, "desired"));
        return core.compare_and_swap(as_bytes(key, key_size), as_bytes(expected, expected_size),
                                     as_bytes(desired, desired_size), checked);
      });
}

stave_status stave_store_update(stave_store* store, const void* key, size_t key_size,
                                stave_edit edit, void* context, stave_buffer* updated,
                                const stave_write_options* options, stave_error* error) {
  return update(error, store, key, key_size, edit, context, updated, Returned::updated, options);
}

stave_status stave_store_fetch_update(stave_store* store, const void* key, size_t key_size,
                                      stave_edit edit, void* context, stave_buffer* previous,
                                      const stave_write_options* options, stave_error* error) {
  return update(error, store, key, key_size, edit, context, previous, Returned::previous, options);
}

stave_status stave_store_exchange(stave_store* store, const void* key, size_t key_size,
                                  const void* value, size_t value_size, stave_buffer* previous,
                                  uint8_t* existed, const stave_write_options* options,
                                  stave_error* error) {
  Output existed_output(existed);
  const auto write = [&](Store& core, const WriteOptions& checked, BufferOutput& output) -> Status {
    STAVE_TRY(require_bytes(key, key_size, "key"));
    STAVE_TRY(require_bytes(value, value_size, "value"));
    bool was_present = false;
    const auto take_previous = [&](const Bytes* present) -> Result<Bytes> {
      was_present = present != nullptr;
      if (was_present) STAVE_TRY(output.receive(*present));
      return as_bytes(value, value_size);
    };
    Status status = core.modify(as_bytes(key, key_size), take_previous, checked);
    if (stave::store::stands(status)) existed_output.set(was_present ? 1 : 0);
    return status;
  };
  return guarded_exchange(error, store, options, previous, "previous", write);
}

stave_status stave_store_shard_for(stave_store* store, const void* key, size_t key_size,
                                   uint32_t* shard, stave_error* error) {
  return guarded_call(error, store, Access::nested, [&](Store& core) -> Status {
    STAVE_TRY(require(shard, "shard"));
    *shard = 0;
    STAVE_TRY(require_bytes(key, key_size, "key"));
    *shard = core.shard_for(as_bytes(key, key_size));
    return {};
  });
}
