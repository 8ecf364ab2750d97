// Part of stave.hpp: outcomes, views of bytes, buffers and pins.
#ifndef STAVE_BASE_HPP
#define STAVE_BASE_HPP

#include <stave/stave.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

static_assert(__cplusplus >= 202002L, "stave.hpp needs C++20");

namespace stave::inline v0 {

// ---- Outcomes ----------------------------------------------------------------------------------

enum class Status : stave_status {
  ok = STAVE_OK,
  not_found = STAVE_NOT_FOUND,
  exists = STAVE_EXISTS,
  mismatch = STAVE_MISMATCH,
  conflict = STAVE_CONFLICT,
  done = STAVE_DONE,
  invalid_argument = STAVE_INVALID_ARGUMENT,
  too_large = STAVE_TOO_LARGE,
  buffer_too_small = STAVE_BUFFER_TOO_SMALL,
  closed = STAVE_CLOSED,
  busy = STAVE_BUSY,
  read_only = STAVE_READ_ONLY,
  shard_mismatch = STAVE_SHARD_MISMATCH,
  forked = STAVE_FORKED,
  no_memory = STAVE_NO_MEMORY,
  io = STAVE_IO,
  no_space = STAVE_NO_SPACE,
  locked = STAVE_LOCKED,
  permission_denied = STAVE_PERMISSION_DENIED,
  corruption = STAVE_CORRUPTION,
  unsupported_version = STAVE_UNSUPPORTED_VERSION,
  too_old = STAVE_TOO_OLD,
  wrong_family = STAVE_WRONG_FAMILY,
  hook_failed = STAVE_HOOK_FAILED,
  cancelled = STAVE_CANCELLED,
  internal = STAVE_INTERNAL,
};

// "not_found"; static text.
inline std::string_view name(Status status) noexcept {
  return stave_status_name(static_cast<stave_status>(status));
}

// Why a call gave no value. One word and a null pointer unless the call made a message.
class Error {
 public:
  Error() noexcept = default;
  explicit Error(Status status) noexcept : status_(status) {}
  // Copies `detail`; without memory for that the message is lost, the status is not.
  Error(Status status, const stave_error& detail) noexcept
      : status_(status), detail_(new (std::nothrow) stave_error(detail)) {}

  Status status() const noexcept { return status_; }
  // errno of the system call that failed, or 0.
  int os_errno() const noexcept { return detail_ ? detail_->os_errno : 0; }
  // For people; lives as long as the error.
  std::string_view message() const noexcept {
    return detail_ ? detail_->message : stave_status_message(static_cast<stave_status>(status_));
  }

