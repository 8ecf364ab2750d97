// Layer 5: crashes of one writer, enumerated. A store lives through several rounds of work; at
// every call that changes the disk, and between calls, images of what a power loss or a SIGKILL
// would leave are opened and compared with what the store had promised by then.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/crash/commit_history.h"
#include "tests/crash/image_checker.h"
#include "tests/support/ladder.h"

namespace stave::test {
namespace {

using os::CrashPlan;
using store::Durability;
using store::Store;
using Disk = os::SimulatedFileSystem;

// What one life of a store does differently from another.
struct Character {
  const char* name;
  uint64_t device_percent;  // of the commits; of the rest, half are `os`, half `memory`
  size_t value_size_max;
  uint64_t write_back_odds;
};

constexpr std::array characters = {
    Character{"device", 100, 3000, 0},     Character{"device, written back", 100, 3000, 3},
    Character{"mixed", 30, 3000, 0},       Character{"mixed, written back", 40, 3000, 2},
    Character{"weak", 4, 3000, 2},         Character{"large values", 50, 20000, 3},
    Character{"small values", 50, 120, 0},
};

class Life {
 public:
  Life(uint64_t seed, const Character& character, ImageChecker& checker)
      : random_(seed),
        character_(character),
        checker_(checker),
        workload_(random_.next(), "k/", character.value_size_max),
        disk_(std::make_unique<Disk>(random_.next())) {
    checker_.begin_store();
  }

  // "" or what went wrong.
  std::string run() {
    const uint64_t rounds = random_.between(2, 5);
    for (uint64_t round = 0; round < rounds && problem_.empty(); round++) run_round();
    if (problem_.empty() && !disk_->violations().empty())
      problem_ = "a store into bytes that no disk keeps: " + disk_->violations().front();
    return problem_;
  }

  const CommitHistory::Verdicts& verdicts() const noexcept { return history_.verdicts(); }
  uint64_t segments() const noexcept { return segments_; }

 private:
  void run_round();
  bool open();
  void commit();
  void end_round();
  void adopt(std::unique_ptr<Disk> image, Bounds bounds);
  void take_images(uint64_t odds);
  void take_image(const CrashPlan& plan);
  void take_kill_image();
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  ImageChecker::Judge judge(Bounds bounds) {
    return [this, bounds](const Contents& found) {
      size_t commits = 0;
      return history_.judge(found, bounds, &commits);
    };
  }

