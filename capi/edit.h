// What functions have in common that let the caller's code make a value, or give a value back in
// the caller's buffer.
#pragma once

#include <stave/stave.h>

#include <string>

#include "capi/buffer.h"
#include "capi/error.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

inline Bytes content(const stave_buffer& buffer) noexcept {
  return as_bytes(buffer.data, buffer.size);
}

// A buffer of the caller, or none, that takes a value; empty until it does, and after a failure.
class BufferOutput {
 public:
  explicit BufferOutput(stave_buffer* buffer) noexcept : buffer_(buffer) {}

  Status prepare(const char* name) {
    if (buffer_ == nullptr) return {};
    STAVE_TRY(check_buffer(buffer_, name));
    buffer_->size = 0;
    return {};
  }
  Status receive(Bytes value) {
    if (buffer_ == nullptr) return {};
    if (!resize_for_overwrite(*buffer_, value.size())) return Code::no_memory;
    copy(static_cast<std::byte*>(buffer_->data), value);
    return {};
  }
  Status finish(Status status) {
    // After a hook has failed the change stands, and what it replaced is worth having.
    if (buffer_ != nullptr && status.is_error() && !status.is(Code::hook_failed)) buffer_->size = 0;
    return status;
  }

 private:
  stave_buffer* buffer_;
};

// Runs a stave_edit on a private copy of a value.
class Editor {
 public:
  Editor(stave_edit edit, void* context) noexcept : edit_(edit), context_(context) {}
  ~Editor() { stave_buffer_free(&copy_); }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  Status prepare(const char* name) const {
    return edit_ != nullptr ? Status() : invalid_argument(std::string(name) + " is NULL");
  }
  Result<Bytes> run(Bytes value) {
    if (!resize_for_overwrite(copy_, value.size())) return Code::no_memory;
    copy(static_cast<std::byte*>(copy_.data), value);
    // An exception that leaves the callback ends in the barrier.
    const stave_status answer = edit_(context_, &copy_);
    if (answer == STAVE_OK) {
      STAVE_TRY(check_buffer(&copy_, "the callback's buffer"));
      return content(copy_);
    }
    return Status::error(static_cast<Code>(answer), "stopped by the callback");
  }

 private:
  stave_edit edit_;
  void* context_;
  stave_buffer copy_ = {nullptr, 0, 0};
};

}  // namespace stave::capi
