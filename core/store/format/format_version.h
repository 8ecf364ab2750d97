// The version of the store's file formats, and how a file of another one is refused.
//
// docs/formats: segment.md, manifest.md, key_directory.md (the list of collisions).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/status.h"

namespace stave::store {

inline constexpr uint32_t format_version = 2;

// `unsupported_version` for the file `path`, which has this version: what to do about an older or a
// newer one, or about one of format_version that uses a feature which this library does not have.
Status unsupported_file(std::string_view path, uint32_t version);

// Whether bytes that this library gives no meaning to are as it writes them.
bool is_zero(Bytes bytes) noexcept;

}  // namespace stave::store
