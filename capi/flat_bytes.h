// Many byte strings in one argument: they stand one behind the other, beside an array of their
// sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capi/error.h"
#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::capi {

// Takes them off from the front.
class FlatBytes {
 public:
  explicit FlatBytes(const void* data) noexcept : next_(static_cast<const std::byte*>(data)) {}
  Bytes take(size_t size) noexcept {
    const Bytes taken(next_, size);
    if (size != 0) next_ += size;
    return taken;
  }

 private:
  const std::byte* next_;
};

// invalid_argument unless `data` and `sizes` describe `count` byte strings: nothing that is needed
// is null, and the sizes add up to what an address space can hold. A size that equals `marker`
// stands for no bytes.
template <typename Size>
Status check_flat(const void* data, const Size* sizes, size_t count, const std::string& name,
                  std::optional<uint64_t> marker = std::nullopt) {
  if (count == 0) return {};
  if (sizes == nullptr) return invalid_argument(name + " sizes are NULL but the count is not 0");
  size_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (marker && sizes[i] == *marker) continue;
    if (sizes[i] > static_cast<size_t>(PTRDIFF_MAX) - sum)
      return invalid_argument(name + " sizes add up to more than memory can hold");
    sum += static_cast<size_t>(sizes[i]);
  }
  return require_bytes(data, sum, name);
}

// The `count` byte strings that stand one after the other at `data`, checked. May throw bad_alloc.
template <typename Size>
Result<std::vector<Bytes>> split_flat(const void* data, const Size* sizes, size_t count,
                                      const std::string& name) {
  STAVE_TRY(check_flat(data, sizes, count, name));
  std::vector<Bytes> split;
  split.reserve(count);
  FlatBytes bytes(data);
  for (size_t i = 0; i < count; i++) split.push_back(bytes.take(static_cast<size_t>(sizes[i])));
  return split;
}

}  // namespace stave::capi
