// Layer 2: the store against std::map under random operations, with clean and unclean reopening
// inside. A failure is printed as the shortest script that still shows it.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "core/os/posix_file_system.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/model/minimise.h"
#include "tests/model/model_run.h"
#include "tests/support/ladder.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

constexpr uint64_t operations_total = 2'000'000;
constexpr uint64_t operations_per_run = 2000;

// Calls `body` with a file system, the same again if it is simulated, and the name of a directory
// in it that does not exist.
using Body =
    std::function<void(os::FileSystem&, os::SimulatedFileSystem*, const std::string& directory)>;
using Disk = std::function<void(const Body&)>;

void on_simulated_disk(const Body& body) {
  os::SimulatedFileSystem files(1);
  body(files, &files, "/store");
}

void on_real_disk(const Body& body) {
  const os::TemporaryDirectory directory;
  body(os::posix_file_system(), nullptr, directory / "store");
}

store::Options random_options(Random& random) {
  store::Options options = base_options();
  options.shards = uint32_t{1} << random.below(7);
  options.segment_size = uint64_t{4096} << random.below(4);
  options.background = false;  // the sweeps are operations
  options.shard_prefix_bits = random.one_in(2) ? 8 : 0;
  options.io = random.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
  return options;
}

struct Outcome {
  std::string problem;  // "" when all went well
  size_t position = 0;  // of the operation that showed it
};

Outcome run_on(const Disk& disk, const store::Options& options,
               const std::vector<Operation>& operations, ModelRun::Figures* figures) {
  Outcome outcome;
  disk([&](os::FileSystem& files, os::SimulatedFileSystem* clock, const std::string& directory) {
    ModelRun run(files, clock, directory, options);
    outcome.problem = run.open();
    for (size_t i = 0; i < operations.size() && outcome.problem.empty(); i++) {
      outcome.problem = run.apply(operations[i]);
      outcome.position = i;
    }
    if (figures != nullptr) *figures = run.figures();
  });
  return outcome;
}

std::string failure_script(const Disk& disk, const store::Options& options,
                           std::vector<Operation> operations, const Outcome& outcome) {
  operations.resize(outcome.position + 1);
  const auto fails = [&](const std::vector<Operation>& part) {
    return !run_on(disk, options, part, nullptr).problem.empty();
  };
  if (!fails(operations)) return outcome.problem + " (once: it does not repeat)";
  operations = minimise(std::move(operations), fails, 2000);
  std::string script = "s = store.open \"store\" " + to_script(options) + '\n';
  for (const Operation& operation : operations) script += to_script(operation) + '\n';
  return script + "# " + run_on(disk, options, operations, nullptr).problem;
}

void run_ladder(const char* name, const Disk& disk, bool moves_clock, uint64_t operations_wanted,
                uint64_t seed) {
  Random random(seed);
  ModelRun::Figures sum;
  uint64_t done = 0;
  while (done < operations_wanted) {
    const store::Options options = random_options(random);
    OperationGenerator generator(random.next(), options, moves_clock);
    std::vector<Operation> operations;
    for (uint64_t i = 0; i < operations_per_run; i++) operations.push_back(generator.next());
    ModelRun::Figures figures;
    const Outcome outcome = run_on(disk, options, operations, &figures);
    ASSERT_EQ(outcome.problem, "") << failure_script(disk, options, operations, outcome);
    done += operations.size();
    sum.commits += figures.commits;
    sum.refusals += figures.refusals;
    sum.hits += figures.hits;
    sum.swept += figures.swept;
    sum.clean_opens += figures.clean_opens;
    sum.recoveries += figures.recoveries;
    sum.segments += figures.segments;
  }
  report_counts(name, {{"operations", done},
                       {"commits", sum.commits},
                       {"refused writes", sum.refusals},
                       {"hits", sum.hits},
                       {"swept", sum.swept},
                       {"clean opens", sum.clean_opens},
                       {"recoveries", sum.recoveries},
                       {"segments", sum.segments}});
}

TEST(StoreModel, AgreesWithAMapOnASimulatedDisk) {
  run_ladder("model, simulated disk", on_simulated_disk, true, operations_total,
             ladder_seed(20260101));
}

TEST(StoreModel, AgreesWithAMapOnARealDisk) {
  run_ladder("model, real disk", on_real_disk, false, operations_total / 100,
             ladder_seed(20260102));
}

}  // namespace
}  // namespace stave::test
