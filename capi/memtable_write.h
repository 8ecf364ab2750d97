// The writes of memtable calls, as the core takes them.
#pragma once

#include <stave/memtable.h>

#include <vector>

#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"

namespace stave::capi {

inline Status check_write(const mvcc::KeyWrite& write) {
  STAVE_TRY(require_bytes(write.key.data(), write.key.size(), "key"));
  return require_bytes(write.value.data(), write.value.size(), "value");
}

// The results point to the caller's bytes.
inline Result<std::vector<mvcc::KeyWrite>> split_writes(const void* keys, const uint32_t* key_sizes,
                                                        const void* values,
                                                        const uint64_t* value_sizes, size_t count) {
  STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
  STAVE_TRY(check_flat(values, value_sizes, count, "values", STAVE_TOMBSTONE));
  std::vector<mvcc::KeyWrite> list;
  list.reserve(count);
  FlatBytes flat_keys(keys);
  FlatBytes flat_values(values);
  for (size_t i = 0; i < count; i++) {
    const bool tombstone = value_sizes[i] == STAVE_TOMBSTONE;
    const size_t size = tombstone ? 0 : static_cast<size_t>(value_sizes[i]);
    const Bytes key = flat_keys.take(key_sizes[i]);
    list.push_back({key, flat_values.take(size), tombstone});
  }
  return list;
}

}  // namespace stave::capi
