// bench: how fast a store is on this machine.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <latch>
#include <memory>
#include <thread>

#include "tools/stave/bench_workload.h"
#include "tools/stave/commands.h"
#include "tools/stave/format.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

using std::chrono::steady_clock;

struct BenchArguments {
  StoreArguments store;
  BenchSettings settings;
  std::vector<std::string> workloads;  // empty: all
  bool keep = false;
  bool json = false;
};

// The directory of the store, made by this process and removed with all in it.
class ScratchDirectory {
 public:
  ScratchDirectory(const std::string& path, bool keep) : path_(path), keep_(keep) {
    if (mkdir(path.c_str(), 0777) == 0) return;
    if (errno == EEXIST) {
      throw Failure(ExitCode::usage,
                    formatted("'{}' exists already; bench makes a store of its own", path));
    }
    throw system_failure(formatted("cannot create '{}'", path), errno);
  }
  ~ScratchDirectory() {
    if (keep_) return;
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    if (error) print_error("stave: cannot remove '{}': {}\n", path_, error.message());
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

 private:
  const std::string path_;
  const bool keep_;
};

// What one thread does, and how long each operation took it.
class BenchThread {
 public:
  BenchThread(Store& store, const BenchSettings& settings, std::vector<Operation> operations)
      : store_(store),
        maker_(settings),
        operations_(std::move(operations)),
        latencies_ns_(operations_.size()) {}

  const std::vector<uint64_t>& latencies_ns() const noexcept { return latencies_ns_; }
  // Throws what ended run() early.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  steady_clock::time_point begin() const noexcept { return begin_; }
  steady_clock::time_point end() const noexcept { return end_; }

