// Little-endian integers in byte buffers: the byte order of every Stave file.
//
// No alignment is needed. At run time each call is one load or store; in constant expressions the
// bytes are put together one by one, so formats can be checked with static_assert.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace stave {

// The run-time path copies the native representation.
static_assert(std::endian::native == std::endian::little, "Stave supports little-endian machines");

namespace endian_internal {

template <typename Integer>
constexpr Integer load(const std::byte* from) noexcept {
  static_assert(std::is_unsigned_v<Integer>);
  Integer value = 0;
  if (std::is_constant_evaluated()) {
    for (size_t i = 0; i < sizeof(Integer); i++)
      value = static_cast<Integer>(value | std::to_integer<Integer>(from[i]) << (8 * i));
  } else {
    std::memcpy(&value, from, sizeof value);
  }
  return value;
}

template <typename Integer>
constexpr void store(std::byte* to, Integer value) noexcept {
  static_assert(std::is_unsigned_v<Integer>);
  if (std::is_constant_evaluated()) {
    for (size_t i = 0; i < sizeof(Integer); i++)
      to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
  } else {
    std::memcpy(to, &value, sizeof value);
  }
}

}  // namespace endian_internal

constexpr uint16_t load_le16(const std::byte* from) noexcept {
  return endian_internal::load<uint16_t>(from);
}
constexpr uint32_t load_le32(const std::byte* from) noexcept {
  return endian_internal::load<uint32_t>(from);
}
constexpr uint64_t load_le64(const std::byte* from) noexcept {
  return endian_internal::load<uint64_t>(from);
}

constexpr void store_le16(std::byte* to, uint16_t value) noexcept {
  endian_internal::store(to, value);
}
constexpr void store_le32(std::byte* to, uint32_t value) noexcept {
  endian_internal::store(to, value);
}
constexpr void store_le64(std::byte* to, uint64_t value) noexcept {
  endian_internal::store(to, value);
}

}  // namespace stave
