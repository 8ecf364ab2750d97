// The most frequent calls on an index that owns its keys.
//
// They should cost little more than their wait for memory, so in the common case each is a leaf:
// nothing goes wrong once it has begun, so there is no Status on its way, it calls nobody who could
// close the index, and every other way out is a call in tail position, so that the compiler saves
// no registers for it. docs/internals/index.md tells what that is worth.
#include <stave/index.h>

#include <type_traits>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/index_handle.h"
#include "capi/index_key.h"
#include "core/base/limits.h"
#include "core/index/owned_index.h"
#include "core/sync/only_thread.h"

using stave::sync::Gate;
using namespace stave::capi;

namespace stave::capi {
namespace {

using index::OwnedIndex;
using index::OwnedIndex16;

// Of a handle, what it is for keys of this kind; null for others.
template <typename Owned>
inline Owned* owned_of(stave_index* handle) noexcept {
  if constexpr (std::is_same_v<Owned, OwnedIndex>)
    return handle->owned;
  else
    return handle->owned16;
}
// Whether this may be such a call.
template <typename Owned>
inline bool is_simple(const stave_index* handle, const void* key) noexcept {
  constexpr bool is_owned16 = std::is_same_v<Owned, OwnedIndex16>;
  return handle != nullptr && key != nullptr &&
         handle->is_simple(is_owned16 ? stave_index::simple_owned16 : stave_index::simple_owned);
}

// Whatever else there is to a get, a put and a remove.
[[gnu::noinline]] stave_status get_any(stave_index* index, const void* key, size_t key_size,
                                       uint64_t* value, stave_error* error) noexcept {
  return guarded(error, [&] { return index_get(index, {key, key_size}, value); });
}
[[gnu::noinline]] stave_status put_any(stave_index* index, const void* key, size_t key_size,
                                       uint64_t value, uint64_t* previous, uint8_t* existed,
                                       stave_error* error) noexcept {
  return guarded(error, [&] {
    return index_put(index, {key, key_size}, value, previous, existed);
  });
}
[[gnu::noinline]] stave_status remove_any(stave_index* index, const void* key, size_t key_size,
                                          uint64_t* previous, stave_error* error) noexcept {
  return guarded(error, [&] { return index_remove(index, {key, key_size}, previous); });
}

// ---- Get ---------------------------------------------------------------------------------------

// A whole key that is not told at once; the visit goes on here.
template <typename Owned>
[[gnu::noinline, gnu::flatten]] stave_status get_whole_on(stave_index* index,
                                                          typename Owned::Whole key,
                                                          uint64_t* value,
                                                          Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  return static_cast<stave_status>(owned_of<Owned>(index)->find_whole_everywhere(key, value));
}
// A whole key, of which is_simple() has been asked. A function of its own, so that the other needs
// few registers.
template <typename Owned>
[[gnu::noinline, gnu::flatten]] stave_status get_whole_beside(stave_index* index, const void* key,
                                                              size_t key_size, uint64_t* value,
                                                              stave_error* error) noexcept {
  Gate::Visit visit(*index->gate);
  if (!visit) [[unlikely]]
    return get_any(index, key, key_size, value, error);
  const auto whole = Owned::whole_of(key);
  const Code code = owned_of<Owned>(index)->find_whole_at_once(whole, value);
  if (code != Code::busy) [[likely]]
    return static_cast<stave_status>(code);
  return get_whole_on<Owned>(index, whole, value, visit.hand_over());
}
// What is left of such a get while nobody else is there who could close the index meanwhile, or
// change or free what it looks at.
template <typename Owned>
[[gnu::noinline, gnu::flatten]] stave_status get_whole_alone(stave_index* index,
                                                             typename Owned::Whole key,
                                                             uint64_t* value) noexcept {
  return static_cast<stave_status>(owned_of<Owned>(index)->find_whole_everywhere(key, value));
}
// A whole key; `otherwise` is for all others.
template <typename Owned, auto otherwise>
inline stave_status get_whole(stave_index* index, const void* key, size_t key_size, uint64_t* value,
                              stave_error* error) noexcept {
  if (key_size == Owned::whole_size && is_simple<Owned>(index, key) && value != nullptr)
      [[likely]] {
    if (stave::sync::is_only_thread()) {
      const auto whole = Owned::whole_of(key);
      const Code code = owned_of<Owned>(index)->find_whole_alone(whole, value);
      if (code != Code::busy) [[likely]]
        return static_cast<stave_status>(code);
      return get_whole_alone<Owned>(index, whole, value);
    }
    return get_whole_beside<Owned>(index, key, key_size, value, error);
  }
  return otherwise(index, key, key_size, value, error);
}

// A key of another size.
template <typename Owned>
[[gnu::noinline, gnu::flatten]] stave_status get_bytes_on(stave_index* index, const void* key,
                                                          size_t key_size, uint64_t* value,
                                                          Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  return static_cast<stave_status>(
      owned_of<Owned>(index)->find_bytes(as_bytes(key, key_size), value));
}
template <typename Owned, auto otherwise>
[[gnu::noinline, gnu::flatten]] stave_status get_bytes(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t* value,
                                                       stave_error* error) noexcept {
  if (value != nullptr && key_size <= key_size_max && is_simple<Owned>(index, key)) [[likely]] {
    Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const Code code = owned_of<Owned>(index)->find_bytes_at_once(as_bytes(key, key_size), value);
      if (code != Code::busy) [[likely]]
        return static_cast<stave_status>(code);
      return get_bytes_on<Owned>(index, key, key_size, value, visit.hand_over());
    }
  }
  return otherwise(index, key, key_size, value, error);
}
[[gnu::noinline, gnu::flatten]] stave_status get_other(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t* value,
                                                       stave_error* error) noexcept {
  return get_whole<OwnedIndex16, get_bytes<OwnedIndex, get_bytes<OwnedIndex16, get_any>>>(
      index, key, key_size, value, error);
}

// ---- Put ---------------------------------------------------------------------------------------

// A put that cannot be done at once.
template <typename Owned>
[[gnu::noinline]] stave_status put_on(stave_index* index, const void* key, size_t key_size,
                                      uint64_t value, uint64_t* previous, uint8_t* existed,
                                      stave_error* error) noexcept {
  if (key_size <= key_size_max && is_simple<Owned>(index, key)) {
    const Gate::Visit visit(*index->gate);
    if (visit) {
      Owned& owned = *owned_of<Owned>(index);
      uint64_t replaced = 0;
      const Code done = key_size == Owned::whole_size
                            ? owned.exchange_whole(Owned::whole_of(key), value, &replaced)
                            : owned.exchange_bytes(as_bytes(key, key_size), value, &replaced);
      if (done == Code::ok || done == Code::not_found) {
        if (previous != nullptr) *previous = replaced;
        if (existed != nullptr) *existed = done == Code::ok ? 1 : 0;
        return STAVE_OK;
      }
    }
  }
  return put_any(index, key, key_size, value, previous, existed, error);
}
// What a put leaves to be done when it has filled its part of the index.
template <typename Owned>
[[gnu::noinline]] stave_status grow(stave_index* index, typename Owned::Crowded* crowded,
                                    Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  owned_of<Owned>(index)->grow(*crowded);
  return STAVE_OK;
}
// The rest of a put of a key that is absent, whose bucket is full and held; the visit goes on here.
// By value: where the caller has the key there may be the place for a result.
template <typename Owned>
[[gnu::noinline, gnu::flatten]] stave_status put_in_chain(stave_index* index,
                                                          typename Owned::Whole key, uint64_t value,
                                                          uint64_t* previous, uint8_t* existed,
                                                          stave_error* error,
                                                          typename Owned::Crowded* full) noexcept {
  if (const Gate::Visit visit(Gate::Visit::left_by_this_thread());
      owned_of<Owned>(index)->set_whole_in_chain(*full, key, value)) [[likely]] {
    if (previous != nullptr) *previous = 0;
    if (existed != nullptr) *existed = 0;
    return STAVE_OK;
  }
  return put_any(index, &key, sizeof key, value, previous, existed, error);
}
// As get_whole() and get_bytes().
template <typename Owned, auto otherwise>
inline stave_status put_whole(stave_index* index, const void* key, size_t key_size, uint64_t value,
                              uint64_t* previous, uint8_t* existed, stave_error* error) noexcept {
  if (key_size == Owned::whole_size && is_simple<Owned>(index, key)) [[likely]] {
    // The visit ends before another function begins its own.
    if (Gate::Visit visit(*index->gate); visit && Owned::may_change_at_once()) [[likely]] {
      const auto whole = Owned::whole_of(key);
      const auto done = owned_of<Owned>(index)->set_whole_at_once(whole, value);
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        if (existed != nullptr) *existed = done.was_present ? 1 : 0;
        if (done.crowded == nullptr) [[likely]]
          return STAVE_OK;
        return grow<Owned>(index, done.crowded, visit.hand_over());
      }
      if (done.full != nullptr) {
        visit.hand_over();
        return put_in_chain<Owned>(index, whole, value, previous, existed, error, done.full);
      }
    }
    return put_on<Owned>(index, key, key_size, value, previous, existed, error);
  }
  return otherwise(index, key, key_size, value, previous, existed, error);
}
template <typename Owned, auto otherwise>
[[gnu::noinline, gnu::flatten]] stave_status put_bytes(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t value,
                                                       uint64_t* previous, uint8_t* existed,
                                                       stave_error* error) noexcept {
  if (key_size <= key_size_max && is_simple<Owned>(index, key)) [[likely]] {
    if (const Gate::Visit visit(*index->gate); visit) [[likely]] {
      const auto done =
          owned_of<Owned>(index)->replace_bytes_at_once(as_bytes(key, key_size), value);
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        if (existed != nullptr) *existed = 1;
        return STAVE_OK;
      }
    }
    return put_on<Owned>(index, key, key_size, value, previous, existed, error);
  }
  return otherwise(index, key, key_size, value, previous, existed, error);
}
[[gnu::noinline, gnu::flatten]] stave_status put_other(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t value,
                                                       uint64_t* previous, uint8_t* existed,
                                                       stave_error* error) noexcept {
  return put_whole<OwnedIndex16, put_bytes<OwnedIndex, put_bytes<OwnedIndex16, put_any>>>(
      index, key, key_size, value, previous, existed, error);
}

