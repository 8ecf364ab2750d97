// The commands of the program, one group a file.
//
// Each function adds its commands to the parser. Parsing runs the callback of the command that was
// named; a callback that cannot do its work throws Failure, and one that ends with another exit
// code than 0 says so through `exit_code`.
#pragma once

#include <CLI/App.hpp>

#include "tools/stave/failure.h"

namespace stave::tool {

void add_record_commands(CLI::App& program);                      // put, get, del
void add_scan_command(CLI::App& program, ExitCode& exit_code);    // scan
void add_import_command(CLI::App& program, ExitCode& exit_code);  // import
void add_export_command(CLI::App& program, ExitCode& exit_code);  // export
void add_dump_command(CLI::App& program, ExitCode& exit_code);    // dump
void add_load_command(CLI::App& program, ExitCode& exit_code);    // load
void add_inspection_commands(CLI::App& program);                  // stat, verify
void add_bench_command(CLI::App& program, ExitCode& exit_code);   // bench

}  // namespace stave::tool
