// How structs that may grow from version to version cross the boundary.
//
// The first member is `uint32_t struct_size`, set by the caller's side to the size it was compiled
// with. A size that no version can have (too small for any member, no multiple of the alignment,
// enormous) is a mistake. Members never straddle a multiple of the alignment, so a size that is one
// never ends inside a member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/status.h"

namespace stave::capi {

struct AbiStruct {
  std::string_view name;  // "stave_store_options"
  size_t size;            // in this version
  size_t alignment;
};

template <typename Struct>
constexpr AbiStruct abi_struct(std::string_view name) {
  static_assert(offsetof(Struct, struct_size) == 0);
  return {name, sizeof(Struct), alignof(Struct)};
}

// No struct gets near it; a struct_size that was never initialised mostly does.
inline constexpr uint32_t struct_size_max = 4096;

// The struct_size at `address`, if it is possible.
Result<uint32_t> checked_struct_size(const AbiStruct& type, const void* address);

// Caller to library. `to` holds the defaults, which stay in the members that an older caller does
// not know; to.struct_size stays too. Bytes that this library does not know must be zero: a newer
// caller asks for nothing that would be ignored.
Status read_struct(const AbiStruct& type, const void* from, void* to);

// Library to caller: as much as the caller has room for, zeros where it has more. Its struct_size
// stays.
Status write_struct(const AbiStruct& type, const void* from, void* to);
template <typename Struct>
Status write_struct(std::string_view name, const Struct& from, Struct* to) {
  return write_struct(abi_struct<Struct>(name), &from, to);
}

// stave_..._init of a struct whose defaults are zeros. `to` may be null.
template <typename Struct>
void init_struct(Struct* to) noexcept {
  if (to == nullptr) return;
  *to = {};
  to->struct_size = sizeof *to;
}

}  // namespace stave::capi
