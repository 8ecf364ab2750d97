// Layer 5 for the disk index with several writers, the merger's thread, and one that saves, loads
// and shrinks. Images are taken at calls of all of them and, by another thread, at any moment: also
// between a link in the log and the first operation behind it, where writers pause.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/log/redo_log.h"
#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
using os::CrashPlan;
using Disk = os::SimulatedFileSystem;

constexpr const char* path = "/index";
constexpr size_t writers_max = 4;
constexpr uint64_t puts_max = 12'000;  // of a writer in all lives of an index
constexpr uint64_t keys_each = 700;

// Of each writer, how many of its puts.
using Progress = std::array<uint64_t, writers_max>;

// A writer's puts are numbered from 1; each stores its number, so the largest number in a state
// tells which state it is.
Key key_of(size_t writer, uint64_t put) {
  return {writer, put * 0x9e3779b97f4a7c15u % keys_each};
}

struct Writer {
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> returned{0};
  std::atomic<uint64_t> saved{0};
  // When each began and returned, by a clock that counts both. 0: not yet.
  std::array<std::atomic<uint64_t>, puts_max + 1> began{};
  std::array<std::atomic<uint64_t>, puts_max + 1> ended{};
};

struct Image {
  std::unique_ptr<Disk> disk;
  bool killed = false;
  Progress low{};
  Progress high{};
};

struct Figures {
  uint64_t images = 0;
  uint64_t kills = 0;
  uint64_t lives = 0;
  uint64_t saves = 0;
  uint64_t merges = 0;
  uint64_t behind_link = 0;  // images whose log ends behind a link
};

std::string describe(const Status& status) {
  return std::string(code_name(status.code())) + " " + std::string(status.message());
}

class History {
 public:
  History(uint64_t seed, Figures& figures)
      : random_(seed), figures_(figures), disk_(std::make_unique<Disk>(random_.next())) {
    options_.record_size = 8;
    options_.delta_entries = static_cast<uint32_t>(random_.between(300, 2000));
    options_.idle_time = std::chrono::milliseconds(random_.below(3));
    options_.bulk_memory = 0;
    count_ = random_.between(2, writers_max);
    for (auto& writer : writers_) writer = std::make_unique<Writer>();
  }

  // "" or what went wrong.
  std::string run() {
    for (uint64_t life = 0; life < 3 && problem_.empty(); life++) run_life();
    return problem_;
  }

 private:
  void run_life();
  void write(size_t writer, uint64_t puts);
  void save(uint64_t seed);
  Progress progress(std::atomic<uint64_t> Writer::*of) const;
  void take_image(uint64_t odds);
  void check_images();
  std::string judge(Disk& disk, const Progress& low, const Progress& high, Progress* found);
  void end_life();
  void note(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    if (problem_.empty()) problem_ = problem;
  }

  Random random_;  // with mutex_ while threads run
  Figures& figures_;
  std::unique_ptr<Disk> disk_;
  disk_index::Options options_;
  size_t count_ = 0;
  std::unique_ptr<DiskIndex> index_;
  std::array<std::unique_ptr<Writer>, writers_max> writers_;
  std::atomic<uint64_t> clock_{1};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<Image> images_;
  std::string problem_;
};

Progress History::progress(std::atomic<uint64_t> Writer::*of) const {
  Progress progress{};
  for (size_t i = 0; i < writers_.size(); i++) progress[i] = ((*writers_[i]).*of).load();
  return progress;
}

void History::write(size_t number, uint64_t puts) {
  Writer& writer = *writers_[number];
  for (uint64_t put = writer.returned + 1; puts > 0 && put <= puts_max; put++, puts--) {
    std::array<std::byte, 8> record;
    store_le64(record.data(), put);
    writer.began[put] = clock_.fetch_add(1);
    writer.started = put;
    const Status status = index_->put(key_of(number, put), record);
    if (!status.ok()) return note("put: " + describe(status));
    writer.ended[put] = clock_.fetch_add(1);
    writer.returned = put;
  }
}