// ---- Remove ------------------------------------------------------------------------------------

template <typename Owned>
[[gnu::noinline]] stave_status remove_whole_on(stave_index* index, const void* key, size_t key_size,
                                               uint64_t* previous, stave_error* error) noexcept {
  if (is_simple<Owned>(index, key)) {
    const Gate::Visit visit(*index->gate);
    if (visit) {
      uint64_t removed = 0;
      const Code done = owned_of<Owned>(index)->extract_whole(Owned::whole_of(key), &removed);
      if (done != Code::no_memory) {
        if (previous != nullptr) *previous = removed;
        return static_cast<stave_status>(done);
      }
    }
  }
  return remove_any(index, key, key_size, previous, error);
}
template <typename Owned, auto otherwise>
inline stave_status remove_whole(stave_index* index, const void* key, size_t key_size,
                                 uint64_t* previous, stave_error* error) noexcept {
  if (key_size == Owned::whole_size && is_simple<Owned>(index, key)) [[likely]] {
    if (const Gate::Visit visit(*index->gate); visit && Owned::may_change_at_once()) [[likely]] {
      const auto done = owned_of<Owned>(index)->erase_whole_at_once(Owned::whole_of(key));
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        return done.was_present ? STAVE_OK : STAVE_NOT_FOUND;
      }
    }
    return remove_whole_on<Owned>(index, key, key_size, previous, error);
  }
  return otherwise(index, key, key_size, previous, error);
}
[[gnu::noinline, gnu::flatten]] stave_status remove_other(stave_index* index, const void* key,
                                                          size_t key_size, uint64_t* previous,
                                                          stave_error* error) noexcept {
  return remove_whole<OwnedIndex16, remove_any>(index, key, key_size, previous, error);
}

}  // namespace
}  // namespace stave::capi

[[gnu::flatten]] stave_status stave_index_put(stave_index* index, const void* key, size_t key_size,
                                              uint64_t value, uint64_t* previous, uint8_t* existed,
                                              stave_error* error) {
  return put_whole<OwnedIndex, put_other>(index, key, key_size, value, previous, existed, error);
}

[[gnu::flatten]] stave_status stave_index_get(stave_index* index, const void* key, size_t key_size,
                                              uint64_t* value, stave_error* error) {
  return get_whole<OwnedIndex, get_other>(index, key, key_size, value, error);
}

stave_status stave_index_contains(stave_index* index, const void* key, size_t key_size,
                                  stave_error* error) {
  uint64_t value = 0;
  return stave_index_get(index, key, key_size, &value, error);
}

[[gnu::flatten]] stave_status stave_index_remove(stave_index* index, const void* key,
                                                 size_t key_size, uint64_t* previous,
                                                 stave_error* error) {
  return remove_whole<OwnedIndex, remove_other>(index, key, key_size, previous, error);
}
