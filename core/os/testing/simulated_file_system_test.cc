// What the simulated disk does beyond the contract of file_system_test.cc and beside crashes, which
// simulated_crash_test.cc is about: faults, failed syncs, a full disk, violations, threads, clocks.
#include "core/os/testing/simulated_file_system.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_test_files.h"

namespace stave::os {
namespace {

// Every call of the interface once, in the order of CallKind.
std::vector<Status> call_all(SimulatedFileSystem& files) {
  std::vector<Status> results;
  auto file = files.open("a", OpenMode::read_write);
  results.push_back(file.status());
  results.push_back(files.open("new", OpenMode::create_new).status());
  if (!file.ok()) return results;
  std::byte buffer[8] = {};
  results.push_back((*file)->read(0, buffer).status());
  results.push_back((*file)->write(0, buffer).status());
  results.push_back((*file)->sync_data());
  results.push_back((*file)->size().status());
  results.push_back((*file)->truncate(8));
  results.push_back((*file)->allocate(100));
  results.push_back((*file)->map(8, true).status());
  results.push_back((*file)->drop_cache());
  results.push_back(files.rename("a", "b"));
  results.push_back(files.remove("b"));
  results.push_back(files.make_directory("d"));
  results.push_back(files.sync_directory("/"));
  results.push_back(files.list("/").status());
  results.push_back(files.lock("LOCK", true).status());
  results.push_back(files.random(buffer));
  return results;
}

TEST(Faults, EveryCallCanFailWithEio) {
  for (size_t kind = 0; kind < call_kinds; kind++) {
    SimulatedFileSystem files;
    create_durable(files, "a", "12345678");
    files.add_fault({Fault::Kind::io_error, 1, static_cast<CallKind>(kind), false});
    const std::vector<Status> results = call_all(files);
    ASSERT_GT(results.size(), kind);
    EXPECT_TRUE(results[kind].is(Code::io)) << call_name(static_cast<CallKind>(kind));
    EXPECT_EQ(results[kind].os_errno(), EIO);
    EXPECT_EQ(files.fired(Fault::Kind::io_error), 1u);
  }
}

TEST(Faults, ThoseThatACallCannotHaveDoNotFire) {
  uint64_t fired[Fault::kinds] = {};
  for (size_t fault = 0; fault < Fault::kinds; fault++) {
    for (size_t kind = 0; kind < call_kinds; kind++) {
      SimulatedFileSystem files;
      create_durable(files, "a", "12345678");
      files.add_fault({static_cast<Fault::Kind>(fault), 1, static_cast<CallKind>(kind), false});
      (void)call_all(files);
      fired[fault] += files.fired(static_cast<Fault::Kind>(fault));
    }
  }
  EXPECT_EQ(fired[0], call_kinds);
  EXPECT_EQ(fired[1], 9u);  // no space: all that create, grow or write back
  EXPECT_EQ(fired[2], 2u);  // short: read, write
  EXPECT_EQ(fired[3], 4u);  // interrupted: read, write and the two syncs
}

TEST(Faults, CountCallsOfAllKindsOrOfOne) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  const uint64_t before = files.calls();
  files.add_fault({Fault::Kind::io_error, 3, std::nullopt, false});
  files.add_fault({Fault::Kind::no_space, 2, CallKind::write, false});
  EXPECT_TRUE(file->size().ok());
  EXPECT_TRUE(file->write(0, as_bytes("a")).ok());
  EXPECT_TRUE(file->sync_data().is(Code::io));
  EXPECT_TRUE(file->write(0, as_bytes("a")).status().is(Code::no_space));
  EXPECT_TRUE(file->write(0, as_bytes("a")).ok());
  EXPECT_EQ(files.calls() - before, 5u);
  EXPECT_EQ(files.calls(CallKind::write), 3u);
}

TEST(Faults, ForeverLastsUntilCleared) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  files.add_fault({Fault::Kind::io_error, 2, CallKind::size, true});
  EXPECT_TRUE(file->size().ok());
  for (int i = 0; i < 5; i++) EXPECT_FALSE(file->size().ok());
  EXPECT_EQ(files.fired(Fault::Kind::io_error), 5u);
  files.clear_faults();
  EXPECT_TRUE(file->size().ok());
}

