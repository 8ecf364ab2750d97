// Merging the newest changes once nobody writes.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/log_format.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Disk = os::SimulatedFileSystem;

class IdleIndex : public testing::Test {
 protected:
  // An idle merge is worth it from a 16th of that on: 250 keys.
  static constexpr uint32_t delta_entries = 4000;
  // The last of them begins a chunk of the log, which is when the merger is told; it can do nothing
  // before that put is done.
  static constexpr uint64_t keys = log_chunk_slots;

  void open(std::chrono::steady_clock::duration idle_time) {
    Options options;
    options.record_size = sizeof(uint64_t);
    options.delta_entries = delta_entries;
    options.idle_time = idle_time;
    auto opened = DiskIndex::open(disk_, "/x", options);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    index_ = *std::move(opened);
  }

  void put(uint64_t first, uint64_t end) {
    for (uint64_t i = first; i < end; i++) {
      std::array<std::byte, sizeof(uint64_t)> record;
      store_le64(record.data(), i);
      ASSERT_TRUE(index_->put({i, i}, record).ok());
    }
  }

  void expect_keys(uint64_t count) {
    EXPECT_EQ(index_->size(), count);
    for (uint64_t i = 0; i < count; i++) {
      std::array<std::byte, sizeof(uint64_t)> record;
      ASSERT_TRUE(index_->get({i, i}, record).ok()) << i;
      EXPECT_EQ(load_le64(record.data()), i);
    }
    EXPECT_TRUE(index_->verify([](uint64_t, uint64_t) { return Status(); }).ok());
  }

  // Ends when the state is reached, or when nobody can believe any more that it will be.
  void wait_until(const std::function<bool(const Stats&)>& reached) {
    const auto end = std::chrono::steady_clock::now() + seconds(200);
    while (!reached(index_->stats())) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  static bool is_merged(const Stats& stats) { return stats.delta_entries == 0; }

  Disk disk_;
  std::unique_ptr<DiskIndex> index_;
};

TEST_F(IdleIndex, IsMergedWithoutAnotherChange) {
  open(milliseconds(1));
  put(0, keys);
  wait_until(is_merged);
  EXPECT_GT(index_->stats().merges, 0u);
  expect_keys(keys);
  // As a killed process leaves it: the segments have it all.
  index_.reset();
  open(milliseconds(1));
  EXPECT_EQ(index_->stats().recovered_operations, 0u);
  expect_keys(keys);
}

TEST_F(IdleIndex, GoesOnBeingMerged) {
  open(milliseconds(1));
  for (uint64_t round = 0; round < 5; round++) {
    put(round * keys, (round + 1) * keys);
    wait_until(is_merged);
    expect_keys((round + 1) * keys);
  }
}

TEST_F(IdleIndex, ClosesWhileItWaits) {
  open(hours(1000));
  put(0, keys);
  EXPECT_EQ(index_->stats().delta_entries, keys);
  EXPECT_TRUE(index_->save(1).ok());
  EXPECT_TRUE(index_->close().ok());
  index_.reset();
  open(hours(1000));
  expect_keys(keys);
  put(keys, 2 * keys);
  index_.reset();  // without close
  open(hours(1000));
  expect_keys(2 * keys);
}

TEST_F(IdleIndex, IsMergedAfterAChangeWhenTheDiskWasFull) {
  open(milliseconds(1));
  // Of segments alone: the log is stored into.
  disk_.add_fault({os::Fault::Kind::no_space, 1, os::CallKind::write, true});
  put(0, keys);
  wait_until([&](const Stats&) { return disk_.fired(os::Fault::Kind::no_space) > 0; });
  EXPECT_EQ(index_->stats().delta_entries, keys);
  expect_keys(keys);
  disk_.clear_faults();
  put(keys, 4 * keys);
  wait_until(is_merged);
  expect_keys(4 * keys);
}

TEST_F(IdleIndex, IsNotMergedAgainAfterAFailedSync) {
  open(milliseconds(1));
  disk_.add_fault({os::Fault::Kind::io_error, 1, os::CallKind::sync_data});
  put(0, keys);
  wait_until([](const Stats& stats) { return stats.writes_refused; });
  std::array<std::byte, sizeof(uint64_t)> record{};
  EXPECT_TRUE(index_->put({1, 1}, record).is(Code::io));
  for (uint64_t i = 0; i < keys; i++) EXPECT_TRUE(index_->get({i, i}, record).ok());
  EXPECT_TRUE(index_->close().is(Code::io));
}

}  // namespace
}  // namespace stave::disk_index
