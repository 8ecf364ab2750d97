// export: the records of a store as files.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "tools/stave/bytes_text.h"
#include "tools/stave/commands.h"
#include "tools/stave/exporter.h"
#include "tools/stave/format.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/json_object.h"
#include "tools/stave/progress.h"
#include "tools/stave/records.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct ExportArguments {
  StoreArguments store;
  std::string directory;
  std::string prefix;
  bool overwrite = false;
  bool json = false;
};

struct ExportSummary {
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t left_out = 0;  // keys that cannot be files here, named on standard error
  uint64_t damaged = 0;   // records that cannot be read
};

ExportSummary export_records(const ExportArguments& arguments, Store& store, Progress& progress) {
  const std::string prefix = parse_bytes(arguments.prefix, Notation::escaped);
  Exporter exporter(arguments.directory, arguments.overwrite);
  // A prefix selects a part of the live bytes that nobody knows: then the bar has no total.
  if (prefix.empty()) progress.set_total(check(store.stats()).live_bytes);
  Records records(store, prefix, false, [&](std::string_view line) { progress.note(line); });
  ExportSummary summary;
  while (noted_interrupt() == 0 && records.next()) {
    const std::string_view value = records.value();
    const std::string refusal = exporter.write(records.key().substr(prefix.size()), value);
    progress.add_done(value.size());
    if (refusal.empty()) {
      ++summary.files;
      summary.bytes += value.size();
    } else {
      ++summary.left_out;
      progress.note(formatted("left out '{}': {}", escape(records.key()), refusal));
    }
  }
  summary.damaged = records.damaged();
  return summary;
}

void print_summary(const ExportArguments& arguments, const ExportSummary& summary, double seconds) {
  if (arguments.json) {
    JsonObject object;
    object.set_number("files", summary.files);
    object.set_number("bytes", summary.bytes);
    object.set_number("left_out", summary.left_out);
    object.set_number("damaged", summary.damaged);
    object.set_real("seconds", seconds);
    write_json(object);
    return;
  }
  const auto bytes = static_cast<double>(summary.bytes);
  std::string text = formatted("exported {} files, {} in {:.2f} s ({}/s)\n", summary.files,
                               human_bytes(bytes), seconds, human_bytes(bytes / seconds));
  if (summary.left_out != 0) {
    text += formatted("left out {}, named on the standard error\n", summary.left_out);
  }
  if (summary.damaged != 0) text += formatted("{} records are damaged\n", summary.damaged);
  write_output(text);
}

ExitCode export_store(const ExportArguments& arguments) {
  note_interrupts();
  const auto begin = std::chrono::steady_clock::now();
  Store store = open_store(arguments.store, Access::read);
  ExportSummary summary;
  {
    Progress progress("exporting");
    summary = export_records(arguments, store, progress);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  print_summary(arguments, summary, elapsed.count());
  if (const int signal = noted_interrupt(); signal != 0) {
    print_error("stave: interrupted; what is counted above is exported\n");
    return static_cast<ExitCode>(static_cast<int>(ExitCode::interrupted) + signal);
  }
  if (summary.damaged != 0) return ExitCode::damaged;
  return summary.left_out != 0 ? ExitCode::partial : ExitCode::ok;
}

constexpr const char* footer =
    R"(The opposite of import: each key becomes a file below DIRECTORY, which is created if it is
missing. Nothing is written anywhere else: a key that is empty, absolute, or has a NUL byte or
an empty, . or .. component is named and left out, as is one that meets an existing file or a
symbolic link, and the exit code is then 7. Damaged records are named, the others are exported,
and the exit code is then 5.

Examples:
  stave export store copy
  stave export store copy --prefix include/ --overwrite)";

}  // namespace

void add_export_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<ExportArguments>();
  const Command command = program.add_command("export", "Writes the records as files of a tree");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_positional("DIRECTORY", arguments->directory, "Where the tree goes");
  command.add_text("--prefix", "TEXT", arguments->prefix,
                   "Only keys that begin with this (escaped), which is taken off");
  command.add_flag("--overwrite", arguments->overwrite, "Replaces files that exist");
  command.add_flag("--json", arguments->json,
                   "The summary as JSON: files, bytes, left_out, damaged, seconds");
  command.set_footer(footer);
  command.on_run([arguments, &exit_code] { exit_code = export_store(*arguments); });
}

}  // namespace stave::tool
