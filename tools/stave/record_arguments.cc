#include "tools/stave/record_arguments.h"

#include <charconv>
#include <chrono>
#include <limits>

#include "tools/stave/format.h"

namespace stave::tool {

namespace {

constexpr uint64_t second_ms = 1000;

uint64_t now_ms() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
}

bool parse_number(std::string_view text, uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

Notation NotationFlags::notation() const {
  if (escaped + hex + base64 > 1) {
    throw Failure(ExitCode::usage, "--escaped, --hex and --base64 exclude each other");
  }
  return escaped  ? Notation::escaped
         : hex    ? Notation::hex
         : base64 ? Notation::base64
                  : Notation::plain;
}

void add_notation_flags(Command command, NotationFlags& flags, const std::string& subject) {
  command.add_flag("--escaped", flags.escaped,
                   subject + " with \\n, \\t, \\r, \\\\ and \\xNN, as scan prints keys");
  command.add_flag("--hex", flags.hex, subject + " in hexadecimal digits");
  command.add_flag("--base64", flags.base64, subject + " in Base64");
}

uint64_t parse_time(std::string_view text) {
  if (text == "never") return STAVE_NEVER_EXPIRES;
  uint64_t number = 0;
  if (text.starts_with('+')) {
    const uint64_t now = now_ms();
    const uint64_t seconds_max = (std::numeric_limits<uint64_t>::max() - now) / second_ms;
    if (parse_number(text.substr(1), number) && number <= seconds_max)
      return now + number * second_ms;
  } else if (parse_number(text, number) && number != 0) {
    return number;
  }
  throw Failure(ExitCode::usage,
                formatted("'{}' is not a time\n  a time is +SECONDS from now, milliseconds since "
                          "1970 (from 1 on), or never",
                          text));
}

WriteOptions ExpiresOption::write_options() const {
  return {Durability::standard, argument->given() ? parse_time(text) : 0};
}

void add_expires_option(Command command, ExpiresOption& option) {
  option.argument =
      command.add_text("--expires", "TIME", option.text,
                       "The key is gone from then on: +SECONDS, milliseconds since 1970, never");
}

Failure no_such_key(std::string_view key) {
  return Failure(ExitCode::negative, formatted("there is no key '{}'", escape(key)));
}

void close_after(Store& store, const Result<void>& outcome, std::string_view key) {
  if (!outcome && exit_code_of(outcome.status()) != ExitCode::negative) {
    throw failure_of(outcome.error());
  }
  check(store.close());
  switch (outcome.status()) {
    case Status::not_found:
      throw no_such_key(key);
    case Status::exists:
      throw Failure(ExitCode::negative, formatted("there is a key '{}' already", escape(key)));
    case Status::mismatch:
      throw Failure(ExitCode::negative, formatted("the key '{}' has another value", escape(key)));
    default:
      break;
  }
}

}  // namespace stave::tool
