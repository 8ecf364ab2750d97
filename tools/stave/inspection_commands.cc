// stat and verify: what a store holds, and whether it holds together.
#include <fmt/core.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <memory>

#include "tools/stave/commands.h"
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
  nlohmann::ordered_json object;
  object["keys"] = stats.keys;
  object["segments"] = stats.segments;
  object["log_bytes"] = stats.log_bytes;
  object["live_bytes"] = stats.live_bytes;
  object["disk_bytes"] = stats.disk_bytes;
  object["version"] = stats.version;
  object["durable_version"] = stats.durable_version;
  object["recovered"] = stats.recovered != 0;
  object["recovered_commits"] = stats.recovered_commits;
  object["recovered_cut_bytes"] = stats.recovered_cut_bytes;
  object["shards"] = options.shards;
  object["open_seconds"] = open_seconds;
  write_json(object);
}

std::string bytes_row(const char* name, uint64_t bytes) {
  const std::string exact = fmt::format("{} bytes", bytes);
  if (bytes < 1024) return fmt::format("{:<20}{}\n", name, exact);
  return fmt::format("{:<20}{} ({})\n", name, exact, human_bytes(static_cast<double>(bytes)));
}

void print_stats_text(const Stats& stats, const StoreOptions& options, double open_seconds) {
  std::string text;
  text += fmt::format("{:<20}{}\n", "keys", stats.keys);
  text += fmt::format("{:<20}{}\n", "segments", stats.segments);
  text += bytes_row("log", stats.log_bytes);
  text += bytes_row("live", stats.live_bytes);
  text += bytes_row("on disk", stats.disk_bytes);
  text += fmt::format("{:<20}{}\n", "version", stats.version);
  text += fmt::format("{:<20}{}\n", "shards", options.shards);
  text += fmt::format("{:<20}{}\n", "last end",
                      stats.recovered != 0 ? "not closed; recovery ran at this open" : "closed");
  text += fmt::format("{:<20}{}\n", "recovered commits", stats.recovered_commits);
  text += bytes_row("cut off", stats.recovered_cut_bytes);
  text += fmt::format("{:<20}{:.3f} s\n", "open time", open_seconds);
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

void add_stat(CLI::App& program) {
  auto arguments = std::make_shared<InspectionArguments>();
  CLI::App& command = *program.add_subcommand("stat", "Tells what the store holds");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_flag("--json", arguments->json, "As a JSON object");
  command.footer(
      R"(After a crash it shows what recovery finds: the commits it reads from the log and the bytes of
unfinished ones behind the last. The store is opened for reading and stays as it is.

Examples:
  stave stat store
  stave stat store --json | jq .keys)");
  command.callback([arguments] { stat(*arguments); });
}

// ---- verify ------------------------------------------------------------------------------------

void print_verified(const InspectionArguments& arguments, const Stats& stats, double seconds) {
  if (arguments.json) {
    nlohmann::ordered_json object;
    object["ok"] = true;
    object["keys"] = stats.keys;
    object["log_bytes"] = stats.log_bytes;
    object["seconds"] = seconds;
    write_json(object);
  } else {
    write_output(fmt::format("sound: {} keys, {} of log in {:.2f} s\n", stats.keys,
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
      nlohmann::ordered_json object;
      object["ok"] = false;
      object["message"] = failure.what();
      write_json(object);
    }
    throw;
  }
}

void add_verify(CLI::App& program) {
  auto arguments = std::make_shared<InspectionArguments>();
  CLI::App& command =
      *program.add_subcommand("verify", "Checks every byte, and the index against the log");
  add_store_arguments(command, arguments->store, Access::read);
  command.add_flag("--json", arguments->json,
                   "As a JSON object: ok, and keys, log_bytes, seconds or the message");
  command.footer(
      R"(Reads the whole log. Exit code 5 and a message that names the file and the offset say that there
is damage; nothing is changed either way.

Examples:
  stave verify store
  stave verify store --json)");
  command.callback([arguments] { verify(*arguments); });
}

}  // namespace

void add_inspection_commands(CLI::App& program) {
  add_stat(program);
  add_verify(program);
}

}  // namespace stave::tool
