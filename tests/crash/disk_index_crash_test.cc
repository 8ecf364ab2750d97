// Layer 5 for the disk index: an index lives through several rounds of puts, removes, loads, saves,
// merges and shrinks; at every call that changes the disk, and between calls, images of what a
// power loss or a SIGKILL would leave are opened. Each must show exactly the state after a number
// of operations: all that returned (SIGKILL), all up to the last save (power loss).
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
using os::CrashPlan;
using Disk = os::SimulatedFileSystem;
using Contents = std::map<uint64_t, uint64_t>;

constexpr const char* path = "/dir/index";

struct Figures {
  uint64_t images = 0;
  uint64_t distinct = 0;
  uint64_t kills = 0;
  uint64_t double_crashes = 0;
  uint64_t read_only = 0;
  uint64_t merges = 0;
  uint64_t idle_merges = 0;
  uint64_t shrinks = 0;
  uint64_t loads = 0;
  uint64_t behind_save = 0;  // images that showed more than the last save
};

std::string describe(const Status& status) {
  return std::string(code_name(status.code())) + " " + std::string(status.message());
}

// Which states a crash may leave: those after `low` to `high` operations.
struct Bounds {
  size_t low;
  size_t high;
};

// Operations in order. A load of many records is one.
class History {
 public:
  History() : states_(1) {}
  void begin(Contents after) { states_.push_back(std::move(after)); }
  void returned() noexcept { returned_ = states_.size() - 1; }
  void saved() noexcept { saved_ = returned_ = states_.size() - 1; }
  const Contents& newest() const noexcept { return states_.back(); }
  Bounds after_kill() const noexcept { return {returned_, states_.size() - 1}; }
  Bounds after_power_loss() const noexcept { return {saved_, states_.size() - 1}; }

  std::optional<size_t> find(const Contents& found, Bounds bounds) const {
    for (size_t count = bounds.high + 1; count-- > bounds.low;)
      if (states_[count] == found) return count;
    return {};
  }
  // Power was lost: what had returned promises no more than the last save.
  void lose_power() noexcept { returned_ = saved_; }
  // An open has shown the state after `count` operations: the later ones are undone for good.
  void reopened(size_t count, bool on_device) {
    states_.resize(count + 1);
    returned_ = count;
    saved_ = on_device ? count : std::min(saved_, count);
  }
  size_t saved_count() const noexcept { return saved_; }

 private:
  std::vector<Contents> states_;
  size_t returned_ = 0;
  size_t saved_ = 0;
};

Key key_of(uint64_t number) {
  return {number, number * 3};
}

class Index {
 public:
  Status open(Disk& disk, const disk_index::Options& options) {
    Result<std::unique_ptr<DiskIndex>> opened = DiskIndex::open(disk, path, options);
    if (!opened) return opened.status();
    index_ = *std::move(opened);
    return {};
  }
  DiskIndex& operator*() { return *index_; }
  DiskIndex* operator->() { return index_.get(); }
  void drop() { index_.reset(); }

  Status put(uint64_t key, uint64_t value) {
    std::array<std::byte, 8> record;
    store_le64(record.data(), value);
    return index_->put(key_of(key), record);
  }

  // Everything a cursor shows, if that is what gets and size() say, too.
  Result<Contents> contents() {
    Contents found;
    const auto cursor = index_->open_cursor();
    Status status;
    while ((status = cursor->next()).ok())
      if (!found.emplace(cursor->key().low, load_le64(cursor->record().data())).second)
        return Status::error(Code::internal, "a key twice");
    if (!status.is(Code::done)) return status;
    for (const auto& [key, value] : found) {
      std::array<std::byte, 8> record;
      STAVE_TRY(index_->get(key_of(key), record));
      if (load_le64(record.data()) != value)
        return Status::error(Code::internal, "get and cursor differ");
    }
    if (index_->size() != found.size()) return Status::error(Code::internal, "size is wrong");
    STAVE_TRY(index_->verify([](uint64_t, uint64_t) { return Status(); }));
    return found;
  }

