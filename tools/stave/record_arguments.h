// What the commands of one record share: how KEY and VALUE are written, when the value expires, and
// how an outcome becomes an exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <stave/stave.hpp>
#include <string>
#include <string_view>

#include "tools/stave/bytes_text.h"
#include "tools/stave/command_line.h"
#include "tools/stave/failure.h"

namespace stave::tool {

// How KEY and VALUE are written; at most one flag is set.
struct NotationFlags {
  bool escaped = false;
  bool hex = false;
  bool base64 = false;

  // Throws Failure (usage) when several are set.
  Notation notation() const;
  std::string parse(std::string_view text) const { return parse_bytes(text, notation()); }
};

// `subject` is what is written so: "KEY and VALUE".
void add_notation_flags(Command command, NotationFlags& flags, const std::string& subject);

// Unix time in milliseconds: the number itself, "+SECONDS" from now, or "never", which is
// STAVE_NEVER_EXPIRES. Throws Failure (usage).
uint64_t parse_time(std::string_view text);

// The option --expires of a command that writes.
struct ExpiresOption {
  std::string text;
  std::optional<Argument> argument;

  // Throws Failure (usage) when what was given is not a time.
  WriteOptions write_options() const;
};

void add_expires_option(Command command, ExpiresOption& option);

Failure no_such_key(std::string_view key);

// Ends a command that has written to the key: throws Failure when the outcome is an error, closes
// the store, and throws Failure when the outcome is a no.
void close_after(Store& store, const Result<void>& outcome, std::string_view key);

}  // namespace stave::tool
