// The index as a whole, on a simulated disk: its promises one by one, and random operations beside
// a map.
#include "core/disk_index/disk_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "core/disk_index/payload.h"
#include "core/os/simulated_file_system.h"

namespace stave::disk_index {
namespace {

using Disk = os::SimulatedFileSystem;
using Model = std::map<std::pair<uint64_t, uint64_t>, std::vector<std::byte>>;

Options small(uint32_t delta_entries = 16) {
  Options options;
  options.background = false;
  options.delta_entries = delta_entries;
  options.bulk_memory = 0;  // the smallest batch
  return options;
}

std::vector<std::byte> record_of(uint64_t number, uint32_t size = payload_size) {
  if (size == payload_size) {
    const PayloadBytes bytes = *encode_payload({number, 1, 2, Codec::lz4});
    return {bytes.begin(), bytes.end()};
  }
  std::vector<std::byte> record(size);
  for (size_t i = 0; i < size; i++) record[i] = static_cast<std::byte>(number >> (i % 8 * 8));
  return record;
}

std::unique_ptr<DiskIndex> opened(Disk& disk, const Options& options,
                                  const std::string& path = "/x") {
  Result<std::unique_ptr<DiskIndex>> index = DiskIndex::open(disk, path, options);
  EXPECT_TRUE(index.ok()) << index.status().message();
  return index.ok() ? *std::move(index) : nullptr;
}

constexpr auto no_progress = [](uint64_t, uint64_t) { return Status(); };

// Everything that can be asked says what the model says.
void expect_same(DiskIndex& index, const Model& model) {
  EXPECT_EQ(index.size(), model.size());
  std::vector<std::byte> record(index.record_size());
  for (const auto& [key, value] : model) {
    ASSERT_TRUE(index.get({key.first, key.second}, record).ok()) << key.first;
    ASSERT_EQ(record, value);
  }
  Model found;
  auto cursor = index.open_cursor();
  ASSERT_TRUE(cursor.ok());
  Status status;
  while ((status = (*cursor)->next()).ok()) {
    const Bytes bytes = (*cursor)->record();
    ASSERT_TRUE(found
                    .emplace(std::pair((*cursor)->key().low, (*cursor)->key().high),
                             std::vector<std::byte>(bytes.begin(), bytes.end()))
                    .second)
        << "met twice";
  }
  EXPECT_TRUE(status.is(Code::done)) << status.message();
  EXPECT_EQ(found, model);
  const Status verified = index.verify(no_progress);
  EXPECT_TRUE(verified.ok()) << verified.message();
}

TEST(DiskIndex, PointOperations) {
  Disk disk;
  const auto index = opened(disk, small());
  const Key key{1, 2};
  std::vector<std::byte> record(payload_size);
  EXPECT_TRUE(index->get(key, record).is(Code::not_found));
  EXPECT_TRUE(index->contains(key).is(Code::not_found));
  EXPECT_TRUE(index->remove(key).is(Code::not_found));
  EXPECT_TRUE(index->put(key, record_of(1), PutMode::only_absent).ok());
  EXPECT_TRUE(index->put(key, record_of(2), PutMode::only_absent).is(Code::exists));
  EXPECT_TRUE(index->get(key, record).ok());
  EXPECT_EQ(record, record_of(1));
  EXPECT_TRUE(index->put(key, record_of(2), PutMode::always).ok());
  EXPECT_TRUE(index->get(key, record).ok());
  EXPECT_EQ(record, record_of(2));
  EXPECT_EQ(index->size(), 1u);
  EXPECT_TRUE(index->contains(key).ok());
  EXPECT_TRUE(index->remove(key).ok());
  EXPECT_TRUE(index->get(key, record).is(Code::not_found));
  EXPECT_EQ(index->size(), 0u);
  EXPECT_TRUE(index->close().ok());
}

TEST(DiskIndex, KeysAtTheEdges) {
  Disk disk;
  Model model;
  {
    const auto index = opened(disk, small(2));
    for (const uint64_t low : {uint64_t{0}, uint64_t{1}, UINT64_MAX, UINT64_MAX - 1})
      for (const uint64_t high : {uint64_t{0}, uint64_t{1}, UINT64_MAX, uint64_t{1} << 63}) {
        model[{low, high}] = record_of(low ^ high);
        ASSERT_TRUE(index->put({low, high}, record_of(low ^ high), PutMode::always).ok());
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
  EXPECT_TRUE(index->put({1, 1}, record_of(1, 23), PutMode::always).is(Code::invalid_argument));
  EXPECT_TRUE(index->put({1, 1}, {}, PutMode::always).is(Code::invalid_argument));
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
      ASSERT_TRUE(index->put(key, record, PutMode::always).ok());
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
  ASSERT_TRUE(index->put({5, 0}, record_of(99), PutMode::always).ok());
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
  for (uint64_t i = 0; i < 500; i++)
    ASSERT_TRUE(index->put({i, 0}, record_of(i), PutMode::always).ok());
  ASSERT_TRUE(index->checkpoint(0).ok());
  uint64_t largest = 0;
  for (uint64_t round = 0; round < 60; round++) {
    for (uint64_t i = 0; i < 500; i++)
      ASSERT_TRUE(index->put({i, 0}, record_of(round), PutMode::always).ok());
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
    ASSERT_TRUE(index->put({i, 0}, record_of(i), PutMode::always).ok());
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
  for (uint64_t i = 0; i < 20'000; i++)
    ASSERT_TRUE(index->put({i, 0}, record_of(i), PutMode::always).ok());
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
  ASSERT_TRUE(index->put({1, 1}, record_of(1), PutMode::always).ok());
  model[{1, 1}] = record_of(1);
  ASSERT_TRUE(index->close().ok());
  expect_same(*opened(disk, small()), model);
}

TEST(DiskIndex, RebuildRepairsWhatCannotBeOpened) {
  Disk disk;
  {
    const auto index = opened(disk, small());
    ASSERT_TRUE(index->put({1, 1}, record_of(1), PutMode::always).ok());
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

TEST(DiskIndex, OpenOptions) {
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
    ASSERT_TRUE(writer->put({1, 1}, record_of(1), PutMode::always).ok());
    EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::locked));
    EXPECT_TRUE(DiskIndex::open(disk, "/x", reading).status().is(Code::locked));
  }  // killed
  const auto first = opened(disk, reading);
  const auto second = opened(disk, reading);
  EXPECT_TRUE(DiskIndex::open(disk, "/x", small()).status().is(Code::locked));
  expect_same(*first, {{{1, 1}, record_of(1)}});
  expect_same(*second, {{{1, 1}, record_of(1)}});
  EXPECT_TRUE(first->put({2, 2}, record_of(2), PutMode::always).is(Code::read_only));
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
        ASSERT_TRUE(index->put({number, 0}, record_of(number + 20'000 * i), PutMode::always).ok());
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
TEST(DiskIndex, AMergeMeetsWhatAWriterHasFrozenMeanwhile) {
  Disk disk;
  const auto index = opened(disk, small(16));
  Model model;
  uint64_t next = 0;
  const auto put = [&](uint64_t count) {
    for (uint64_t i = 0; i < count; i++, next++) {
      model[{next, 0}] = record_of(next);
      ASSERT_TRUE(index->put({next, 0}, record_of(next), PutMode::always).ok());
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
  for (uint64_t i = 0; i < 64; i++)
    ASSERT_TRUE(index->put({i * 900, 0}, record_of(2), PutMode::always).ok());
  const uint64_t first = index->stats().merges;
  uint64_t merges = first;
  for (uint64_t i = 0; i < 1000; i++) {
    ASSERT_TRUE(index->put({i % 2, 0}, record_of(i), PutMode::always).ok());
    const uint64_t before = std::exchange(merges, index->stats().merges);
    ASSERT_LE(merges - before, 1u) << "the put " << i;
  }
  EXPECT_GE(merges - first, segments);
}

// Each of many processes changes one of ten keys and is killed. What they leave in the log is
// little in keys, and nobody lived long enough to merge it: the file grew with each of them, and
// every open read all of it.
TEST(DiskIndex, ManyShortLivesLeaveASmallFile) {
  Disk disk;
  Options options = small(64);
  options.background = true;
  uint64_t largest = 0;
  for (uint64_t life = 0; life < 600; life++) {
    const auto index = opened(disk, options);
    ASSERT_TRUE(index->put({life % 10, 0}, record_of(life), PutMode::always).ok());
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

TEST(DiskIndex, AFullDiskLeavesAWorkingFile) {
  Disk disk;
  const auto index = opened(disk, small(64));
  disk.set_capacity(disk.used_bytes() + 300 * 1024);
  Model model;
  Status status;
  for (uint64_t i = 0; status.ok(); i++) {
    ASSERT_LT(i, 100'000u);
    status = index->put({i, 0}, record_of(i), PutMode::always);
    if (status.ok()) model[{i, 0}] = record_of(i);
  }
  EXPECT_TRUE(status.is(Code::no_space)) << status.message();
  EXPECT_GT(model.size(), 1000u);
  expect_same(*index, model);
  disk.set_capacity(UINT64_MAX);
  ASSERT_TRUE(index->put({1, 1}, record_of(1), PutMode::always).ok());
  model[{1, 1}] = record_of(1);
  expect_same(*index, model);
  ASSERT_TRUE(index->close().ok());
  expect_same(*opened(disk, small()), model);
}

TEST(DiskIndex, AFailedSyncIsFinal) {
  Disk disk;
  const auto index = opened(disk, small());
  ASSERT_TRUE(index->put({1, 1}, record_of(1), PutMode::always).ok());
  disk.add_fault({os::Fault::Kind::io_error, 1, os::CallKind::sync_data});
  EXPECT_TRUE(index->save(1).is(Code::io));
  EXPECT_TRUE(index->put({2, 2}, record_of(2), PutMode::always).is(Code::io));
  EXPECT_TRUE(index->save(1).is(Code::io));
  EXPECT_TRUE(index->contains({1, 1}).ok());
  EXPECT_TRUE(index->stats().writes_refused);
}

}  // namespace
}  // namespace stave::disk_index
