// errno as a Status, for the implementations of the file interface.
#pragma once

#include <cerrno>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace stave::os {

// "cannot ACTION 'PATH'", with " at offset OFFSET" for a transfer or a size, and the errno's text.
// ENOENT and EEXIST become the expected outcomes `not_found` and `exists`, which the interface
// promises, and EISDIR is an argument that was wrong. Never throws: a failure must not become
// another one for want of memory for its message.
inline Status path_error(int os_errno, std::string_view action, std::string_view path,
                         std::optional<uint64_t> offset = {}) noexcept {
  try {
    std::string message = "cannot ";
    message.append(action).append(" '").append(path).append("'");
    if (offset) message.append(" at offset ").append(std::to_string(*offset));
    if (os_errno == ENOENT) return Status::error(Code::not_found, message + ": not found", ENOENT);
    if (os_errno == EEXIST) return Status::error(Code::exists, message + ": it exists", EEXIST);
    if (os_errno == EISDIR)
      return Status::error(Code::invalid_argument, message + ": it is a directory", EISDIR);
    return Status::from_errno(os_errno, message);
  } catch (const std::bad_alloc&) {
    if (os_errno == ENOENT) return Code::not_found;
    if (os_errno == EEXIST) return Code::exists;
    return Status::from_errno(os_errno, action);
  }
}

}  // namespace stave::os
