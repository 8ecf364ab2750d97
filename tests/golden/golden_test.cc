// Golden files: what was written once opens for ever, and what is malformed is refused with the
// answer that belongs to it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "core/disk_index/disk_index.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
namespace fs = std::filesystem;

const fs::path golden = fs::path(STAVE_GOLDEN) / "disk_index";

std::string content_of(const fs::path& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

Result<std::unique_ptr<DiskIndex>> open(const std::string& path, bool read_only) {
  disk_index::Options options;
  options.read_only = read_only;
  options.create_if_missing = false;
  return DiskIndex::open(os::posix_file_system(), path, options);
}

// The example of docs/formats/disk_index.md: one record, by a process that was killed.
void expect_example(DiskIndex& index) {
  EXPECT_EQ(index.record_size(), 4U);
  EXPECT_EQ(index.size(), 1U);
  std::array<std::byte, 4> record{};
  ASSERT_TRUE(index.get(Key{1, 2}, record).ok());
  const std::array expected = {std::byte{0xde}, std::byte{0xad}, std::byte{0xbe}, std::byte{0xef}};
  EXPECT_EQ(record, expected);
  EXPECT_TRUE(index.contains(Key{2, 1}).is(Code::not_found));
  const auto go_on = [](uint64_t, uint64_t) { return Status(); };
  EXPECT_TRUE(index.verify(go_on).ok());
}

TEST(GoldenDiskIndex, TheExampleOpens) {
  const std::string before = content_of(golden / "example.idx");
  ASSERT_EQ(before.size(), 20480U);
  const os::TemporaryDirectory directory;
  const std::string path = directory / "example.idx";
  fs::copy_file(golden / "example.idx", path);
  {
    auto reader = open(path, true);
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    expect_example(**reader);
  }
  EXPECT_EQ(content_of(path), before) << "reading has changed it";
  auto writer = open(path, false);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  EXPECT_EQ((*writer)->stats().recovered_operations, 1U);
  expect_example(**writer);
  // Its record in a segment, as the second half of the document's example has it.
  ASSERT_TRUE((*writer)->checkpoint(7).ok());
  ASSERT_TRUE((*writer)->close().ok());
  const auto again = open(path, true);
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ((*again)->stats().recovered_operations, 0U);
  EXPECT_EQ((*again)->lsn(), 7U);
  expect_example(**again);
}

struct Expected {
  std::string status;
  std::string message;
};

std::map<std::string, Expected> expectations() {
  std::map<std::string, Expected> all;
  std::ifstream lines(golden / "malformed.txt");
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const size_t first = line.find(" | ");
    const size_t second = line.find(" | ", first + 3);
    all[line.substr(0, first)] = {line.substr(first + 3, second - first - 3),
                                  line.substr(second + 3)};
  }
  return all;
}

TEST(GoldenDiskIndex, WhatIsMalformedIsRefused) {
  const std::map<std::string, Expected> all = expectations();
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(golden / "malformed"))
    files.insert(entry.path().stem());
  EXPECT_GE(files.size(), 20U);
  const os::TemporaryDirectory directory;
  for (const auto& [name, expected] : all) {
    EXPECT_EQ(files.erase(name), 1U) << name << " is listed, but there is no such file";
    const std::string path = directory / (name + ".idx");
    fs::copy_file(golden / "malformed" / (name + ".idx"), path);
    const std::string before = content_of(path);
    for (const bool read_only : {true, false}) {
      const Status status = open(path, read_only).status();
      EXPECT_EQ(code_name(status.code()), expected.status) << name << ": " << status.message();
      EXPECT_NE(status.message().find(expected.message), std::string_view::npos)
          << name << ": " << status.message();
    }
    EXPECT_EQ(content_of(path), before) << name << " was changed";
  }
  EXPECT_TRUE(files.empty()) << *files.begin() << " is not listed in malformed.txt";
}

}  // namespace
}  // namespace stave::test
