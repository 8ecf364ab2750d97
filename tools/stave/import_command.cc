// import: the arguments, the bar and the summary around Importer.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "tools/stave/bytes_text.h"
#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/importer.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/json_object.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct ImportArguments {
  StoreArguments store;
  std::string directory;
  std::string prefix;
  std::string acknowledge;  // empty: no file
  size_t jobs = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  size_t batch_size = size_t{4} << 20;
  bool json = false;
};

// Adds up the sizes of the files, for the bar. Runs beside the import and ends with it.
void count_total(const std::stop_token& stop, FileDescriptor root,
                 const DirectoryIdentity& excluded, Progress& progress) {
  uint64_t total = 0;
  WalkVisitor visitor;
  visitor.file = [&](const FoundFile& file) {
    struct stat status {};
    if (fstatat(file.directory->number(), file.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      total += static_cast<uint64_t>(status.st_size);
    }
    return !stop.stop_requested();
  };
  visitor.other = [] {};
  visitor.unreadable = [](const std::string&, int) {};
  walk_directory(std::move(root), excluded, visitor);
  if (!stop.stop_requested()) progress.set_total(total);
}

FileDescriptor open_acknowledgements(const std::string& path) {
  if (path.empty()) return FileDescriptor();
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file.valid()) throw system_failure(formatted("cannot open '{}'", path), errno);
  return file;
}

void print_summary(const ImportArguments& arguments, const ImportSummary& summary, double seconds) {
  if (arguments.json) {
    JsonObject object;
    object.set_number("files", summary.files);
    object.set_number("bytes", summary.bytes);
    object.set_number("skipped", summary.skipped);
    object.set_number("left_out", summary.left_out);
    object.set_real("seconds", seconds);
    write_json(object);
    return;
  }
  const auto bytes = static_cast<double>(summary.bytes);
  std::string text = formatted("imported {} files, {} in {:.2f} s ({}/s)\n", summary.files,
                               human_bytes(bytes), seconds, human_bytes(bytes / seconds));
  if (summary.skipped != 0) {
    text += formatted("skipped {} that are not regular files\n", summary.skipped);
  }
  if (summary.left_out != 0) {
    text += formatted("left out {}, named on the standard error\n", summary.left_out);
  }
  write_output(text);
}

ExitCode import(const ImportArguments& arguments) {
  using std::chrono::steady_clock;
  note_interrupts();
  ImportSettings settings;
  settings.prefix = parse_bytes(arguments.prefix, Notation::escaped);
  settings.jobs = arguments.jobs;
  settings.batch_size = arguments.batch_size;
  // All that can be wrong with the arguments is found before a store is created.
  FileDescriptor root = open_directory(arguments.directory);
  settings.acknowledgements = open_acknowledgements(arguments.acknowledge);
  Store store = open_store(arguments.store, Access::write_or_create);
  // A store inside the tree must not import itself.
  const DirectoryIdentity excluded =
      identity_of(open_directory(arguments.store.directory).number());

  const auto begin = steady_clock::now();
  ImportSummary summary;
  {
    Progress progress("importing");
    std::jthread counter;
    if (progress.visible()) {
      counter = std::jthread([&](const std::stop_token& stop) {
        count_total(stop, open_directory(arguments.directory), excluded, progress);
      });
    }
    Importer importer(store, settings, progress);
    try {
      importer.run(std::move(root), excluded);
    } catch (const Failure& failure) {
      throw Failure(failure.code(), formatted("{}\n  {} files had been stored before, and are safe",
                                              failure.what(), importer.summary().files));
    }
    summary = importer.summary();
  }
  check(store.close());
  const std::chrono::duration<double> elapsed = steady_clock::now() - begin;
  print_summary(arguments, summary, elapsed.count());
  if (const int signal = noted_interrupt(); signal != 0) {
    print_error("stave: interrupted; what is counted above is stored, the store is closed\n");
    return static_cast<ExitCode>(static_cast<int>(ExitCode::interrupted) + signal);
  }
  return summary.left_out != 0 ? ExitCode::partial : ExitCode::ok;
}

constexpr const char* footer =
    R"(Every regular file below DIRECTORY is stored under its path, relative to DIRECTORY, byte for
byte. Symbolic links are not followed; they, pipes, sockets and devices are skipped and counted.
A file that cannot be read or exceeds 1 GiB is named and left out, and the exit code is then 7.
Running the same import again stores everything again. An interrupt (SIGINT) closes the store.

--prefix may hold \n, \t, \r, \\ and \xNN for bytes. Files smaller than --batch-size are
stored several in one atomic write.

--acknowledge appends the key of each file, with a NUL byte behind it, as soon as the file is as
durable as --durability says.

Examples:
  stave import store photos
  stave import store /usr/include --prefix include/ --durability os --jobs 4
  stave import store photos --json --options "segment_size=64MiB")";

}  // namespace

void add_import_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<ImportArguments>();
  const Command command = program.add_command("import", "Stores the files of a directory tree");
  add_store_arguments(command, arguments->store, Access::write_or_create);
  command.add_positional("DIRECTORY", arguments->directory, "The root of the tree");
  command.add_text("--prefix", "TEXT", arguments->prefix,
                   "Goes before every path (escaped, see below)");
  command.add_count("--jobs", arguments->jobs, 1, 64, "Threads that read and write, 1 to 64");
  command.add_size("--batch-size", arguments->batch_size, value_size_max,
                   "Size up to which files share a write; 4MiB unless given");
  command.add_text("--acknowledge", "FILE", arguments->acknowledge,
                   "Appends the key of each durable file to this file");
  command.add_flag("--json", arguments->json,
                   "The summary as JSON: files, bytes, skipped, left_out, seconds");
  command.set_footer(footer);
  command.on_run([arguments, &exit_code] { exit_code = import(*arguments); });
}

}  // namespace stave::tool
