// Layer 5: crashes while several threads commit, so that group commit, out-of-order filling and
// rolls are caught in the act. Images are taken at the store's own calls to the disk, in whichever
// thread makes them, and at any moment in between; what was acknowledged is noted just before.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/image_checker.h"
#include "tests/support/ladder.h"
#include "tests/support/workload.h"

namespace stave::test {
namespace {

using os::CrashPlan;
using store::Durability;
using store::Store;
using Disk = os::SimulatedFileSystem;

constexpr size_t threads_max = 4;
constexpr uint64_t commits_per_thread = 40;
constexpr size_t images_per_life = 60;

// How far each thread had come, in commits.
using Progress = std::array<uint64_t, threads_max>;

// One thread: its commits, when they began and when they were acknowledged on a clock that ticks
// with every such event, and how much of that the crash tests may rely on.
struct Writer {
  explicit Writer(Workload stream) : workload(std::move(stream)) {}

  Workload workload;
  std::array<uint64_t, commits_per_thread + 1> began{};
  std::array<uint64_t, commits_per_thread + 1> ended{};
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> device{0};   // commits that survive a power loss
  std::atomic<uint64_t> process{0};  // commits that survive the process
};

struct Moment {
  std::unique_ptr<Disk> image;
  bool killed;
  Progress low;   // acknowledged before the image was taken
  Progress high;  // begun after it was taken
};

// A change, as a hook saw it.
struct Seen {
  uint64_t version;
  std::string key;
  std::optional<std::string> value;  // nothing: removed
};

class ConcurrentLife {
 public:
  ConcurrentLife(uint64_t seed, ImageChecker& checker)
      : random_(seed), checker_(checker), disk_(random_.next()) {
    checker_.begin_store();
    const uint64_t threads = random_.between(2, threads_max);
    for (uint64_t i = 0; i < threads; i++)
      writers_.push_back(std::make_unique<Writer>(
          Workload(random_.next(), std::string(1, static_cast<char>('a' + i)) + '/', 1500)));
  }

  std::string run();
  uint64_t syncs() const noexcept { return syncs_; }
  uint64_t device_commits() const noexcept { return device_commits_; }
  uint64_t lost() const noexcept { return lost_; }
  uint64_t holes() const noexcept { return holes_; }

 private:
  void write(Writer& writer, uint64_t seed);
  void take_image();
  std::string check_moments();
  std::string judge(const Contents& found, const Progress& low, const Progress& high);
  std::string judge_order(const Progress& present_min, const Progress& present_max,
                          const Progress& high);
  std::string judge_hook(const Contents& found) const;