void History::save(uint64_t seed) {
  Random random(seed);
  while (!stop_) {
    const Progress before = progress(&Writer::returned);
    const uint64_t what = random.below(12);
    const auto none = [](Key*, MutableBytes) -> Status { return Code::done; };
    const Status status = what == 0   ? index_->shrink_to_fit()
                          : what == 1 ? index_->bulk_load(none)
                          : what == 2 ? index_->merge()
                          : what < 5  ? index_->checkpoint(1)
                                      : index_->save(1);
    if (!status.ok()) return note("save: " + describe(status));
    figures_.saves++;
    if (what != 2)
      for (size_t i = 0; i < writers_.size(); i++) writers_[i]->saved = before[i];
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(3000)));
  }
}

void History::take_image(uint64_t odds) {
  const std::lock_guard lock(mutex_);
  if (images_.size() >= 60 || !random_.one_in(odds)) return;
  Image image;
  image.killed = random_.one_in(3);
  image.low = progress(image.killed ? &Writer::returned : &Writer::saved);
  if (image.killed)
    image.disk = disk_->kill_image();
  else
    image.disk = disk_->crash_image(random_.one_in(4)   ? CrashPlan::nothing_survives()
                                    : random_.one_in(4) ? CrashPlan::everything_survives()
                                                        : CrashPlan::draw(random_.next()),
                                    random_.next());
  image.high = progress(&Writer::started);
  images_.push_back(std::move(image));
}

void History::run_life() {
  disk_->set_background_write_back(random_.below(4));
  auto opened = DiskIndex::open(*disk_, path, options_);
  if (!opened.ok()) return note("open: " + describe(opened.status()));
  index_ = *std::move(opened);
  std::vector<std::thread> threads;
  stop_ = false;
  disk_->set_hook([this](const Disk::Event& event) {
    take_image(8);
    // Passes that last, so that writers are paced.
    if (event.call == os::CallKind::write)
      std::this_thread::sleep_for(std::chrono::microseconds(300));
  });
  std::array<uint64_t, writers_max> puts{};
  for (uint64_t& count : puts) count = random_.below(4000);
  const uint64_t seed = random_.next();
  for (size_t i = 0; i < count_; i++) threads.emplace_back([this, i, &puts] { write(i, puts[i]); });
  std::thread saver([this, seed] { save(seed); });
  std::thread camera([this, seed] {
    Random random(seed);
    while (!stop_) {
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(500)));
      take_image(2);
    }
  });
  for (std::thread& thread : threads) thread.join();
  stop_ = true;
  saver.join();
  camera.join();
  disk_->set_hook(nullptr);
  if (!disk_->violations().empty()) note("violation: " + disk_->violations().front());
  figures_.merges += index_->stats().merges;
  figures_.lives++;
  check_images();
  if (problem_.empty()) end_life();
}

// Whether the log's last chunk has no operation yet.
bool ends_behind_link(Disk& disk) {
  const auto file = disk.open(path, os::OpenMode::read_only);
  if (!file.ok()) return false;
  for (const uint64_t page : disk_index::superblock_pages) {
    disk_index::SuperblockBytes bytes;
    if (!os::read_exactly(**file, path, page * disk_index::page_size, bytes).ok()) return false;
    const auto block = disk_index::decode_superblock(bytes, path);
    if (!block.ok()) continue;
    const auto log = disk_index::read_log(**file, path, {block->log_page, block->log_salt}, 8,
                                          *(*file)->size() / disk_index::page_size);
    return log.ok() && log->chunks.size() > 1 && log->chunks.back().operations == 0;
  }
  return false;
}

void History::check_images() {
  for (Image& image : images_) {
    if (!problem_.empty()) break;
    figures_.images++;
    figures_.kills += image.killed ? 1 : 0;
    figures_.behind_link += ends_behind_link(*image.disk) ? 1 : 0;
    Progress found{};
    std::string problem = judge(*image.disk, image.low, image.high, &found);
    Progress again{};
    if (problem.empty()) problem = judge(*image.disk, found, found, &again);
    if (!problem.empty()) note((image.killed ? "killed: " : "power loss: ") + problem);
  }
  images_.clear();
}

