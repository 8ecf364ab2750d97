// What the files, mappings and locks of one simulated file system share, and the steps that every
// call takes. Only the simulation itself includes this header.
#pragma once

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/os/path_error.h"
#include "core/os/testing/fault_plan.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/os/testing/simulated_tree.h"

namespace stave::os {

struct SimulatedState {
  explicit SimulatedState(uint64_t seed) : random(seed) {}

  std::atomic<uint64_t> unix_time_ms{1'700'000'000'000};

  std::mutex mutex;  // guards everything below, and all nodes of the tree
  std::shared_ptr<DiskSpace> space = std::make_shared<DiskSpace>();
  std::unique_ptr<SimulatedTree> tree = std::make_unique<SimulatedTree>(space);
  FaultPlan faults;
  SimulatedFileSystem::Hook hook;
  uint64_t events = 0;
  SeededRandom random;
  uint64_t write_back_odds = 0;  // 0: never
  std::vector<std::string> violations;

  void collect_violations(const std::string& path, SimulatedContent& content);
};

// One call of the interface, from its entry to its return: runs the hook, takes the mutex, counts,
// lets the kernel write pages back, and says whether the call must fail.
class SimulatedCall {
 public:
  // `state` and `path` outlive the call.
  SimulatedCall(SimulatedState& state, CallKind kind, const std::string& path,
                size_t transfer_size = 0);

  // The errno with which the call must fail, or 0; a short count is not a failure.
  int failure() const noexcept;
  bool is_short() const noexcept { return fault_ == Fault::Kind::short_count; }
  // True when a sync must lose what it covers: it fails, and not by an interruption.
  bool loses() const noexcept { return failure() != 0 && failure() != EINTR; }

 private:
  void write_back();

  SimulatedState& state_;
  std::unique_lock<std::mutex> lock_;
  std::optional<Fault::Kind> fault_;
};

std::unique_ptr<File> make_simulated_file(SimulatedState& state,
                                          std::shared_ptr<SimulatedNode> node,
                                          const std::string& path, bool writable);
// The caller holds the mutex.
std::unique_ptr<FileLock> make_simulated_lock(SimulatedState& state,
                                              std::shared_ptr<SimulatedNode> node, bool exclusive);

}  // namespace stave::os
