#include "core/store/format/format_version.h"

#include <algorithm>
#include <string>

namespace stave::store {

Status unsupported_file(std::string_view path, uint32_t version) {
  std::string message = "'" + std::string(path) + "' ";
  if (version < format_version)
    message += "has file format " + std::to_string(version) +
               ", which this Stave does not read; run `stave dump` of the release that wrote the "
               "store, and `stave load` of this one into a new store";
  else if (version > format_version)
    message += "has file format " + std::to_string(version) +
               " and was written by a newer Stave; use that version, or a newer one";
  else
    message +=
        "uses a feature that this Stave does not have; use the version that wrote it, or a newer "
        "one";
  return Status::error(Code::unsupported_version, message);
}

bool is_zero(Bytes bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace stave::store