TEST(Faults, ShortCountsAndInterruptionsAreFinishedByTheLoops) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  files.add_fault({Fault::Kind::short_count, 1, std::nullopt, true});
  std::string text(1000, 'x');
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes(text)).ok());
  EXPECT_EQ(content(files, "a"), text);
  files.clear_faults();
  files.add_fault({Fault::Kind::interrupted, 1, std::nullopt, true});
  text.assign(1000, 'y');
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes(text)).ok());
  EXPECT_EQ(content(files, "a"), text);
  EXPECT_TRUE(sync_file(*file, "a").ok());
  EXPECT_TRUE(sync_directory(files, "/").ok());
  EXPECT_GT(files.fired(Fault::Kind::short_count), 4u);
  EXPECT_GE(files.fired(Fault::Kind::interrupted), 4u);
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), text);
}

TEST(FailedSync, LosesItsBytesAlthoughTheNextSyncSucceeds) {
  for (const bool by_mapping : {false, true}) {
    SimulatedFileSystem files;
    auto file = create_durable(files, "a", std::string(8192, '.'));
    auto mapping = *file->map(8192, true);
    if (by_mapping)
      mapping->data()[0] = std::byte{'x'};
    else
      EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("x")).ok());
    files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_data, false});
    EXPECT_TRUE(file->sync_data().is(Code::io));
    mapping->data()[4096] = std::byte{'y'};  // another page, dirty after the failure
    EXPECT_TRUE(file->sync_data().ok());
    EXPECT_EQ(content(files, "a")[0], 'x') << "the cache still shows it";
    EXPECT_TRUE(file->drop_cache().ok());
    EXPECT_EQ(content(files, "a")[0], 'x') << "mapped pages stay cached";
    for (uint64_t seed = 0; seed < 50; seed++) {
      auto image = files.crash_image(CrashPlan::draw(seed), seed);
      EXPECT_EQ(content(*image, "a")[0], '.');
      EXPECT_EQ(content(*image, "a")[4096], 'y');
    }
    mapping.reset();
    EXPECT_TRUE(file->drop_cache().ok());
    EXPECT_EQ(content(files, "a")[0], '.');
    EXPECT_EQ(content(files, "a")[4096], 'y');
  }
}

TEST(FailedSync, ALaterChangeOfThePageCarriesTheLostBytesAlong) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "....");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("x")).ok());
  files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_data, false});
  EXPECT_TRUE(file->sync_data().is(Code::io));
  EXPECT_TRUE(write_all(*file, "a", 2, as_bytes("y")).ok());
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), "x.y.");
}

TEST(FailedSync, OfARangeLosesItsPagesAndNoOthers) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(8192, '.'));
  auto mapping = *file->map(8192, true);
  EXPECT_TRUE(write_all(*file, "a", 4094, as_bytes("xxyy")).ok());
  files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_data, false});
  EXPECT_TRUE(sync_range(*mapping, 0, 4096).is(Code::io));
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(content(files, "a").substr(4094, 4), "xxyy") << "the cache still shows it";
  for (uint64_t seed = 0; seed < 50; seed++)
    EXPECT_EQ(content(*files.crash_image(CrashPlan::draw(seed), seed), "a").substr(4094, 4),
              "..yy");
}

TEST(FailedSync, OfADirectoryLosesItsOperations) {
  SimulatedFileSystem files;
  create_durable(files, "a");
  create(files, "b");
  files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_directory, false});
  EXPECT_TRUE(files.sync_directory("/").is(Code::io));
  EXPECT_TRUE(files.sync_directory("/").ok());
  EXPECT_EQ(names(files), "a b ");
  EXPECT_EQ(names(*files.crash_image(CrashPlan::everything_survives(), 1)), "a ");
}