 private:
  std::unique_ptr<DiskIndex> index_;
};

class Life {
 public:
  Life(uint64_t seed, Figures& figures, std::unordered_set<uint64_t>& seen)
      : random_(seed),
        figures_(figures),
        seen_(seen),
        disk_(std::make_unique<Disk>(random_.next())) {
    options_.background = false;
    options_.create_parents = true;
    options_.record_size = 8;
    options_.delta_entries = static_cast<uint32_t>(random_.between(2, 60));
    options_.bulk_memory = 0;
    // Few bits make pages spill; none put all keys in one place.
    constexpr std::array masks = {UINT64_MAX, UINT64_MAX, UINT64_MAX, uint64_t{7} << 61,
                                  uint64_t{0}};
    options_.hash_mask = random_.pick(masks);
    keys_ = random_.between(3, random_.one_in(3) ? 3000 : 200);
  }

  // "" or what went wrong.
  std::string run() {
    const uint64_t rounds = random_.between(2, 5);
    for (uint64_t round = 0; round < rounds && problem_.empty(); round++) run_round();
    if (problem_.empty() && !disk_->violations().empty())
      problem_ = "a store into bytes that no disk keeps: " + disk_->violations().front();
    return problem_;
  }

 private:
  void run_round();
  bool open();
  void step();
  void load();
  void end_round();
  void adopt(std::unique_ptr<Disk> image, Bounds bounds, bool on_device);
  void take_images(uint64_t odds);
  void take_image(std::unique_ptr<Disk> image, Bounds bounds, bool killed);
  std::string check(Disk& image, Bounds bounds, bool killed);
  std::string check_recovery_crashes(Disk& image, Bounds bounds);
  std::string show(Disk& image, Bounds bounds, bool read_only, size_t* count);
  std::string write_on(Disk& image, const Contents& contents);
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  Random random_;
  Figures& figures_;
  std::unordered_set<uint64_t>& seen_;
  std::unique_ptr<Disk> disk_;
  disk_index::Options options_;
  uint64_t keys_;
  History history_;
  Bounds at_open_{0, 0};
  bool at_open_on_device_ = true;
  Index index_;
  uint64_t next_value_ = 1;
  std::string problem_;
};

void Life::run_round() {
  disk_->set_background_write_back(random_.below(4));
  disk_->set_hook([this](const Disk::Event&) { take_images(12); });
  if (!open()) return;
  const uint64_t steps = random_.between(5, 400);
  for (uint64_t i = 0; i < steps && problem_.empty(); i++) {
    step();
    take_images(60);
  }
  if (problem_.empty()) end_round();
}

bool Life::open() {
  const Status status = index_.open(*disk_, options_);
  if (!status.ok()) {
    note("open: " + describe(status));
    return false;
  }
  const Result<Contents> found = index_.contents();
  if (!found) {
    note("contents: " + describe(found.status()));
    return false;
  }
  const std::optional<size_t> count = history_.find(*found, at_open_);
  if (!count) {
    note("an open shows no state that may be");
    return false;
  }
  history_.reopened(*count, at_open_on_device_);
  return true;
}

void Life::step() {
  const uint64_t what = random_.below(1000);
  const uint64_t key = random_.below(keys_);
  Contents after = history_.newest();
  Status status;
  if (what < 645) {
    const uint64_t value = next_value_++;
    after[key] = value;
    history_.begin(std::move(after));
    status = index_.put(key, value);
  } else if (what < 650) {
    // As when nobody writes for a while. It changes nothing and promises nothing.
    if (status = index_->merge(); !status.ok()) note("merge: " + describe(status));
    figures_.idle_merges++;
    return;
  } else if (what < 960) {
    if (after.erase(key) == 0) {
      if (!index_->remove(key_of(key)).is(Code::not_found)) note("removed what is not there");
      return;
    }
    history_.begin(std::move(after));
    status = index_->remove(key_of(key));
  } else if (what < 985) {
    status = index_->save(1);
    if (status.ok()) history_.saved();
  } else if (what < 992) {
    status = index_->checkpoint(2);
    if (status.ok()) history_.saved();
  } else if (what < 995) {
    status = index_->shrink_to_fit();
    if (status.ok()) history_.saved();
    figures_.shrinks++;
  } else {
    return load();
  }
  if (!status.ok()) return note("operation: " + describe(status));
  history_.returned();
}

