#include "tools/stave/failure.h"

#include <cerrno>
#include <cstring>

namespace stave::tool {

ExitCode exit_code_of(Status status) noexcept {
  switch (status) {
    case Status::ok:
      return ExitCode::ok;
    case Status::not_found:
    case Status::exists:
    case Status::mismatch:
      return ExitCode::negative;
    case Status::invalid_argument:
    case Status::too_large:
    case Status::read_only:
      return ExitCode::usage;
    case Status::no_memory:
    case Status::io:
    case Status::no_space:
    case Status::permission_denied:
      return ExitCode::machine;
    case Status::locked:
      return ExitCode::locked;
    case Status::corruption:
    case Status::unsupported_version:
    case Status::wrong_family:
      return ExitCode::damaged;
    case Status::cancelled:
      return ExitCode::interrupted;
    default:
      return ExitCode::internal;
  }
}

namespace {

// What to do next; empty where the library's message leaves nothing to add.
const char* hint_of(const Error& error) noexcept {
  switch (error.status()) {
    case Status::locked:
      return "wait until that process has closed the store, or end it";
    case Status::no_space:
      return "nothing of this write was stored; it may be tried again when there is space";
    case Status::io:
      if (error.os_errno() != EIO) return "";
      return "look at the system log for the device; what was acknowledged before is safe";
    case Status::no_memory:
      return "end other programs, or work with smaller values";
    case Status::permission_denied:
      return "run as the owner of the files, or change their permissions";
    case Status::corruption:
      return "nothing was changed";
    case Status::internal:
      return "this is a bug in Stave; please report the message";
    default:
      return "";
  }
}

}  // namespace

Failure failure_of(const Error& error) {
  std::string message(error.message());
  if (const char* hint = hint_of(error); *hint != '\0') {
    message.append("\n  ").append(hint);
  }
  return Failure(exit_code_of(error.status()), message);
}

Failure system_failure(const std::string& action, int os_errno) {
  return Failure(ExitCode::machine, action + ": " + std::strerror(os_errno));
}

}  // namespace stave::tool
