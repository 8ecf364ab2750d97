// The key of a call that takes an index, and the calls that both index.cc and index_hot.cc make.
#pragma once

#include <stave/index.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "capi/error.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/index/index.h"

namespace stave::capi {

// The key of a call, with a hash of the caller's or the index's own.
struct KeyArgument {
  const void* data;
  size_t size;
  std::optional<uint64_t> hash = std::nullopt;

  Status check() const { return require_bytes(data, size, "key"); }
  bool is_too_large() const noexcept { return size > key_size_max; }
  index::Index::Key in(const index::Index& index) const noexcept {
    const Bytes bytes = as_bytes(data, size);
    return hash ? index::Index::Key{.bytes = bytes, .hash = *hash} : index.key(bytes);
  }
};

// As the functions of the C interface, but for what guarded() does.
Status index_get(stave_index* handle, const KeyArgument& key, uint64_t* value);
Status index_put(stave_index* handle, const KeyArgument& key, uint64_t value, uint64_t* previous,
                 uint8_t* existed);
Status index_remove(stave_index* handle, const KeyArgument& key, uint64_t* previous);

}  // namespace stave::capi
