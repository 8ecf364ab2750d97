// The outcome of an operation: errors are values, carried with their context.
//
// A Status is one word, so that it travels in a register: success and the expected outcomes (not
// found, exists, ...) are in the word itself; only an error with a message allocates. The numbers
// are the C ABI's (capi/include/stave/errors.h) and are pinned: capi/ asserts that the two agree.
#pragma once

#include <atomic>
#include <cstdint>
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
  Status(Code code) noexcept
      : word_(code == Code::ok ? 0 : static_cast<uintptr_t>(static_cast<intptr_t>(code) << 1 | 1)) {
  }
  Status(const Status& other) noexcept : word_(other.word_) {
    if (has_detail()) [[unlikely]]
      add_owner();
  }
  Status(Status&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  Status& operator=(Status other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~Status() {
    if (has_detail()) [[unlikely]]
      remove_owner();
  }

  // An error with a message for people: what went wrong, where (file, offset), what to do.
  // `os_errno` is the errno that caused it, or 0. Never throws: without memory the message is lost,
  // the code is not.
  static Status error(Code code, std::string_view message, int os_errno = 0) noexcept;

  // The error for a failed system call: ENOSPC and EDQUOT are no_space, EACCES, EPERM and EROFS
  // permission_denied, ENOMEM no_memory, anything else io. `action` reads like "cannot write
  // '/data/x.seg' at offset 4096"; the errno's own text is appended.
  static Status from_errno(int os_errno, std::string_view action) noexcept;

  bool ok() const noexcept { return word_ == 0; }
  // True for the negative codes; the expected outcomes are not errors.
  bool is_error() const noexcept { return static_cast<int32_t>(code()) < 0; }
  Code code() const noexcept {
    if (has_detail()) [[unlikely]]
      return detail().code;
    return static_cast<Code>(static_cast<intptr_t>(word_) >> 1);
  }
  bool is(Code code) const noexcept { return this->code() == code; }
  int os_errno() const noexcept { return has_detail() ? detail().os_errno : 0; }
  std::string_view message() const noexcept {
    return has_detail() ? std::string_view(detail().message) : std::string_view();
  }

 private:
  // Shared: a sticky error is handed out many times.
  struct Detail {
    Code code;
    int os_errno;
    std::string message;
    std::atomic<uint32_t> owners{1};
  };

  bool has_detail() const noexcept { return word_ != 0 && (word_ & 1) == 0; }
  Detail& detail() const noexcept { return *reinterpret_cast<Detail*>(word_); }
  [[gnu::cold]] void add_owner() const noexcept;
  [[gnu::cold]] void remove_owner() noexcept;

  uintptr_t word_ = 0;  // 0: ok. Odd: a code alone, shifted. Otherwise the address of a Detail.
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
