// Layer 6 for the disk index: every call to the file system fails, once and for ever, in each way
// it can. Whatever fails, no operation that returned ok is missing in the process, a failed one has
// not happened, and after a reopen without faults the state is one of those that may be.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
using os::Fault;
using Disk = os::SimulatedFileSystem;
using Contents = std::map<uint64_t, uint64_t>;

constexpr const char* path = "/index";

class FaultedLife {
 public:
  explicit FaultedLife(uint64_t seed) : disk_(seed), states_(1) {
    options_.background = false;
    options_.record_size = 8;
    options_.delta_entries = 12;
    options_.bulk_memory = 0;
  }

  Disk& disk() noexcept { return disk_; }
  void add_fault(const Fault& fault) {
    disk_.add_fault(fault);
    has_faults_ = true;
  }
  const std::string& problem() const noexcept { return problem_; }

  void open() {
    Result<std::unique_ptr<DiskIndex>> opened = DiskIndex::open(disk_, path, options_);
    if (succeeds("open", opened.status())) index_ = *std::move(opened);
  }
  void drop() { index_.reset(); }

  void puts(uint64_t count) {
    for (uint64_t i = 0; index_ && i < count; i++) {
      const uint64_t key = next_ * 7 % 50;
      std::array<std::byte, 8> record;
      store_le64(record.data(), next_);
      Contents after = states_.back();
      after[key] = next_++;
      if (succeeds("put", index_->put(key_of(key), record))) states_.push_back(std::move(after));
    }
  }
  void removes(uint64_t count) {
    for (uint64_t i = 0; index_ && i < count; i++) {
      Contents after = states_.back();
      if (after.empty()) return;
      const uint64_t key = after.begin()->first;
      after.erase(key);
      if (succeeds("remove", index_->remove(key_of(key)))) states_.push_back(std::move(after));
    }
  }
  void save() {
    if (index_ && succeeds("save", index_->save(1))) saved_ = states_.size() - 1;
  }
  void checkpoint() {
    if (index_ && succeeds("checkpoint", index_->checkpoint(2))) saved_ = states_.size() - 1;
  }
  void merge() {
    if (index_) succeeds("merge", index_->merge());
  }
  void shrink() {
    if (index_ && succeeds("shrink", index_->shrink_to_fit())) saved_ = states_.size() - 1;
  }
  void load() {
    if (!index_) return;
    Contents after = states_.back();
    for (uint64_t key = 60; key < 90; key++) after[key] = next_;
    uint64_t key = 60;
    const Status status = index_->bulk_load([&](Key* to, MutableBytes record) -> Status {
      if (key == 90) return Code::done;
      *to = key_of(key++);
      store_le64(record.data(), next_);
      return {};
    });
    next_++;
    if (succeeds("load", status)) {
      states_.push_back(std::move(after));
      saved_ = states_.size() - 1;
    } else {
      undecided_ = after;  // after a failed sync the device may have it
    }
  }
  void close() {
    if (!index_) return;
    if (succeeds("close", index_->close())) saved_ = states_.size() - 1;
    index_.reset();
  }

  // With faults or without: what the open index shows is the newest state, or an error.
  void look() {
    if (!index_) return;
    for (uint64_t key = 0; key < 90; key++) {
      std::array<std::byte, 8> record;
      const Status status = index_->get(key_of(key), record);
      const auto expected = states_.back().find(key);
      if (status.is_error()) {
        succeeds("get", status);
        continue;
      }
      if (status.ok() != (expected != states_.back().end()) ||
          (status.ok() && load_le64(record.data()) != expected->second))
        note("key " + std::to_string(key) + " is wrong while the index is open");
    }
  }

  // Without faults: the file opens and shows a state that may be.
  void settle() {
    disk_.clear_faults();
    look();  // what a fault has broken may stay broken until the next open
    has_faults_ = false;
    drop();
    open();
    if (!index_) return;
    Contents found;
    auto cursor = index_->open_cursor();
    Status status;
    while ((status = cursor->next()).ok())
      found[cursor->key().low] = load_le64(cursor->record().data());
    if (!status.is(Code::done)) return note("scan: " + std::string(status.message()));
    cursor.reset();
    status = index_->verify([](uint64_t, uint64_t) { return Status(); });
    if (!status.ok()) return note("verify: " + std::string(status.message()));
    bool legal = found == undecided_;
    for (size_t count = saved_; count < states_.size(); count++)
      legal = legal || states_[count] == found;
    if (!legal)
      return note("a state that may not be, of " + std::to_string(found.size()) + " keys");
    states_ = {found};
    saved_ = 0;
    puts(3);
    look();
    close();
  }

