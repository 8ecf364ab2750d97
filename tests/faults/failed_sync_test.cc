// Layer 6: after a failed sync the kernel calls the pages clean although the device never got them.
// The store must not believe it.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/os/testing/simulated_file_system.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using store::Durability;
using store::Store;
using Disk = os::SimulatedFileSystem;

constexpr const char* path = "/store";

class FailedSync : public testing::TestWithParam<store::ReadIo> {
 protected:
  FailedSync() {
    options_.io = GetParam();
    options_.segment_size = 65536;
  }

  void open(Disk& disk) {
    auto opened = Store::open(disk, path, options_);
    ASSERT_TRUE(opened.ok()) << describe(opened.status());
    store_ = *std::move(opened);
  }

  // A store with "old" on the device, whose sync of "new" fails.
  void fail() {
    open(disk_);
    ASSERT_TRUE(put(*store_, "old", "1", Durability::device).ok());
    os::Fault fault;
    fault.call = os::CallKind::sync_data;
    disk_.add_fault(fault);
    // Over several pages, of which recovery touches the last at most.
    const Status status = put(*store_, "new", test_value(2, 20'000), Durability::device);
    disk_.clear_faults();
    ASSERT_EQ(disk_.fired(os::Fault::Kind::io_error), 1U);
    ASSERT_TRUE(status.is(Code::io)) << describe(status);
  }

  Disk disk_;
  store::Options options_ = base_options();
  std::unique_ptr<Store> store_;
};

TEST_P(FailedSync, RefusesWritesAndGoesOnReading) {
  fail();
  EXPECT_TRUE(store_->stats().writes_refused);
  EXPECT_EQ(*get(*store_, "old"), "1");
  EXPECT_TRUE(get(*store_, "new").status().is(Code::not_found)) << "its outcome is unknown";
  EXPECT_EQ(store_->size(), 1U);
  for (const Durability durability : {Durability::memory, Durability::os, Durability::device}) {
    EXPECT_TRUE(put(*store_, "x", "3", durability).is(Code::io));
    EXPECT_TRUE(erase(*store_, "old", durability).is(Code::io));
  }
  EXPECT_TRUE(store_->put(as_bytes("new"), as_bytes("4"), store::WriteMode::insert, Durability::os)
                  .is(Code::io));
  EXPECT_TRUE(store_->sync().is(Code::io)) << "a second sync would succeed and mean nothing";
  EXPECT_TRUE(store_->flush().is(Code::io));
  EXPECT_EQ(read_all(*store_)->size(), 1U);
  EXPECT_TRUE(store_->close().is(Code::io));
}

TEST_P(FailedSync, ReopeningShowsWhatTheDeviceHolds) {
  fail();
  static_cast<void>(store_->close());
  store_.reset();
  open(disk_);
  EXPECT_TRUE(store_->stats().recovered);
  const Contents shown = *read_all(*store_);
  const std::unique_ptr<Disk> image = disk_.crash_image(os::CrashPlan::nothing_survives(), 1);
  store_.reset();
  open(*image);
  EXPECT_EQ(difference(shown, *read_all(*store_)), "");
  store_.reset();
}

// A recovery that removes segments fails to make that durable; so some of them come back with the
// next crash, in any order. They are no part of the log.
TEST(FailedDirectorySync, DuringRecoveryLeavesNoDamage) {
  store::Options options = base_options();
  options.segment_size = 4096;
  const auto open = [&](Disk& disk) { return Store::open(disk, path, options); };
  Disk disk;
  {
    auto store = open(disk);
    ASSERT_TRUE(put(**store, "device", "1", Durability::device).ok());
    for (uint64_t i = 0; i < 20; i++)
      ASSERT_TRUE(put(**store, "lost", test_value(i, 1000), Durability::os).ok());
  }
  const std::unique_ptr<Disk> base = disk.crash_image(os::CrashPlan::nothing_survives(), 1);
  uint64_t failures = 0;
  for (uint64_t call = 1;; call++) {
    const std::unique_ptr<Disk> image = base->kill_image();
    os::Fault fault;
    fault.call = os::CallKind::sync_directory;
    fault.call_number = call;
    image->add_fault(fault);
    const Status opened = open(*image).status();
    image->clear_faults();
    if (opened.ok()) break;
    failures++;
    auto store = open(*image);
    ASSERT_TRUE(store.ok()) << describe(store.status());
    std::vector<std::unique_ptr<Disk>> crashes;
    image->set_hook([&](const Disk::Event& event) {
      for (uint64_t seed = 0; seed < 8; seed++)
        crashes.push_back(image->crash_image(os::CrashPlan::draw(seed), event.number));
    });
    ASSERT_TRUE(put(**store, "new", test_value(1, 3000), Durability::os).ok());
    ASSERT_TRUE(put(**store, "new", test_value(2, 3000), Durability::os).ok());
    image->set_hook(nullptr);
    for (const std::unique_ptr<Disk>& crash : crashes) {
      const auto again = open(*crash);
      ASSERT_TRUE(again.ok()) << describe(again.status()) << ", failed sync " << call;
      EXPECT_EQ(*get(**again, "device"), "1");
    }
  }
  EXPECT_GT(failures, 2U);
}

INSTANTIATE_TEST_SUITE_P(Io, FailedSync,
                         testing::Values(store::ReadIo::buffered, store::ReadIo::mmap));

}  // namespace
}  // namespace stave::test
