// Text made with fmt, whose implementation is compiled once, in format.cc.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string>

namespace stave::tool {

std::string format_arguments(fmt::string_view text, fmt::format_args values);

template <typename... Values>
std::string formatted(fmt::format_string<Values...> text, Values&&... values) {
  return format_arguments(text, fmt::make_format_args(values...));
}

// To standard error.
template <typename... Values>
void print_error(fmt::format_string<Values...> text, Values&&... values) {
  const std::string bytes = format_arguments(text, fmt::make_format_args(values...));
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
}

}  // namespace stave::tool
