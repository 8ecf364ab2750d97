// The ways in which values of a memtable come out. Each takes `read`, which looks a key up: it gets
// a visitor for the value and answers Result<Visible>.
#pragma once

#include <stave/memtable.h>

#include <memory>

#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/pin.h"
#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/inline_value.h"
#include "core/mvcc/memtable.h"

namespace stave::capi {

// `deleted` may be null.
inline Status outcome(const Result<mvcc::Visible>& visible, uint8_t* deleted) {
  if (!visible) return visible.status();
  if (deleted != nullptr) *deleted = *visible == mvcc::Visible::deleted ? 1 : 0;
  return *visible == mvcc::Visible::value ? Code::ok : Code::not_found;
}

template <typename Read>
Status read_into(Read&& read, void* data, size_t capacity, size_t* size, uint8_t* deleted) {
  STAVE_TRY(require_bytes(data, capacity, "data"));
  const Status status = outcome(read([&](const mvcc::InlineValue& value, const std::byte* room) {
                                  const Bytes bytes = value.bytes(room);
                                  *size = bytes.size();
                                  if (bytes.size() <= capacity)
                                    copy(static_cast<std::byte*>(data), bytes);
                                }),
                                deleted);
  if (!status.ok()) {
    *size = 0;
    return status;
  }
  return *size <= capacity ? status : Status(Code::buffer_too_small);
}

template <typename Read>
Status read_buffer(Read&& read, stave_buffer& value, uint8_t* deleted) {
  bool without_memory = false;
  Status status = outcome(read([&](const mvcc::InlineValue& found, const std::byte* room) {
                            const Bytes bytes = found.bytes(room);
                            without_memory = !resize_for_overwrite(value, bytes.size());
                            if (!without_memory) copy(static_cast<std::byte*>(value.data), bytes);
                          }),
                          deleted);
  if (without_memory) return Code::no_memory;
  if (!status.ok()) value.size = 0;
  return status;
}

// Behind the content of `values`. *size becomes the value's, or what stands for its absence.
template <typename Read>
Status read_appended(Read&& read, stave_buffer& values, uint64_t size_if_deleted, uint64_t* size) {
  bool without_memory = false;
  const Result<mvcc::Visible> visible =
      read([&](const mvcc::InlineValue& found, const std::byte* room) {
        const Bytes bytes = found.bytes(room);
        std::byte* added = nullptr;
        without_memory = !extend(values, bytes.size(), &added);
        if (!without_memory) copy(added, bytes);
        *size = bytes.size();
      });
  if (without_memory) return Code::no_memory;
  if (!visible) return visible.status();
  if (*visible == mvcc::Visible::deleted) *size = size_if_deleted;
  if (*visible == mvcc::Visible::absent) *size = STAVE_ABSENT;
  return {};
}

template <typename Read>
Status read_hold(Read&& read, mvcc::ValueHold& hold, uint8_t* deleted) {
  return outcome(read([&](const mvcc::InlineValue& found, const std::byte* room) {
                   hold = mvcc::ValueHold(found, room);
                 }),
                 deleted);
}

template <typename Read>
Status read_pin(Read&& read, stave_pin** pin, uint8_t* deleted) {
  auto made = std::make_unique<stave_pin>();
  auto hold = std::make_shared<mvcc::ValueHold>();
  STAVE_TRY(read_hold(read, *hold, deleted));
  made->bytes = hold->bytes();
  made->owner = std::move(hold);
  *pin = made.release();
  return {};
}

}  // namespace stave::capi
