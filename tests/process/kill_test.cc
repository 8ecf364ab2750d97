// Layer 10: real processes that write on the real file system and are killed, at random moments and
// at each system call. Whatever they had reported as acknowledged must be there afterwards.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/process/child_process.h"
#include "tests/process/written_store.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

constexpr uint64_t kills_per_store = 20;

struct Sum {
  uint64_t acknowledged = 0;
  uint64_t lost = 0;
  uint64_t unreported = 0;
  uint64_t recovered = 0;

  void add(const WrittenStore::Figures& figures) {
    acknowledged += figures.acknowledged;
    lost += figures.lost;
    unreported += figures.unreported;
    recovered += figures.recovered;
  }
};

TEST(Kill, AtRandomMoments) {
  Random random(ladder_seed(20261001));
  const uint64_t kills = scaled(1000);
  Sum sum;
  for (uint64_t done = 0; done < kills;) {
    WrittenStore written(random.next(), random.between(1, 4));
    for (uint64_t i = 0; i < kills_per_store && done < kills; i++, done++) {
      const auto durability = random.one_in(2) ? store::Durability::device : store::Durability::os;
      ChildProcess writer(
          written.writer_arguments(durability, uint64_t{4096} << random.below(8), 0));
      if (!random.one_in(8)) writer.wait_for_line();  // else kill it while it opens the store
      writer.read_lines(static_cast<int>(random.below(random.one_in(2) ? 4 : 40)));
      writer.kill();
      const int status = writer.finish();
      ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << status;
      ASSERT_EQ(written.check(writer), "") << "after kill " << done;
    }
    sum.add(written.figures());
  }
  report_counts(
      "process, killed at random",
      {{"kills", kills}, {"acknowledged", sum.acknowledged}, {"recoveries", sum.recovered}});
  report_figures("process, killed at random", {{"unreported", sum.unreported}, {"lost", sum.lost}});
}

// strace kills the process when a thread of it enters the given call for the given time.
std::vector<std::string> killed_at(const std::string& call, uint64_t time,
                                   const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      "trace=" + call,
      "-e",
      "inject=" + call + ":signal=SIGKILL:when=" + std::to_string(time)};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

constexpr std::array<const char*, 14> system_calls = {
    "openat",    "mmap",      "munmap",  "write",   "pwrite64", "fdatasync", "fsync",
    "fallocate", "ftruncate", "/rename", "/unlink", "flock",    "pread64",   "futex"};

class SystemCallLadder {
 public:
  explicit SystemCallLadder(uint64_t seed) : random_(seed) {}

  // Kills writers of `commits` commits at the first, second, ... time of each call, until `points`
  // kills are done or none of the calls comes that often.
  void run(uint64_t commits, uint64_t points) {
    std::array<bool, system_calls.size()> exhausted{};
    const auto all = [&] { return std::count(exhausted.begin(), exhausted.end(), false) == 0; };
    for (uint64_t time = 1; kills_ < points && !all(); time++)
      for (size_t i = 0; i < system_calls.size() && kills_ < points; i++)
        if (!exhausted[i] && !testing::Test::HasFailure())
          exhausted[i] = !kill_at(system_calls[i], time, commits);
  }

  uint64_t kills() const noexcept { return kills_; }
  uint64_t stores() const noexcept { return stores_; }
  const Sum& sum() const noexcept { return sum_; }

 private:
  // False when the writer ended by itself before.
  bool kill_at(const char* call, uint64_t time, uint64_t commits) {
    WrittenStore written(random_.next(), 2);
    stores_++;
    bool killed = false;
    // Every second point is in a store that has been closed cleanly before.
    for (int round = time % 2 == 0 ? 0 : 1; round < 2; round++) {
      const std::vector<std::string> command = written.writer_arguments(
          random_.one_in(3) ? store::Durability::os : store::Durability::device, 4096, commits);
      ChildProcess writer(round == 0 ? command : killed_at(call, time, command));
      killed = WIFSIGNALED(writer.finish());
      EXPECT_EQ(written.check(writer), "") << call << " at time " << time << ", round " << round;
      kills_ += killed && !writer.lines().empty() ? 1 : 0;
    }
    sum_.add(written.figures());
    return killed;
  }

  Random random_;
  uint64_t kills_ = 0;
  uint64_t stores_ = 0;
  Sum sum_;
};

TEST(Kill, AtEachSystemCall) {
  if (std::system("strace -qq -o /dev/null true 2>/dev/null") != 0)
    GTEST_SKIP() << "strace is missing or may not trace";
  SystemCallLadder ladder(ladder_seed(20261002));
  const uint64_t points = scaled(500);
  for (uint64_t commits = 12; ladder.kills() < points && !HasFailure(); commits += 12)
    ladder.run(commits, points);
  report_counts("process, killed at system calls", {{"kills", ladder.kills()},
                                                    {"stores", ladder.stores()},
                                                    {"acknowledged", ladder.sum().acknowledged},
                                                    {"recoveries", ladder.sum().recovered}});
  report_figures("process, killed at system calls",
                 {{"unreported", ladder.sum().unreported}, {"lost", ladder.sum().lost}});
}

}  // namespace
}  // namespace stave::test
