// The most frequent calls on an index that owns its keys.
//
// They should cost little more than their wait for memory, so in the common case each is a leaf:
// nothing goes wrong once it has begun, so there is no Status on its way, it calls nobody who could
// close the index, and every other way out is a call in tail position, so that the compiler saves
// no registers for it. docs/internals/index.md tells what that is worth.
#include <stave/index.h>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/index_handle.h"
#include "capi/index_key.h"
#include "core/base/limits.h"
#include "core/index/owned_index.h"

using stave::Code;
using stave::sync::Gate;
using namespace stave::capi;

namespace stave::capi {
namespace {

// Whether this may be such a call.
inline bool is_simple(stave_index* handle, const void* key) noexcept {
  return is_usable(handle) && key != nullptr && handle->owned != nullptr;
}
constexpr size_t word_size = index::OwnedIndex::word_size;
inline uint64_t word_of(const void* key) noexcept {
  return index::Index::word_of(key);
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

// A key of 8 bytes that is not told at once; the visit goes on here.
[[gnu::noinline, gnu::flatten]] stave_status get_word(stave_index* index, uint64_t word,
                                                      uint64_t* value,
                                                      Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  return static_cast<stave_status>(index->owned->find_word_everywhere(word, value));
}
// A key of another size.
[[gnu::noinline, gnu::flatten]] stave_status get_bytes_on(stave_index* index, const void* key,
                                                          size_t key_size, uint64_t* value,
                                                          Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  return static_cast<stave_status>(index->owned->find_bytes(as_bytes(key, key_size), value));
}
[[gnu::noinline, gnu::flatten]] stave_status get_bytes(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t* value,
                                                       stave_error* error) noexcept {
  if (value != nullptr && key_size <= key_size_max && is_simple(index, key)) [[likely]] {
    Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const Code code = index->owned->find_bytes_at_once(as_bytes(key, key_size), value);
      if (code != Code::busy) [[likely]]
        return static_cast<stave_status>(code);
      return get_bytes_on(index, key, key_size, value, visit.hand_over());
    }
  }
  return get_any(index, key, key_size, value, error);
}

// A put that cannot be done at once.
[[gnu::noinline]] stave_status put_on(stave_index* index, const void* key, size_t key_size,
                                      uint64_t value, uint64_t* previous, uint8_t* existed,
                                      stave_error* error) noexcept {
  if (key_size <= key_size_max && is_simple(index, key)) {
    const Gate::Visit visit(*index->gate);
    if (visit) {
      uint64_t replaced = 0;
      const Code done =
          key_size == word_size
              ? index->owned->exchange_word(word_of(key), value, &replaced)
              : index->owned->exchange_bytes(as_bytes(key, key_size), value, &replaced);
      if (done == Code::ok || done == Code::not_found) {
        if (previous != nullptr) *previous = replaced;
        if (existed != nullptr) *existed = done == Code::ok ? 1 : 0;
        return STAVE_OK;
      }
    }
  }
  return put_any(index, key, key_size, value, previous, existed, error);
}
// A key of another size than 8 bytes.
[[gnu::noinline, gnu::flatten]] stave_status put_bytes(stave_index* index, const void* key,
                                                       size_t key_size, uint64_t value,
                                                       uint64_t* previous, uint8_t* existed,
                                                       stave_error* error) noexcept {
  if (key_size <= key_size_max && is_simple(index, key)) [[likely]] {
    const Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const auto done = index->owned->replace_bytes_at_once(as_bytes(key, key_size), value);
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        if (existed != nullptr) *existed = 1;
        return STAVE_OK;
      }
    }
  }
  return put_on(index, key, key_size, value, previous, existed, error);
}
// What a put leaves to be done when it has filled its part of the index.
[[gnu::noinline]] stave_status grow(stave_index* index, index::OwnedIndex::Crowded* crowded,
                                    Gate::Visit::Slot* inside) noexcept {
  const Gate::Visit visit(inside);
  index->owned->grow(*crowded);
  return STAVE_OK;
}
[[gnu::noinline]] stave_status remove_word(stave_index* index, const void* key, size_t key_size,
                                           uint64_t* previous, stave_error* error) noexcept {
  if (key_size == word_size && is_simple(index, key)) {
    const Gate::Visit visit(*index->gate);
    if (visit) {
      uint64_t removed = 0;
      const Code done = index->owned->extract_word(word_of(key), &removed);
      if (done != Code::no_memory) {
        if (previous != nullptr) *previous = removed;
        return static_cast<stave_status>(done);
      }
    }
  }
  return remove_any(index, key, key_size, previous, error);
}

}  // namespace
}  // namespace stave::capi

[[gnu::flatten]] stave_status stave_index_put(stave_index* index, const void* key, size_t key_size,
                                              uint64_t value, uint64_t* previous, uint8_t* existed,
                                              stave_error* error) {
  if (key_size == word_size && is_simple(index, key)) [[likely]] {
    Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const auto done = index->owned->set_word_at_once(word_of(key), value);
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        if (existed != nullptr) *existed = done.was_present ? 1 : 0;
        if (done.crowded == nullptr) [[likely]]
          return STAVE_OK;
        return grow(index, done.crowded, visit.hand_over());
      }
    }
    return put_on(index, key, key_size, value, previous, existed, error);
  }
  return put_bytes(index, key, key_size, value, previous, existed, error);
}

[[gnu::flatten]] stave_status stave_index_get(stave_index* index, const void* key, size_t key_size,
                                              uint64_t* value, stave_error* error) {
  if (key_size == word_size && is_simple(index, key) && value != nullptr) [[likely]] {
    Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const uint64_t word = word_of(key);
      const Code code = index->owned->find_word_at_once(word, value);
      if (code != Code::busy) [[likely]]
        return static_cast<stave_status>(code);
      return get_word(index, word, value, visit.hand_over());
    }
  }
  return get_bytes(index, key, key_size, value, error);
}

stave_status stave_index_contains(stave_index* index, const void* key, size_t key_size,
                                  stave_error* error) {
  uint64_t value = 0;
  return stave_index_get(index, key, key_size, &value, error);
}

[[gnu::flatten]] stave_status stave_index_remove(stave_index* index, const void* key,
                                                 size_t key_size, uint64_t* previous,
                                                 stave_error* error) {
  if (key_size == word_size && is_simple(index, key)) [[likely]] {
    const Gate::Visit visit(*index->gate);
    if (visit) [[likely]] {
      const auto done = index->owned->erase_word_at_once(word_of(key));
      if (done.known) [[likely]] {
        if (previous != nullptr) *previous = done.previous;
        return done.was_present ? STAVE_OK : STAVE_NOT_FOUND;
      }
    }
  }
  return remove_word(index, key, key_size, previous, error);
}