 private:
  Status status_ = Status::ok;
  std::unique_ptr<stave_error> detail_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)) {}
  Result(Error error) noexcept : error_(std::move(error)) {}

  bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  Status status() const noexcept { return error_.status(); }
  const Error& error() const noexcept { return error_; }
  // Only when ok().
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return *std::move(value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

 private:
  std::optional<T> value_;
  Error error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(Error error) noexcept : error_(std::move(error)) {}

  bool ok() const noexcept { return error_.status() == Status::ok; }
  explicit operator bool() const noexcept { return ok(); }
  Status status() const noexcept { return error_.status(); }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// ---- Bytes -------------------------------------------------------------------------------------

// A view of bytes that somebody else owns, like std::span<const std::byte>.
class Bytes {
 public:
  constexpr Bytes() noexcept = default;
  constexpr Bytes(const void* data, std::size_t size) noexcept : data_(data), size_(size) {}
  // The text up to its NUL; use std::string_view for literals that contain one.
  constexpr Bytes(const char* text) noexcept : Bytes(std::string_view(text)) {}
  constexpr Bytes(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}
  // std::string, std::vector<std::byte>, std::span<const unsigned char>, ...
  template <std::ranges::contiguous_range Range>
  requires std::ranges::sized_range<Range> &&(sizeof(std::ranges::range_value_t<Range>) == 1) &&
      std::is_trivially_copyable_v<std::ranges::range_value_t<Range>> &&
      (!std::is_convertible_v<const Range&, std::string_view>)&&(
          !std::is_array_v<std::remove_cvref_t<Range>>)constexpr Bytes(const Range& range) noexcept
      : data_(std::ranges::data(range)),
  size_(std::ranges::size(range)) {}
  template <typename Text>
  requires std::is_convertible_v<const Text&, std::string_view> &&
      (!std::is_convertible_v<const Text&, const char*>)&&(
          !std::is_same_v<Text, std::string_view>)constexpr Bytes(const Text& text) noexcept
      : Bytes(std::string_view(text)) {}

  constexpr const void* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  std::string_view text() const noexcept { return {static_cast<const char*>(data_), size_}; }
  std::span<const std::byte> span() const noexcept {
    return {static_cast<const std::byte*>(data_), size_};
  }
  Bytes part(std::size_t offset, std::size_t size) const noexcept {
    return span().subspan(offset, size);
  }
  friend bool operator==(Bytes a, Bytes b) noexcept { return a.text() == b.text(); }

 private:
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

// stave_buffer with an owner: reused from call to call, grown by the library.
class Buffer {
 public:
  Buffer() noexcept = default;
  ~Buffer() { stave_buffer_free(&raw_); }
  Buffer(Buffer&& other) noexcept : raw_(std::exchange(other.raw_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  Bytes bytes() const noexcept { return {raw_.data, raw_.size}; }
  stave_buffer* raw() noexcept { return &raw_; }

 private:
  stave_buffer raw_ = {nullptr, 0, 0};
};

namespace detail {

// One call of a function of the C interface, which gets its stave_error last. Of arguments, Bytes and
// spans of std::byte are passed as address and size, and a Buffer* as its stave_buffer.
class Call {
 public:
  // The message needs no initialization.
  Call() noexcept {
    error_.status = STAVE_OK;
    error_.os_errno = 0;
  }
  template <typename Function, typename... Arguments>
  stave_status run(Function function, Arguments... arguments) noexcept {
    return pass<sizeof...(arguments) + 1>(function, arguments..., &error_);
  }
  Error error(stave_status status) const noexcept {
    // The call has filled it in only if it says something.
    if (error_.status == STAVE_OK) return Error(static_cast<Status>(status));
    return Error(static_cast<Status>(status), error_);
  }
  Result<void> result(stave_status status) const noexcept {
    if (status == STAVE_OK) return {};
    return error(status);
  }
  template <typename T>
  Result<T> result(stave_status status, T value) const noexcept {
    if (status == STAVE_OK) return Result<T>(std::move(value));
    return error(status);
  }

 private:
  // Converts the first argument and moves it to the end, `left` times: then they are in order again.
  template <std::size_t left, typename Function, typename First, typename... Rest>
  static stave_status pass(Function function, First first, Rest... rest) noexcept {
    if constexpr (left == 0)
      return function(first, rest...);
    else if constexpr (std::is_same_v<First, Bytes> || std::is_same_v<First, std::span<std::byte>>)
      return pass<left - 1>(function, rest..., first.data(), first.size());
    else if constexpr (std::is_same_v<First, Buffer*>)
      return pass<left - 1>(function, rest..., first != nullptr ? first->raw() : nullptr);
    else
      return pass<left - 1>(function, rest..., first);
  }

  stave_error error_;
};

template <typename Function, typename... Arguments>
Result<void> call(Function function, Arguments... arguments) noexcept {
  Call call;
  return call.result(call.run(function, arguments...));
}

// Calls a function that returns a handle at the address before the error. T owns it.
template <typename T, typename Function, typename... Arguments>
Result<T> handle_of(Function function, Arguments... arguments) noexcept {
  Call call;
  decltype(T().raw()) handle = nullptr;
  const stave_status status = call.run(function, arguments..., &handle);
  return call.result(status, T(handle));
}

template <auto free_function>
struct Free {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    free_function(handle);
  }
};
template <typename Handle, auto free_function>
using Owner = std::unique_ptr<Handle, Free<free_function>>;

// What owns an object of the C interface: the destructor frees it.
template <typename Raw, auto free_function, auto close_function>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(Raw* handle) noexcept : handle_(handle) {}

  // Reports what the destructor, which closes too, cannot.
  Result<void> close() noexcept { return call(close_function); }
  Raw* raw() const noexcept { return handle_.get(); }

 protected:
  // These call a function of the C interface with the handle first and a stave_error last. What it
  // returns besides the status, it writes to an address before the error.
  template <typename Function, typename... Arguments>
  Result<void> call(Function function, Arguments... arguments) const noexcept {
    return detail::call(function, raw(), arguments...);
  }
  template <typename T, typename Function, typename... Arguments>
  Result<T> value_of(Function function, Arguments... arguments) const noexcept {
    Call call;
    T value{};
    const stave_status status = call.run(function, raw(), arguments..., &value);
    return call.result(status, value);
  }
  template <typename Function, typename... Arguments>
  Result<std::uint64_t> number_of(Function function, Arguments... arguments) const noexcept {
    return value_of<std::uint64_t>(function, arguments...);
  }
  template <typename Function, typename... Arguments>
  Result<bool> flag_of(Function function, Arguments... arguments) const noexcept {
    Call call;
    std::uint8_t flag = 0;
    const stave_status status = call.run(function, raw(), arguments..., &flag);
    return call.result(status, flag != 0);
  }
  template <typename T, typename Function, typename... Arguments>
  Result<T> handle_of(Function function, Arguments... arguments) const noexcept {
    return detail::handle_of<T>(function, raw(), arguments...);
  }
  template <typename Function>
  Result<Bytes> bytes_of(Function function) const noexcept {
    Call call;
    const void* data = nullptr;
    std::size_t size = 0;
    const stave_status status = call.run(function, raw(), &data, &size);
    return call.result(status, Bytes(data, size));
  }
  // Of functions that fill `buffer`; the answer is a view of it.
  template <typename Function, typename... Arguments>
  Result<Bytes> content_of(const Buffer& buffer, Function function,
                           Arguments... arguments) const noexcept {
    Call call;
    const stave_status status = call.run(function, raw(), arguments...);
    return call.result(status, buffer.bytes());
  }
  // Of functions that look whether a key exists.
  template <typename Function, typename... Arguments>
  Result<bool> exists(Function function, Arguments... arguments) const noexcept {
    Call call;
    const stave_status status = call.run(function, raw(), arguments...);
    if (status == STAVE_NOT_FOUND) return false;
    return call.result(status, true);
  }

 private:
  Owner<Raw, free_function> handle_;
};

// A struct of the C interface with its defaults.
template <typename Struct, auto init_function>
struct Initialized : Struct {
  Initialized() noexcept { init_function(this); }
};

// Options, which can be set from text too: "name=value name=value".
template <typename Struct, auto init_function, auto set_function>
struct Options : Initialized<Struct, init_function> {
  Result<void> set(const char* text) noexcept { return call(set_function, this, text); }
};

// A callable of the caller behind a callback of the C interface: `context` is its address, and its
// Status is the callback's.
template <typename Callable, typename... Arguments>
concept Callback = std::is_invocable_r_v<Status, Callable&, Arguments...>;
template <typename Callable>
void* context_of(Callable& callable) noexcept {
  return const_cast<void*>(static_cast<const void*>(std::addressof(callable)));
}
template <typename Callable, typename... Arguments>
stave_status run_callback(void* context, Arguments... arguments) {
  auto& callable = *static_cast<std::remove_reference_t<Callable>*>(context);
  return static_cast<stave_status>(static_cast<Status>(callable(arguments...)));
}

// Whether byte strings of these sizes, one behind the other, fit into `bytes`. Tombstones have none.
template <typename Size>
bool fits(Bytes bytes, std::span<const Size> sizes) noexcept {
  std::size_t left = bytes.size();
  for (const Size size : sizes) {
    if (size == STAVE_TOMBSTONE) continue;
    if (size > left) return false;
    left -= static_cast<std::size_t>(size);
  }
  return true;
}

inline Error invalid_argument(const char* message) noexcept {
  stave_error error;
  error.status = STAVE_INVALID_ARGUMENT;
  error.os_errno = 0;
  std::strncpy(error.message, message, sizeof error.message - 1);
  error.message[sizeof error.message - 1] = '\0';
  return Error(Status::invalid_argument, error);
}
inline Error keys_too_short() noexcept {
  return invalid_argument("keys is shorter than key_sizes say");
}
inline Error values_do_not_fit() noexcept {
  return invalid_argument("values or value_sizes do not fit key_sizes");
}
inline Error value_sizes_too_short() noexcept {
  return invalid_argument("value_sizes is shorter than key_sizes");
}

}  // namespace detail

// A value that a callback makes or changes.
class EditedValue {
 public:
  explicit EditedValue(stave_buffer* buffer) noexcept : buffer_(buffer) {}

  std::span<std::byte> bytes() const noexcept {
    return {static_cast<std::byte*>(buffer_->data), buffer_->size};
  }
  // Keeps what fits; new bytes are zero. Status::no_memory.
  Result<void> resize(std::size_t size) noexcept {
    return detail::call(stave_buffer_resize, buffer_, size);
  }
  Result<void> assign(Bytes value) noexcept {
    if (auto resized = resize(value.size()); !resized) return resized;
    if (!value.empty()) std::memcpy(buffer_->data, value.data(), value.size());
    return {};
  }

 private:
  stave_buffer* buffer_;
};

// edit(EditedValue&) changes the value; any Status but ok changes nothing and is returned.
template <typename Callable>
concept ValueEdit = detail::Callback<Callable, EditedValue&>;
namespace detail {
template <typename Edit>
stave_status run_edit(void* context, stave_buffer* value) {
  EditedValue edited(value);
  return run_callback<Edit, EditedValue&>(context, edited);
}
}  // namespace detail

class Pin {
 public:
  Pin() noexcept = default;
  explicit Pin(stave_pin* pin) noexcept : pin_(pin) {}

  Bytes bytes() const noexcept { return {stave_pin_data(pin_.get()), stave_pin_size(pin_.get())}; }
  stave_pin* raw() const noexcept { return pin_.get(); }

 private:
  detail::Owner<stave_pin, stave_pin_free> pin_;
};

}  // namespace stave::inline v0

#endif  // STAVE_BASE_HPP
