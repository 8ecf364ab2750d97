// The most frequent calls on a map whose values have eight bytes.
//
// They should cost little more than their wait for memory, so in the common case each is a leaf:
// nothing goes wrong once it has begun, so there is no Status on its way, and every other way out
// is a call in tail position, so that the compiler saves no registers for it.
#include <stave/cow_map.h>

#include <cstring>

#include "capi/barrier.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "core/sync/epoch.h"
#include "core/sync/only_thread.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using stave::sync::is_only_thread;
using stave::sync::SimplePin;
using namespace stave::capi;

namespace {

constexpr size_t word_size = sizeof(uint64_t);

// Whether this may be such a call.
inline bool is_simple(const stave_cow_map* map) noexcept {
  return is_usable(map) && map->map.has_words();
}

// Whatever else there is to a get, a contains and an insert.
[[gnu::noinline]] stave_status get_any(stave_cow_map* map, int64_t key, void* data, size_t capacity,
                                       size_t* size, stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    if (size == nullptr) return null_argument("size");
    *size = 0;
    STAVE_TRY(check(map));
    STAVE_TRY(require_bytes(data, capacity, "data"));
    return map->map.get(key, [&](Bytes value) noexcept {
      *size = value.size();
      if (value.size() > capacity) return Code::buffer_too_small;
      if (data != nullptr) copy_value(static_cast<std::byte*>(data), value);
      return Code::ok;
    });
  });
}
[[gnu::noinline]] stave_status contains_any(stave_cow_map* map, int64_t key,
                                            stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check(map));
    return map->map.contains(key);
  });
}
[[gnu::noinline]] stave_status insert_any(stave_cow_map* map, int64_t key, const void* value,
                                          size_t value_size, uint8_t* replaced,
                                          stave_buffer* previous, stave_error* error) noexcept {
  return guarded(error,
                 [&] { return cow_map_insert(map, key, value, value_size, replaced, previous); });
}

// The same for is_simple() maps and room for a word, which several threads may use. (The parameters
// lie where the caller has them.)
[[gnu::noinline]] stave_status get_pinned(stave_cow_map* map, int64_t key, void* data,
                                          size_t capacity, size_t* size,
                                          stave_error* error) noexcept {
  uint64_t word = 0;
  Code code = Code::busy;
  if (const SimplePin pin; pin) [[likely]]
    code = map->map.get_word(key, word);
  if (code == Code::ok) [[likely]] {
    std::memcpy(data, &word, word_size);
    *size = word_size;
    return STAVE_OK;
  }
  if (code == Code::not_found) {
    *size = 0;
    return STAVE_NOT_FOUND;
  }
  return get_any(map, key, data, capacity, size, error);
}
[[gnu::noinline]] stave_status contains_pinned(stave_cow_map* map, int64_t key,
                                               stave_error* error) noexcept {
  uint64_t word = 0;
  Code code = Code::busy;
  if (const SimplePin pin; pin) [[likely]]
    code = map->map.get_word(key, word);
  if (code == Code::ok || code == Code::not_found) [[likely]]
    return static_cast<stave_status>(code);
  return contains_any(map, key, error);
}

}  // namespace

stave_status stave_cow_map_get(stave_cow_map* map, int64_t key, void* data, size_t capacity,
                               size_t* size, stave_error* error) {
  if (capacity < word_size) [[unlikely]]
    return get_any(map, key, data, capacity, size, error);
  if (data == nullptr) [[unlikely]]
    return get_any(map, key, data, capacity, size, error);
  if (size == nullptr) [[unlikely]]
    return get_any(map, key, data, capacity, size, error);
  if (!is_simple(map)) [[unlikely]]
    return get_any(map, key, data, capacity, size, error);
  // Without other threads nothing is retired while this looks.
  uint64_t word = 0;
  if (!is_only_thread() || !map->map.get_word_at_once(key, word)) [[unlikely]]
    return get_pinned(map, key, data, word_size, size, error);
  std::memcpy(data, &word, word_size);
  *size = word_size;
  return STAVE_OK;
}

stave_status stave_cow_map_contains(stave_cow_map* map, int64_t key, stave_error* error) {
  if (!is_simple(map)) [[unlikely]]
    return contains_any(map, key, error);
  if (!is_only_thread()) [[unlikely]]
    return contains_pinned(map, key, error);
  uint64_t word = 0;
  return map->map.get_word_at_once(key, word) ? STAVE_OK : contains_pinned(map, key, error);
}

stave_status stave_cow_map_put(stave_cow_map* map, int64_t key, const void* value,
                               size_t value_size, uint8_t* replaced, stave_buffer* previous,
                               stave_error* error) {
  if (value_size == word_size && value != nullptr && previous == nullptr && is_usable(map))
      [[likely]] {
    uint64_t word = 0;
    std::memcpy(&word, value, word_size);
    if (map->map.has_words()) [[likely]] {
      bool found = false;
      if (map->map.insert_word(key, word, found) == Code::ok) [[likely]] {
        if (replaced != nullptr) *replaced = found ? 1 : 0;
        return STAVE_OK;
      }
    } else if (replaced == nullptr && map->map.is_delaying()) {
      if (map->map.insert_later(key, word) == Code::ok) return STAVE_OK;
    }
  }
  return insert_any(map, key, value, value_size, replaced, previous, error);
}
