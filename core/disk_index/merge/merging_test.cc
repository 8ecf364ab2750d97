// Merges: beside readers and writers, a slice at a time, and of what earlier processes have left.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "core/disk_index/disk_index_test_support.h"

namespace stave::disk_index {
namespace {

TEST(DiskIndex, ReadersAndWritersBesideMerges) {
  Disk disk;
  Options options = small(2000);
  options.background = true;
  const auto index = opened(disk, options);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 2; reader++) {
    threads.emplace_back([&, reader] {
      std::mt19937_64 random(static_cast<uint64_t>(reader));
      std::vector<std::byte> record(payload_size);
      while (!stop.load(std::memory_order_relaxed)) {
        const uint64_t number = random() % 20'000;
        const Status status = index->get({number, 0}, record);
        ASSERT_FALSE(status.is_error()) << status.message();
        ASSERT_TRUE(!status.ok() || load_le64(record.data()) % 20'000 == number);
      }
    });
  }
  std::vector<std::thread> writers;
  for (uint64_t writer = 0; writer < 2; writer++) {
    writers.emplace_back([&, writer] {
      std::mt19937_64 random(100 + writer);
      for (uint64_t i = 0; i < 30'000; i++) {
        const uint64_t number = random() % 10'000 * 2 + writer;
        ASSERT_TRUE(index->put({number, 0}, record_of(number + 20'000 * i)).ok());
        if (i % 7 == 0) {
          ASSERT_FALSE(index->remove({number, 0}).is_error());
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(index->verify(no_progress).ok());
  EXPECT_TRUE(index->close().ok());
}

// A writer freezes its delta while a merge syncs what it has merged: once that delta was forgotten.
TEST(DiskIndex, MergeIncludesADeltaFrozenMeanwhile) {
  Disk disk;
  const auto index = opened(disk, small(16));
  Model model;
  uint64_t next = 0;
  const auto put = [&](uint64_t count) {
    for (uint64_t i = 0; i < count; i++, next++) {
      model[{next, 0}] = record_of(next);
      ASSERT_TRUE(index->put({next, 0}, record_of(next)).ok());
    }
  };
  // The ninth begins a pass, which does not get far.
  disk.add_fault({os::Fault::Kind::no_space, 1, os::CallKind::write, true});
  put(9);
  disk.clear_faults();
  EXPECT_EQ(index->stats().merges, 0u);
  bool has_written = false;
  disk.set_hook([&](const Disk::Event& event) {
    if (has_written || event.call != os::CallKind::sync_data) return;
    has_written = true;
    std::thread([&] { put(10); }).join();
  });
  ASSERT_TRUE(index->merge().ok());
  disk.set_hook(nullptr);
  EXPECT_TRUE(has_written);
  expect_same(*index, model);
  EXPECT_EQ(index->stats().delta_entries, 0u);
}

// Without a thread each put does a slice of the pass. Once only new keys moved it on: who updated a
// few keys found the delta full with hardly a segment merged, and that put merged all the others.
TEST(DiskIndex, UpdatesOfFewKeysMergeASegmentAtATime) {
  Disk disk;
  Options options = small(128);
  options.bulk_memory = Options().bulk_memory;
  const auto index = opened(disk, options);
  uint64_t loaded = 0;
  ASSERT_TRUE(index
                  ->bulk_load([&](Key* key, MutableBytes record) -> Status {
                    if (loaded == 60'000) return Code::done;
                    *key = {loaded++, 0};
                    copy(record.data(), record_of(1));
                    return {};
                  })
                  .ok());
  const uint64_t segments = index->stats().segments;
  ASSERT_GE(segments, 4u);
  for (uint64_t i = 0; i < 64; i++) ASSERT_TRUE(index->put({i * 900, 0}, record_of(2)).ok());
  const uint64_t first = index->stats().merges;
  uint64_t merges = first;
  for (uint64_t i = 0; i < 1000; i++) {
    ASSERT_TRUE(index->put({i % 2, 0}, record_of(i)).ok());
    const uint64_t before = std::exchange(merges, index->stats().merges);
    ASSERT_LE(merges - before, 1u) << "the put " << i;
  }
  EXPECT_GE(merges - first, segments);
}

// A pass asks whether there is a thread while a close takes it: once beside each other, for
// ThreadSanitizer to find.
TEST(DiskIndex, ClosesWhileItsThreadBeginsAPass) {
  Options options = small(200'000);
  options.background = true;
  options.idle_time = {};
  for (uint64_t life = 0; life < 12; life++) {
    Disk disk;
    const auto index = opened(disk, options);
    // An eighth of what begins a pass, and a chunk of the log more: the thread wakes up, makes the
    // next delta ready, and freezes this one.
    for (uint64_t i = 0; i < 12'760; i++) ASSERT_TRUE(index->put({i, 0}, record_of(i)).ok());
    std::this_thread::sleep_for(std::chrono::microseconds(life * 100));
    EXPECT_TRUE(index->close().ok());
  }
}

// Each of many processes changes one of ten keys and is killed. What they leave in the log is
// little in keys, and nobody lived long enough to merge it: the file grew with each of them, and
// every open read all of it.
TEST(DiskIndex, ProcessesWithoutACloseLeaveASmallFile) {
  Disk disk;
  Options options = small(10'000);
  options.background = true;
  uint64_t largest = 0;
  for (uint64_t life = 0; life < 600; life++) {
    const auto index = opened(disk, options);
    ASSERT_TRUE(index->put({life % 10, 0}, record_of(life)).ok());
    ASSERT_TRUE(index->save(life).ok());
    largest = std::max(largest, index->stats().file_bytes);
  }
  EXPECT_LT(largest, 4u << 20);
  const auto index = opened(disk, options);
  EXPECT_EQ(index->size(), 10u);
  EXPECT_EQ(index->lsn(), 599u);
  std::vector<std::byte> record(payload_size);
  for (uint64_t key = 0; key < 10; key++) {
    ASSERT_TRUE(index->get({key, 0}, record).ok());
    EXPECT_EQ(record, record_of(590 + key));
  }
}

}  // namespace
}  // namespace stave::disk_index
