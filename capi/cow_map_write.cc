// The cow_map family: changing maps.
#include <stave/cow_map.h>

#include <string>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/cow_map_handle.h"
#include "capi/edit.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::cow_map::Map;

namespace {

// A function that changes a map, and fills `buffer`, its argument `name`: body(core, output).
template <typename Body>
stave_status guarded_change(stave_error* error, stave_cow_map* map, stave_buffer* buffer,
                            const char* name, Body&& body) noexcept {
  return guarded(error, [&]() -> Status {
    BufferOutput output(buffer);
    STAVE_TRY(output.prepare(name));
    Call<stave_cow_map> call;
    STAVE_TRY(call.enter(map));
    return output.finish(body(call.core(), output));
  });
}

}  // namespace

stave_status stave_cow_map_put(stave_cow_map* map, int64_t key, const void* value,
                               size_t value_size, uint8_t* replaced, stave_buffer* previous,
                               stave_error* error) {
  if (replaced != nullptr) *replaced = 0;
  return guarded_change(
      error, map, previous, "previous", [&](Map& core, BufferOutput& output) -> Status {
        STAVE_TRY(require_bytes(value, value_size, "value"));
        bool found = false;
        Status status = core.put(key, as_bytes(value, value_size), [&](Bytes before) {
          found = true;
          return output.receive(before);
        });
        if (status.ok() && replaced != nullptr) *replaced = found ? 1 : 0;
        return status;
      });
}

stave_status stave_cow_map_insert(stave_cow_map* map, int64_t key, const void* value,
                                  size_t value_size, stave_error* error) {
  return guarded_call(error, map, [&](Map& core) -> Status {
    STAVE_TRY(require_bytes(value, value_size, "value"));
    return core.insert(key, as_bytes(value, value_size));
  });
}

stave_status stave_cow_map_replace(stave_cow_map* map, int64_t key, const void* value,
                                   size_t value_size, stave_buffer* previous, stave_error* error) {
  return guarded_change(error, map, previous, "previous",
                        [&](Map& core, BufferOutput& output) -> Status {
                          STAVE_TRY(require_bytes(value, value_size, "value"));
                          return core.replace(key, as_bytes(value, value_size),
                                              [&](Bytes before) { return output.receive(before); });
                        });
}

stave_status stave_cow_map_multi_put(stave_cow_map* map, const int64_t* keys, const void* values,
                                     const uint64_t* value_sizes, size_t count, uint8_t* replaced,
                                     size_t* done, stave_error* error) {
  if (done != nullptr) *done = 0;
  return guarded_call(error, map, [&](Map& core) -> Status {
    if (count != 0) STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(check_flat(values, value_sizes, count, "values"));
    FlatBytes flat(values);
    size_t stored = 0;
    Status status = core.multi_put(
        {keys, count}, [&](size_t i) { return flat.take(value_sizes[i]); },
        [&](size_t i, bool had_value) {
          if (replaced != nullptr) replaced[i] = had_value ? 1 : 0;
        },
        stored);
    if (done != nullptr) *done = stored;
    return status;
  });
}

stave_status stave_cow_map_remove(stave_cow_map* map, int64_t key, stave_buffer* removed,
                                  stave_error* error) {
  return guarded_change(error, map, removed, "removed", [&](Map& core, BufferOutput& output) {
    return core.remove(key, [&](Bytes value) { return output.receive(value); });
  });
}

stave_status stave_cow_map_modify(stave_cow_map* map, int64_t key, stave_edit edit, void* context,
                                  stave_error* error) {
  return guarded_call(error, map, [&](Map& core) -> Status {
    Editor editor(edit, context);
    STAVE_TRY(editor.prepare("edit"));
    return core.modify(key, [&](Bytes value) { return editor.run(value); });
  });
}

stave_status stave_cow_map_get_or_insert(stave_cow_map* map, int64_t key, const void* value,
                                         size_t value_size, stave_buffer* result,
                                         stave_error* error) {
  return guarded_change(error, map, result, "result",
                        [&](Map& core, BufferOutput& output) -> Status {
                          STAVE_TRY(require_bytes(value, value_size, "value"));
                          return core.get_or_insert(
                              key, [&] { return Result<Bytes>(as_bytes(value, value_size)); },
                              [&](Bytes now) { return output.receive(now); });
                        });
}

stave_status stave_cow_map_get_or_insert_with(stave_cow_map* map, int64_t key, stave_edit make,
                                              void* context, stave_buffer* result,
                                              stave_error* error) {
  return guarded_change(
      error, map, result, "result", [&](Map& core, BufferOutput& output) -> Status {
        Editor editor(make, context);
        STAVE_TRY(editor.prepare("make"));
        return core.get_or_insert(
            key, [&] { return editor.run({}); }, [&](Bytes now) { return output.receive(now); });
      });
}

stave_status stave_cow_map_update_or_insert(stave_cow_map* map, int64_t key, stave_edit edit,
                                            void* context, const void* value, size_t value_size,
                                            stave_buffer* result, stave_error* error) {
  return guarded_change(
      error, map, result, "result", [&](Map& core, BufferOutput& output) -> Status {
        Editor editor(edit, context);
        STAVE_TRY(editor.prepare("edit"));
        STAVE_TRY(require_bytes(value, value_size, "value"));
        return core.update_or_insert(
            key, [&](Bytes now) { return editor.run(now); }, as_bytes(value, value_size),
            [&](Bytes now) { return output.receive(now); });
      });
}

stave_status stave_cow_map_clear(stave_cow_map* map, stave_error* error) {
  return guarded_call(error, map, [](Map& core) { return core.clear(); });
}

stave_status stave_cow_map_shrink_to_fit(stave_cow_map* map, stave_error* error) {
  return guarded_call(error, map, [](Map& core) { return core.shrink_to_fit(); });
}
