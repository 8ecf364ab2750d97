// load: the records of a dump into a store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "tools/stave/bytes_text.h"
#include "tools/stave/commands.h"
#include "tools/stave/dump_reader.h"
#include "tools/stave/format.h"
#include "tools/stave/format_option.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"
#include "tools/stave/progress.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

struct LoadArguments {
  StoreArguments store;
  std::optional<DumpFormat> format;
  std::string file;  // empty: standard input
  size_t batch_size = size_t{4} << 20;
  bool overwrite = false;
  bool json = false;
};

// Writes the records in their order, several in an atomic batch. This process alone has the store
// open for writing, so that a key that is absent stays absent until it is written.
class Loader {
 public:
  Loader(Store& store, size_t batch_size, bool overwrite)
      : store_(store),
        batch_(check(Batch::create())),
        batch_size_(batch_size),
        overwrite_(overwrite) {}

  // False when there is such a key already and nothing may be overwritten.
  bool add(const DumpRecord& record) {
    if (!overwrite_ && (batch_keys_.contains(record.key) || check(store_.contains(record.key)))) {
      return false;
    }
    const size_t bytes = record.key.size() + record.value.size();
    const bool alone = bytes >= batch_size_;
    if (alone || batch_bytes_ + batch_records_ * record_overhead + bytes > batch_size_) commit();
    if (alone) {
      check(store_.put(record.key, record.value));
      ++records_;
      bytes_ += bytes;
      return true;
    }
    check(batch_.put(record.key, record.value));
    if (!overwrite_) batch_keys_.insert(record.key);
    ++batch_records_;
    batch_bytes_ += bytes;
    return true;
  }

  void commit() {
    if (batch_records_ == 0) return;
    check(store_.write(batch_));
    check(batch_.clear());
    records_ += std::exchange(batch_records_, 0);
    bytes_ += std::exchange(batch_bytes_, 0);
    batch_keys_.clear();
  }

  uint64_t records() const noexcept { return records_; }  // stored
  uint64_t bytes() const noexcept { return bytes_; }      // of their keys and values

 private:
  // So that a batch of empty records is bounded too.
  static constexpr size_t record_overhead = 32;

  Store& store_;
  Batch batch_;
  const size_t batch_size_;
  const bool overwrite_;
  std::unordered_set<std::string> batch_keys_;  // unless all may be overwritten
  size_t batch_records_ = 0;
  size_t batch_bytes_ = 0;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
};

// Stores what came before the place that is wrong, and says how much that was.
[[noreturn]] void stop(Loader& loader, ExitCode code, std::string_view message) {
  loader.commit();
  throw Failure(
      code, formatted("{}\n  what came before is stored: {} records", message, loader.records()));
}

bool read_record(DumpReader& reader, Loader& loader, DumpRecord& record) {
  try {
    return reader.next(record);
  } catch (const Failure& failure) {
    stop(loader, failure.code(), failure.what());
  }
}

// `record` is the first; there may be none.
void load_records(DumpReader& reader, std::optional<DumpRecord> record, Loader& loader,
                  Progress& progress) {
  bool more = record.has_value();
  for (; more && noted_interrupt() == 0; more = read_record(reader, loader, *record)) {
    if (!loader.add(*record)) {
      stop(loader, ExitCode::negative,
           formatted("{}: there is a key '{}' already; --overwrite would replace it",
                     reader.place(), escape(record->key)));
    }
    progress.set_done(reader.bytes_read());
  }
  loader.commit();
}

void print_summary(const LoadArguments& arguments, const Loader& loader, double seconds) {
  if (arguments.json) {
    JsonObject object;
    object.set_number("records", loader.records());
    object.set_number("bytes", loader.bytes());
    object.set_real("seconds", seconds);
    write_json(object);
    return;
  }
  const auto bytes = static_cast<double>(loader.bytes());
  write_output(formatted("loaded {} records, {} in {:.2f} s ({}/s)\n", loader.records(),
                         human_bytes(bytes), seconds, human_bytes(bytes / seconds)));
}

ExitCode load(const LoadArguments& arguments) {
  using std::chrono::steady_clock;
  note_interrupts();
  FileDescriptor file;
  int number = STDIN_FILENO;
  std::string name = "the standard input";
  if (!arguments.file.empty() && arguments.file != "-") {
    name = formatted("'{}'", arguments.file);
    file = FileDescriptor(open(arguments.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) throw system_failure("cannot open " + name, errno);
    number = file.number();
  }
  const auto reader = DumpReader::create(arguments.format, number, name);
  // Input that is wrong from the start must not leave a new, empty store behind.
  std::optional<DumpRecord> first(std::in_place);
  if (!reader->next(*first)) first.reset();
  Store store = open_store(arguments.store, Access::write_or_create);
  const auto begin = steady_clock::now();
  Loader loader(store, arguments.batch_size, arguments.overwrite);
  {
    Progress progress("loading");
    struct stat status {};
    if (fstat(number, &status) == 0 && S_ISREG(status.st_mode)) {
      progress.set_total(static_cast<uint64_t>(status.st_size));
    }
    load_records(*reader, std::move(first), loader, progress);
  }
  check(store.close());
  const std::chrono::duration<double> elapsed = steady_clock::now() - begin;
  print_summary(arguments, loader, elapsed.count());
  if (const int signal = noted_interrupt(); signal != 0) {
    print_error("stave: interrupted; what is counted above is stored, the store is closed\n");
    return static_cast<ExitCode>(static_cast<int>(ExitCode::interrupted) + signal);
  }
  return ExitCode::ok;
}

constexpr const char* footer =
    R"(Reads what `stave dump` writes, from the standard input or --file, and stores it; the form is
recognized by its first byte unless --format says it.

A JSON record is an object in a line of its own with two members, strings both: key or key_base64,
and value or value_base64. Anything else in the input is an error that names the line (binary: the
offset), and the exit code is 5; a key that exists already is one with exit code 1, unless
--overwrite is given. The records before it are stored then. Running the load again with
--overwrite completes one that broke off.

Examples:
  stave load store < records.json
  zstd -dc store.dump.zst | stave load store --format binary
  stave load store --file records.json --overwrite --durability os
  stave scan old --values --json | stave load new)";

void add_load_options(Command command, const std::shared_ptr<LoadArguments>& arguments) {
  add_format_option(command, arguments->format, "json or binary; recognized unless given");
  command.add_text("--file", "FILE", arguments->file, "Reads this file; - is the standard input");
  command.add_size("--batch-size", arguments->batch_size, value_size_max,
                   "Size up to which records share a write; 4MiB unless given");
  command.add_flag("--overwrite", arguments->overwrite, "Replaces the values of keys that exist");
  command.add_flag("--json", arguments->json, "The summary as JSON: records, bytes, seconds");
}

}  // namespace

void add_load_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<LoadArguments>();
  const Command command = program.add_command("load", "Stores the records of a dump");
  add_store_arguments(command, arguments->store, Access::write_or_create);
  add_load_options(command, arguments);
  command.set_footer(footer);
  command.on_run([arguments, &exit_code] { exit_code = load(*arguments); });
}

}  // namespace stave::tool