  Random random_;
  ImageChecker& checker_;
  Disk disk_;
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::atomic<uint64_t> clock_{1};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;  // guards random_ and moments_ while the writers run
  std::vector<Moment> moments_;
  std::vector<Seen> seen_;  // the hook's calls come one after the other
  uint64_t syncs_ = 0;
  uint64_t device_commits_ = 0;
  uint64_t lost_ = 0;
  uint64_t holes_ = 0;
};

std::string ConcurrentLife::run() {
  store::Options options = base_options();
  options.segment_size = 4096;
  options.shards = uint32_t{1} << random_.below(5);
  auto opened = Store::open(disk_, crash_store, options);
  if (!opened.ok()) return "open: " + describe(opened.status());
  store_ = *std::move(opened);
  const auto hook = [this](const store::Event& event) {
    std::optional<std::string> value;
    if (!event.is_remove) value = as_text(event.value);
    seen_.push_back({event.version, std::string(as_text(event.key)), std::move(value)});
    return Code::ok;
  };
  if (!store_->add_hook(hook, random_.one_in(2)).ok()) return "a hook cannot be added";
  disk_.set_background_write_back(random_.below(4));
  disk_.set_hook([this](const Disk::Event&) { take_image(); });
  std::vector<std::thread> threads;
  for (const auto& writer : writers_)
    threads.emplace_back([this, &writer, seed = random_.next()] { write(*writer, seed); });
  for (uint64_t i = 0; i < images_per_life; i++) {
    std::this_thread::yield();
    take_image();
  }
  for (std::thread& thread : threads) thread.join();
  disk_.set_hook(nullptr);
  syncs_ = store_->stats().syncs;
  store_.reset();
  if (failed_) return "a commit failed";
  if (!disk_.violations().empty())
    return "a store into bytes that no disk keeps: " + disk_.violations().front();
  return check_moments();
}

void ConcurrentLife::write(Writer& writer, uint64_t seed) {
  Random random(seed);
  for (uint64_t number = 1; number <= commits_per_thread; number++) {
    Durability durability = Durability::device;
    if (random.one_in(3)) durability = random.one_in(2) ? Durability::os : Durability::memory;
    writer.began[number] = clock_.fetch_add(1);
    writer.started.store(number);
    const Status status = writer.workload.apply(*store_, number, durability);
    if (status.is_error()) {
      failed_ = true;
      return;
    }
    // Of a commit without effect nothing is known but that it makes no difference.
    if (!status.ok()) continue;
    writer.ended[number] = clock_.fetch_add(1);
    if (durability >= Durability::os) writer.process.store(number);
    if (durability == Durability::device) writer.device.store(number);
  }
}

void ConcurrentLife::take_image() {
  const std::lock_guard lock(mutex_);
  if (moments_.size() >= images_per_life || !random_.one_in(2)) return;
  Moment moment{nullptr, random_.one_in(5), {}, {}};
  for (size_t i = 0; i < writers_.size(); i++)
    moment.low[i] = moment.killed ? writers_[i]->process.load() : writers_[i]->device.load();
  moment.image = moment.killed
                     ? disk_.kill_image()
                     : disk_.crash_image(random_.one_in(4) ? CrashPlan::nothing_survives()
                                                           : CrashPlan::draw(random_.next()),
                                         random_.next());
  for (size_t i = 0; i < writers_.size(); i++) moment.high[i] = writers_[i]->started.load();
  moments_.push_back(std::move(moment));
}

std::string ConcurrentLife::check_moments() {
  for (Moment& moment : moments_) {
    const ImageChecker::Judge allowed = [&](const Contents& found) {
      return judge(found, moment.low, moment.high);
    };
    // What a power loss makes of a killed process's image was noted for no moment.
    const ImageChecker::Judge after_power_loss = [&](const Contents& found) {
      return judge(found, {}, moment.high);
    };
    const std::string problem = checker_.check(std::move(moment.image), moment.killed, allowed,
                                               moment.killed ? after_power_loss : allowed);
    if (!problem.empty()) return (moment.killed ? "killed: " : "power loss: ") + problem;
  }
  for (const auto& writer : writers_) device_commits_ += writer->device.load();
  return {};
}

std::string ConcurrentLife::judge(const Contents& found, const Progress& low,
                                  const Progress& high) {
  Progress present_min{};
  Progress present_max{};
  for (size_t i = 0; i < writers_.size(); i++) {
    const Workload& workload = writers_[i]->workload;
    const Contents own = workload.own_part(found);
    Contents contents;
    bool matched = false;
    for (uint64_t number = 0; number <= high[i]; number++) {
      if (number > 0) workload.apply(contents, number);
      if (contents != own) continue;
      if (!matched) present_min[i] = number;
      present_max[i] = number;
      matched = true;
    }
    if (!matched) {
      holes_++;
      return "thread " + std::to_string(i) + ": not the contents after any number of its commits";
    }
    if (present_max[i] < low[i]) {
      lost_++;
      return "thread " + std::to_string(i) +
             ": acknowledged commits are lost: " + std::to_string(present_max[i]) + " of " +
             std::to_string(low[i]) + " are there";
    }
  }
  const std::string problem = judge_hook(found);
  return problem.empty() ? judge_order(present_min, present_max, high) : problem;
}

// What a crash leaves is what the hook's calls add up to, up to some version.
std::string ConcurrentLife::judge_hook(const Contents& found) const {
  Contents contents;
  for (size_t i = 0;; i++) {
    const bool is_whole_commit =
        i == 0 || i == seen_.size() || seen_[i].version != seen_[i - 1].version;
    if (is_whole_commit && contents == found) return {};
    if (i == seen_.size()) return "not the contents after any number of the hook's commits";
    if (i > 0 && is_whole_commit && seen_[i].version != seen_[i - 1].version + 1)
      return "the hook was called out of order";
    if (seen_[i].value)
      contents[seen_[i].key] = *seen_[i].value;
    else
      contents.erase(seen_[i].key);
  }
}

// A commit that began after another was acknowledged is behind it in the log: it cannot be there
// without the other.
std::string ConcurrentLife::judge_order(const Progress& present_min, const Progress& present_max,
                                        const Progress& high) {
  for (size_t lost = 0; lost < writers_.size(); lost++) {
    for (uint64_t number = present_max[lost] + 1; number <= high[lost]; number++) {
      const uint64_t ended = writers_[lost]->ended[number];
      for (size_t other = 0; other < writers_.size(); other++) {
        const uint64_t newest = present_min[other];
        if (ended == 0 || newest == 0 || writers_[other]->began[newest] < ended) continue;
        holes_++;
        return "commit " + std::to_string(newest) + " of thread " + std::to_string(other) +
               " is there, commit " + std::to_string(number) + " of thread " +
               std::to_string(lost) + ", acknowledged before it began, is not";
      }
    }
  }
  return {};
}

TEST(ConcurrentCrash, EveryImageHoldsAcknowledgedPrefix) {
  Random random(ladder_seed(20260502));
  const uint64_t images = scaled(5'000);
  ImageChecker checker(random.next());
  uint64_t lives = 0;
  uint64_t syncs = 0;
  uint64_t device_commits = 0;
  uint64_t lost = 0;
  uint64_t holes = 0;
  std::string problem;
  for (; checker.figures().distinct < images && problem.empty(); lives++) {
    ConcurrentLife life(random.next(), checker);
    problem = life.run();
    EXPECT_EQ(problem, "") << "in life " << lives;
    syncs += life.syncs();
    device_commits += life.device_commits();
    lost += life.lost();
    holes += life.holes();
  }
  const ImageChecker::Figures& figures = checker.figures();
  report_counts("crash, threads", {{"images", figures.images},
                                   {"distinct", figures.distinct},
                                   {"recoveries", figures.recoveries},
                                   {"torn ends cut", figures.cuts},
                                   {"crashes inside recovery", figures.double_crashes},
                                   {"lives", lives},
                                   {"syncs", syncs},
                                   {"device commits", device_commits}});
  report_figures("crash, threads", {{"lost acknowledged", lost}, {"holes", holes}});
}

}  // namespace
}  // namespace stave::test
