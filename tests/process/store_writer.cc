// A process that writes to a store until it is done or dies, and reports on a pipe what the store
// acknowledged.
//
//   store_writer DIRECTORY MODE REPORT_FD [DURABILITY SEGMENT_SIZE SEED COMMITS FIRST...]
//
// MODE write: one thread for each FIRST makes the commits FIRST, FIRST + 1, ... of its Workload,
// COMMITS of them (0: without end), then the store is closed.
// MODE hold: opens the store and waits to be killed. MODE read: opens it read-only and waits.
//
// Reports are text lines: "open STATUS" first, then "THREAD NUMBER" for each acknowledged commit,
// "failed STATUS" for one that failed, "close STATUS" last. A line is one write(2): what the reader
// of the pipe has seen was acknowledged before.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/os/posix_file_system.h"
#include "core/store/store.h"
#include "tests/process/writer_workload.h"

namespace {

using stave::Result;
using stave::Status;
using stave::store::Durability;
using stave::store::Store;

void report(int descriptor, const std::string& line) {
  const std::string text = line + '\n';
  if (write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(3);
}

void write_commits(Store& store, int descriptor, Durability durability, uint64_t seed,
                   size_t thread, uint64_t first, uint64_t commits) {
  const stave::test::Workload workload = stave::test::writer_workload(seed, thread);
  for (uint64_t number = first; commits == 0 || number < first + commits; number++) {
    if (const Status status = workload.apply(store, number, durability); status.is_error())
      return report(descriptor, "failed " + stave::test::describe(status));
    report(descriptor, std::to_string(thread) + ' ' + std::to_string(number));
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 4) return 2;
  const std::string mode = arguments[2];
  const int descriptor = std::atoi(arguments[3]);
  stave::store::Options options = stave::test::base_options();
  options.read_only = mode == "read";
  if (argument_count > 5) options.segment_size = std::strtoull(arguments[5], nullptr, 10);

  Result<std::unique_ptr<Store>> store =
      Store::open(stave::os::posix_file_system(), arguments[1], options);
  report(descriptor, "open " + stave::test::describe(store.status()));
  if (!store.ok()) return 1;
  if (mode != "write")
    while (true) pause();

  if (argument_count < 9) return 2;
  const Durability durability =
      arguments[4] == std::string("device") ? Durability::device : Durability::os;
  const uint64_t seed = std::strtoull(arguments[6], nullptr, 10);
  const uint64_t commits = std::strtoull(arguments[7], nullptr, 10);
  std::vector<std::thread> threads;
  for (int i = 8; i < argument_count; i++)
    threads.emplace_back(write_commits, std::ref(**store), descriptor, durability, seed,
                         static_cast<size_t>(i - 8), std::strtoull(arguments[i], nullptr, 10),
                         commits);
  for (std::thread& thread : threads) thread.join();
  const Status closed = (*store)->close();
  report(descriptor, "close " + stave::test::describe(closed));
  return closed.ok() ? 0 : 1;
}