  void run() noexcept {
    begin_ = steady_clock::now();
    try {
      for (size_t i = 0; i < operations_.size(); ++i) {
        if (i % 256 == 0 && noted_interrupt() != 0) return;
        const auto begin = steady_clock::now();
        perform(operations_[i], i);
        latencies_ns_[i] = static_cast<uint64_t>((steady_clock::now() - begin).count());
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    end_ = steady_clock::now();
  }

 private:
  static_assert(std::is_same_v<steady_clock::period, std::nano>);

  void perform(const Operation& operation, uint64_t version) {
    const uint64_t number = operation.number;
    const std::string_view key = maker_.key(number);
    switch (operation.kind) {
      case OperationKind::put:
        check(store_.put(key, maker_.value(number, version)));
        break;
      case OperationKind::get:
        read(number, key);
        break;
      case OperationKind::get_absent:
        expect(store_.get(key, buffer_).status() == Status::not_found);
        break;
      case OperationKind::read_modify_write:
        read(number, key);
        check(store_.put(key, maker_.value(number, version)));
        break;
      case OperationKind::erase:
        check(store_.remove(key));
        break;
    }
  }

  void read(uint64_t number, std::string_view key) {
    const Result<Bytes> value = store_.get(key, buffer_);
    if (!value && value.status() != Status::not_found) throw failure_of(value.error());
    expect(value && maker_.is_value_of(number, value->text()));
  }

  static void expect(bool right) {
    if (!right) throw Failure(ExitCode::internal, "the store gave a wrong answer");
  }

  Store& store_;
  RecordMaker maker_;
  const std::vector<Operation> operations_;
  std::vector<uint64_t> latencies_ns_;
  Buffer buffer_;
  steady_clock::time_point begin_;
  steady_clock::time_point end_;
  std::exception_ptr failure_;
};

struct BenchResult {
  double seconds = 0;
  std::vector<uint64_t> latencies_ns;  // of all threads, sorted

  // The latency that `share` of the operations do not exceed.
  uint64_t percentile_ns(double share) const noexcept {
    if (latencies_ns.empty()) return 0;
    const double rank = std::ceil(share * static_cast<double>(latencies_ns.size()));
    return latencies_ns[std::max(static_cast<size_t>(rank), size_t{1}) - 1];
  }
};

BenchResult run_workload(Store& store, const BenchSettings& settings, Workload workload) {
  std::vector<std::unique_ptr<BenchThread>> works;
  for (size_t thread = 0; thread < settings.threads; ++thread) {
    works.push_back(
        std::make_unique<BenchThread>(store, settings, operations_of(workload, settings, thread)));
  }
  std::latch start(static_cast<std::ptrdiff_t>(settings.threads));
  {
    std::vector<std::jthread> threads;
    for (const auto& work : works) {
      threads.emplace_back([&start, &work] {
        start.arrive_and_wait();
        work->run();
      });
    }
  }
  BenchResult result;
  auto begin = steady_clock::time_point::max();
  auto end = steady_clock::time_point::min();
  for (const auto& work : works) {
    work->rethrow();
    begin = std::min(begin, work->begin());
    end = std::max(end, work->end());
    result.latencies_ns.insert(result.latencies_ns.end(), work->latencies_ns().begin(),
                               work->latencies_ns().end());
  }
  result.seconds = std::chrono::duration<double>(end - begin).count();
  std::sort(result.latencies_ns.begin(), result.latencies_ns.end());
  return result;
}

// ---- Output ------------------------------------------------------------------------------------

constexpr std::pair<const char*, double> percentiles[] = {
    {"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

void print_heading(const BenchSettings& settings, const std::string& durability) {
  std::string text = formatted(
      "records: {}, bytes of a key: {}, of a value: {}, threads: {}, durability: {}, seed: {}\n"
      "latencies in microseconds\n\n{:<8}{:>12}{:>10}{:>12}",
      settings.count, settings.key_size, settings.value_size, settings.threads, durability,
      settings.seed, "workload", "operations", "seconds", "per second");
  for (const auto& [name, share] : percentiles) text += formatted("{:>11}", name);
  write_output(text + "\n");
}

void print_row(Workload workload, const BenchResult& result) {
  const size_t operations = result.latencies_ns.size();
  std::string text = formatted("{:<8}{:>12}{:>10.3f}{:>12.0f}", name_of(workload), operations,
                               result.seconds, static_cast<double>(operations) / result.seconds);
  for (const auto& [name, share] : percentiles) {
    text += formatted("{:>11.2f}", static_cast<double>(result.percentile_ns(share)) / 1000);
  }
  write_output(text + "\n");
}

void print_json(Workload workload, const BenchResult& result) {
  const size_t operations = result.latencies_ns.size();
  JsonObject object;
  object.set_text("workload", name_of(workload));
  object.set_number("operations", operations);
  object.set_real("seconds", result.seconds);
  object.set_real("per_second", static_cast<double>(operations) / result.seconds);
  for (const auto& [name, share] : percentiles) {
    object.set_number(formatted("{}_ns", name), result.percentile_ns(share));
  }
  write_json(object);
}

// ---- The command -------------------------------------------------------------------------------

void check_size(Store& store, uint64_t expected) {
  if (const uint64_t size = check(store.size()); size != expected) {
    throw Failure(ExitCode::internal,
                  formatted("the store has {} keys instead of {}", size, expected));
  }
}

bool is_wanted(const BenchArguments& arguments, Workload workload) {
  const auto& names = arguments.workloads;
  return names.empty() || workload == Workload::load ||
         std::find(names.begin(), names.end(), name_of(workload)) != names.end();
}

ExitCode bench(BenchArguments arguments) {
  note_interrupts();
  const BenchSettings& settings = arguments.settings;
  const ScratchDirectory directory(arguments.store.directory, arguments.keep);
  if (arguments.store.durability.empty()) arguments.store.durability = "os";
  Store store = open_store(arguments.store, Access::write_or_create);
  if (!arguments.json) print_heading(settings, arguments.store.durability);
  uint64_t size = 0;
  for (const Workload workload : workloads) {
    if (!is_wanted(arguments, workload)) continue;
    const BenchResult result = run_workload(store, settings, workload);
    if (const int signal = noted_interrupt(); signal != 0) {
      print_error("stave: interrupted\n");
      return static_cast<ExitCode>(static_cast<int>(ExitCode::interrupted) + signal);
    }
    (arguments.json ? print_json : print_row)(workload, result);
    if (workload == Workload::load) size = settings.count;
    if (workload == Workload::erase) size -= settings.count / 2;
    check_size(store, size);
  }
  check(store.close());
  return ExitCode::ok;
}

constexpr const char* footer =
    R"(STORE must not exist; it is made, and removed at the end unless --keep is given. Sequences of keys
and operations are the same for the same seed. Every value that is read is checked.

load    stores the records, each by a put of its own; always runs
get     reads records, each as likely as any other
miss    looks up keys that are not there
A       50 % reads, 50 % writes          the records of A, B, C and F are chosen by
B       95 % reads, 5 % writes           a Zipf distribution (0.99): few are used much
C       reads
F       50 % reads, 50 % reads followed by a write of the same record
delete  removes every other record

`stave bench` counts the time of a whole operation as its caller sees it, reading the clock included.

Examples:
  stave bench store
  stave bench store --count 10M --threads 2 --workloads get,A
  stave bench store --durability device --count 10000 --json)";

void add_bench_options(Command command, BenchArguments& arguments) {
  BenchSettings& settings = arguments.settings;
  constexpr uint64_t count_max = uint64_t{1} << 36;
  command.add_number("--count", settings.count, uint64_t{1}, count_max,
                     "Records; 1M unless given. K, M and G multiply");
  command.add_number("--operations", settings.operations, uint64_t{1}, count_max,
                     "Operations of a workload; as many as records unless given");
  command.add_number("--key-size", settings.key_size, size_t{8}, key_size_max,
                     "Bytes of a key; 16 unless given, 8 at the least");
  command.add_number("--value-size", settings.value_size, size_t{0}, value_size_max,
                     "Bytes of a value; 100 unless given");
  command.add_number("--threads", settings.threads, size_t{1}, size_t{64},
                     "Threads, 1 (unless given) to 64");
  command.add_number("--seed", settings.seed, uint64_t{0}, UINT64_MAX,
                     "Makes other keys and sequences; 1 unless given");
  command.add_list("--workloads", {"load", "get", "miss", "A", "B", "C", "F", "delete"},
                   arguments.workloads, "Only these; separated by commas");
  command.add_flag("--keep", arguments.keep, "Leaves the store there");
  command.add_flag("--json", arguments.json, "A JSON object for each workload");
}

}  // namespace

void add_bench_command(Command program, ExitCode& exit_code) {
  auto arguments = std::make_shared<BenchArguments>();
  const Command command =
      program.add_command("bench", "Measures how fast a store is on this machine");
  add_store_arguments(command, arguments->store, Access::write_or_create);
  command.argument("STORE").describe("The directory to make, and to remove at the end");
  command.argument("--durability").describe("memory, os (unless given) or device");
  add_bench_options(command, *arguments);
  command.set_footer(footer);
  command.on_run([arguments, &exit_code] { exit_code = bench(*arguments); });
}

}  // namespace stave::tool