  Random random_;
  const Character& character_;
  ImageChecker& checker_;
  Workload workload_;
  std::unique_ptr<Disk> disk_;
  CommitHistory history_;
  Bounds at_open_{0, 0};  // what the next open may show
  std::unique_ptr<Store> store_;
  uint64_t next_commit_ = 1;
  uint64_t segments_ = 0;
  std::string problem_;
};

void Life::run_round() {
  disk_->set_background_write_back(character_.write_back_odds);
  disk_->set_hook([this](const Disk::Event&) { take_images(6); });
  if (!open()) return;
  const uint64_t steps = random_.between(5, 50);
  for (uint64_t step = 0; step < steps && problem_.empty(); step++) {
    commit();
    if (random_.one_in(25)) {
      if (!store_->sync().ok()) note("sync failed");
      history_.acknowledge(Durability::device);
    } else if (random_.one_in(25)) {
      if (!store_->flush().ok()) note("flush failed");
      history_.acknowledge(Durability::os);
    } else if (store_->options().keydir == store::KeyDirectoryKind::disk && random_.one_in(25)) {
      if (!store_->checkpoint().ok()) note("checkpoint failed");
      history_.acknowledge(Durability::device);
    }
    take_images(8);
  }
  if (problem_.empty()) end_round();
}

bool Life::open() {
  store::Options options = base_options();
  options.io = random_.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
  options.segment_size = uint64_t{4096} << random_.below(3);
  options.shards = history_.commits() == 0 ? 0 : options.shards;
  options.shard_prefix_bits = 8;  // all keys in one shard
  Result<std::unique_ptr<Store>> opened = Store::open(*disk_, crash_store, options);
  if (!opened.ok()) {
    note("open: " + describe(opened.status()));
    return false;
  }
  store_ = *std::move(opened);
  const Result<Contents> found = read_all(*store_);
  if (!found.ok()) {
    note("scan: " + describe(found.status()));
    return false;
  }
  size_t commits = 0;
  note(history_.judge(*found, at_open_, &commits));
  history_.reopened(commits);
  return problem_.empty();
}

void Life::commit() {
  Durability durability = Durability::device;
  if (random_.below(100) >= character_.device_percent)
    durability = random_.one_in(2) ? Durability::os : Durability::memory;
  const uint64_t number = next_commit_++;
  history_.begin(workload_.commit(number));
  const Status status = workload_.apply(*store_, number, durability);
  if (status.is_error()) return note("commit: " + describe(status));
  if (status.ok()) history_.acknowledge(durability);
}

// The store is closed, dropped, killed, or loses power; the next round goes on with what is left.
void Life::end_round() {
  segments_ += store_->stats().segments;
  const uint64_t end = random_.below(4);
  if (end == 0) {
    if (const Status status = store_->close(); !status.ok())
      return note("close: " + describe(status));
    history_.acknowledge(Durability::device);
    take_images(1);
    at_open_ = history_.after_power_loss();
    store_.reset();
  } else if (end == 1) {
    at_open_ = history_.after_kill();
    store_.reset();
  } else if (end == 2) {
    adopt(disk_->kill_image(), history_.after_kill());
  } else {
    adopt(disk_->crash_image(CrashPlan::draw(random_.next()), random_.next()),
          history_.after_power_loss());
    history_.lose_power();
  }
  disk_->set_hook(nullptr);
}

void Life::adopt(std::unique_ptr<Disk> image, Bounds bounds) {
  disk_->set_hook(nullptr);
  store_.reset();
  if (!disk_->violations().empty()) note("violation: " + disk_->violations().front());
  disk_ = std::move(image);
  at_open_ = bounds;
}

void Life::take_images(uint64_t odds) {
  if (!problem_.empty()) return;
  if (random_.one_in(odds * 2)) take_image(CrashPlan::nothing_survives());
  if (random_.one_in(odds * 3)) take_image(CrashPlan::everything_survives());
  if (random_.one_in(odds)) take_image(CrashPlan::draw(random_.next()));
  if (random_.one_in(odds)) take_image(CrashPlan::draw(random_.next()));
  if (random_.one_in(odds * 4)) take_kill_image();
}

void Life::take_image(const CrashPlan& plan) {
  const ImageChecker::Judge allowed = judge(history_.after_power_loss());
  const std::string problem =
      checker_.check(disk_->crash_image(plan, random_.next()), false, allowed, allowed);
  if (!problem.empty()) note("power loss: " + problem);
}

void Life::take_kill_image() {
  const std::string problem = checker_.check(
      disk_->kill_image(), true, judge(history_.after_kill()), judge(history_.after_power_loss()));
  if (!problem.empty()) note("killed: " + problem);
}

TEST(StoreCrash, EveryImageHoldsAcknowledgedPrefix) {
  Random random(ladder_seed(20260501));
  const uint64_t images = scaled(15'000);
  ImageChecker checker(random.next());
  CommitHistory::Verdicts verdicts;
  uint64_t lives = 0;
  uint64_t segments = 0;
  std::string problem;
  for (; checker.figures().distinct < images && problem.empty(); lives++) {
    const Character& character = characters[lives % characters.size()];
    Life life(random.next(), character, checker);
    problem = life.run();
    EXPECT_EQ(problem, "") << "in life " << lives << " (" << character.name << ")";
    verdicts.lost += life.verdicts().lost;
    verdicts.holes += life.verdicts().holes;
    verdicts.wrong_values += life.verdicts().wrong_values;
    segments += life.segments();
  }
  const ImageChecker::Figures& figures = checker.figures();
  report_counts("crash", {{"images", figures.images},
                          {"distinct", figures.distinct},
                          {"recoveries", figures.recoveries},
                          {"torn ends cut", figures.cuts},
                          {"crashes inside recovery", figures.double_crashes},
                          {"read-only opens", figures.read_only},
                          {"lives", lives},
                          {"segments", segments}});
  report_figures("crash", {{"lost acknowledged", verdicts.lost},
                           {"holes", verdicts.holes},
                           {"wrong values", verdicts.wrong_values}});
  EXPECT_GE(segments, 3 * lives) << "the stores are too small to roll segments";
}

}  // namespace
}  // namespace stave::test
