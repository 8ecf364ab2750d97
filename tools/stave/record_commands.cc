// put, get, del: one record.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"
#include "tools/stave/record_arguments.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

// ---- put ---------------------------------------------------------------------------------------

struct PutArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
  std::string value;
  bool has_value = false;
  std::string file;  // empty: standard input
  bool insert = false;
  bool replace = false;
  ExpiresOption expires;
};

std::string read_value(const PutArguments& arguments) {
  if (arguments.has_value) return arguments.notation.parse(arguments.value);
  const bool standard_input = arguments.file.empty() || arguments.file == "-";
  const std::string name =
      standard_input ? "the standard input" : formatted("'{}'", arguments.file);
  FileDescriptor file;
  if (!standard_input) {
    file = FileDescriptor(open(arguments.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) throw system_failure("cannot open " + name, errno);
  }
  std::string value;
  const int os_errno =
      read_fully(standard_input ? STDIN_FILENO : file.number(), value_size_max, value);
  if (os_errno == EFBIG) {
    throw Failure(ExitCode::usage, name + " holds more than 1 GiB, which is the limit of a value");
  }
  if (os_errno != 0) throw system_failure("cannot read " + name, os_errno);
  return value;
}

Result<void> store_value(Store& store, const PutArguments& arguments, const std::string& key,
                         const std::string& value, const WriteOptions& options) {
  if (arguments.insert) return store.insert(key, value, options);
  if (arguments.replace) return store.replace(key, value, options);
  return store.put(key, value, options);
}

void put(const PutArguments& arguments) {
  const std::string key = arguments.notation.parse(arguments.key);
  const WriteOptions options = arguments.expires.write_options();
  // The value comes first: a pipe that fails must not leave a new, empty store behind.
  const std::string value = read_value(arguments);
  Store store = open_store(arguments.store, Access::write_or_create);
  close_after(store, store_value(store, arguments, key, value, options), key);
}

void add_put(Command program) {
  auto arguments = std::make_shared<PutArguments>();
  const Command command = program.add_command("put", "Stores a value under a key");
  add_store_arguments(command, arguments->store, Access::write_or_create);
  command.add_positional("KEY", arguments->key, "The key, 0 to 65,535 bytes");
  const Argument value = command.add_optional_positional(
      "VALUE", arguments->value, "The value; without it and --file the standard input is read");
  command
      .add_text("--file", "FILE", arguments->file,
                "Takes the value from this file; - is the standard input")
      .excludes(value);
  const Argument insert = command.add_flag("--insert", arguments->insert,
                                           "Only if there is no such key, else exit code 1");
  command.add_flag("--replace", arguments->replace, "Only if there is such a key, else exit code 1")
      .excludes(insert);
  add_expires_option(command, arguments->expires);
  add_notation_flags(command, arguments->notation, "KEY and VALUE");
  command.set_footer(R"(Examples:
  stave put store color blue
  stave put store page < page.html
  stave put store photo --file photo.jpg --durability os
  stave put store session ada --expires +3600
  stave put store --hex 0001 ff00ff
  stave put store -- -key-with-a-dash value)");
  command.on_run([arguments, value] {
    arguments->has_value = value.given();
    put(*arguments);
  });
}

// ---- get ---------------------------------------------------------------------------------------

struct GetArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
  std::string output;  // empty: standard output
  bool json = false;
};

void get(const GetArguments& arguments) {
  const std::string key = arguments.notation.parse(arguments.key);
  Store store = open_store(arguments.store, Access::read);
  Buffer buffer;
  const Result<Bytes> value = store.get(key, buffer);
  if (value.status() == Status::not_found) throw no_such_key(key);
  if (!value) throw failure_of(value.error());
  if (arguments.json) {
    JsonObject record;
    add_bytes(record, "key", key);
    add_bytes(record, "value", value->text());
    const Result<uint64_t> expires_at = store.expires_at(key);
    if (expires_at && *expires_at != 0) record.set_number("expires_at", *expires_at);
    write_json(record);
  } else if (arguments.output.empty()) {
    write_output(value->text());
  } else {
    const std::string name = formatted("'{}'", arguments.output);
    FileDescriptor file(
        open(arguments.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.valid()) throw system_failure("cannot create " + name, errno);
    write_and_close(std::move(file), value->text(), name);
  }
}

void add_get(Command program) {
  auto arguments = std::make_shared<GetArguments>();
  const Command command =
      program.add_command("get", "Writes the value of a key, its bytes as they are");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_positional("KEY", arguments->key, "The key");
  const Argument output = command.add_text("--output", "FILE", arguments->output,
                                           "Writes to this file, which is overwritten");
  command.add_flag("--json", arguments->json, "Writes key and value as a JSON object")
      .excludes(output);
  add_notation_flags(command, arguments->notation, "KEY");
  command.set_footer(R"(Examples:
  stave get store color
  stave get store photo --output photo.jpg
  stave get store --escaped 'line\n\x00end' --json)");
  command.on_run([arguments] { get(*arguments); });
}

// ---- del ---------------------------------------------------------------------------------------

struct DeleteArguments {
  StoreArguments store;
  NotationFlags notation;
  std::string key;
};

void erase(const DeleteArguments& arguments) {
  const std::string key = arguments.notation.parse(arguments.key);
  Store store = open_store(arguments.store, Access::write);
  close_after(store, store.remove(key), key);
}

void add_delete(Command program) {
  auto arguments = std::make_shared<DeleteArguments>();
  const Command command = program.add_command("del", "Removes a key");
  add_store_arguments(command, arguments->store, Access::write);
  command.add_positional("KEY", arguments->key, "The key; exit code 1 if there is none");
  add_notation_flags(command, arguments->notation, "KEY");
  command.set_footer(R"(Example:
  stave del store color)");
  command.on_run([arguments] { erase(*arguments); });
}

}  // namespace

void add_record_commands(Command program) {
  add_put(program);
  add_get(program);
  add_delete(program);
}

}  // namespace stave::tool
