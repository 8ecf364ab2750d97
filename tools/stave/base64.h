// Base64 of RFC 4648 with padding, strict: each string of bytes has exactly one spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stave::tool {

// The text of a whole is the texts of its parts in a row, if each part but the last has a multiple
// of three bytes.
std::string to_base64(std::string_view bytes);

// Nothing when the text is not what to_base64() makes of some bytes: a foreign character, a space,
// a line break, missing or superfluous padding, bits behind the last byte that are not zero.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace stave::tool