TEST(FullDisk, RefusesAllocationsAndWritesThatNeedMore) {
  SimulatedFileSystem files;
  files.set_capacity(3 * 4096);
  auto file = create(files, "a", "x");
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(file->allocate(4 * 4096).is(Code::no_space));
  EXPECT_EQ(*file->size(), 1u);
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(file->allocate(2 * 4096).ok());
  const std::string text(3 * 4096, 'y');
  EXPECT_EQ(*file->write(4096, as_bytes(text)), 2u * 4096) << "what fits is written";
  EXPECT_TRUE(file->write(3 * 4096, as_bytes("z")).status().is(Code::no_space));
  EXPECT_TRUE(file->write(0, as_bytes("z")).ok()) << "old blocks can be rewritten";
  EXPECT_TRUE(file->truncate(1).ok());
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(files.remove("a").ok());
  EXPECT_EQ(files.used_bytes(), 4096u) << "still open";
  file.reset();
}

TEST(FullDisk, StaysFullInImagesAndFreesRemovedFiles) {
  SimulatedFileSystem files;
  files.set_capacity(2 * 4096);
  create_durable(files, "a", std::string(2 * 4096, 'x'));
  auto image = files.crash_image(CrashPlan::draw(1), 1);
  EXPECT_EQ(image->used_bytes(), 2u * 4096);
  auto other = *image->open("b", OpenMode::create_new);
  EXPECT_TRUE(other->write(0, as_bytes("x")).status().is(Code::no_space));
  EXPECT_TRUE(image->remove("a").ok());
  EXPECT_TRUE(image->sync_directory("/").ok());
  EXPECT_EQ(image->used_bytes(), 0u);
  EXPECT_TRUE(other->write(0, as_bytes("x")).ok());
}

TEST(Violations, StoresIntoHolesAndBeyondTheEndAreReported) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  EXPECT_TRUE(file->truncate(8192).ok());
  EXPECT_TRUE(file->allocate(5000).ok());
  auto mapping = *file->map(8192, true);
  mapping->data()[8000] = std::byte{'x'};
  EXPECT_TRUE(files.violations().empty()) << "all pages have blocks";

  auto sparse = create(files, "b");
  EXPECT_TRUE(sparse->truncate(8000).ok());
  auto stored = *sparse->map(8192, true);
  stored->data()[5000] = std::byte{'x'};
  stored->data()[8100] = std::byte{'x'};
  EXPECT_EQ(
      files.violations(),
      (std::vector<std::string>{"/b: store through a mapping into the hole at offset 4096",
                                "/b: store through a mapping beyond the end of the file at 8000"}));
  EXPECT_TRUE(sparse->truncate(8192).ok());
  EXPECT_EQ(content(files, "b")[8100], '\0') << "it must not appear when the file grows";
}

TEST(ViolationsDeathTest, AStoreBeyondTheLastPageKills) {
  SimulatedFileSystem files;
  auto file = create(files, "a", "x");
  auto mapping = *file->map(8192, true);
  mapping->data()[4095] = std::byte{0};
  EXPECT_DEATH(mapping->data()[4096] = std::byte{1}, "");
}

TEST(Threads, MayCallAndStoreWhileImagesAreTaken) {
  SimulatedFileSystem files;
  files.set_background_write_back(4);
  std::atomic<bool> done = false;
  std::vector<std::thread> writers;
  for (const std::string path : {"a", "b", "c"}) {
    writers.emplace_back([&files, &done, path] {
      auto file = create(files, path);
      EXPECT_TRUE(file->allocate(8192).ok());
      auto mapping = *file->map(8192, true);
      for (size_t i = 0; !done; i++) {
        std::memset(mapping->data() + i % 400 * 20, static_cast<int>(i), 20);
        EXPECT_TRUE(file->sync_data().ok());
        EXPECT_TRUE(files.rename(path, path).ok());
      }
    });
  }
  std::set<uint64_t> distinct;
  while (files.calls(CallKind::sync_data) < 3) std::this_thread::yield();
  for (uint64_t seed = 0; seed < 100; seed++)
    distinct.insert(files.crash_image(CrashPlan::draw(seed), seed)->digest().low);
  done = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(distinct.size(), 1u);
  EXPECT_EQ(files.violations(), std::vector<std::string>());
}

}  // namespace
}  // namespace stave::os
