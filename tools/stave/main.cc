// stave: the command line program. docs/stave.md is its manual.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/output.h"

namespace {

using stave::tool::ExitCode;

constexpr const char* footer = R"(Exit codes:
  0  done
  1  the answer is no: there is no such key, with put --insert and load there is one, or with
     cas it has another value
  2  usage: the command line, an option, or a key or value beyond the limits
  3  the machine: input or output, permission, memory, no space
  4  locked: another process has the store open
  5  damaged or foreign files, files of another format, or input of load that is no dump
  6  there is no store in that directory
  7  import and export: done, but what standard error names was left out
  8  a bug in Stave
  128 + n  ended by signal n (import, export, dump, load and bench close the store first)

`stave COMMAND --help` has the details and examples of a command.)";

void list_options() {
  stave::Buffer text;
  stave_error error;
  if (const stave_status status = stave_store_options_describe(text.raw(), &error)) {
    throw stave::tool::failure_of(stave::Error(static_cast<stave::Status>(status), error));
  }
  stave::tool::write_output(text.bytes().text());
}

void report(const char* message) {
  stave::tool::print_error("stave: {}\n", message);
}

int run(int argc, char** argv) {
  using stave::tool::CommandLine;
  ExitCode exit_code = ExitCode::ok;
  CommandLine command_line("stave", "An embedded hash storage engine: the command line.",
                           stave_version_text());
  const stave::tool::Command program = command_line.program();
  program.set_footer(footer);
  bool wants_options = false;
  program.add_flag("--list-options", wants_options, "Lists what --options takes, and ends");
  stave::tool::add_record_commands(program);
  stave::tool::add_update_commands(program);
  stave::tool::add_scan_command(program, exit_code);
  stave::tool::add_import_command(program, exit_code);
  stave::tool::add_export_command(program, exit_code);
  stave::tool::add_dump_command(program, exit_code);
  stave::tool::add_load_command(program, exit_code);
  stave::tool::add_inspection_commands(program);
  stave::tool::add_bench_command(program, exit_code);
  const CommandLine::Outcome outcome = command_line.parse(argc, argv);
  if (outcome == CommandLine::Outcome::informed) return 0;
  if (outcome == CommandLine::Outcome::usage_error) return static_cast<int>(ExitCode::usage);
  if (wants_options) {
    list_options();
  } else if (outcome == CommandLine::Outcome::no_command) {
    report("a command is missing\n  `stave --help` lists them");
    return static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(exit_code);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const stave::tool::Failure& failure) {
    report(failure.what());
    return static_cast<int>(failure.code());
  } catch (const std::bad_alloc&) {
    report("out of memory");
    return static_cast<int>(ExitCode::machine);
  } catch (const std::exception& error) {
    report(error.what());
    return static_cast<int>(ExitCode::internal);
  }
}
