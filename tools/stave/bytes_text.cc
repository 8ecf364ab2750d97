#include "tools/stave/bytes_text.h"

#include <optional>

#include "tools/stave/base64.h"
#include "tools/stave/failure.h"
#include "tools/stave/format.h"
#include "tools/stave/json_object.h"

namespace stave::tool {

namespace {

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// The byte that the two hexadecimal digits at `at` stand for.
std::optional<char> hex_byte(std::string_view text, size_t at) noexcept {
  if (at + 2 > text.size()) return std::nullopt;
  const auto high = hex_digit(text[at]);
  const auto low = hex_digit(text[at + 1]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high << 4 | *low);
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += 2) {
    const auto byte = hex_byte(text, at);
    if (!byte) return std::nullopt;
    bytes.push_back(*byte);
  }
  return bytes;
}

std::optional<std::string> from_escaped(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes.push_back(text[at]);
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    switch (text[at]) {
      case 'n':
        bytes.push_back('\n');
        break;
      case 't':
        bytes.push_back('\t');
        break;
      case 'r':
        bytes.push_back('\r');
        break;
      case '\\':
        bytes.push_back('\\');
        break;
      case 'x': {
        const auto byte = hex_byte(text, at + 1);
        if (!byte) return std::nullopt;
        bytes.push_back(*byte);
        at += 2;
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return bytes;
}

// The size of the UTF-8 sequence that `bytes` begins with; 0 when it begins with none. Overlong
// forms, surrogates and what lies beyond U+10FFFF are none.
size_t utf8_sequence_size(std::string_view bytes) noexcept {
  const auto byte = [bytes](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

}  // namespace

std::string escape(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\\':
        text += "\\\\";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          text.push_back(c);
        } else {
          text += formatted("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  return text;
}

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const size_t size = utf8_sequence_size(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

std::string parse_bytes(std::string_view text, Notation notation) {
  std::optional<std::string> bytes;
  const char* expected = "";
  switch (notation) {
    case Notation::plain:
      return std::string(text);
    case Notation::escaped:
      bytes = from_escaped(text);
      expected = "escaped text (\\n, \\t, \\r, \\\\ and \\xNN are known)";
      break;
    case Notation::hex:
      bytes = from_hex(text);
      expected = "pairs of hexadecimal digits";
      break;
    case Notation::base64:
      bytes = from_base64(text);
      expected = "Base64 with its padding";
      break;
  }
  if (!bytes) {
    throw Failure(ExitCode::usage, formatted("'{}' is not {}", escape(text), expected));
  }
  return *std::move(bytes);
}

void add_bytes(JsonObject& object, const std::string& name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    object.set_text(name, bytes);
  } else {
    object.set_text(name + "_base64", to_base64(bytes));
  }
}

}  // namespace stave::tool
