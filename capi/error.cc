#include "capi/error.h"

#include <stave/errors.h>

#include <cstring>
#include <string>

namespace stave::capi {

namespace {

static_assert(sizeof(stave_error) == 8 + STAVE_ERROR_MESSAGE_SIZE);
static_assert(offsetof(stave_error, os_errno) == 4);
static_assert(offsetof(stave_error, message) == 8);

constexpr bool same(Code code, int number) {
  return static_cast<int>(code) == number;
}
static_assert(same(Code::ok, STAVE_OK));
static_assert(same(Code::not_found, STAVE_NOT_FOUND));
static_assert(same(Code::exists, STAVE_EXISTS));
static_assert(same(Code::mismatch, STAVE_MISMATCH));
static_assert(same(Code::conflict, STAVE_CONFLICT));
static_assert(same(Code::done, STAVE_DONE));
static_assert(same(Code::invalid_argument, STAVE_INVALID_ARGUMENT));
static_assert(same(Code::too_large, STAVE_TOO_LARGE));
static_assert(same(Code::buffer_too_small, STAVE_BUFFER_TOO_SMALL));
static_assert(same(Code::closed, STAVE_CLOSED));
static_assert(same(Code::busy, STAVE_BUSY));
static_assert(same(Code::read_only, STAVE_READ_ONLY));
static_assert(same(Code::shard_mismatch, STAVE_SHARD_MISMATCH));
static_assert(same(Code::forked, STAVE_FORKED));
static_assert(same(Code::no_memory, STAVE_NO_MEMORY));
static_assert(same(Code::io, STAVE_IO));
static_assert(same(Code::no_space, STAVE_NO_SPACE));
static_assert(same(Code::locked, STAVE_LOCKED));
static_assert(same(Code::permission_denied, STAVE_PERMISSION_DENIED));
static_assert(same(Code::corruption, STAVE_CORRUPTION));
static_assert(same(Code::unsupported_version, STAVE_UNSUPPORTED_VERSION));
static_assert(same(Code::too_old, STAVE_TOO_OLD));
static_assert(same(Code::wrong_family, STAVE_WRONG_FAMILY));
static_assert(same(Code::hook_failed, STAVE_HOOK_FAILED));
static_assert(same(Code::cancelled, STAVE_CANCELLED));
static_assert(same(Code::internal, STAVE_INTERNAL));

// The bytes of the well-formed UTF-8 character that `text`, which is not empty, begins with; 0 when
// there is none (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
size_t character_size(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  const unsigned char second_min = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char second_max = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < second_min || byte(1) > second_max) return 0;
  for (size_t i = 2; i < size; i++)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  return size;
}

}  // namespace

void copy_message(std::string_view message, char* into, size_t capacity) noexcept {
  size_t used = 0;
  while (!message.empty()) {
    const size_t size = character_size(message);
    const std::string_view character = size == 0 ? "?" : message.substr(0, size);
    if (used + character.size() >= capacity) break;
    std::memcpy(into + used, character.data(), character.size());
    used += character.size();
    message.remove_prefix(size == 0 ? 1 : size);
  }
  into[used] = '\0';
}

void describe(const Status& status, stave_error& error) noexcept {
  error.status = static_cast<stave_status>(status.code());
  error.os_errno = status.os_errno();
  const std::string_view message =
      status.message().empty() ? code_message(status.code()) : status.message();
  copy_message(message, error.message, sizeof error.message);
}

Status invalid_argument(std::string_view message) noexcept {
  return Status::error(Code::invalid_argument, message);
}

Status null_argument(std::string_view name) {
  return invalid_argument(std::string(name) + " is NULL");
}

Status require_path(const char* path) {
  STAVE_TRY(require(path, "path"));
  return *path != '\0' ? Status() : invalid_argument("path is empty");
}

Status null_bytes(std::string_view name) {
  return invalid_argument(std::string(name) + " is NULL but its size is not 0");
}

}  // namespace stave::capi

// The texts are literals, so their data is NUL-terminated.
const char* stave_status_name(stave_status status) {
  return stave::code_name(static_cast<stave::Code>(status)).data();
}

const char* stave_status_message(stave_status status) {
  return stave::code_message(static_cast<stave::Code>(status)).data();
}