void Life::load() {
  Contents after = history_.newest();
  std::vector<std::pair<uint64_t, uint64_t>> records(random_.below(300));
  for (auto& [key, value] : records) {
    key = random_.below(keys_);
    value = next_value_++;
    after[key] = value;
  }
  history_.begin(std::move(after));
  size_t next = 0;
  const Status status = index_->bulk_load([&](Key* key, MutableBytes record) -> Status {
    if (next == records.size()) return Code::done;
    *key = key_of(records[next].first);
    store_le64(record.data(), records[next++].second);
    return {};
  });
  if (!status.ok()) return note("load: " + describe(status));
  history_.saved();
  figures_.loads++;
}

// The index is closed, dropped, killed, or loses power; the next round goes on with what is left.
void Life::end_round() {
  figures_.merges += index_->stats().merges;
  const uint64_t end = random_.below(4);
  if (end == 0) {
    if (const Status status = index_->close(); !status.ok())
      return note("close: " + describe(status));
    history_.saved();
    take_images(1);
    index_.drop();
    at_open_ = history_.after_power_loss();
    at_open_on_device_ = true;
  } else if (end == 1) {
    index_.drop();
    at_open_ = history_.after_kill();
    at_open_on_device_ = false;
  } else if (end == 2) {
    adopt(disk_->kill_image(), history_.after_kill(), false);
  } else {
    adopt(disk_->crash_image(CrashPlan::draw(random_.next()), random_.next()),
          history_.after_power_loss(), true);
    history_.lose_power();
  }
  disk_->set_hook(nullptr);
}

void Life::adopt(std::unique_ptr<Disk> image, Bounds bounds, bool on_device) {
  disk_->set_hook(nullptr);
  index_.drop();
  if (!disk_->violations().empty()) note("violation: " + disk_->violations().front());
  disk_ = std::move(image);
  at_open_ = bounds;
  at_open_on_device_ = on_device;
}

void Life::take_images(uint64_t odds) {
  if (!problem_.empty()) return;
  const Bounds power = history_.after_power_loss();
  if (random_.one_in(odds * 2))
    take_image(disk_->crash_image(CrashPlan::nothing_survives(), 1), power, false);
  if (random_.one_in(odds * 3))
    take_image(disk_->crash_image(CrashPlan::everything_survives(), 1), power, false);
  for (int i = 0; i < 2; i++)
    if (random_.one_in(odds))
      take_image(disk_->crash_image(CrashPlan::draw(random_.next()), random_.next()), power, false);
  if (random_.one_in(odds * 4)) take_image(disk_->kill_image(), history_.after_kill(), true);
}

void Life::take_image(std::unique_ptr<Disk> image, Bounds bounds, bool killed) {
  figures_.images++;
  figures_.kills += killed ? 1 : 0;
  if (seen_.insert(image->digest().low).second) figures_.distinct++;
  const std::string problem = check(*image, bounds, killed);
  if (!problem.empty()) note((killed ? "killed: " : "power loss: ") + problem);
}

std::string Life::check(Disk& image, Bounds bounds, bool killed) {
  size_t count = 0;
  if (random_.one_in(4)) {
    figures_.read_only++;
    if (std::string problem = show(image, bounds, true, &count); !problem.empty())
      return "read-only: " + problem;
  }
  if (!killed)
    if (std::string problem = check_recovery_crashes(image, bounds); !problem.empty())
      return "crash within recovery: " + problem;
  if (std::string problem = show(image, bounds, false, &count); !problem.empty()) return problem;
  if (count > history_.saved_count()) figures_.behind_save++;
  // Again: the same.
  if (std::string problem = show(image, {count, count}, false, &count); !problem.empty())
    return "the second open: " + problem;
  return {};
}

