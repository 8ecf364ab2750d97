// The most frequent call on a store.
//
// It should cost little more than its two waits for memory, so in the common case it is a leaf, as
// those of index_hot.cc are.
#include <stave/store.h>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/store_handle.h"
#include "core/base/limits.h"
#include "core/store/mapped_reads.h"
#include "core/sync/only_thread.h"

using stave::as_bytes;
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

// Whether a quick way has answered.
inline bool is_told(Code code) noexcept {
  return code == Code::ok || code == Code::not_found;
}

// Whether this may be such a call. Inside a callback of the store get_any() says that it may not.
inline bool is_simple(const stave_store* store, const void* key, size_t key_size, const void* data,
                      const size_t* size) noexcept {
  return store != nullptr && store->is_simple(stave_store::simple_reads) && key != nullptr &&
         key_size <= stave::key_size_max && data != nullptr && size != nullptr &&
         !Gate::thread_is_inside_any();
}

// What is not told at once; the visit goes on here.
[[gnu::noinline]] stave_status get_on(stave_store* store, const void* key, size_t key_size,
                                      void* data, size_t capacity, size_t* size, stave_error* error,
                                      Gate::Visit::Slot* inside) noexcept {
  Code code;
  {
    const Gate::Visit visit(inside);
    code = store->mapped_reads->get_on(as_bytes(key, key_size),
                                       {static_cast<std::byte*>(data), capacity}, size);
  }
  if (is_told(code)) return static_cast<stave_status>(code);
  return get_any(store, key, key_size, data, capacity, size, error);
}

// Where other threads may close the store meanwhile, or free what it looks at.
[[gnu::noinline, gnu::flatten]] stave_status get_beside(stave_store* store, const void* key,
                                                        size_t key_size, void* data,
                                                        size_t capacity, size_t* size,
                                                        stave_error* error) noexcept {
  Gate::Visit visit(*store->gate);
  if (!visit) [[unlikely]]
    return get_any(store, key, key_size, data, capacity, size, error);
  const Code code = store->mapped_reads->get(as_bytes(key, key_size),
                                             {static_cast<std::byte*>(data), capacity}, size);
  if (is_told(code)) [[likely]]
    return static_cast<stave_status>(code);
  if (code == Code::busy)
    return get_on(store, key, key_size, data, capacity, size, error, visit.hand_over());
  visit.end();
  return get_any(store, key, key_size, data, capacity, size, error);
}

}  // namespace

[[gnu::flatten]] stave_status stave_store_get(stave_store* store, const void* key, size_t key_size,
                                              void* data, size_t capacity, size_t* size,
                                              stave_error* error) {
  if (!is_simple(store, key, key_size, data, size)) [[unlikely]]
    return get_any(store, key, key_size, data, capacity, size, error);
  if (!stave::sync::is_only_thread())
    return get_beside(store, key, key_size, data, capacity, size, error);
  const Code code = store->mapped_reads->get_alone(as_bytes(key, key_size),
                                                   {static_cast<std::byte*>(data), capacity}, size);
  if (is_told(code)) [[likely]]
    return static_cast<stave_status>(code);
  if (code == Code::busy) return get_on(store, key, key_size, data, capacity, size, error, nullptr);
  return get_any(store, key, key_size, data, capacity, size, error);
}
