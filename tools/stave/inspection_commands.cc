// stat and verify: what a store holds, and whether it holds together.

#include <chrono>
#include <memory>

#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"
#include "tools/stave/progress.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct InspectionArguments {
  StoreArguments store;
  bool json = false;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// ---- stat --------------------------------------------------------------------------------------

void print_stats_json(const Stats& stats, const StoreOptions& options, double open_seconds) {
  JsonObject object;
  object.set_number("keys", stats.keys);
  object.set_number("segments", stats.segments);
  object.set_number("log_bytes", stats.log_bytes);
  object.set_number("live_bytes", stats.live_bytes);
  object.set_number("disk_bytes", stats.disk_bytes);
  object.set_number("version", stats.version);
  object.set_number("durable_version", stats.durable_version);
  object.set_flag("recovered", stats.recovered != 0);
  object.set_number("recovered_commits", stats.recovered_commits);
  object.set_number("recovered_cut_bytes", stats.recovered_cut_bytes);
  object.set_number("shards", options.shards);
  object.set_real("open_seconds", open_seconds);
  write_json(object);
}

std::string bytes_row(const char* name, uint64_t bytes) {
  const std::string exact = formatted("{} bytes", bytes);
  if (bytes < 1024) return formatted("{:<20}{}\n", name, exact);
  return formatted("{:<20}{} ({})\n", name, exact, human_bytes(static_cast<double>(bytes)));
}

void print_stats_text(const Stats& stats, const StoreOptions& options, double open_seconds) {
  std::string text;
  text += formatted("{:<20}{}\n", "keys", stats.keys);
  text += formatted("{:<20}{}\n", "segments", stats.segments);
  text += bytes_row("log", stats.log_bytes);
  text += bytes_row("live", stats.live_bytes);
  text += bytes_row("on disk", stats.disk_bytes);
  text += formatted("{:<20}{}\n", "version", stats.version);
  text += formatted("{:<20}{}\n", "shards", options.shards);
  text += formatted("{:<20}{}\n", "last end",
                    stats.recovered != 0 ? "not closed; recovery ran at this open" : "closed");
  text += formatted("{:<20}{}\n", "recovered commits", stats.recovered_commits);
  text += bytes_row("cut off", stats.recovered_cut_bytes);
  text += formatted("{:<20}{:.3f} s\n", "open time", open_seconds);
  write_output(text);
}

void stat(const InspectionArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  Store store = open_store(arguments.store, Access::read);
  const double open_seconds = seconds_since(begin);
  const Stats stats = check(store.stats());
  const StoreOptions options = check(store.options());
  (arguments.json ? print_stats_json : print_stats_text)(stats, options, open_seconds);
}

void add_stat(Command program) {
  auto arguments = std::make_shared<InspectionArguments>();
  const Command command = program.add_command("stat", "Tells what the store holds");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_flag("--json", arguments->json, "As a JSON object");
  command.set_footer(
      R"(After a crash it shows what recovery finds: the commits it reads from the log and the bytes of
unfinished ones behind the last. The store is opened for reading and stays as it is.

Examples:
  stave stat store
  stave stat store --json | jq .keys)");
  command.on_run([arguments] { stat(*arguments); });
}

// ---- verify ------------------------------------------------------------------------------------

void print_verified(const InspectionArguments& arguments, const Stats& stats, double seconds) {
  if (arguments.json) {
    JsonObject object;
    object.set_flag("ok", true);
    object.set_number("keys", stats.keys);
    object.set_number("log_bytes", stats.log_bytes);
    object.set_real("seconds", seconds);
    write_json(object);
  } else {
    write_output(formatted("sound: {} keys, {} of log in {:.2f} s\n", stats.keys,
                           human_bytes(static_cast<double>(stats.log_bytes)), seconds));
  }
}

void verify(const InspectionArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    Store store = open_store(arguments.store, Access::read);
    {
      Progress progress("verifying");
      check(store.verify([&progress](uint64_t done, uint64_t total) {
        progress.set_total(total);
        progress.set_done(done);
        return Status::ok;
      }));
    }
    print_verified(arguments, check(store.stats()), seconds_since(begin));
  } catch (const Failure& failure) {
    // Damage is an answer to the question that was asked; it may show at the open already.
    if (arguments.json && failure.code() == ExitCode::damaged) {
      JsonObject object;
      object.set_flag("ok", false);
      object.set_text("message", failure.what());
      write_json(object);
    }
    throw;
  }
}

void add_verify(Command program) {
  auto arguments = std::make_shared<InspectionArguments>();
  const Command command =
      program.add_command("verify", "Checks every byte, and the index against the log");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_flag("--json", arguments->json,
                   "As a JSON object: ok, and keys, log_bytes, seconds or the message");
  command.set_footer(
      R"(Reads the whole log. Exit code 5 and a message that names the file and the offset say that there
is damage; nothing is changed either way.

Examples:
  stave verify store
  stave verify store --json)");
  command.on_run([arguments] { verify(*arguments); });
}

}  // namespace

void add_inspection_commands(Command program) {
  add_stat(program);
  add_verify(program);
}

}  // namespace stave::tool
