// Several writers who are held up together: while a pass does not end they pause, and then wait,
// with the delta full to the last change and no further. And what others do to the index meanwhile.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/disk_index/disk_index_test_support.h"

namespace stave::disk_index {
namespace {

constexpr uint64_t writers = 6;
constexpr uint32_t limit = 4000;  // of a delta: pauses between chunks, and at the end at each put

void expect_same_and_after_reopen(Disk& disk, std::unique_ptr<DiskIndex> index,
                                  const Model& model) {
  disk.set_hook(nullptr);
  expect_same(*index, model);
  index.reset();
  expect_same(*opened(disk, small()), model);
}

Options paced() {
  Options options = small(limit);
  options.background = true;
  options.idle_time = std::chrono::hours(1);
  return options;
}

// Each thread puts keys of its own, in order, until it is told to stop or a put fails.
class Writers {
 public:
  explicit Writers(DiskIndex& index) : index_(index) {
    for (uint64_t writer = 0; writer < writers; writer++)
      threads_.emplace_back([this, writer] { write(writer); });
  }
  ~Writers() { join(); }

  uint64_t returned() const { return returned_.load(); }
  void wait_for(uint64_t puts) const {
    while (returned() < puts && failed_ < writers) std::this_thread::yield();
  }
  void join() {
    stop_ = true;
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  // Of all threads, once they are joined.
  void expect_failures(Code code) const {
    EXPECT_EQ(failed_, writers);
    for (const Status& status : failures_) EXPECT_TRUE(status.is(code)) << status.message();
  }
  void add_to(Model& model) const {
    for (uint64_t writer = 0; writer < writers; writer++)
      for (uint64_t put = 0; put < puts_[writer]; put++) model[{put, writer}] = record_of(put);
  }

 private:
  void write(uint64_t writer) {
    for (uint64_t put = 0; !stop_; put++) {
      const Status status = index_.put({put, writer}, record_of(put));
      if (!status.ok()) {
        failures_[writer] = status;
        failed_++;
        return;
      }
      puts_[writer]++;
      returned_++;
    }
  }

  DiskIndex& index_;
  std::vector<std::thread> threads_;
  std::array<uint64_t, writers> puts_{};
  std::array<Status, writers> failures_;
  std::atomic<uint64_t> returned_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<bool> stop_{false};
};

constexpr uint64_t frozen_keys = 100;

// Records that a pass merges.
Model begun(DiskIndex& index) {
  Model model;
  for (uint64_t i = 0; i < frozen_keys; i++) {
    model[{i, writers}] = record_of(i);
    EXPECT_TRUE(index.put({i, writers}, record_of(i)).ok());
  }
  return model;
}

TEST(PausingWriters, FillTheDeltaAndNoMore) {
  Disk disk;
  const auto index = opened(disk, paced());
  Model model = begun(*index);
  std::latch entered{1};
  std::latch opened_gate{1};
  std::atomic<bool> is_first{true};
  disk.set_hook([&](const Disk::Event& event) {
    if (event.call != os::CallKind::write || !is_first.exchange(false)) return;
    entered.count_down();
    opened_gate.wait();
  });
  std::thread merger([&] { EXPECT_TRUE(index->merge().ok()); });
  entered.wait();
  {
    Writers all(*index);
    all.wait_for(limit);
    // Who came back from a pause and did not look again would be among these.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(all.returned(), limit);
    opened_gate.count_down();
    all.wait_for(2 * limit);
    all.join();
    all.add_to(model);
  }
  merger.join();
  expect_same(*index, model);
  EXPECT_TRUE(index->close().ok());
}

// What a writer had before its pause is replaced: the deltas, the log, the directory, the file.
TEST(PausingWriters, UseWhatOthersHaveReplacedMeanwhile) {
  Disk disk;
  auto index = opened(disk, paced());
  Model model = begun(*index);
  disk.set_hook([&](const Disk::Event& event) {
    if (event.call == os::CallKind::write)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
  {
    Writers all(*index);
    for (uint64_t round = 0; round < 4; round++) {
      all.wait_for((round + 1) * 1500);
      uint64_t loaded = 0;
      EXPECT_TRUE(index->merge().ok());
      EXPECT_TRUE(index->save(round).ok());
      EXPECT_TRUE(index
                      ->bulk_load([&](Key* key, MutableBytes record) -> Status {
                        if (loaded == 10) return Code::done;
                        *key = {1000 + loaded++, writers};
                        copy(record.data(), record_of(round));
                        return {};
                      })
                      .ok());
      EXPECT_TRUE(index->shrink_to_fit().ok());
      EXPECT_TRUE(index->checkpoint(round).ok());
      for (uint64_t i = 0; i < 10; i++) model[{1000 + i, writers}] = record_of(round);
    }
    all.join();
    all.add_to(model);
  }
  expect_same_and_after_reopen(disk, std::move(index), model);
}

// Nobody waits for a pass that cannot end.
TEST(PausingWriters, ReportTheFullDisk) {
  Disk disk;
  auto index = opened(disk, paced());
  Model model = begun(*index);
  disk.set_hook([&](const Disk::Event& event) {
    if (event.call == os::CallKind::write)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
  for (uint64_t round = 0; round < 3; round++) {
    disk.set_capacity(disk.used_bytes() + (uint64_t{200} << 10));
    Writers all(*index);
    all.wait_for(UINT64_MAX);
    all.join();
    all.expect_failures(Code::no_space);
    EXPECT_GT(all.returned(), 0u);
    all.add_to(model);
    disk.set_capacity(UINT64_MAX);
    ASSERT_TRUE(index->put({round, writers + 1}, record_of(round)).ok());
    model[{round, writers + 1}] = record_of(round);
  }
  expect_same_and_after_reopen(disk, std::move(index), model);
}

TEST(PausingWriters, ReportTheFailedSync) {
  Disk disk;
  auto index = opened(disk, paced());
  Model model = begun(*index);
  disk.add_fault({os::Fault::Kind::io_error, 3, os::CallKind::sync_data, true});
  Writers all(*index);
  all.wait_for(UINT64_MAX);
  all.join();
  all.expect_failures(Code::io);
  all.add_to(model);
  disk.clear_faults();
  EXPECT_TRUE(index->stats().writes_refused);
  std::vector<std::byte> record(payload_size);
  for (const auto& [key, value] : model) {
    ASSERT_TRUE(index->get({key.first, key.second}, record).ok()) << key.first;
    ASSERT_EQ(record, value);
  }
}

}  // namespace
}  // namespace stave::disk_index
