// How values of a memtable are read: copied, into a buffer, pinned, and many at a time. Each
// function is written once for the three things that C reads through. Such a Reader has
//   Status enter();            enters the handle; the rest REQUIRES that it has returned ok
//   mvcc::Memtable& table();
//   mvcc::ReadView view();
#pragma once

#include <stave/memtable.h>

#include <memory>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/memtable_handle.h"
#include "capi/output.h"
#include "capi/pin.h"
#include "capi/value_read.h"
#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"

namespace stave::capi {

// Enters the handle and calls `visit` with the value. `not_found` without one; then *deleted (may
// be null) tells a removed key (1) from an absent one (0).
template <typename Reader>
Status find_value(Reader& reader, const void* key, size_t key_size, uint8_t* deleted,
                  mvcc::Memtable::Visit visit) {
  Output deleted_output(deleted);
  STAVE_TRY(reader.enter());
  STAVE_TRY(require_bytes(key, key_size, "key"));
  STAVE_TRY_ASSIGN(const auto visible,
                   reader.table().read(as_bytes(key, key_size), reader.view(), visit));
  deleted_output.set(visible == mvcc::Visible::deleted ? 1 : 0);
  return visible == mvcc::Visible::value ? Code::ok : Code::not_found;
}

template <typename Reader>
stave_status get(stave_error* error, Reader&& reader, const void* key, size_t key_size, void* data,
                 size_t capacity, size_t* size, uint8_t* deleted = nullptr) noexcept {
  return guarded(error, [&] {
    return read_to_memory(data, capacity, size, [&](auto&& receive) {
      return find_value(reader, key, key_size, deleted,
                        [&](const mvcc::ValueRef& value) { deliver(receive, value.bytes); });
    });
  });
}

template <typename Reader>
stave_status get_buffer(stave_error* error, Reader&& reader, const void* key, size_t key_size,
                        stave_buffer* buffer, uint8_t* deleted = nullptr) noexcept {
  return guarded(error, [&] {
    return read_to_buffer(buffer, [&](auto&& receive) {
      return find_value(reader, key, key_size, deleted,
                        [&](const mvcc::ValueRef& value) { deliver(receive, value.bytes); });
    });
  });
}

template <typename Reader>
stave_status get_pin(stave_error* error, Reader&& reader, const void* key, size_t key_size,
                     stave_pin** pin, uint8_t* deleted = nullptr) noexcept {
  return guarded(error, [&] {
    return make_handle(pin, "pin", [&](stave_pin& made) -> Status {
      auto hold = std::make_shared<mvcc::ValueHold>();
      STAVE_TRY(find_value(reader, key, key_size, deleted,
                           [&](const mvcc::ValueRef& value) { *hold = mvcc::ValueHold(value); }));
      made.bytes = hold->bytes();
      made.owner = std::move(hold);
      return {};
    });
  });
}

template <typename Reader>
stave_status contains(stave_error* error, Reader&& reader, const void* key,
                      size_t key_size) noexcept {
  return guarded(error, [&] {
    return find_value(reader, key, key_size, nullptr, [](const mvcc::ValueRef&) {});
  });
}

// `size_if_deleted` is the size that stands for a removed key.
template <typename Reader>
stave_status multi_get(stave_error* error, Reader&& reader, const void* keys,
                       const uint32_t* key_sizes, size_t count, stave_buffer* values,
                       uint64_t* value_sizes, uint64_t size_if_deleted = STAVE_ABSENT) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    STAVE_TRY(reader.enter());
    STAVE_TRY_ASSIGN(const auto list, split_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(value_sizes, "value_sizes"));
    const auto append = [&](size_t position, mvcc::Visible visible, const mvcc::ValueRef& value) {
      uint64_t& size = value_sizes[position];
      size = visible == mvcc::Visible::deleted ? size_if_deleted : STAVE_ABSENT;
      if (visible != mvcc::Visible::value) return Status();
      std::byte* added = nullptr;
      if (!extend_inline(*values, value.bytes.size(), &added)) return Status(Code::no_memory);
      copy(added, value.bytes);
      size = value.bytes.size();
      return Status();
    };
    return reader.table().multi_read(list, reader.view(), append);
  });
}

}  // namespace stave::capi
