// Views of bytes: what keys and values are everywhere inside the core.
#pragma once

#include <cstddef>
#include <cstdint>
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

// The same without a call, for keys: a few words in nearly all cases.
inline bool equal_keys(Bytes a, Bytes b) noexcept {
  constexpr size_t word = sizeof(uint64_t);
  const size_t size = a.size();
  if (size != b.size()) return false;
  if (size < word || size > 4 * word) return equal(a, b);
  uint64_t difference = 0;
  const auto compare_at = [&](size_t offset) {
    uint64_t of_a;
    uint64_t of_b;
    std::memcpy(&of_a, a.data() + offset, word);
    std::memcpy(&of_b, b.data() + offset, word);
    difference |= of_a ^ of_b;
  };
  for (size_t offset = 0; offset + word < size; offset += word) compare_at(offset);
  compare_at(size - word);
  return difference == 0;
}

// memcpy that accepts an empty source or destination with a null pointer.
inline void copy(std::byte* destination, Bytes source) noexcept {
  if (!source.empty()) std::memcpy(destination, source.data(), source.size());
}

}  // namespace stave