std::string History::judge(Disk& disk, const Progress& low, const Progress& high, Progress* found) {
  disk_index::Options options = options_;
  options.background = false;
  auto index = DiskIndex::open(disk, path, options);
  if (!index.ok()) return "open: " + describe(index.status());
  const auto go_on = [](uint64_t, uint64_t) { return Status(); };
  if (const Status status = (*index)->verify(go_on); !status.ok())
    return "verify: " + describe(status);
  std::array<std::map<uint64_t, uint64_t>, writers_max> contents;
  const auto cursor = (*index)->open_cursor();
  Status status;
  while ((status = cursor->next()).ok()) {
    const Key& key = cursor->key();
    if (key.low >= count_) return "a foreign key";
    const uint64_t put = load_le64(cursor->record().data());
    if (!contents[key.low].emplace(key.high, put).second) return "a key twice";
    (*found)[key.low] = std::max((*found)[key.low], put);
  }
  if (!status.is(Code::done)) return "cursor: " + describe(status);
  for (size_t i = 0; i < count_; i++) {
    std::map<uint64_t, uint64_t> expected;
    for (uint64_t put = 1; put <= (*found)[i]; put++) expected[key_of(i, put).high] = put;
    const std::string which = "writer " + std::to_string(i) + ": " + std::to_string((*found)[i]);
    if (contents[i] != expected) return which + " puts, but not all of them";
    if ((*found)[i] < low[i]) return which + " of " + std::to_string(low[i]) + " puts are there";
    if ((*found)[i] > high[i]) return which + " puts of " + std::to_string(high[i]);
  }
  // A put that began when another had returned is behind it in the log.
  for (size_t i = 0; i < count_; i++) {
    const uint64_t lost = (*found)[i] + 1;
    const uint64_t ended = lost > puts_max ? 0 : writers_[i]->ended[lost].load();
    for (size_t other = 0; ended != 0 && other < count_; other++)
      if ((*found)[other] > 0 && writers_[other]->began[(*found)[other]] > ended)
        return "a hole before the put " + std::to_string((*found)[other]) + " of writer " +
               std::to_string(other);
  }
  return {};
}

void History::end_life() {
  const uint64_t end = random_.below(4);
  Progress low = progress(&Writer::returned);
  const Progress high = low;
  if (end == 0) {
    if (const Status status = index_->close(); !status.ok())
      return note("close: " + describe(status));
    for (auto& writer : writers_) writer->saved = writer->returned.load();
  } else if (end > 1) {
    std::unique_ptr<Disk> next;
    if (end == 2) {
      next = disk_->kill_image();
    } else {
      next = disk_->crash_image(CrashPlan::draw(random_.next()), random_.next());
      low = progress(&Writer::saved);
    }
    index_.reset();
    disk_ = std::move(next);
  }
  index_.reset();
  Progress found{};
  if (const std::string problem = judge(*disk_, low, high, &found); !problem.empty())
    return note("at the end: " + problem);
  for (size_t i = 0; i < count_; i++) {
    Writer& writer = *writers_[i];
    for (uint64_t put = found[i] + 1; put <= writer.returned; put++)
      writer.began[put] = writer.ended[put] = 0;
    writer.started = writer.returned = found[i];
    writer.saved = end == 3 ? found[i] : std::min(writer.saved.load(), found[i]);
  }
}

TEST(DiskIndexConcurrentCrash, LeavesAPrefixWithAllThatWasSaved) {
  Random random(ladder_seed(20261123));
  const uint64_t wanted = scaled(10'000);
  Figures figures;
  std::string problem;
  while (figures.images < wanted && problem.empty()) {
    const uint64_t seed = random.next();
    problem = History(seed, figures).run();
    EXPECT_EQ(problem, "") << "with seed " << seed;
  }
  report_counts("disk index crash, threads", {{"images", figures.images},
                                              {"of kills", figures.kills},
                                              {"behind a link", figures.behind_link},
                                              {"segments rewritten", figures.merges},
                                              {"saves", figures.saves},
                                              {"lives", figures.lives}});
}

}  // namespace
}  // namespace stave::test
