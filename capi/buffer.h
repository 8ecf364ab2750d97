// stave_buffer from the inside: memory of malloc, so that it may be grown by realloc and freed by
// any build of the library.
#pragma once

#include <stave/stave.h>

#include <cstddef>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// invalid_argument when `buffer` is null or was never initialised, as far as that can be seen.
Status check_buffer(const stave_buffer* buffer, const char* name);

// Makes the content `size` unspecified bytes, with memory of just that size when it is big: the
// buffer will hold one value. False without memory: then the buffer is empty.
bool resize_for_overwrite(stave_buffer& buffer, size_t size) noexcept;

// Appends `size` unspecified bytes, and sets *added to where they are. False without memory: then
// nothing has changed.
bool extend(stave_buffer& buffer, size_t size, std::byte** added) noexcept;

// Like extend(); inline while the buffer need not grow.
inline bool extend_inline(stave_buffer& buffer, size_t size, std::byte** added) noexcept {
  if (size > buffer.capacity - buffer.size || buffer.data == nullptr) [[unlikely]]
    return extend(buffer, size, added);
  *added = static_cast<std::byte*>(buffer.data) + buffer.size;
  buffer.size += size;
  return true;
}

}  // namespace stave::capi
