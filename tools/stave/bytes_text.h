// Bytes as text and back: how the command line, the terminal and JSON carry keys and values.
#pragma once

#include <string>
#include <string_view>

#include "tools/stave/json_object.h"

namespace stave::tool {

// Printable ASCII stands for itself; the rest is \n, \t, \r, \\ or \xNN. Reversible.
std::string escape(std::string_view bytes);
bool is_utf8(std::string_view bytes) noexcept;

// How bytes are written in an argument.
enum class Notation { plain, escaped, hex, base64 };

// Throws Failure (usage) that quotes the text when it is not of that notation.
std::string parse_bytes(std::string_view text, Notation notation);

// Adds the bytes to a JSON object: as the string `name` when they are UTF-8, else as
// `name`_base64. Exactly one of the two is there, so nothing is lost and nothing is ambiguous.
void add_bytes(JsonObject& object, const std::string& name, std::string_view bytes);

}  // namespace stave::tool
