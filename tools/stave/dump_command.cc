// dump: all records as one stream.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

#include "tools/stave/bytes_text.h"
#include "tools/stave/commands.h"
#include "tools/stave/dump_writer.h"
#include "tools/stave/format.h"
#include "tools/stave/format_option.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/output.h"
#include "tools/stave/progress.h"
#include "tools/stave/records.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct DumpArguments {
  StoreArguments store;
  std::optional<DumpFormat> format;  // json unless given
  std::string prefix;
  std::string output;  // empty: standard output
};

// False after an interrupt, when the dump is not complete and has no end.
bool write_records(Records& records, DumpWriter& writer, Progress& progress) {
  while (records.next()) {
    if (noted_interrupt() != 0) return false;
    const std::string_view value = records.value();
    writer.write(records.key(), value);
    progress.add_done(value.size());
  }
  writer.finish();
  return true;
}

ExitCode dump(const DumpArguments& arguments) {
  note_interrupts();
  const std::string prefix = parse_bytes(arguments.prefix, Notation::escaped);
  Store store = open_store(arguments.store, Access::read);
  FileDescriptor file;
  int number = STDOUT_FILENO;
  std::string name = "the standard output";
  if (!arguments.output.empty()) {
    name = formatted("'{}'", arguments.output);
    file = FileDescriptor(
        open(arguments.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.valid()) throw system_failure("cannot create " + name, errno);
    number = file.number();
  }
  bool complete = false;
  uint64_t damaged = 0;
  {
    Progress progress("dumping");
    // A prefix selects a part of the live bytes that nobody knows: then the bar has no total.
    if (prefix.empty()) progress.set_total(check(store.stats()).live_bytes);
    Records records(store, prefix, false, [&](std::string_view line) { progress.note(line); });
    const auto writer =
        DumpWriter::create(arguments.format.value_or(DumpFormat::json), number, name);
    complete = write_records(records, *writer, progress);
    damaged = records.damaged();
  }
  if (file.valid()) write_and_close(std::move(file), "", name);
  if (!complete) {
    print_error("stave: interrupted; the dump is not complete\n");
    return static_cast<ExitCode>(static_cast<int>(ExitCode::interrupted) + noted_interrupt());
  }
  return damaged != 0 ? ExitCode::damaged : ExitCode::ok;
}

constexpr const char* footer =
    R"(Every record, in no particular order, for `stave load` to read back. Other readers of the store
may run beside it; a writer cannot, so the dump is the store of one moment.

json    One object a line: key and value as strings, or in Base64 under key_base64 and
        value_base64 if they are not UTF-8. The lines of scan --values --json.
binary  Smaller and faster, and proof against damage: each record has a checksum, and an
        end record tells a whole dump from one that was cut off.

Damaged records are named on the standard error, the others are dumped, and the exit code is
then 5.

Examples:
  stave dump store > records.json
  stave dump store --format binary | zstd > store.dump.zst
  stave dump store --prefix user: | jq -r .key)";

}  // namespace

void add_dump_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<DumpArguments>();
  const Command command = program.add_command("dump", "Writes all records as JSON Lines or binary");
  add_store_arguments(command, arguments->store, Access::read);
  add_format_option(command, arguments->format, "json (default) or binary");
  command.add_text("--prefix", "TEXT", arguments->prefix,
                   "Only keys that begin with this (escaped)");
  command.add_text("--output", "FILE", arguments->output,
                   "Writes to this file, which is overwritten");
  command.set_footer(footer);
  command.on_run([arguments, &exit_code] { exit_code = dump(*arguments); });
}

}  // namespace stave::tool
