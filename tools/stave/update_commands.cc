// cas, update, expire: changes of a record that is there.
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/output.h"
#include "tools/stave/record_arguments.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

// ---- cas ---------------------------------------------------------------------------------------

struct CasArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
  std::string expected;
  std::string value;
  ExpiresOption expires;
};

void compare_and_swap(const CasArguments& arguments) {
  const std::string key = arguments.notation.parse(arguments.key);
  const std::string expected = arguments.notation.parse(arguments.expected);
  const std::string value = arguments.notation.parse(arguments.value);
  const WriteOptions options = arguments.expires.write_options();
  Store store = open_store(arguments.store, Access::write);
  close_after(store, store.compare_and_swap(key, expected, value, options), key);
}

void add_cas(Command program) {
  auto arguments = std::make_shared<CasArguments>();
  const Command command =
      program.add_command("cas", "Replaces a value if it is the expected one (compare and swap)");
  add_store_arguments(command, arguments->store, Access::write);
  command.add_positional("KEY", arguments->key, "The key; exit code 1 if there is none");
  command.add_positional("EXPECTED", arguments->expected,
                         "The value that it must have, else exit code 1");
  command.add_positional("VALUE", arguments->value, "The value that it gets");
  add_expires_option(command, arguments->expires);
  add_notation_flags(command, arguments->notation, "KEY, EXPECTED and VALUE");
  command.set_footer(R"(Example:
  stave cas store leader nobody "$HOSTNAME")");
  command.on_run([arguments] { compare_and_swap(*arguments); });
}

// ---- update ------------------------------------------------------------------------------------

struct UpdateArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
  std::string summand;
  std::string suffix;
  bool adds = false;
  bool appends = false;
  ExpiresOption expires;
};

// Throws Failure that names `subject`.
int64_t parse_integer(std::string_view text, const std::string& subject) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    throw Failure(ExitCode::usage, formatted("{} is not a decimal integer of 64 bits", subject));
  }
  return number;
}

std::string sum_of(std::string_view value, int64_t summand, std::string_view key) {
  const std::string subject = formatted("the value of '{}'", escape(key));
  int64_t sum = 0;
  if (__builtin_add_overflow(parse_integer(value, subject), summand, &sum)) {
    throw Failure(ExitCode::usage, subject + " would not fit in 64 bits");
  }
  return std::to_string(sum);
}

void update(const UpdateArguments& arguments) {
  if (arguments.adds == arguments.appends) {
    throw Failure(ExitCode::usage, "update needs either --add or --append");
  }
  const std::string key = arguments.notation.parse(arguments.key);
  const std::string suffix = arguments.notation.parse(arguments.suffix);
  const int64_t summand =
      arguments.adds ? parse_integer(arguments.summand, "the number of --add") : 0;
  const WriteOptions options = arguments.expires.write_options();
  Store store = open_store(arguments.store, Access::write);
  // No exception may leave the callback.
  std::optional<Failure> failure;
  const auto edit = [&](EditedValue& value) -> Status {
    const std::string_view present = Bytes(value.bytes()).text();
    try {
      return value
          .assign(arguments.adds ? sum_of(present, summand, key) : std::string(present) + suffix)
          .status();
    } catch (const Failure& thrown) {
      failure = thrown;
      return Status::cancelled;
    }
  };
  Buffer updated;
  const Result<void> outcome = store.update(key, edit, &updated, options);
  if (failure) throw Failure(*failure);
  close_after(store, outcome, key);
  write_output(updated.bytes().text());
}

void add_update(Command program) {
  auto arguments = std::make_shared<UpdateArguments>();
  const Command command = program.add_command(
      "update", "Changes the value of a key in one step, and writes the new one");
  add_store_arguments(command, arguments->store, Access::write);
  command.add_positional("KEY", arguments->key, "The key; exit code 1 if there is none");
  const Argument add =
      command.add_text("--add", "NUMBER", arguments->summand,
                       "Adds to the value, which is a decimal integer, as NUMBER is");
  const Argument append =
      command.add_text("--append", "TEXT", arguments->suffix, "Appends to the value").excludes(add);
  add_expires_option(command, arguments->expires);
  add_notation_flags(command, arguments->notation, "KEY and TEXT");
  command.set_footer(R"(Examples:
  stave put store visits 0 --insert
  stave update store visits --add 1
  stave update store log --escaped --append 'a line\n')");
  command.on_run([arguments, add, append] {
    arguments->adds = add.given();
    arguments->appends = append.given();
    update(*arguments);
  });
}

// ---- expire ------------------------------------------------------------------------------------

struct ExpireArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
  std::string time;
};

void expire(const ExpireArguments& arguments) {
  const std::string key = arguments.notation.parse(arguments.key);
  const uint64_t time = parse_time(arguments.time);
  Store store = open_store(arguments.store, Access::write);
  close_after(store, store.expire(key, time), key);
}

void add_expire(Command program) {
  auto arguments = std::make_shared<ExpireArguments>();
  const Command command = program.add_command("expire", "Says when a key expires");
  add_store_arguments(command, arguments->store, Access::write);
  command.add_positional("KEY", arguments->key, "The key; exit code 1 if there is none");
  command.add_positional("TIME", arguments->time, "+SECONDS, milliseconds since 1970, or never");
  add_notation_flags(command, arguments->notation, "KEY");
  command.set_footer(R"(Examples:
  stave expire store session +3600
  stave expire store session "$(date -d tomorrow +%s)000"
  stave expire store session never)");
  command.on_run([arguments] { expire(*arguments); });
}

}  // namespace

void add_update_commands(Command program) {
  add_cas(program);
  add_update(program);
  add_expire(program);
}

}  // namespace stave::tool
