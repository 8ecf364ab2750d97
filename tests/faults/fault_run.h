// One run of a scenario on a simulated disk: every call's status is checked against what the faults
// allow, every answer against what the store may show.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"
#include "tests/faults/legal_states.h"
#include "tests/support/workload.h"

namespace stave::test {

class FaultRun {
 public:
  using Disk = os::SimulatedFileSystem;

  FaultRun(std::unique_ptr<Disk> disk, LegalStates legal, const store::Options& options,
           uint64_t next_commit);

  // The disk is what a power loss left.
  void expect_power_loss() noexcept { only_device_counts_ = true; }
  // From here on calls fail as `fault` says.
  void begin_faults(const os::Fault& fault);
  // Whether the fault came to pass. The disk works from here on.
  bool end_faults();

  // The steps of scenarios. A step does nothing once the store could not be opened, or once there
  // is a problem.
  void open();
  void open_read_only();
  void commit(store::Durability durability);
  void commits(uint64_t count, store::Durability durability);
  void erase_key(store::Durability durability);
  void sync();
  void flush();
  void read_everything();
  void verify();
  void close();
  void drop() { store_.reset(); }

  // Without faults: the handle that lived through them still answers rightly, and opened again the
  // store shows a legal state, keeps it over a power loss, and goes on working.
  void check_afterwards(bool power_loss);

  // "" as long as all is right.
  const std::string& problem() const noexcept { return problem_; }
  Disk& disk() noexcept { return *disk_; }
  uint64_t errors() const noexcept { return errors_; }
  uint64_t refusals() const noexcept { return refusals_; }
  // For the runs that start where this one stopped; no store is open.
  const LegalStates& legal() const noexcept { return legal_; }
  uint64_t next_commit() const noexcept { return next_commit_; }

 private:
  bool ready() const noexcept { return store_ && problem_.empty(); }
  bool succeeded(const char* step, const Status& status);
  void finish_write(const LegalStates::Changes& changes, store::Durability durability,
                    bool refusing, const Status& status);
  void forget_reader();
  bool reopen(const char* when, Contents& found);
  void check_live_handle();
  void check_power_loss_changes_nothing(const Contents& shown);
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::unique_ptr<Disk> disk_;
  LegalStates legal_;
  std::optional<LegalStates> behind_reader_;  // what a read-only handle does not change
  store::Options options_;
  Workload workload_;
  uint64_t next_commit_;
  std::unique_ptr<store::Store> store_;
  bool faulty_ = false;
  os::Fault fault_;
  uint64_t errors_ = 0;
  uint64_t refusals_ = 0;            // writes of a handle whose sync had failed
  bool only_device_counts_ = false;  // then only what was acknowledged for the device must survive
  std::string problem_;
};

}  // namespace stave::test
