// The most frequent calls on a store.
//
// A get should cost little more than its two waits for memory, so in the common case all of it is
// here in one piece, and whatever is unusual is left to a way that tells everything.
#include <stave/store.h>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/store_handle.h"
#include "core/base/limits.h"
#include "core/store/mapped_reads.h"
#include "core/sync/only_thread.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::MutableBytes;
using stave::Status;
using stave::sync::Gate;
using namespace stave::capi;

namespace {

// Whatever else there is to a get.
[[gnu::noinline]] stave_status get_any(stave_store* store, const void* key, size_t key_size,
                                       void* data, size_t capacity, size_t* size,
                                       stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    Output output(size);
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    STAVE_TRY(require_bytes(data, capacity, "data"));
    const MutableBytes room(static_cast<std::byte*>(data), capacity);
    size_t value_size = 0;
    Status status = call.store().get(as_bytes(key, key_size), [&](size_t needed) -> MutableBytes {
      value_size = needed;
      return needed <= room.size() ? room.first(needed) : MutableBytes();
    });
    if (!status.ok()) return status;
    output.set(value_size);
    return value_size <= capacity ? status : Status(Code::buffer_too_small);
  });
}

[[gnu::noinline]] stave_status get_buffer_any(stave_store* store, const void* key, size_t key_size,
                                              stave_buffer* value, stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(value, "value"));
    value->size = 0;
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    bool without_memory = false;
    Status status = call.store().get(as_bytes(key, key_size), [&](size_t size) -> MutableBytes {
      without_memory = !resize_for_overwrite(*value, size);
      return {static_cast<std::byte*>(value->data), value->size};
    });
    if (without_memory) return Code::no_memory;
    if (!status.ok()) value->size = 0;
    return status;
  });
}

// Whether a quick way may be tried. Inside a callback of the store the long one says that it may
// not.
inline bool is_simple(const stave_store* store, const void* key, size_t key_size,
                      const void* data) noexcept {
  return store != nullptr && store->is_simple(stave_store::simple_reads) && key != nullptr &&
         key_size <= stave::key_size_max && data != nullptr && !Gate::thread_is_inside_any();
}
// Whether it has answered.
inline bool is_told(Code code) noexcept {
  return code == Code::ok || code == Code::not_found;
}

// What is not told at once.
[[gnu::noinline]] Code get_on(const stave_store* store, Bytes key, MutableBytes into,
                              size_t* size) noexcept {
  return store->mapped_reads->get_on(key, into, size);
}

// Where other threads may close the store meanwhile, or free what it looks at.
[[gnu::noinline, gnu::flatten]] Code get_beside(const stave_store* store, Bytes key,
                                                MutableBytes into, size_t* size) noexcept {
  const Gate::Visit visit(*store->gate);
  if (!visit) [[unlikely]]
    return Code::closed;
  const Code code = store->mapped_reads->get(key, into, size);
  return code == Code::busy ? get_on(store, key, into, size) : code;
}

// Of an is_simple() call. ok, *size and as many bytes at `into`; not_found and a *size of 0; any
// other code when the long way has to tell.
[[gnu::always_inline]] inline Code get_quickly(const stave_store* store, Bytes key,
                                               MutableBytes into, size_t* size) noexcept {
  if (!stave::sync::is_only_thread()) return get_beside(store, key, into, size);
  const Code code = store->mapped_reads->get_alone(key, into, size);
  return code == Code::busy ? get_on(store, key, into, size) : code;
}

}  // namespace

[[gnu::flatten]] stave_status stave_store_get(stave_store* store, const void* key, size_t key_size,
                                              void* data, size_t capacity, size_t* size,
                                              stave_error* error) {
  if (is_simple(store, key, key_size, data) && size != nullptr) [[likely]] {
    const Code code = get_quickly(store, as_bytes(key, key_size),
                                  {static_cast<std::byte*>(data), capacity}, size);
    if (is_told(code)) [[likely]]
      return static_cast<stave_status>(code);
  }
  return get_any(store, key, key_size, data, capacity, size, error);
}

// The quick way is for values that the buffer has room for.
[[gnu::flatten]] stave_status stave_store_get_buffer(stave_store* store, const void* key,
                                                     size_t key_size, stave_buffer* value,
                                                     stave_error* error) {
  if (value != nullptr && value->capacity != 0 && value->size <= value->capacity &&
      is_simple(store, key, key_size, value->data)) [[likely]] {
    const Code code =
        get_quickly(store, as_bytes(key, key_size),
                    {static_cast<std::byte*>(value->data), value->capacity}, &value->size);
    if (is_told(code)) [[likely]]
      return static_cast<stave_status>(code);
  }
  return get_buffer_any(store, key, key_size, value, error);
}
