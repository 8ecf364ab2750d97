// The index as a whole, on a simulated disk: its promises one by one, and random operations beside
// a map.
#include "core/disk_index/disk_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "core/disk_index/disk_index_test_support.h"

namespace stave::disk_index {
namespace {

TEST(DiskIndex, GetReturnsTheLatestPut) {
  Disk disk;
  const auto index = opened(disk, small());
  const Key key{1, 2};
  std::vector<std::byte> record(payload_size);
  EXPECT_TRUE(index->get(key, record).is(Code::not_found));
  EXPECT_TRUE(index->contains(key).is(Code::not_found));
  EXPECT_TRUE(index->remove(key).is(Code::not_found));
  EXPECT_TRUE(index->insert(key, record_of(1)).ok());
  EXPECT_TRUE(index->insert(key, record_of(2)).is(Code::exists));
  EXPECT_TRUE(index->get(key, record).ok());
  EXPECT_EQ(record, record_of(1));
  EXPECT_TRUE(index->put(key, record_of(2)).ok());
  EXPECT_TRUE(index->get(key, record).ok());
  EXPECT_EQ(record, record_of(2));
  EXPECT_EQ(index->size(), 1u);
  EXPECT_TRUE(index->contains(key).ok());
  EXPECT_TRUE(index->remove(key).ok());
  EXPECT_TRUE(index->get(key, record).is(Code::not_found));
  EXPECT_EQ(index->size(), 0u);
  EXPECT_TRUE(index->close().ok());
}

TEST(DiskIndex, TakesKeysOfAllBits) {
  Disk disk;
  Model model;
  {
    const auto index = opened(disk, small(2));
    for (const uint64_t low : {uint64_t{0}, uint64_t{1}, UINT64_MAX, UINT64_MAX - 1})
      for (const uint64_t high : {uint64_t{0}, uint64_t{1}, UINT64_MAX, uint64_t{1} << 63}) {
        model[{low, high}] = record_of(low ^ high);
        ASSERT_TRUE(index->put({low, high}, record_of(low ^ high)).ok());
      }
    expect_same(*index, model);
    ASSERT_TRUE(index->checkpoint(0).ok());
    expect_same(*index, model);
    ASSERT_TRUE(index->close().ok());
  }
  expect_same(*opened(disk, small(2)), model);
}

TEST(DiskIndex, RefusesRecordsOfAnotherSize) {
  Disk disk;
  const auto index = opened(disk, small());
  EXPECT_TRUE(index->put({1, 1}, record_of(1, 23)).is(Code::invalid_argument));
  EXPECT_TRUE(index->put({1, 1}, {}).is(Code::invalid_argument));
}

struct RandomCase {
  const char* name;
  uint32_t record_size;
  uint32_t delta_entries;
  uint64_t keys;
  uint64_t hash_mask;
  int operations;
};

class RandomOperations : public testing::TestWithParam<RandomCase> {};

TEST_P(RandomOperations, AgreeWithAMap) {
  const RandomCase& one = GetParam();
  std::mt19937_64 random(11);
  Disk disk;
  Options options = small(one.delta_entries);
  options.record_size = one.record_size == payload_size ? 0 : one.record_size;
  options.hash_mask = one.hash_mask;
  auto index = opened(disk, options);
  Model model;
  for (int step = 0; step < one.operations; step++) {
    const uint64_t number = random() % one.keys;
    const Key key{number, ~number};
    const uint64_t what = random() % 1000;
    if (what < 600) {
      const auto record = record_of(random(), one.record_size);
      ASSERT_TRUE(index->put(key, record).ok());
      model[{key.low, key.high}] = record;
    } else if (what < 990) {
      const Status status = index->remove(key);
      ASSERT_EQ(status.ok(), model.erase({key.low, key.high}) == 1) << status.message();
    } else if (what < 993) {
      ASSERT_TRUE(index->save(1).ok());
    } else if (what < 994) {
      ASSERT_TRUE(index->checkpoint(2).ok());
    } else if (what < 995) {
      ASSERT_TRUE(index->shrink_to_fit().ok());
    } else if (what < 998) {
      if (what != 997) {
        ASSERT_TRUE(index->close().ok());
      }
      index.reset();  // 997: as a killed process leaves it
      index = opened(disk, options);
    } else {
      ASSERT_TRUE(index->merge().ok());
    }
    if (step % 2000 == 0) expect_same(*index, model);
    if (testing::Test::HasFatalFailure()) return;
  }
  expect_same(*index, model);
  EXPECT_TRUE(disk.violations().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RandomOperations,
    testing::Values(RandomCase{"small", 24, 16, 300, UINT64_MAX, 8000},
                    RandomCase{"growing", 24, 600, 1 << 20, UINT64_MAX, 60000},
                    RandomCase{"tiny records", 1, 64, 5000, UINT64_MAX, 8000},
                    RandomCase{"large records", 256, 400, 8000, UINT64_MAX, 20000},
                    RandomCase{"four bits of hash", 24, 64, 3000, uint64_t{15} << 60, 8000},
                    RandomCase{"one hash", 8, 64, 700, 0, 6000}),
    [](const auto& one) {
      std::string name = one.param.name;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(DiskIndex, BulkLoadIsAtomicAndTheLastRecordCounts) {
  Disk disk;
  const auto index = opened(disk, small());
  ASSERT_TRUE(index->put({5, 0}, record_of(99)).ok());
  uint64_t next = 0;
  const auto failing = [&](Key* key, MutableBytes record) -> Status {
    if (next == 5000) return Code::cancelled;
    *key = {next, 0};
    copy(record.data(), record_of(next++));
    return {};
  };
  EXPECT_TRUE(index->bulk_load(failing).is(Code::cancelled));
  Model model{{{5, 0}, record_of(99)}};
  expect_same(*index, model);
  next = 0;
  const auto source = [&](Key* key, MutableBytes record) -> Status {
    if (next == 6000) return Code::done;
    *key = {next % 3000, 0};
    model[{next % 3000, 0}] = record_of(next);
    copy(record.data(), record_of(next++));
    return {};
  };
  ASSERT_TRUE(index->bulk_load(source).ok());
  expect_same(*index, model);
  // Durable on return.
  const auto image = disk.crash_image(os::CrashPlan::nothing_survives(), 1);
  expect_same(*opened(*image, small()), model);
}

TEST(DiskIndex, AnOverwriteDoesNotGrowTheFile) {
  Disk disk;
  const auto index = opened(disk, small(64));
  for (uint64_t i = 0; i < 500; i++) ASSERT_TRUE(index->put({i, 0}, record_of(i)).ok());
  ASSERT_TRUE(index->checkpoint(0).ok());
  uint64_t largest = 0;
  for (uint64_t round = 0; round < 60; round++) {
    for (uint64_t i = 0; i < 500; i++) ASSERT_TRUE(index->put({i, 0}, record_of(round)).ok());
    ASSERT_TRUE(index->checkpoint(0).ok());
    if (round == 10) largest = index->stats().file_bytes;
  }
  EXPECT_EQ(index->stats().file_bytes, largest);
}

TEST(DiskIndex, ConstantSizeKeepsTheFileConstant) {
  Disk disk;
  const auto index = opened(disk, small(64));
  uint64_t largest = 0;
  for (uint64_t i = 0; i < 40'000; i++) {
    ASSERT_TRUE(index->put({i, 0}, record_of(i)).ok());
    if (i >= 500) {
      ASSERT_TRUE(index->remove({i - 500, 0}).ok());
    }
    if (i == 10'000) largest = index->stats().file_bytes;
  }
  EXPECT_EQ(index->size(), 500u);
  EXPECT_LE(index->stats().file_bytes, largest);
}

TEST(DiskIndex, ShrinksToWhatItHolds) {
  Disk disk;
  const auto index = opened(disk, small(200));
  for (uint64_t i = 0; i < 20'000; i++) ASSERT_TRUE(index->put({i, 0}, record_of(i)).ok());
  Model model;
  for (uint64_t i = 0; i < 20'000; i++) {
    if (i % 100 == 0) {
      model[{i, 0}] = record_of(i);
    } else {
      ASSERT_TRUE(index->remove({i, 0}).ok());
    }
  }
  ASSERT_TRUE(index->save(77).ok());
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_LT(index->stats().file_bytes, 128u * 1024);
  EXPECT_EQ(index->lsn(), 77u);
  expect_same(*index, model);
  ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
  model[{1, 1}] = record_of(1);
  ASSERT_TRUE(index->close().ok());
  expect_same(*opened(disk, small()), model);
}

// A file that somebody had made longer, which costs nothing, took all of that space from the disk
// at the first put; and if there was not so much, kept what there was.
TEST(DiskIndex, AFileThatWasMadeLongerGetsItsLengthBack) {
  Disk disk;
  Model model;
  for (uint64_t i = 0; i < 500; i++) model[{i, 0}] = record_of(i);
  {
    const auto index = opened(disk, small(64));
    for (const auto& [key, record] : model)
      ASSERT_TRUE(index->put({key.first, key.second}, record).ok());
    ASSERT_TRUE(index->close().ok());
  }
  auto file = *disk.open("/x", os::OpenMode::read_write);
  const uint64_t before = *file->size();
  ASSERT_TRUE(file->truncate(uint64_t{1} << 26).ok());
  disk.set_capacity(disk.used_bytes() + 64 * 1024);
  Options reader = small();
  reader.read_only = true;
  expect_same(*opened(disk, reader), model);
  const auto index = opened(disk, small(64));
  ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
  model[{1, 1}] = record_of(1);
  EXPECT_LE(*file->size(), before + 64 * 1024);
  expect_same(*index, model);
}

TEST(DiskIndex, ReservedSpaceIsKeptByAClose) {
  Disk disk;
  constexpr uint64_t reserved = 20'000;
  {
    const auto index = opened(disk, small());
    ASSERT_TRUE(index->reserve(reserved).ok());
    ASSERT_TRUE(index->close().ok());
  }
  const auto index = opened(disk, small());
  ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
  EXPECT_GE(index->stats().free_bytes, reserved * (16 + payload_size));
}

TEST(DiskIndex, ReserveAddsToWhatIsFree) {
  Disk disk;
  const auto index = opened(disk, small());
  for (const uint64_t reserved : std::initializer_list<uint64_t>{10'000, 15'000, 20'000}) {
    ASSERT_TRUE(index->reserve(reserved).ok());
    EXPECT_GE(index->stats().free_bytes, reserved * (16 + payload_size));
  }
}

TEST(DiskIndex, RebuildRepairsWhatCannotBeOpened) {
  Disk disk;
  {
    const auto index = opened(disk, small());
    ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
    ASSERT_TRUE(index->close().ok());
    const auto file = disk.open("/x", os::OpenMode::read_write);
    ASSERT_TRUE((*file)->truncate(100).ok());
  }
  EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::corruption));
  Model model;
  uint64_t next = 0;
  const auto source = [&](Key* key, MutableBytes record) -> Status {
    if (next == 1000) return Code::done;
    *key = {next, 1};
    model[{next, 1}] = record_of(next);
    copy(record.data(), record_of(next++));
    return {};
  };
  ASSERT_TRUE(DiskIndex::rebuild(disk, "/x", small(), source).ok());
  expect_same(*opened(disk, small()), model);
}

TEST(DiskIndex, KeepsTheLsnOfTheLastSave) {
  Disk disk;
  {
    const auto index = opened(disk, small());
    EXPECT_EQ(index->lsn(), 0u);
    ASSERT_TRUE(index->save(41).ok());
    ASSERT_TRUE(index->checkpoint(42).ok());
    EXPECT_EQ(index->lsn(), 42u);
  }
  EXPECT_EQ(opened(disk, small())->lsn(), 42u);
}

TEST(DiskIndex, OpenHonoursItsOptions) {
  Disk disk;
  Options options = small();
  options.create_if_missing = false;
  EXPECT_TRUE(DiskIndex::open(disk, "/x", options).status().is(Code::not_found));
  options = small();
  options.read_only = true;
  EXPECT_TRUE(DiskIndex::open(disk, "/x", options).status().is(Code::not_found));
  EXPECT_TRUE(DiskIndex::open(disk, "/a/b/x", small()).status().is(Code::not_found));
  options = small();
  options.create_parents = true;
  EXPECT_TRUE(DiskIndex::open(disk, "/a/b/x", options).ok());
  options = small();
  options.error_if_exists = true;
  EXPECT_TRUE(DiskIndex::open(disk, "/a/b/x", options).status().is(Code::exists));
  options = small();
  options.record_size = 8;
  EXPECT_TRUE(DiskIndex::open(disk, "/a/b/x", options).status().is(Code::invalid_argument));
  options.record_size = 257;
  EXPECT_TRUE(DiskIndex::open(disk, "/y", options).status().is(Code::invalid_argument));
  options.record_size = 0;
  options.record_kind = RecordKind::opaque;
  EXPECT_TRUE(DiskIndex::open(disk, "/y", options).status().is(Code::invalid_argument));
}

TEST(DiskIndex, OneWriterOrManyReaders) {
  Disk disk;
  Options reading = small();
  reading.read_only = true;
  {
    const auto writer = opened(disk, small());
    ASSERT_TRUE(writer->put({1, 1}, record_of(1)).ok());
    EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::locked));
    EXPECT_TRUE(DiskIndex::open(disk, "/x", reading).status().is(Code::locked));
  }  // killed
  const auto first = opened(disk, reading);
  const auto second = opened(disk, reading);
  EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::locked));
  expect_same(*first, {{{1, 1}, record_of(1)}});
  expect_same(*second, {{{1, 1}, record_of(1)}});
  EXPECT_TRUE(first->put({2, 2}, record_of(2)).is(Code::read_only));
  EXPECT_TRUE(first->save(1).is(Code::read_only));
  EXPECT_TRUE(first->close().ok());
}

// A restored copy has no lock file. Its reader went on without any and kept no writer out, who then
// used the pages again that the reader looked at: keys that were there all the time were not found.
TEST(DiskIndex, AReaderOfACopyWithoutItsLockFileKeepsWritersOut) {
  Disk disk;
  ASSERT_TRUE(opened(disk, small())->close().ok());
  ASSERT_TRUE(disk.remove("/x.lock").ok());
  Options reading = small();
  reading.read_only = true;
  const auto reader = opened(disk, reading);
  EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::locked));
  EXPECT_TRUE(DiskIndex::open(disk, "/x", reading).ok());
}

