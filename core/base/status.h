// The outcome of an operation: errors are values, carried with their context.
//
// A Status is cheap where it matters: success and the expected outcomes (not found, exists, ...)
// are one integer and a null pointer; only a real error allocates, for its message. The numbers are
// the C ABI's (capi/include/stave/errors.h) and are pinned: capi/ asserts that the two agree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stave {

enum class Code : int32_t {
  ok = 0,
  // Expected outcomes: no message, no cost.
  not_found = 1,
  exists = 2,
  mismatch = 3,
  conflict = 4,
  done = 5,
  // The caller's doing.
  invalid_argument = -1,
  too_large = -2,
  buffer_too_small = -3,
  closed = -4,
  busy = -5,
  read_only = -6,
  shard_mismatch = -7,
  forked = -8,
  // The machine's doing.
  no_memory = -20,
  io = -21,
  no_space = -22,
  locked = -23,
  permission_denied = -24,
  // What lies in the files.
  corruption = -40,
  unsupported_version = -41,
  too_old = -42,
  wrong_family = -43,
  // What a callback answered.
  hook_failed = -60,
  cancelled = -61,
  // A bug in Stave.
  internal = -80,
};

class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  // An expected outcome, or an error without detail.
  Status(Code code) noexcept : code_(code) {}

  // An error with a message for people: what went wrong, where (file, offset), what to do.
  // `os_errno` is the errno that caused it, or 0. Never throws: without memory the message is lost,
  // the code is not.
  static Status error(Code code, std::string_view message, int os_errno = 0) noexcept;

  // The error for a failed system call: ENOSPC and EDQUOT are no_space, EACCES, EPERM and EROFS
  // permission_denied, ENOMEM no_memory, anything else io. `action` reads like "cannot write
  // '/data/x.seg' at offset 4096"; the errno's own text is appended.
  static Status from_errno(int os_errno, std::string_view action) noexcept;

  bool ok() const noexcept { return code_ == Code::ok; }
  // True for the negative codes; the expected outcomes are not errors.
  bool is_error() const noexcept { return static_cast<int32_t>(code_) < 0; }
  Code code() const noexcept { return code_; }
  bool is(Code code) const noexcept { return code_ == code; }
  int os_errno() const noexcept { return detail_ ? detail_->os_errno : 0; }
  std::string_view message() const noexcept {
    return detail_ ? std::string_view(detail_->message) : std::string_view();
  }

 private:
  struct Detail {
    std::string message;
    int os_errno = 0;
  };
  Code code_ = Code::ok;
  std::shared_ptr<const Detail> detail_;  // shared: a sticky error is handed out many times
};

// A value, or why there is none. `status()` is never ok() when there is no value.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) noexcept : status_(std::move(status)) {}
  Result(Code code) noexcept : status_(code) {}

  bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  const Status& status() const noexcept { return status_; }
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return *std::move(value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// "not_found", "corruption", ...: the name of the code in lower case, as conformance scripts print
// it.
std::string_view code_name(Code code) noexcept;
// One sentence for people. Unknown codes have a text too.
std::string_view code_message(Code code) noexcept;

// Leaves the enclosing function with the status of `expression` unless that is ok().
#define STAVE_TRY(expression)                                                                 \
  do {                                                                                        \
    if (::stave::Status stave_try_status = (expression); !stave_try_status.ok()) [[unlikely]] \
      return stave_try_status;                                                                \
  } while (false)

// Leaves the enclosing function with the status of `...`, a Result, unless it has a value, which
// then initializes `declaration`: STAVE_TRY_ASSIGN(const uint64_t size, file.size());
#define STAVE_TRY_ASSIGN(declaration, ...) \
  STAVE_TRY_ASSIGN_FROM(STAVE_CONCATENATED(stave_result_, __LINE__), declaration, __VA_ARGS__)
#define STAVE_TRY_ASSIGN_FROM(result, declaration, ...) \
  auto result = (__VA_ARGS__);                          \
  if (!result) [[unlikely]]                             \
    return result.status();                             \
  declaration = *std::move(result)
#define STAVE_CONCATENATED(first, second) STAVE_CONCATENATED_EXPANDED(first, second)
#define STAVE_CONCATENATED_EXPANDED(first, second) first##second

}  // namespace stave
