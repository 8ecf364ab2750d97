// Layer 4 for the disk index: readers, a cursor and saves beside writers, merges and growth; under
// ThreadSanitizer without suppressions. Every writer has keys of its own and counts their versions
// up, so that a reader can tell a lost, an old and a foreign record.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;

constexpr uint64_t writers = 2;
constexpr uint64_t keys_each = 20'000;

Key key_of(uint64_t number) {
  return {number, ~number};
}

class Stress {
 public:
  explicit Stress(DiskIndex& index) : index_(index) {
    for (auto& version : floor_) version.store(0);
  }

  void write(uint64_t writer, uint64_t operations, uint64_t seed) {
    Random random(seed);
    std::vector<uint64_t> versions(keys_each);
    for (uint64_t i = 0; i < operations; i++) {
      const uint64_t at = random.below(keys_each);
      const uint64_t number = at * writers + writer;
      std::array<std::byte, 16> record;
      store_le64(record.data(), number);
      store_le64(record.data() + 8, ++versions[at]);
      ASSERT_TRUE(index_.put(key_of(number), record).ok());
      // Who sees the floor sees the put.
      floor_[number].store(versions[at], std::memory_order_release);
    }
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }

  void read(uint64_t seed) {
    Random random(seed);
    while (!stop_.load(std::memory_order_relaxed)) {
      const uint64_t number = random.below(keys_each * writers);
      const uint64_t floor = floor_[number].load(std::memory_order_acquire);
      std::array<std::byte, 16> record;
      const Status status = index_.get(key_of(number), record);
      ASSERT_FALSE(status.is_error()) << status.message();
      if (!status.ok()) {
        ASSERT_EQ(floor, 0u) << "lost";
        continue;
      }
      ASSERT_EQ(load_le64(record.data()), number) << "another key's record";
      ASSERT_GE(load_le64(record.data() + 8), floor) << "an old record";
      reads_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void scan() {
    while (!stop_.load(std::memory_order_relaxed)) {
      uint64_t there = 0;
      for (const auto& floor : floor_) there += floor.load(std::memory_order_acquire) > 0 ? 1 : 0;
      const auto cursor = index_.open_cursor();
      uint64_t met = 0;
      Status status;
      while ((status = cursor->next()).ok()) {
        ASSERT_EQ(cursor->key().low, load_le64(cursor->record().data()));
        met++;
      }
      ASSERT_TRUE(status.is(Code::done)) << status.message();
      ASSERT_GE(met, there) << "the cursor passed by keys that were there";
      scans_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void keep() {
    for (uint64_t lsn = 1; !stop_.load(std::memory_order_relaxed); lsn++) {
      ASSERT_TRUE((lsn % 4 == 0 ? index_.checkpoint(lsn) : index_.save(lsn)).ok());
      if (lsn % 4 == 2) {
        ASSERT_TRUE(index_.merge().ok());
      }
      std::this_thread::yield();
    }
  }

  void stop() { stop_.store(true, std::memory_order_relaxed); }
  uint64_t reads() const { return reads_.load(); }
  uint64_t scans() const { return scans_.load(); }

 private:
  DiskIndex& index_;
  std::array<std::atomic<uint64_t>, writers * keys_each> floor_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> scans_{0};
};

void run(bool background) {
  const uint64_t seed = ladder_seed(4);
  const os::TemporaryDirectory directory;
  disk_index::Options options;
  options.record_size = 16;
  options.background = background;
  options.delta_entries = 3000;
  options.idle_time = std::chrono::milliseconds(1);
  auto index = *DiskIndex::open(os::posix_file_system(), directory.path() + "/index", options);
  const auto stress = std::make_unique<Stress>(*index);
  std::vector<std::thread> others;
  others.emplace_back([&] { stress->read(seed + 1); });
  others.emplace_back([&] { stress->read(seed + 2); });
  others.emplace_back([&] { stress->scan(); });
  others.emplace_back([&] { stress->keep(); });
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < writers; writer++)
    threads.emplace_back(
        [&, writer] { stress->write(writer, scaled(1'000'000), seed * 31 + writer); });
  for (std::thread& thread : threads) thread.join();
  stress->stop();
  for (std::thread& thread : others) thread.join();
  const disk_index::Stats stats = index->stats();
  const Status verified = index->verify([](uint64_t, uint64_t) { return Status(); });
  EXPECT_TRUE(verified.ok()) << verified.message();
  EXPECT_TRUE(index->close().ok());
  report_counts(background ? "disk index stress, background" : "disk index stress",
                {{"reads", stress->reads()},
                 {"scans", stress->scans()},
                 {"segments rewritten", stats.merges},
                 {"segments", stats.segments},
                 {"saves", stats.lsn}});
}

TEST(DiskIndexStress, ReadersBesideWritersAndTheMerger) {
  run(true);
}
TEST(DiskIndexStress, ReadersBesideWritersThatMerge) {
  run(false);
}

}  // namespace
}  // namespace stave::test
