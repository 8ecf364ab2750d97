// The contract of file_system.h, checked on the operating system's files and on the simulated ones
// alike: what passes in the simulation must mean something in the world.
#include "core/os/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/os/file_io.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/os/testing/temporary_directory.h"

namespace stave::os {
namespace {

// A file system and an empty directory in it.
class World {
 public:
  virtual ~World() = default;
  virtual FileSystem& files() = 0;
  virtual std::string directory() = 0;
};

class PosixWorld final : public World {
 public:
  FileSystem& files() override { return posix_file_system(); }
  std::string directory() override { return directory_.path(); }

 private:
  const TemporaryDirectory directory_;
};

class SimulatedWorld final : public World {
 public:
  SimulatedWorld() { EXPECT_TRUE(files_.make_directory(directory()).ok()); }
  FileSystem& files() override { return files_; }
  std::string directory() override { return "/directory"; }

 private:
  SimulatedFileSystem files_;
};

using MakeWorld = std::unique_ptr<World> (*)();

class FileSystemContract : public testing::TestWithParam<MakeWorld> {
 protected:
  FileSystem& files() { return world_->files(); }
  std::string path(const std::string& name) { return join_path(world_->directory(), name); }
  std::string directory() { return world_->directory(); }

  std::unique_ptr<File> create(const std::string& name, std::string_view content = {}) {
    Result<std::unique_ptr<File>> file = files().open(path(name), OpenMode::create_new);
    EXPECT_TRUE(file.ok()) << file.status().message();
    EXPECT_TRUE(write_all(**file, name, 0, as_bytes(content)).ok());
    return *std::move(file);
  }
  std::string content(const std::string& name) {
    Result<std::string> text = read_small_file(files(), path(name), 1 << 20);
    EXPECT_TRUE(text.ok()) << text.status().message();
    return text.ok() ? *text : "";
  }
  std::vector<std::string> names() {
    Result<std::vector<std::string>> list = files().list(directory());
    EXPECT_TRUE(list.ok()) << list.status().message();
    std::sort(list->begin(), list->end());
    return *std::move(list);
  }

