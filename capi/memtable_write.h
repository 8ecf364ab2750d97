// What is written into memtables. `write` gets the payload of a version, and the key where there
// are many.
#pragma once

#include <stave/memtable.h>

#include <utility>

#include "capi/flat_bytes.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/mvcc/inline_value.h"

namespace stave::capi {

template <typename Write>
Status write_value(Write&& write, Bytes value, bool tombstone) {
  if (tombstone) return write(mvcc::InlineValue::Source::tombstone());
  if (value.size() > value_size_max) {
    return Status::error(Code::too_large, "the value is larger than 1 GiB");
  }
  return write(mvcc::InlineValue::Source::value(value));
}

struct FlatWrites {
  const void* keys;
  const uint32_t* key_sizes;
  const void* values;
  const uint64_t* value_sizes;
  size_t count;
};

// In order, up to the first that fails. `written` may be null.
template <typename Write>
Status write_many(Write&& write, const FlatWrites& writes, size_t* written) {
  STAVE_TRY(check_flat(writes.keys, writes.key_sizes, writes.count, "keys"));
  STAVE_TRY(check_flat(writes.values, writes.value_sizes, writes.count, "values", STAVE_TOMBSTONE));
  FlatBytes keys(writes.keys);
  FlatBytes values(writes.values);
  for (size_t i = 0; i < writes.count; i++) {
    const Bytes key = keys.take(writes.key_sizes[i]);
    const bool tombstone = writes.value_sizes[i] == STAVE_TOMBSTONE;
    const Bytes value =
        tombstone ? Bytes() : values.take(static_cast<size_t>(writes.value_sizes[i]));
    STAVE_TRY(
        write_value([&](mvcc::InlineValue::Source source) { return write(key, std::move(source)); },
                    value, tombstone));
    if (written != nullptr) *written = i + 1;
  }
  return {};
}

}  // namespace stave::capi
