// How values of a memtable are read: copied, into a buffer, pinned, and many at a time. Each
// function is written once for the three things that C reads through. Such a Reader has
//   Status enter();            enters the handle; the rest REQUIRES that it has returned ok
//   mvcc::Memtable& table();
//   mvcc::ReadView view();
#pragma once

#include <stave/memtable.h>

#include <memory>

#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_write.h"
#include "capi/output.h"
#include "capi/pin.h"
#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"

namespace stave::capi {

// Enters the handle and calls `visit` with the value. `not_found` without one; then `deleted` tells
// a removed key (1) from an absent one (0).
template <typename Reader>
Status find_value(Reader& reader, const void* key, size_t key_size, Output<uint8_t>& deleted,
                  mvcc::Memtable::Visit visit) {
  STAVE_TRY(reader.enter());
  STAVE_TRY(require_bytes(key, key_size, "key"));
  const Result<mvcc::Visible> visible =
      reader.table().read(as_bytes(key, key_size), reader.view(), visit);
  if (!visible) return visible.status();
  deleted.set(*visible == mvcc::Visible::deleted ? 1 : 0);
  return *visible == mvcc::Visible::value ? Code::ok : Code::not_found;
}

template <typename Reader>
Status get(Reader&& reader, const void* key, size_t key_size, void* data, size_t capacity,
           size_t* size, uint8_t* deleted = nullptr) {
  STAVE_TRY(require(size, "size"));
  Output size_output(size);
  Output deleted_output(deleted);
  STAVE_TRY(require_bytes(data, capacity, "data"));
  size_t found = 0;
  STAVE_TRY(find_value(reader, key, key_size, deleted_output, [&](const mvcc::ValueRef& value) {
    found = value.bytes.size();
    if (found <= capacity) copy(static_cast<std::byte*>(data), value.bytes);
  }));
  size_output.set(found);
  return found <= capacity ? Code::ok : Code::buffer_too_small;
}

template <typename Reader>
Status get_buffer(Reader&& reader, const void* key, size_t key_size, stave_buffer* buffer,
                  uint8_t* deleted = nullptr) {
  STAVE_TRY(check_buffer(buffer, "value"));
  buffer->size = 0;
  Output deleted_output(deleted);
  bool has_memory = true;
  Status status =
      find_value(reader, key, key_size, deleted_output, [&](const mvcc::ValueRef& value) {
        has_memory = resize_for_overwrite(*buffer, value.bytes.size());
        if (has_memory) copy(static_cast<std::byte*>(buffer->data), value.bytes);
      });
  if (!has_memory) return Code::no_memory;
  if (!status.ok()) buffer->size = 0;
  return status;
}

template <typename Reader>
Status get_pin(Reader&& reader, const void* key, size_t key_size, stave_pin** pin,
               uint8_t* deleted = nullptr) {
  STAVE_TRY(require(pin, "pin"));
  *pin = nullptr;
  Output deleted_output(deleted);
  auto made = std::make_unique<stave_pin>();
  auto hold = std::make_shared<mvcc::ValueHold>();
  STAVE_TRY(find_value(reader, key, key_size, deleted_output,
                       [&](const mvcc::ValueRef& value) { *hold = mvcc::ValueHold(value); }));
  made->bytes = hold->bytes();
  made->owner = std::move(hold);
  *pin = made.release();
  return {};
}

template <typename Reader>
Status contains(Reader&& reader, const void* key, size_t key_size) {
  Output<uint8_t> deleted_output(nullptr);
  return find_value(reader, key, key_size, deleted_output, [](const mvcc::ValueRef&) {});
}

// `size_if_deleted` is the size that stands for a removed key.
template <typename Reader>
Status multi_get(Reader&& reader, const void* keys, const uint32_t* key_sizes, size_t count,
                 stave_buffer* values, uint64_t* value_sizes,
                 uint64_t size_if_deleted = STAVE_ABSENT) {
  STAVE_TRY(check_buffer(values, "values"));
  values->size = 0;
  STAVE_TRY(reader.enter());
  const Result<std::vector<Bytes>> list = split_keys(keys, key_sizes, count);
  if (!list) return list.status();
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
  return reader.table().multi_read(*list, reader.view(), append);
}

}  // namespace stave::capi
