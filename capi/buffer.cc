#include "capi/buffer.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "capi/barrier.h"
#include "capi/error.h"

namespace stave::capi {

namespace {

constexpr size_t capacity_min = 64;
// Below this a buffer that must grow doubles, so that values of mixed sizes settle it soon; above,
// memory counts for more than the next call's chance to need a little more.
constexpr size_t exact_from = 64 << 10;

}  // namespace

Status check_buffer(const stave_buffer* buffer, const char* name) {
  STAVE_TRY(require(buffer, name));
  if ((buffer->data == nullptr) != (buffer->capacity == 0) || buffer->size > buffer->capacity)
    return invalid_argument(std::string(name) + " has not been initialized");
  return {};
}

bool resize_for_overwrite(stave_buffer& buffer, size_t size) noexcept {
  if (size > buffer.capacity) {
    const size_t wanted =
        size >= exact_from ? size : std::max({size, buffer.capacity * 2, capacity_min});
    // Not realloc: the old content is not worth copying.
    stave_buffer_free(&buffer);
    buffer.data = std::malloc(wanted);
    if (buffer.data == nullptr) return false;
    buffer.capacity = wanted;
  }
  buffer.size = size;
  return true;
}

bool extend(stave_buffer& buffer, size_t size, std::byte** added) noexcept {
  if (size > SIZE_MAX / 2 - buffer.size) return false;
  const size_t needed = buffer.size + size;
  if (needed > buffer.capacity) {
    const size_t wanted = std::max({needed, buffer.capacity + buffer.capacity / 2, capacity_min});
    void* data = std::realloc(buffer.data, wanted);
    if (data == nullptr) return false;
    buffer.data = data;
    buffer.capacity = wanted;
  }
  *added = static_cast<std::byte*>(buffer.data) + buffer.size;
  buffer.size = needed;
  return true;
}

}  // namespace stave::capi

void stave_buffer_init(stave_buffer* buffer) {
  if (buffer != nullptr) *buffer = {nullptr, 0, 0};
}

stave_status stave_buffer_resize(stave_buffer* buffer, size_t size, stave_error* error) {
  return stave::capi::guarded(error, [&]() -> stave::Status {
    STAVE_TRY(stave::capi::check_buffer(buffer, "buffer"));
    if (size <= buffer->size) {
      buffer->size = size;
      return {};
    }
    const size_t added_size = size - buffer->size;
    std::byte* added = nullptr;
    if (!stave::capi::extend(*buffer, added_size, &added)) return stave::Code::no_memory;
    std::memset(added, 0, added_size);
    return {};
  });
}

void stave_buffer_free(stave_buffer* buffer) {
  if (buffer == nullptr) return;
  std::free(buffer->data);
  *buffer = {nullptr, 0, 0};
}
