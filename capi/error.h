// From the core's Status to the C ABI's status number and stave_error.
#pragma once

#include <stave/errors.h>

#include <cstddef>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// Fills `error` with what a status that has something to say says.
[[gnu::cold]] void describe(const Status& status, stave_error& error) noexcept;

// The number to return. Fills `error` (may be null) for errors and for expected outcomes that carry
// a message; otherwise leaves it alone.
inline stave_status report(const Status& status, stave_error* error) noexcept {
  if (error != nullptr && (status.is_error() || !status.message().empty())) [[unlikely]]
    describe(status, *error);
  return static_cast<stave_status>(status.code());
}

// The same for a code that comes without a message of its own.
inline stave_status report(Code code, stave_error* error) noexcept {
  if (error != nullptr && static_cast<int32_t>(code) < 0) [[unlikely]]
    describe(code, *error);
  return static_cast<stave_status>(code);
}

// Copies `message` into `into`, NUL-terminated: as many whole UTF-8 characters as fit, with '?' for
// each byte that is not UTF-8 or is a NUL (messages hold paths, which may be any bytes). `capacity`
// is at least 1.
void copy_message(std::string_view message, char* into, size_t capacity) noexcept;

// invalid_argument with this message.
Status invalid_argument(std::string_view message) noexcept;

// invalid_argument: the argument called `name` is null; it is null but has a size.
[[gnu::cold]] Status null_argument(std::string_view name);
[[gnu::cold]] Status null_bytes(std::string_view name);

// invalid_argument when `pointer`, an argument called `name`, is null.
inline Status require(const void* pointer, std::string_view name) {
  if (pointer != nullptr) [[likely]]
    return {};
  return null_argument(name);
}

// invalid_argument when `path` is null or empty.
Status require_path(const char* path);

// invalid_argument for a null pointer with a size.
inline Status require_bytes(const void* data, size_t size, std::string_view name) {
  if (data != nullptr || size == 0) [[likely]]
    return {};
  return null_bytes(name);
}

// What data pointers that are never null point to when there are no bytes.
inline const void* non_null(Bytes bytes) noexcept {
  return bytes.data() != nullptr ? static_cast<const void*>(bytes.data()) : "";
}

}  // namespace stave::capi
