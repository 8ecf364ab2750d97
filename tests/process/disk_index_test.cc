// Two real processes and one index: who is let in, who is told to wait and by whom, and what a
// reader sees of a writer that was killed. And what only real files have: links.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

#include "core/base/endian.h"
#include "core/disk_index/disk_index.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
using Record = std::array<std::byte, 8>;

Record record_of(uint64_t number) {
  Record record;
  store_le64(record.data(), number * 31);
  return record;
}

Result<std::unique_ptr<DiskIndex>> open(const std::string& path, bool read_only) {
  disk_index::Options options;
  options.read_only = read_only;
  if (!read_only) options.record_size = sizeof(Record);
  options.background = false;
  options.delta_entries = 512;  // so that the kill meets merges
  return DiskIndex::open(os::posix_file_system(), path, options);
}

// Another process that puts keys from `first` on and reports each one that has returned.
class Writer {
 public:
  Writer(const std::string& path, uint64_t first) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    child_ = fork();
    if (child_ == 0) {
      close(ends[0]);
      write_for_ever(path, first, ends[1]);
    }
    close(ends[1]);
    reports_ = ends[0];
  }
  ~Writer() {
    kill();
    close(reports_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False when it has ended.
  bool wait_for(uint64_t reports) {
    while (reported_ < reports)
      if (!read_report()) return false;
    return true;
  }
  // Kills it and counts what it has reported.
  uint64_t kill() {
    if (child_ <= 0) return reported_;
    ::kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
    while (read_report()) {
    }
    return reported_;
  }
  pid_t process() const noexcept { return child_; }

 private:
  [[noreturn]] static void write_for_ever(const std::string& path, uint64_t first, int reports) {
    const auto index = open(path, false);
    if (!index.ok()) _exit(1);
    for (uint64_t number = first;; number++) {
      if (!(*index)->put(Key{number, ~number}, record_of(number)).ok()) _exit(2);
      if (write(reports, "x", 1) != 1) _exit(3);
    }
  }
  bool read_report() {
    char report = 0;
    if (read(reports_, &report, 1) != 1) return false;
    reported_++;
    return true;
  }

  pid_t child_ = 0;
  int reports_ = -1;
  uint64_t reported_ = 0;
};

// All keys below `count` with their records; at most one more, which had not been reported.
void expect_keys(DiskIndex& index, uint64_t count) {
  EXPECT_GE(index.size(), count);
  EXPECT_LE(index.size(), count + 1);
  for (uint64_t number = 0; number < count; number++) {
    Record record{};
    ASSERT_TRUE(index.get(Key{number, ~number}, record).ok()) << number;
    ASSERT_EQ(record, record_of(number)) << number;
  }
  const auto go_on = [](uint64_t, uint64_t) { return Status(); };
  EXPECT_TRUE(index.verify(go_on).ok());
}

TEST(DiskIndexProcesses, AReaderIsToldWhoWritesAndSeesAllThatReturned) {
  Random random(ladder_seed(20261003));
  const uint64_t kills = scaled(100);
  const os::TemporaryDirectory directory;
  const std::string path = directory / "index";
  uint64_t keys = 0;
  uint64_t refusals = 0;
  for (uint64_t round = 0; round < kills && !HasFailure(); round++) {
    Writer writer(path, keys);
    ASSERT_TRUE(writer.wait_for(1 + random.below(2000)));
    for (const bool read_only : {true, false}) {
      const Status refused = open(path, read_only).status();
      EXPECT_TRUE(refused.is(Code::locked)) << refused.message();
      EXPECT_NE(refused.message().find(std::to_string(writer.process())), std::string_view::npos)
          << refused.message();
      refusals++;
    }
    keys += writer.kill();

    const auto reader = open(path, true);
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    expect_keys(**reader, keys);
    keys = (*reader)->size();
    const auto second = open(path, true);
    ASSERT_TRUE(second.ok()) << "readers share: " << second.status().message();
    EXPECT_TRUE((*reader)->put(Key{1, 1}, record_of(1)).is(Code::read_only));
    EXPECT_TRUE(open(path, false).status().is(Code::locked)) << "a writer beside readers";
  }
  report_counts("process, disk index",
                {{"kills", kills}, {"keys", keys}, {"opens refused", refusals}});
}

// The lock and the place of the new file were made from the text of the path: two writers, one by a
// link, had one file open and lost what the other had saved, and shrink_to_fit by a link put a file
// in the link's place and left the old state under the real name.
TEST(DiskIndexProcesses, AFileIsOneByWhateverLinkItIsOpened) {
  const os::TemporaryDirectory directory;
  const std::string path = directory / "real";
  const std::string link = directory / "link";
  std::filesystem::create_symlink("real", link);
  {  // Made by the link, before there is a file.
    const auto index = open(link, false);
    ASSERT_TRUE(index.ok()) << index.status().message();
    ASSERT_TRUE((*index)->put(Key{0, ~uint64_t{0}}, record_of(0)).ok());
    EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(path)));
    EXPECT_TRUE(open(path, false).status().is(Code::locked)) << "two writers";
    EXPECT_TRUE(open(path, true).status().is(Code::locked));
    EXPECT_TRUE(open(link, false).status().is(Code::locked));
    ASSERT_TRUE((*index)->shrink_to_fit().ok());
    ASSERT_TRUE((*index)->put(Key{1, ~uint64_t{1}}, record_of(1)).ok());
    ASSERT_TRUE((*index)->close().ok());
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  {
    const auto index = open(path, false);
    ASSERT_TRUE(index.ok()) << index.status().message();
    EXPECT_EQ((*index)->size(), 2u);
    const auto none = [](Key*, MutableBytes) -> Status { return Code::done; };
    disk_index::Options options;
    options.record_size = sizeof(Record);
    EXPECT_TRUE(DiskIndex::rebuild(os::posix_file_system(), link, options, none).is(Code::locked));
    ASSERT_TRUE((*index)->close().ok());
    EXPECT_TRUE(DiskIndex::rebuild(os::posix_file_system(), link, options, none).ok());
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ((*open(path, true))->size(), 0u);
}

}  // namespace
}  // namespace stave::test