 private:
  // Without faults nothing fails.
  bool succeeds(const char* name, const Status& status) {
    if (status.is_error() && !has_faults_)
      note(std::string(name) + " fails without faults: " + std::string(status.message()));
    return status.ok();
  }
  static Key key_of(uint64_t number) { return {number, number}; }
  void note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  Disk disk_;
  disk_index::Options options_;
  std::unique_ptr<DiskIndex> index_;
  std::vector<Contents> states_;
  Contents undecided_{{UINT64_MAX, 0}};
  bool has_faults_ = false;
  size_t saved_ = 0;
  uint64_t next_ = 1;
  std::string problem_;
};

struct Scenario {
  const char* name;
  void (*prepare)(FaultedLife&);  // without faults
  void (*run)(FaultedLife&);      // with them
};

void nothing(FaultedLife&) {}
void filled(FaultedLife& run) {
  run.open();
  run.puts(60);
  run.close();
}
// As a killed process leaves it.
void dropped(FaultedLife& run) {
  run.open();
  run.puts(20);
  run.save();
  run.puts(20);
  run.drop();
}

const Scenario scenarios[] = {
    {"create and close", nothing,
     [](FaultedLife& run) {
       run.open();
       run.close();
     }},
    {"puts from the start", nothing,
     [](FaultedLife& run) {
       run.open();
       run.puts(30);
       run.save();
       run.puts(30);
       run.close();
     }},
    {"open and read", filled,
     [](FaultedLife& run) {
       run.open();
       run.look();
       run.close();
     }},
    {"recover", dropped,
     [](FaultedLife& run) {
       run.open();
       run.look();
       run.puts(5);
       run.close();
     }},
    {"overwrite and remove", filled,
     [](FaultedLife& run) {
       run.open();
       run.puts(40);
       run.removes(30);
       run.save();
       run.puts(10);
       run.look();
       run.close();
     }},
    {"checkpoints", filled,
     [](FaultedLife& run) {
       run.open();
       run.puts(10);
       run.checkpoint();
       run.removes(5);
       run.checkpoint();
       run.close();
     }},
    {"merges while nobody writes", filled,
     [](FaultedLife& run) {
       run.open();
       run.puts(10);
       run.merge();
       run.removes(5);
       run.merge();
       run.look();
       run.puts(3);
       run.close();
     }},
    {"load", filled,
     [](FaultedLife& run) {
       run.open();
       run.puts(5);
       run.load();
       run.puts(20);
       run.close();
     }},
    {"shrink", filled,
     [](FaultedLife& run) {
       run.open();
       run.removes(40);
       run.shrink();
       run.puts(20);
       run.save();
       run.close();
     }},
};

TEST(DiskIndexFaults, NothingThatReturnedIsLost) {
  ladder_seed(1);
  uint64_t points = 0;
  uint64_t fired = 0;
  for (const Scenario& scenario : scenarios) {
    FaultedLife measured(1);
    scenario.prepare(measured);
    const uint64_t before = measured.disk().calls();
    scenario.run(measured);
    const uint64_t calls = measured.disk().calls() - before;
    measured.settle();
    ASSERT_EQ(measured.problem(), "") << scenario.name << " without faults";
    for (const auto kind : {Fault::Kind::io_error, Fault::Kind::no_space, Fault::Kind::short_count,
                            Fault::Kind::interrupted}) {
      for (const bool forever : {false, true}) {
        for (uint64_t at = 1; at <= calls; at++) {
          FaultedLife run(at);
          scenario.prepare(run);
          run.add_fault({kind, at, {}, forever});
          scenario.run(run);
          fired += run.disk().fired(kind) > 0 ? 1 : 0;
          run.settle();
          points++;
          ASSERT_EQ(run.problem(), "") << scenario.name << ": fault " << static_cast<int>(kind)
                                       << " at call " << at << (forever ? " for ever" : "");
        }
      }
    }
  }
  report_counts("disk index faults", {{"points", points}, {"fired", fired}});
}

}  // namespace
}  // namespace stave::test
