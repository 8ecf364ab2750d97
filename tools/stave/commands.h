// The commands of the program, one group a file.
//
// Each function adds its commands to the parser. Parsing runs the callback of the command that was
// named; a callback that cannot do its work throws Failure, and one that ends with another exit
// code than 0 says so through `exit_code`.
#pragma once

#include "tools/stave/command_line.h"
#include "tools/stave/failure.h"

namespace stave::tool {

void add_record_commands(Command program);                      // put, get, del
void add_update_commands(Command program);                      // cas, update, expire
void add_scan_command(Command program, ExitCode& exit_code);    // scan
void add_import_command(Command program, ExitCode& exit_code);  // import
void add_export_command(Command program, ExitCode& exit_code);  // export
void add_dump_command(Command program, ExitCode& exit_code);    // dump
void add_load_command(Command program, ExitCode& exit_code);    // load
void add_inspection_commands(Command program);                  // stat, verify
void add_bench_command(Command program, ExitCode& exit_code);   // bench

}  // namespace stave::tool
