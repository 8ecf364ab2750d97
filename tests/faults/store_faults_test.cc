// Layer 6: every call to the file system fails, once and for ever, in each way it can, in scenarios
// that between them use everything a store does.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/faults/fault_run.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using os::Fault;
using store::Durability;
using Disk = os::SimulatedFileSystem;

struct Scenario {
  const char* name;
  store::ReadIo io;
  void (*prepare)(FaultRun&);  // without faults
  void (*run)(FaultRun&);      // with them
};

void nothing(FaultRun&) {}

void fill_and_close(FaultRun& run) {
  run.open();
  run.commits(25, Durability::os);
  run.close();
}

// As a killed process leaves it: commits in the kernel's memory that the device lacks.
void fill_and_drop(FaultRun& run) {
  run.open();
  run.commits(10, Durability::device);
  run.commits(25, Durability::os);
  run.drop();
}

void write_strongly(FaultRun& run) {
  run.open();
  run.commits(10, Durability::device);
  run.close();
}

void write_weakly(FaultRun& run) {
  run.open();
  run.commits(15, Durability::os);
  run.flush();
  run.commits(5, Durability::memory);
  run.sync();
  run.commits(5, Durability::memory);
  run.close();
}

void write_mixed(FaultRun& run) {
  run.open();
  for (int i = 0; i < 5; i++) {
    run.commits(2, Durability::os);
    run.commit(Durability::device);
  }
}

void erase_keys(FaultRun& run) {
  run.open();
  for (int i = 0; i < 8; i++) run.erase_key(Durability::device);
  run.close();
}

void read(FaultRun& run) {
  run.open();
  run.read_everything();
  run.verify();
}

void read_without_writing(FaultRun& run) {
  run.open_read_only();
  run.read_everything();
  run.verify();
  run.close();
}

void open_twice(FaultRun& run) {
  run.open();
  run.close();
  run.open();
  run.commit(Durability::device);
}

void read_and_write(FaultRun& run) {
  run.open();
  for (int i = 0; i < 4; i++) {
    run.commits(2, Durability::device);
    run.read_everything();
  }
  run.sync();
}

constexpr auto buffered = store::ReadIo::buffered;
constexpr auto mapped = store::ReadIo::mmap;
constexpr std::array scenarios = {
    Scenario{"create and write", buffered, nothing, write_strongly},
    Scenario{"create and write, mapped", mapped, nothing, write_mixed},
    Scenario{"write for the device", buffered, fill_and_close, write_strongly},
    Scenario{"write for the kernel", buffered, fill_and_close, write_weakly},
    Scenario{"write mixed, mapped", mapped, fill_and_close, write_mixed},
    Scenario{"delete", buffered, fill_and_close, erase_keys},
    Scenario{"read", buffered, fill_and_close, read},
    Scenario{"read, mapped", mapped, fill_and_close, read},
    Scenario{"read-only", buffered, fill_and_close, read_without_writing},
    Scenario{"read-only after a kill", mapped, fill_and_drop, read_without_writing},
    Scenario{"recover and read", buffered, fill_and_drop, read},
    Scenario{"recover and write", buffered, fill_and_drop, read_and_write},
    Scenario{"recover and write, mapped", mapped, fill_and_drop, write_weakly},
    Scenario{"recover, close, open", buffered, fill_and_drop, open_twice},
};

struct Sum {
  uint64_t points = 0;
  uint64_t fired = 0;
  uint64_t errors = 0;
  uint64_t refusals = 0;
};

class Ladder {
 public:
  explicit Ladder(const Scenario& scenario) : scenario_(scenario), base_(prepared()) {}

  // What a power loss leaves of the prepared store is prepared too: recovery then has a torn end,
  // or segments without content, to cut.
  void run_after_power_loss() {
    std::unique_ptr<Disk> image = base_.disk().crash_image(os::CrashPlan::nothing_survives(), 1);
    LegalStates legal = base_.legal();
    base_ = FaultRun(std::move(image), std::move(legal), options(), base_.next_commit());
    power_lost_ = true;
    run();
  }

  void run() {
    const uint64_t calls = count_calls();
    for (uint64_t call = 1; call <= calls && !testing::Test::HasFailure(); call++) {
      for (const Fault::Kind kind : {Fault::Kind::io_error, Fault::Kind::no_space,
                                     Fault::Kind::short_count, Fault::Kind::interrupted}) {
        for (const bool forever : {false, true}) {
          Fault fault;
          fault.kind = kind;
          fault.call_number = call;
          fault.forever = forever;
          run_point(fault);
        }
      }
    }
  }

  const Sum& sum() const noexcept { return sum_; }

 private:
  store::Options options() const {
    store::Options options = base_options();
    options.io = scenario_.io;
    options.segment_size = 4096;
    return options;
  }

  FaultRun prepared() const {
    FaultRun run(std::make_unique<Disk>(1), LegalStates(), options(), 1);
    scenario_.prepare(run);
    EXPECT_EQ(run.problem(), "") << scenario_.name;
    return run;
  }

  FaultRun copy_of_base() {
    FaultRun run(base_.disk().kill_image(), base_.legal(), options(), base_.next_commit());
    if (power_lost_) run.expect_power_loss();
    return run;
  }

  uint64_t count_calls() {
    FaultRun run = copy_of_base();
    scenario_.run(run);
    EXPECT_EQ(run.problem(), "") << scenario_.name << " without faults";
    return run.disk().calls();
  }

  void run_point(const Fault& fault) {
    FaultRun run = copy_of_base();
    run.begin_faults(fault);
    scenario_.run(run);
    sum_.points++;
    sum_.fired += run.end_faults() ? 1 : 0;
    run.check_afterwards(fault.call_number % 2 == 0);
    sum_.errors += run.errors();
    sum_.refusals += run.refusals();
    EXPECT_EQ(run.problem(), "") << scenario_.name << ": fault " << static_cast<int>(fault.kind)
                                 << (fault.forever ? " for ever from" : " once at") << " call "
                                 << fault.call_number;
  }

  const Scenario& scenario_;
  FaultRun base_;
  bool power_lost_ = false;
  Sum sum_;
};

TEST(StoreFaults, EveryFailedCallIsReportedAndLosesNothing) {
  Sum total;
  for (const Scenario& scenario : scenarios) {
    Ladder ladder(scenario);
    ladder.run();
    if (scenario.prepare == fill_and_drop) ladder.run_after_power_loss();
    total.points += ladder.sum().points;
    total.fired += ladder.sum().fired;
    total.errors += ladder.sum().errors;
    total.refusals += ladder.sum().refusals;
  }
  report_counts("faults", {{"scenarios", scenarios.size()},
                           {"points", total.points},
                           {"faults fired", total.fired},
                           {"errors returned", total.errors},
                           {"writes refused", total.refusals}});
}

}  // namespace
}  // namespace stave::test
