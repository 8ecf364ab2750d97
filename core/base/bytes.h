// Views of bytes: what keys and values are everywhere inside the core.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace stave {

// Not owned, may be empty with a null pointer. The referenced bytes outlive the call they are
// passed to, not longer, unless the callee says so.
using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline Bytes as_bytes(const void* data, size_t size) noexcept {
  return {static_cast<const std::byte*>(data), size};
}
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline bool equal(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// memcpy that accepts an empty source or destination with a null pointer.
inline void copy(std::byte* destination, Bytes source) noexcept {
  if (!source.empty()) std::memcpy(destination, source.data(), source.size());
}

}  // namespace stave