 private:
  std::unique_ptr<World> world_ = GetParam()();
};

TEST_P(FileSystemContract, OpensOnlyWhatExistsAndCreatesOnlyWhatDoesNot) {
  const Status missing = files().open(path("a"), OpenMode::read_only).status();
  EXPECT_TRUE(missing.is(Code::not_found));
  EXPECT_NE(missing.message().find(path("a")), std::string_view::npos) << missing.message();
  EXPECT_TRUE(files().open(path("a"), OpenMode::read_write).status().is(Code::not_found));
  create("a");
  EXPECT_TRUE(files().open(path("a"), OpenMode::create_new).status().is(Code::exists));
  EXPECT_TRUE(files().open(path("a"), OpenMode::read_only).ok());
  EXPECT_TRUE(files().open(path("a"), OpenMode::read_write).ok());
  EXPECT_TRUE(files().open(path("no/a"), OpenMode::create_new).status().is(Code::not_found));
}

TEST_P(FileSystemContract, ReadsWhatWasWrittenUpToTheEnd) {
  auto file = create("a", "0123456789");
  EXPECT_EQ(*file->size(), 10u);
  char buffer[16] = {};
  const MutableBytes into = std::as_writable_bytes(std::span(buffer));
  EXPECT_EQ(*file->read(4, into), 6u);
  EXPECT_EQ(std::string_view(buffer, 6), "456789");
  EXPECT_EQ(*file->read(10, into), 0u);
  EXPECT_EQ(*file->read(1 << 20, into), 0u);
  EXPECT_EQ(*file->read(0, {}), 0u);
  EXPECT_EQ(*file->write(3, as_bytes("xyz")), 3u);
  EXPECT_EQ(content("a"), "012xyz6789");
}

TEST_P(FileSystemContract, AWriteBeyondTheEndLeavesZerosBetween) {
  auto file = create("a", "ab");
  EXPECT_EQ(*file->write(4, as_bytes("c")), 1u);
  EXPECT_EQ(content("a"), std::string("ab\0\0c", 5));
}

TEST_P(FileSystemContract, AReadOnlyFileRefusesWrites) {
  create("a", "ab");
  auto file = *files().open(path("a"), OpenMode::read_only);
  const Status refused = file->write(7, as_bytes("c")).status();
  EXPECT_TRUE(refused.is(Code::io));
  EXPECT_EQ(refused.os_errno(), EBADF);
  EXPECT_NE(refused.message().find(path("a") + "' at offset 7"), std::string_view::npos);
  EXPECT_TRUE(file->map(4096, true).status().is(Code::permission_denied));
  EXPECT_TRUE(file->truncate(0).is_error());
  EXPECT_TRUE(file->allocate(4096).is_error());
  EXPECT_EQ(content("a"), "ab");
}

TEST_P(FileSystemContract, TruncateCutsAndGrowsWithZeros) {
  auto file = create("a", "0123456789");
  EXPECT_TRUE(file->truncate(4).ok());
  EXPECT_TRUE(file->truncate(6).ok());
  EXPECT_EQ(content("a"), std::string("0123\0\0", 6));
}

TEST_P(FileSystemContract, AllocateGrowsAndNeverShrinks) {
  auto file = create("a", "01");
  EXPECT_TRUE(file->allocate(0).ok());
  EXPECT_EQ(*file->size(), 2u);
  EXPECT_TRUE(file->allocate(5).ok());
  EXPECT_EQ(content("a"), std::string("01\0\0\0", 5));
  EXPECT_TRUE(file->allocate(1).ok());
  EXPECT_EQ(*file->size(), 5u);
}

TEST_P(FileSystemContract, MappingAndFileShowEachOthersBytes) {
  auto file = create("a", "0123456789");
  auto mapping = *file->map(1 << 16, true);
  ASSERT_EQ(mapping->size(), 1u << 16);
  EXPECT_EQ(std::memcmp(mapping->data(), "0123456789", 10), 0);
  std::memcpy(mapping->data() + 2, "xy", 2);
  EXPECT_EQ(content("a"), "01xy456789");
  EXPECT_EQ(*file->write(8, as_bytes("AB")), 2u);
  EXPECT_EQ(std::memcmp(mapping->data() + 8, "AB", 2), 0);
}

TEST_P(FileSystemContract, AMappingLongerThanTheFileServesItAsItGrows) {
  auto file = create("a");
  auto mapping = *file->map(1 << 20, true);
  const std::byte* const data = mapping->data();
  EXPECT_TRUE(file->allocate(300'000).ok());
  mapping->data()[299'999] = std::byte{'x'};
  char last = 0;
  EXPECT_EQ(*file->read(299'999, std::as_writable_bytes(std::span(&last, 1))), 1u);
  EXPECT_EQ(last, 'x');
  EXPECT_TRUE(file->truncate(1 << 20).ok());
  mapping->data()[(1 << 20) - 1] = std::byte{'y'};
  EXPECT_EQ(mapping->data(), data);
  EXPECT_EQ(*file->size(), 1u << 20);
}

TEST_P(FileSystemContract, AMappingOutlivesItsFileAndItsName) {
  auto file = create("a", "0123");
  auto mapping = *file->map(4, true);
  file.reset();
  EXPECT_TRUE(files().remove(path("a")).ok());
  mapping->data()[0] = std::byte{'x'};
  EXPECT_EQ(std::memcmp(mapping->data(), "x123", 4), 0);
}

TEST_P(FileSystemContract, TwoMappingsOfOneFileAreOneMemory) {
  auto file = create("a", "0123");
  auto reader = *files().open(path("a"), OpenMode::read_only);
  auto shown = *reader->map(8192, false);
  auto stored = *file->map(4096, true);
  stored->data()[1] = std::byte{'x'};
  EXPECT_EQ(std::memcmp(shown->data(), "0x23", 4), 0);
}

TEST_P(FileSystemContract, RenameReplaces) {
  create("a", "new");
  create("b", "old");
  auto old = *files().open(path("b"), OpenMode::read_only);
  EXPECT_TRUE(files().rename(path("a"), path("b")).ok());
  EXPECT_EQ(names(), std::vector<std::string>{"b"});
  EXPECT_EQ(content("b"), "new");
  char buffer[4] = {};
  EXPECT_EQ(*old->read(0, std::as_writable_bytes(std::span(buffer))), 3u);
  EXPECT_EQ(std::string_view(buffer), "old");
  EXPECT_TRUE(files().rename(path("a"), path("c")).is(Code::not_found));
  EXPECT_TRUE(files().rename(path("b"), path("b")).ok());
  EXPECT_EQ(content("b"), "new");
}

TEST_P(FileSystemContract, RemovedFilesLiveOnForThoseWhoHaveThemOpen) {
  auto file = create("a", "0123");
  EXPECT_TRUE(files().remove(path("a")).ok());
  EXPECT_TRUE(files().remove(path("a")).is(Code::not_found));
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(*file->write(4, as_bytes("4")), 1u);
  EXPECT_EQ(*file->size(), 5u);
  create("a", "other");
  EXPECT_EQ(content("a"), "other");
}

TEST_P(FileSystemContract, Directories) {
  EXPECT_TRUE(files().make_directory(path("d")).ok());
  EXPECT_TRUE(files().make_directory(path("d")).is(Code::exists));
  EXPECT_TRUE(files().make_directory(path("no/d")).is(Code::not_found));
  EXPECT_TRUE(names() == std::vector<std::string>{"d"});
  EXPECT_TRUE(files().list(path("d"))->empty());
  EXPECT_TRUE(files().list(path("no")).status().is(Code::not_found));
  create("d/a", "in d");
  EXPECT_EQ(content("d/a"), "in d");
  EXPECT_TRUE(files().rename(path("d/a"), path("a")).ok());
  EXPECT_EQ(content("a"), "in d");
  EXPECT_TRUE(files().remove(path("d")).is_error());
  EXPECT_TRUE(files().sync_directory(path("d")).ok());
  EXPECT_TRUE(files().sync_directory(path("no")).is(Code::not_found));
  EXPECT_TRUE(files().sync_directory(path("a")).is_error());
}

TEST_P(FileSystemContract, SyncAndDropCacheKeepContent) {
  auto file = create("a", "0123");
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(file->drop_cache().ok());
  EXPECT_TRUE(files().sync_directory(directory()).ok());
  EXPECT_EQ(content("a"), "0123");
}

TEST_P(FileSystemContract, ARangeOfAMappingIsSynced) {
  auto file = create("a", std::string(8192, '.'));
  auto mapping = *file->map(8192, true);
  mapping->data()[4096] = std::byte{'x'};
  EXPECT_TRUE(write_all(*file, path("a"), 4097, as_bytes("y")).ok());
  EXPECT_TRUE(sync_range(*mapping, 4096, 4096).ok());
  EXPECT_EQ(content("a").substr(4095, 4), ".xy.");
}

TEST_P(FileSystemContract, AnExclusiveLockExcludesAll) {
  auto lock = files().lock(path("LOCK"), true);
  ASSERT_TRUE(lock.ok()) << lock.status().message();
  EXPECT_EQ(content("LOCK"), std::to_string(::getpid()) + "\n");
  for (const bool exclusive : {true, false}) {
    const Status refused = files().lock(path("LOCK"), exclusive).status();
    EXPECT_TRUE(refused.is(Code::locked));
    EXPECT_NE(refused.message().find(path("LOCK")), std::string_view::npos);
    EXPECT_NE(refused.message().find("process"), std::string_view::npos);
  }
  lock->reset();
  EXPECT_TRUE(files().lock(path("LOCK"), true).ok());
}

TEST_P(FileSystemContract, SharedLocksExcludeOnlyTheExclusive) {
  // The file is not there: a reader that went on without it would keep no writer out.
  auto first = files().lock(path("LOCK"), false);
  EXPECT_EQ(content("LOCK"), "");
  auto second = files().lock(path("LOCK"), false);
  EXPECT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(files().lock(path("LOCK"), true).status().is(Code::locked));
  first->reset();
  EXPECT_TRUE(files().lock(path("LOCK"), true).status().is(Code::locked));
  second->reset();
  EXPECT_TRUE(files().lock(path("LOCK"), true).ok());
  EXPECT_TRUE(files().lock(path("no/LOCK"), false).status().is(Code::not_found));
}

TEST_P(FileSystemContract, RandomnessDiffersEachTime) {
  std::array<std::byte, 1000> a{};
  std::array<std::byte, 1000> b{};
  EXPECT_TRUE(files().random(a).ok() && files().random(b).ok());
  EXPECT_FALSE(equal(a, b));
  EXPECT_TRUE(files().random({}).ok());
}

TEST_P(FileSystemContract, ReplaceFileReplacesAlsoOverWhatACrashLeft) {
  create("M.new", "left by a crash");
  EXPECT_TRUE(replace_file(files(), directory(), "M", as_bytes("one")).ok());
  EXPECT_TRUE(replace_file(files(), directory(), "M", as_bytes("two")).ok());
  EXPECT_EQ(content("M"), "two");
  EXPECT_EQ(names(), std::vector<std::string>{"M"});
}

TEST_P(FileSystemContract, ReadSmallFileRefusesALargerOneAndReadExactlyAShorterOne) {
  auto file = create("a", "0123");
  EXPECT_TRUE(read_small_file(files(), path("a"), 4).ok());
  EXPECT_TRUE(read_small_file(files(), path("a"), 3).status().is(Code::corruption));
  EXPECT_TRUE(read_small_file(files(), path("b"), 3).status().is(Code::not_found));
  std::array<std::byte, 8> buffer{};
  const Status ended = read_exactly(*file, "a", 1, buffer);
  EXPECT_TRUE(ended.is(Code::corruption));
  EXPECT_NE(ended.message().find("'a' at offset 1"), std::string_view::npos) << ended.message();
  EXPECT_EQ(*read_up_to(*file, "a", 1, buffer), 3u);
}

template <typename SomeWorld>
std::unique_ptr<World> make_world() {
  return std::make_unique<SomeWorld>();
}

TEST(ParentOf, IsTheDirectoryWithTheEntry) {
  EXPECT_EQ(parent_of("index"), ".");
  EXPECT_EQ(parent_of("a/index"), "a");
  EXPECT_EQ(parent_of("/index"), "/");
  EXPECT_EQ(parent_of("/"), "/");
  // Also of a directory that was named with slashes behind it.
  EXPECT_EQ(parent_of("a/"), ".");
  EXPECT_EQ(parent_of("/a//"), "/");
}

INSTANTIATE_TEST_SUITE_P(Posix, FileSystemContract, testing::Values(make_world<PosixWorld>));
INSTANTIATE_TEST_SUITE_P(Simulated, FileSystemContract,
                         testing::Values(make_world<SimulatedWorld>));

}  // namespace
}  // namespace stave::os
