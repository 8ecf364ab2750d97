// size() is right whenever it is asked, although puts leave open whether their keys are new.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "core/base/endian.h"
#include "core/disk_index/disk_index.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {
namespace {

using Disk = os::SimulatedFileSystem;

struct Kind {
  uint32_t delta_entries;
  bool background;
};

Options options_of(const Kind& kind) {
  Options options;
  options.record_kind = RecordKind::opaque;
  options.record_size = 8;
  options.background = kind.background;
  options.delta_entries = kind.delta_entries;
  return options;
}

std::unique_ptr<DiskIndex> opened(Disk& disk, const Kind& kind) {
  Result<std::unique_ptr<DiskIndex>> index = DiskIndex::open(disk, "/x", options_of(kind));
  EXPECT_TRUE(index.ok()) << index.status().message();
  return index.ok() ? *std::move(index) : nullptr;
}

// The records that should be there.
class Model {
 public:
  explicit Model(uint64_t keys) : is_there_(keys) {}

  void change(DiskIndex& index, std::mt19937_64& random) {
    const uint64_t number = random() % is_there_.size();
    const Key key{number, 0};
    const bool there = is_there_[number];
    const uint64_t choice = random() % 16;
    bool stays = true;
    Status status;
    Status expected;
    if (choice == 0) {
      status = index.remove(key);
      expected = there ? Status() : Status(Code::not_found);
      stays = false;
    } else {
      std::array<std::byte, 8> record;
      store_le64(record.data(), number);
      const bool only_absent = choice == 1;
      status = only_absent ? index.insert(key, record) : index.put(key, record);
      expected = only_absent && there ? Status(Code::exists) : Status();
    }
    ASSERT_EQ(status.code(), expected.code()) << status.message();
    size_ += uint64_t{stays} - uint64_t{there};
    is_there_[number] = stays;
  }
  uint64_t size() const { return size_; }

 private:
  std::vector<bool> is_there_;
  uint64_t size_ = 0;
};

class Counting : public testing::TestWithParam<Kind> {};

TEST_P(Counting, IsRightAfterAnyNumberOfChanges) {
  Disk disk;
  std::mt19937_64 random(GetParam().delta_entries + 5);
  Model model(150'000);
  auto index = opened(disk, GetParam());
  uint64_t until = 0;
  for (uint64_t done = 0; done < 400'000;) {
    // Now and then at once, now and then after more puts than are noted.
    until += uint64_t{1} << random() % 18;
    for (; done < until; done++) model.change(*index, random);
    ASSERT_EQ(index->size(), model.size()) << done;
    if (random() % 8 == 0) {
      ASSERT_EQ(index->stats().entries, model.size());
    }
    if (random() % 16 == 0) {
      ASSERT_TRUE(index->checkpoint(1).ok());
    } else if (random() % 8 == 0) {
      // As after kill -9.
      index.reset();
      index = opened(disk, GetParam());
    }
    ASSERT_EQ(index->size(), model.size()) << done;
  }
  ASSERT_TRUE(index->close().ok());
  EXPECT_EQ(opened(disk, GetParam())->size(), model.size());
}

// A count that others ask for meanwhile lies between those of before and after.
TEST_P(Counting, LiesBetweenPutsBegunAndReturned) {
  Disk disk;
  const auto index = opened(disk, GetParam());
  constexpr uint64_t records = 200'000;
  std::atomic<uint64_t> before{0};
  std::atomic<uint64_t> begun{0};
  std::thread reader([&] {
    for (uint64_t asked = 0; before.load() < records; asked++) {
      const uint64_t least = before.load();
      const uint64_t size = index->size();
      const uint64_t most = begun.load();
      ASSERT_LE(least, size);
      ASSERT_LE(size, most);
      // Rarely enough that many puts come in between.
      std::this_thread::sleep_for(std::chrono::microseconds(asked % 8 == 0 ? 10'000 : 1));
    }
  });
  std::array<std::byte, 8> record{};
  for (uint64_t number = 0; number < records; number++) {
    begun.store(number + 1);
    ASSERT_TRUE(index->put({number, 1}, record).ok());
    before.store(number + 1);
  }
  reader.join();
  EXPECT_EQ(index->size(), records);
  ASSERT_TRUE(index->close().ok());
}

INSTANTIATE_TEST_SUITE_P(Deltas, Counting,
                         testing::Values(Kind{3000, false}, Kind{60'000, true},
                                         Kind{1'000'000, false}, Kind{1'000'000, true}),
                         [](const auto& instance) {
                           return std::to_string(instance.param.delta_entries) +
                                  (instance.param.background ? "Background" : "");
                         });

}  // namespace
}  // namespace stave::disk_index