std::string Life::check_recovery_crashes(Disk& image, Bounds bounds) {
  std::vector<std::unique_ptr<Disk>> crashes;
  const auto copy = image.kill_image();
  copy->set_hook([&](const Disk::Event&) {
    if (random_.one_in(6))
      crashes.push_back(copy->crash_image(CrashPlan::draw(random_.next()), random_.next()));
  });
  size_t count = 0;
  std::string problem = show(*copy, bounds, false, &count);
  copy->set_hook(nullptr);
  for (const auto& crash : crashes) {
    if (!problem.empty()) break;
    figures_.double_crashes++;
    problem = show(*crash, bounds, false, &count);
  }
  return problem;
}

// Opens, compares, and (a writer) writes and crashes again. *count is of the operations shown.
std::string Life::show(Disk& image, Bounds bounds, bool read_only, size_t* count) {
  disk_index::Options options = options_;
  options.read_only = read_only;
  Contents contents;
  {
    Index index;
    const Status status = index.open(image, options);
    if (read_only && status.is(Code::not_found) && bounds.low == 0) return {};
    if (!status.ok()) return "open: " + describe(status);
    const Result<Contents> found = index.contents();
    if (!found) return "contents: " + describe(found.status());
    const std::optional<size_t> state = history_.find(*found, bounds);
    if (!state)
      return "no state between " + std::to_string(bounds.low) + " and " +
             std::to_string(bounds.high) + " has these " + std::to_string(found->size()) +
             " records";
    *count = *state;
    contents = *found;
  }
  return read_only || !random_.one_in(3) ? std::string() : write_on(*image.kill_image(), contents);
}

// What was lost must not come back when the log goes on over it.
std::string Life::write_on(Disk& image, const Contents& contents) {
  std::vector<Contents> states = {contents};
  size_t saved = 0;
  {
    Index index;
    if (const Status status = index.open(image, options_); !status.ok())
      return "reopen: " + describe(status);
    for (uint64_t i = random_.between(1, 12); i > 0; i--) {
      const uint64_t key = random_.below(keys_);
      // The values of the operations that the crash undid: a slot that is found again fits best.
      const uint64_t value = next_value_ + i - 6;
      if (const Status status = index.put(key, value); !status.ok())
        return "put: " + describe(status);
      states.push_back(states.back());
      states.back()[key] = value;
      if (random_.one_in(8)) {
        if (const Status status = index->save(0); !status.ok()) return "save: " + describe(status);
        saved = states.size() - 1;
      }
    }
  }
  const auto crashed = image.crash_image(CrashPlan::draw(random_.next()), random_.next());
  Index index;
  if (const Status status = index.open(*crashed, options_); !status.ok())
    return "open after writes: " + describe(status);
  const Result<Contents> found = index.contents();
  if (!found) return "contents after writes: " + describe(found.status());
  for (size_t count = saved; count < states.size(); count++)
    if (states[count] == *found) return {};
  return "after writes and a crash: no state that may be";
}

TEST(DiskIndexCrash, LeavesAPrefixWithAllThatWasSaved) {
  Random random(ladder_seed(20261121));
  const uint64_t wanted = scaled(20'000);
  Figures figures;
  std::unordered_set<uint64_t> seen;
  uint64_t lives = 0;
  std::string problem;
  for (; figures.distinct < wanted && problem.empty(); lives++) {
    const uint64_t seed = random.next();
    Life life(seed, figures, seen);
    problem = life.run();
    EXPECT_EQ(problem, "") << "in life " << lives << " of seed " << seed;
  }
  report_counts("disk index crash", {{"images", figures.images},
                                     {"distinct", figures.distinct},
                                     {"of kills", figures.kills},
                                     {"crashes inside recovery", figures.double_crashes},
                                     {"read-only opens", figures.read_only},
                                     {"segments rewritten", figures.merges},
                                     {"idle merges", figures.idle_merges},
                                     {"shrinks", figures.shrinks},
                                     {"loads", figures.loads},
                                     {"more than was saved", figures.behind_save},
                                     {"lives", lives}});
}

}  // namespace
}  // namespace stave::test
