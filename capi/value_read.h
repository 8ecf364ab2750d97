// The ways in which a value gets to the caller, for all families. `read(receive)` reads it: it
// calls receive(size), which returns the memory to copy the value to, or no memory for no copy.
#pragma once

#include <stave/stave.h>

#include <cstring>

#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/output.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// Most values that lie in their slots have eight bytes: a move instead of a call.
inline void copy_value(std::byte* destination, Bytes value) noexcept {
  if (value.size() == sizeof(uint64_t)) {
    std::memcpy(destination, value.data(), sizeof(uint64_t));
  } else {
    copy(destination, value);
  }
}

// For a value that is in memory.
template <typename Receive>
void deliver(Receive& receive, Bytes value) {
  const MutableBytes to = receive(value.size());
  if (!to.empty()) copy_value(to.data(), value);
}

// Into `capacity` bytes at `data`.
template <typename Read>
Status read_to_memory(void* data, size_t capacity, size_t* size, Read&& read) {
  STAVE_TRY(require(size, "size"));
  Output output(size);
  STAVE_TRY(require_bytes(data, capacity, "data"));
  size_t found = 0;
  STAVE_TRY(read([&](size_t needed) -> MutableBytes {
    found = needed;
    if (needed > capacity) return {};
    return {static_cast<std::byte*>(data), needed};
  }));
  output.set(found);
  return found <= capacity ? Code::ok : Code::buffer_too_small;
}

// Into a buffer, which is empty after a failure.
template <typename Read>
Status read_to_buffer(stave_buffer* buffer, Read&& read) {
  STAVE_TRY(check_buffer(buffer, "value"));
  buffer->size = 0;
  bool has_memory = true;
  Status status = read([&](size_t size) -> MutableBytes {
    has_memory = resize_for_overwrite(*buffer, size);
    if (!has_memory) return {};
    return {static_cast<std::byte*>(buffer->data), size};
  });
  if (!has_memory) return Code::no_memory;
  if (!status.ok()) buffer->size = 0;
  return status;
}

}  // namespace stave::capi
