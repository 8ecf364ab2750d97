// scan: the keys of a store, and their values.

#include <cstdint>
#include <cstdio>
#include <memory>

#include "tools/stave/bytes_text.h"
#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"
#include "tools/stave/records.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct ScanArguments {
  StoreArguments store;
  std::string prefix;
  uint64_t limit = UINT64_MAX;
  bool values = false;
  bool json = false;
};

std::string record_line(const ScanArguments& arguments, Records& records) {
  const std::string_view key = records.key();
  const std::string_view value = arguments.values ? records.value() : "";
  if (!arguments.json) {
    return arguments.values ? escape(key) + "\t" + escape(value) + "\n" : escape(key) + "\n";
  }
  JsonObject record;
  add_bytes(record, "key", key);
  if (arguments.values) add_bytes(record, "value", value);
  return record.line() + "\n";
}

ExitCode scan(const ScanArguments& arguments) {
  constexpr size_t output_size_max = size_t{64} << 10;
  const std::string prefix = parse_bytes(arguments.prefix, Notation::escaped);
  Store store = open_store(arguments.store, Access::read);
  Records records(store, prefix, !arguments.values,
                  [](std::string_view line) { print_error("stave: {}\n", line); });
  std::string output;
  for (uint64_t count = 0; count < arguments.limit && records.next(); ++count) {
    output += record_line(arguments, records);
    if (output.size() < output_size_max) continue;
    write_output(output);
    output.clear();
  }
  write_output(output);
  return records.damaged() != 0 ? ExitCode::damaged : ExitCode::ok;
}

}  // namespace

void add_scan_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<ScanArguments>();
  const Command command = program.add_command("scan", "Prints the keys, in no particular order");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_text("--prefix", "TEXT", arguments->prefix,
                   "Only keys that begin with this (escaped)");
  command.add_count("--limit", arguments->limit, 0, UINT64_MAX, "At most this many");
  command.add_flag("--values", arguments->values, "The values too, behind a tab");
  command.add_flag("--json", arguments->json,
                   "One JSON object a line: key, and value with --values");
  command.set_footer(
      R"(A key is a line: printable ASCII as it is, other bytes as \n, \t, \r, \\ or \xNN, which
get, put and del understand with --escaped. In JSON, bytes that are not UTF-8 are in Base64,
under key_base64 or value_base64 instead of key or value. Damaged records are named on the
standard error, the others are printed, and the exit code is then 5.

Examples:
  stave scan store
  stave scan store --prefix user: --limit 10 --values
  stave scan store --values --json | jq -r .key)");
  command.on_run([arguments, &exit_code] { exit_code = scan(*arguments); });
}

}  // namespace stave::tool
