// Brings a directory tree into a store: every regular file under its path.
//
// One thread walks the tree, `jobs` threads read files and write them. Each of these gathers small
// files in a batch of its own, which costs one frame and one sync; a file as large as a batch is
// written by itself. So memory is bounded by jobs * (batch_size + the largest file), and what a
// crash can lose of a batch in flight is all of it or nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stave/stave.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tools/stave/blocking_queue.h"
#include "tools/stave/directory_walk.h"
#include "tools/stave/output.h"
#include "tools/stave/progress.h"

namespace stave::tool {

struct ImportSettings {
  std::string prefix;  // goes before every path
  size_t jobs = 1;
  size_t batch_size = 0;
  // Receives each key with a NUL behind it, once the write that holds it has returned: it is as
  // durable as was asked for. Not valid: nobody wants to know.
  FileDescriptor acknowledgements;
};

struct ImportSummary {
  uint64_t files = 0;     // stored
  uint64_t bytes = 0;     // of their contents
  uint64_t skipped = 0;   // neither a directory nor a regular file
  uint64_t left_out = 0;  // could not be read or exceed a limit; named on standard error
};

class Importer {
 public:
  // All outlive the importer.
  Importer(Store& store, const ImportSettings& settings, Progress& progress);

  // Imports what lies below `root`, but for the directory `excluded`. Ends early, with what is
  // stored in the summary, after noted_interrupt(). Throws Failure when the store fails.
  void run(FileDescriptor root, const DirectoryIdentity& excluded);

  // Of what has been stored so far; also after run() has thrown.
  ImportSummary summary() const noexcept;

 private:
  class Job;

  bool interrupted();
  void stop(std::exception_ptr failure);
  void leave_out(std::string_view path, std::string_view reason);
  void acknowledge(const std::vector<std::string>& keys, size_t bytes);

  Store& store_;
  const ImportSettings& settings_;
  Progress& progress_;
  BlockingQueue<FoundFile> queue_;
  std::atomic<uint64_t> files_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> skipped_{0};
  std::atomic<uint64_t> left_out_{0};
  std::mutex acknowledgements_mutex_;  // one write at a time: pipes tear larger ones
  std::mutex failure_mutex_;
  std::exception_ptr failure_;  // the first
};

}  // namespace stave::tool
