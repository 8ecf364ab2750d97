#include "core/base/status.h"

#include <cerrno>
#include <cstring>
#include <new>

namespace stave {

namespace {

struct CodeText {
  Code code;
  std::string_view name;
  std::string_view message;
};

constexpr CodeText code_texts[] = {
    {Code::ok, "ok", "the operation succeeded"},
    {Code::not_found, "not_found", "the key, file or store does not exist"},
    {Code::exists, "exists", "the key or store exists already"},
    {Code::mismatch, "mismatch", "a stated condition does not hold"},
    {Code::conflict, "conflict", "another transaction changed the same data first"},
    {Code::done, "done", "there is nothing more to return"},
    {Code::invalid_argument, "invalid_argument", "an argument is not allowed"},
    {Code::too_large, "too_large", "a key, value or batch exceeds its limit"},
    {Code::buffer_too_small, "buffer_too_small", "the caller's buffer cannot hold the result"},
    {Code::closed, "closed", "the handle has been closed"},
    {Code::busy, "busy", "the handle is running a callback that may not call it"},
    {Code::read_only, "read_only", "the handle was opened for reading only"},
    {Code::shard_mismatch, "shard_mismatch", "the key belongs to another shard"},
    {Code::forked, "forked", "the handle belongs to the parent process"},
    {Code::no_memory, "no_memory", "memory could not be allocated"},
    {Code::io, "io", "the operating system reported an input or output error"},
    {Code::no_space, "no_space", "the device is full"},
    {Code::locked, "locked", "another process or handle has the directory open"},
    {Code::permission_denied, "permission_denied", "the operating system denies access"},
    {Code::corruption, "corruption", "stored bytes are damaged"},
    {Code::unsupported_version, "unsupported_version",
     "the file is of a version this library does not know"},
    {Code::too_old, "too_old", "the requested history is no longer kept"},
    {Code::wrong_family, "wrong_family", "the directory belongs to another kind of store"},
    {Code::hook_failed, "hook_failed", "a hook failed after the change was committed"},
    {Code::cancelled, "cancelled", "the caller's callback stopped the operation"},
    {Code::internal, "internal", "an internal error: please report it"},
};

const CodeText* find(Code code) noexcept {
  for (const CodeText& text : code_texts)
    if (text.code == code) return &text;
  return nullptr;
}

Code code_of_errno(int os_errno) noexcept {
  switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission_denied;
    case ENOMEM:
      return Code::no_memory;
    default:
      return Code::io;
  }
}

}  // namespace

Status Status::error(Code code, std::string_view message, int os_errno) noexcept {
  try {
    Status status;
    status.word_ = reinterpret_cast<uintptr_t>(new Detail{code, os_errno, std::string(message)});
    return status;
  } catch (const std::bad_alloc&) {
    return code;  // which must do
  }
}

void Status::add_owner() const noexcept {
  // Relaxed: a copy is made from a live Status, so the count is not 0; passing a Status to another
  // thread needs synchronization of its own.
  detail().owners.fetch_add(1, std::memory_order_relaxed);
}

void Status::remove_owner() noexcept {
  // Release and acquire: what every owner has read comes before the deletion.
  if (detail().owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &detail();
}

Status Status::from_errno(int os_errno, std::string_view action) noexcept {
  try {
    char buffer[128] = {};
    const char* reason = strerror_r(os_errno, buffer, sizeof buffer);
    return error(code_of_errno(os_errno), std::string(action) + ": " + reason, os_errno);
  } catch (const std::bad_alloc&) {
    return Status(code_of_errno(os_errno));
  }
}

std::string_view code_name(Code code) noexcept {
  const CodeText* text = find(code);
  return text ? text->name : "unknown";
}

std::string_view code_message(Code code) noexcept {
  const CodeText* text = find(code);
  return text ? text->message : "an unknown status code";
}

}  // namespace stave
