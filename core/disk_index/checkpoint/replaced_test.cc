// A directory that is replaced while an index in it is open, on the real file system.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>

#include "core/disk_index/disk_index.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"

namespace stave::disk_index {
namespace {

namespace fs = std::filesystem;

// A backup was put in the place of the directory. The index that was still open wrote itself, made
// smaller, over the one of the backup.
TEST(DiskIndex, ShrinkReplacesNoBackupPutInItsPlace) {
  const os::TemporaryDirectory temporary;
  const fs::path root = temporary.path();
  const fs::path data = root / "data";
  fs::create_directory(data);
  Options options;
  options.record_size = 8;
  const auto open = [&](const fs::path& directory) {
    return *DiskIndex::open(os::posix_file_system(), directory / "index", options);
  };
  const std::array<std::byte, 8> record{};
  const auto old = open(data);
  ASSERT_TRUE(old->put({1, 1}, record).ok());
  ASSERT_TRUE(old->save(0).ok());
  fs::create_directory(root / "backup");
  fs::copy_file(data / "index", root / "backup" / "index");
  ASSERT_TRUE(old->put({2, 2}, record).ok());
  fs::rename(data, root / "moved");
  EXPECT_TRUE(old->shrink_to_fit().is(Code::io)) << "there is no directory";
  fs::rename(root / "backup", data);
  EXPECT_TRUE(old->shrink_to_fit().is(Code::io));
  EXPECT_EQ(open(data)->size(), 1U);
  ASSERT_TRUE(old->put({3, 3}, record).ok());
  ASSERT_TRUE(old->close().ok());
  EXPECT_EQ(open(root / "moved")->size(), 3U);
}

}  // namespace
}  // namespace stave::disk_index
