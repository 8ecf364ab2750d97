#include "tests/process/written_store.h"

#include <cstdlib>

#include "core/os/posix_file_system.h"

namespace stave::test {

WrittenStore::WrittenStore(uint64_t seed, size_t threads)
    : seed_(seed), path_(directory_ / "store") {
  for (size_t i = 0; i < threads; i++) streams_.push_back({writer_workload(seed, i), {}, 0});
}

std::vector<std::string> WrittenStore::writer_arguments(store::Durability durability,
                                                        uint64_t segment_size,
                                                        uint64_t commits) const {
  std::vector<std::string> arguments = {STAVE_STORE_WRITER,
                                        path_,
                                        "write",
                                        "%REPORT%",
                                        durability == store::Durability::device ? "device" : "os",
                                        std::to_string(segment_size),
                                        std::to_string(seed_),
                                        std::to_string(commits)};
  for (const Stream& stream : streams_) arguments.push_back(std::to_string(stream.commits + 1));
  return arguments;
}

std::string WrittenStore::read_reports(const ChildProcess& writer,
                                       std::vector<uint64_t>& acknowledged) {
  for (const std::string& line : writer.lines()) {
    if (line == "open ok" || line == "close ok") continue;
    char* end = nullptr;
    const uint64_t thread = std::strtoull(line.c_str(), &end, 10);
    if (end == line.c_str() || thread >= streams_.size()) return "the writer reports: " + line;
    acknowledged[thread] = std::strtoull(end, nullptr, 10);
    figures_.acknowledged++;
  }
  return {};
}

std::string WrittenStore::check(const ChildProcess& writer) {
  std::vector<uint64_t> acknowledged;
  for (const Stream& stream : streams_) acknowledged.push_back(stream.commits);
  if (std::string problem = read_reports(writer, acknowledged); !problem.empty()) return problem;
  if (writer.lines().empty()) figures_.killed_early++;

  Result<std::unique_ptr<store::Store>> opened =
      store::Store::open(os::posix_file_system(), path_, base_options());
  if (!opened.ok()) return "open: " + describe(opened.status());
  store::Store& store = **opened;
  figures_.recovered += store.stats().recovered ? 1 : 0;
  const Result<Contents> found = read_all(store);
  if (!found.ok()) return "scan: " + describe(found.status());
  size_t accounted = 0;
  for (size_t i = 0; i < streams_.size(); i++) {
    Stream& stream = streams_[i];
    while (stream.commits < acknowledged[i])
      stream.workload.apply(stream.contents, ++stream.commits);
    const Contents expected = stream.contents;
    const auto commits =
        stream.workload.find_commits(*found, stream.contents, stream.commits, stream.commits + 1);
    if (!commits) {
      figures_.lost++;
      return "thread " + std::to_string(i) + " after " + std::to_string(acknowledged[i]) +
             " acknowledged commits: " + difference(expected, stream.workload.own_part(*found));
    }
    figures_.unreported += *commits - stream.commits;
    stream.commits = *commits;
    accounted += stream.contents.size();
  }
  if (accounted != found->size()) return "the store holds keys that nobody wrote";
  if (const Status status = verify(store); !status.ok()) return "verify: " + describe(status);
  if (const Status status = store.close(); !status.ok()) return "close: " + describe(status);
  return {};
}

}  // namespace stave::test
