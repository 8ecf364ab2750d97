// Layer 6: a device that becomes full and gets space again.
#include <gtest/gtest.h>

#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using store::Durability;
using store::Store;
using Disk = os::SimulatedFileSystem;

constexpr const char* path = "/store";

class FullDisk {
 public:
  FullDisk(uint64_t seed, uint64_t segment_size) : random_(seed), disk_(seed) {
    options_.segment_size = segment_size;
    disk_.set_capacity((uint64_t{64} << 10) + random_.below(256) * 4096);
    auto opened = Store::open(disk_, path, options_);
    EXPECT_TRUE(opened.ok()) << describe(opened.status());
    store_ = *std::move(opened);
  }

  // Puts until there is no space; 3 refusals in a row, since a smaller value may still fit.
  void fill() {
    for (uint64_t refusals = 0; refusals < 3;) {
      const std::string key = "k" + std::to_string(random_.below(400));
      const std::string value = test_value(random_.next(), random_.below(3000));
      const Status status = put(*store_, key, value, pick_durability());
      if (status.ok()) {
        contents_[key] = value;
        continue;
      }
      ASSERT_TRUE(status.is(Code::no_space)) << describe(status);
      refusals++;
      refused_++;
    }
    check();
  }

  // Deletes succeed from the reserve of the active segment.
  void erase_some(uint64_t count) {
    for (uint64_t i = 0; i < count && !contents_.empty(); i++) {
      const std::string key = contents_.begin()->first;
      const Status status = erase(*store_, key, pick_durability());
      ASSERT_TRUE(status.ok()) << describe(status) << " at delete " << i;
      contents_.erase(key);
      deletes_++;
    }
    check();
  }

  void give_space(uint64_t bytes) { disk_.set_capacity(disk_.used_bytes() + bytes); }

  // No space for a clean close is no loss.
  void reopen() {
    const Status closed = store_->close();
    ASSERT_TRUE(closed.ok() || closed.is(Code::no_space)) << describe(closed);
    store_.reset();
    auto opened = Store::open(disk_, path, options_);
    ASSERT_TRUE(opened.ok()) << describe(opened.status());
    store_ = *std::move(opened);
    check();
  }

  void check() {
    const Result<Contents> found = read_all(*store_);
    ASSERT_TRUE(found.ok()) << describe(found.status());
    ASSERT_EQ(difference(contents_, *found), "");
    const Status verified = verify(*store_);
    ASSERT_TRUE(verified.ok()) << describe(verified);
    ASSERT_FALSE(store_->stats().writes_refused);
    ASSERT_TRUE(disk_.violations().empty()) << disk_.violations().front();
  }

  uint64_t refused() const noexcept { return refused_; }
  uint64_t deletes() const noexcept { return deletes_; }

 private:
  Durability pick_durability() { return random_.one_in(2) ? Durability::device : Durability::os; }

  Random random_;
  Disk disk_;
  store::Options options_ = base_options();
  std::unique_ptr<Store> store_;
  Contents contents_;
  uint64_t refused_ = 0;
  uint64_t deletes_ = 0;
};

TEST(FullDisk, RefusesPutsAllowsRemovesAndRecovers) {
  Random random(ladder_seed(20260602));
  uint64_t refused = 0;
  uint64_t deletes = 0;
  const uint64_t runs = scaled(400);
  for (uint64_t run = 0; run < runs && !HasFailure(); run++) {
    FullDisk disk(random.next(), uint64_t{4096} << random.below(8));
    for (int round = 0; round < 3 && !HasFatalFailure(); round++) {
      disk.fill();
      disk.erase_some(8);
      disk.give_space(random.below(200'000));
      if (random.one_in(2)) disk.reopen();
    }
    EXPECT_FALSE(HasFailure()) << "in run " << run;
    refused += disk.refused();
    deletes += disk.deletes();
  }
  report_counts("faults, full disk",
                {{"runs", runs}, {"puts refused", refused}, {"deletes", deletes}});
}

}  // namespace
}  // namespace stave::test
