// A directory that store_writer processes write to one after the other, and what must be in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/os/testing/temporary_directory.h"
#include "core/store/options.h"
#include "tests/process/child_process.h"
#include "tests/process/writer_workload.h"

namespace stave::test {

class WrittenStore {
 public:
  WrittenStore(uint64_t seed, size_t threads);

  // The command line of a writer that goes on where the store stands. `commits` for each thread; 0:
  // until it is killed.
  std::vector<std::string> writer_arguments(store::Durability durability, uint64_t segment_size,
                                            uint64_t commits) const;
  // After the writer has ended: opens the store and compares it with what the writer reported.
  // "" or what is wrong. Afterwards the next writer may run.
  std::string check(const ChildProcess& writer);

  struct Figures {
    uint64_t acknowledged = 0;
    uint64_t lost = 0;          // acknowledged commits that are not there
    uint64_t unreported = 0;    // commits that are there although the writer died before its report
    uint64_t recovered = 0;     // opens that found no clean end
    uint64_t killed_early = 0;  // the writer died before its store was open
  };
  const Figures& figures() const noexcept { return figures_; }
  const std::string& path() const noexcept { return path_; }

 private:
  struct Stream {
    Workload workload;
    Contents contents;     // after `commits`
    uint64_t commits = 0;  // in the store when the last check was made
  };

  std::string read_reports(const ChildProcess& writer, std::vector<uint64_t>& acknowledged);

  uint64_t seed_;
  os::TemporaryDirectory directory_;
  std::string path_;
  std::vector<Stream> streams_;
  Figures figures_;
};

}  // namespace stave::test