TEST(DiskIndex, DirectoriesInTheWayAreNamed) {
  Disk disk;
  ASSERT_TRUE(disk.make_directory("/d").ok());
  EXPECT_TRUE(DiskIndex::open(disk, "/d", small()).status().is(Code::invalid_argument));
  ASSERT_TRUE(disk.make_directory("/x.new").ok());
  const Status refused = DiskIndex::open(disk, "/x", small()).status();
  EXPECT_TRUE(refused.is(Code::invalid_argument));
  EXPECT_EQ(refused.message(), "'/x.new' is a directory where a new file is to be made; remove it");
}

TEST(DiskIndex, ForeignFilesAreNotNewOnes) {
  Disk disk;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{8191}, size_t{8192}, size_t{100000}}) {
    const std::string path = "/f" + std::to_string(size);
    const auto file = disk.open(path, os::OpenMode::create_new);
    const std::vector<std::byte> bytes(size, std::byte{'x'});
    ASSERT_TRUE((*file)->write(0, bytes).ok());
    const Status status = DiskIndex::open(disk, path, small()).status();
    EXPECT_TRUE(status.is(Code::corruption)) << size;
    EXPECT_NE(status.message().find("no disk index"), std::string_view::npos) << status.message();
  }
}

TEST(DiskIndex, AFullDiskLeavesAWorkingFile) {
  Disk disk;
  const auto index = opened(disk, small(64));
  disk.set_capacity(disk.used_bytes() + 300 * 1024);
  Model model;
  Status status;
  for (uint64_t i = 0; status.ok(); i++) {
    ASSERT_LT(i, 100'000u);
    status = index->put({i, 0}, record_of(i));
    if (status.ok()) model[{i, 0}] = record_of(i);
  }
  EXPECT_TRUE(status.is(Code::no_space)) << status.message();
  EXPECT_GT(model.size(), 1000u);
  expect_same(*index, model);
  disk.set_capacity(UINT64_MAX);
  ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
  model[{1, 1}] = record_of(1);
  expect_same(*index, model);
  ASSERT_TRUE(index->close().ok());
  expect_same(*opened(disk, small()), model);
}

TEST(DiskIndex, AFailedSyncIsFinal) {
  Disk disk;
  const auto index = opened(disk, small());
  ASSERT_TRUE(index->put({1, 1}, record_of(1)).ok());
  disk.add_fault({os::Fault::Kind::io_error, 1, os::CallKind::sync_data});
  EXPECT_TRUE(index->save(1).is(Code::io));
  EXPECT_TRUE(index->put({2, 2}, record_of(2)).is(Code::io));
  EXPECT_TRUE(index->save(1).is(Code::io));
  EXPECT_TRUE(index->contains({1, 1}).ok());
  EXPECT_TRUE(index->stats().writes_refused);
}

}  // namespace
}  // namespace stave::disk_index
