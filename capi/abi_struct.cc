#include "capi/abi_struct.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "capi/error.h"

namespace stave::capi {

namespace {

// struct_size and a first member.
constexpr uint32_t struct_size_min = 8;

}  // namespace

Result<uint32_t> checked_struct_size(const AbiStruct& type, const void* address) {
  uint32_t size = 0;
  std::memcpy(&size, address, sizeof size);
  if (size < struct_size_min || size > struct_size_max || size % type.alignment != 0) [[unlikely]]
    return invalid_argument(std::string(type.name) + ".struct_size is " + std::to_string(size) +
                            "; call " + std::string(type.name) + "_init first");
  return size;
}

Status read_struct(const AbiStruct& type, const void* from, void* to) {
  STAVE_TRY_ASSIGN(const auto size, checked_struct_size(type, from));
  const auto* source = static_cast<const std::byte*>(from);
  for (size_t i = type.size; i < size; i++) {
    if (source[i] != std::byte{0})
      return invalid_argument(std::string(type.name) + ": byte " + std::to_string(i) +
                              " is set, which this version of the library does not know");
  }
  constexpr size_t members = sizeof(uint32_t);
  std::memcpy(static_cast<std::byte*>(to) + members, source + members,
              std::min<size_t>(size, type.size) - members);
  return {};
}

Status write_struct(const AbiStruct& type, const void* from, void* to) {
  STAVE_TRY_ASSIGN(const auto size, checked_struct_size(type, to));
  auto* destination = static_cast<std::byte*>(to);
  constexpr size_t members = sizeof(uint32_t);
  const size_t known = std::min<size_t>(size, type.size);
  std::memcpy(destination + members, static_cast<const std::byte*>(from) + members,
              known - members);
  std::memset(destination + known, 0, size - known);
  return {};
}

}  // namespace stave::capi
