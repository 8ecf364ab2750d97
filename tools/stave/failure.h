// How a command ends: the exit codes, and the exception that carries one to main().
//
// The core and the library report errors as values; this program ends at the first one it cannot
// go on after, so an exception that only main() catches keeps every command a straight line.
#pragma once

#include <stave/stave.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace stave::tool {

// Documented in docs/stave.md and in `stave --help`; scripts depend on the numbers.
enum class ExitCode : int {
  ok = 0,
  negative = 1,      // the answer is no: no such key, or it exists already
  usage = 2,         // the command line, an option, or a key or value beyond the limits
  machine = 3,       // I/O, permission, memory, no space
  locked = 4,        // another process has the store open
  damaged = 5,       // damaged or foreign files or another format; input of load that is no dump
  no_store = 6,      // there is no store in that directory
  partial = 7,       // import, export: done, but some files or keys were left out
  internal = 8,      // a bug in Stave
  interrupted = 128  // plus the number of the signal
};

class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

ExitCode exit_code_of(Status status) noexcept;

// The failure for an outcome of the library: its message and, where there is something to do about
// it, a second line that says what.
Failure failure_of(const Error& error);

// The value, or the failure thrown.
template <typename T>
T check(Result<T> result) {
  if (!result) throw failure_of(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// The failure of a system call of this program itself: `action` reads like "cannot read 'x'".
Failure system_failure(const std::string& action, int os_errno);

}  // namespace stave::tool
