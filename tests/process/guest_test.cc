// Layer 10: what the machine around a store does to it: other processes, a full disk, missing
// permissions.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/process/child_process.h"
#include "tests/support/ladder.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using store::Durability;
using store::Store;

Result<std::unique_ptr<Store>> open_store(const std::string& path, bool read_only = false) {
  store::Options options = base_options();
  options.read_only = read_only;
  options.segment_size = 65536;
  return Store::open(os::posix_file_system(), path, options);
}

std::string first_line(ChildProcess& child) {
  return child.wait_for_line() ? child.lines().front() : "";
}

TEST(SecondProcess, IsLockedOutAndToldByWhom) {
  const os::TemporaryDirectory directory;
  const std::string path = directory / "store";
  ChildProcess holder({STAVE_STORE_WRITER, path, "hold", "%REPORT%"});
  ASSERT_EQ(first_line(holder), "open ok");
  for (const bool read_only : {false, true}) {
    const auto opened = open_store(path, read_only);
    ASSERT_TRUE(opened.status().is(Code::locked)) << describe(opened.status());
    EXPECT_NE(opened.status().message().find(std::to_string(holder.pid())), std::string::npos)
        << opened.status().message();
  }
  holder.kill();
  holder.finish();
  const auto opened = open_store(path);
  EXPECT_TRUE(opened.ok()) << describe(opened.status());
}

TEST(SecondProcess, SharesAReadOnlyStore) {
  const os::TemporaryDirectory directory;
  const std::string path = directory / "store";
  {
    auto opened = open_store(path);
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE(put(**opened, "key", "value", Durability::device).ok());
    ASSERT_TRUE((*opened)->close().ok());
  }
  ChildProcess reader({STAVE_STORE_WRITER, path, "read", "%REPORT%"});
  ASSERT_EQ(first_line(reader), "open ok");
  EXPECT_TRUE(open_store(path).status().is(Code::locked));
  const auto shared = open_store(path, true);
  ASSERT_TRUE(shared.ok()) << describe(shared.status());
  EXPECT_EQ(*get(**shared, "key"), "value");
}

// A disk of 2 MiB; not mounted when this process may not.
class SmallDisk {
 public:
  SmallDisk() : mounted_(mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=2m") == 0) {}
  ~SmallDisk() {
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const noexcept { return mounted_; }
  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  os::TemporaryDirectory directory_;
  bool mounted_;
};

// Puts values until the disk is full; what the store took.
Contents fill(Store& store, size_t value_size) {
  Contents stored;
  for (uint64_t number = 0; number < 100'000; number++) {
    const std::string key = "k" + std::to_string(number);
    const std::string value = test_value(number, value_size);
    const Status status = put(store, key, value, Durability::device);
    if (!status.ok()) {
      EXPECT_TRUE(status.is(Code::no_space)) << describe(status);
      break;
    }
    stored.emplace(key, value);
  }
  return stored;
}

TEST(FullDisk, RefusesWritesKeepsReadsTakesDeletesAndGoesOnWithSpace) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "may not mount a tmpfs: " << std::strerror(errno);
  const std::string ballast = disk / "ballast";
  {  // Half of the disk is given back later.
    auto file = os::posix_file_system().open(ballast, os::OpenMode::create_new);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->allocate(1 << 20).ok());
  }
  auto opened = open_store(disk / "store");
  ASSERT_TRUE(opened.ok()) << describe(opened.status());
  Store& store = **opened;
  Contents expected = fill(store, 1000);
  ASSERT_GT(expected.size(), 100U);
  EXPECT_EQ(difference(expected, *read_all(store)), "");
  uint64_t erased = 0;
  for (; erased < 20; erased++) {
    const std::string key = expected.begin()->first;
    const Status status = erase(store, key, Durability::device);
    ASSERT_TRUE(status.ok()) << describe(status) << " for delete " << erased;
    expected.erase(key);
  }
  ASSERT_TRUE(os::posix_file_system().remove(ballast).ok());
  for (const auto& [key, value] : fill(store, 1000)) expected[key] = value;
  EXPECT_EQ(difference(expected, *read_all(store)), "");
  EXPECT_TRUE(verify(store).ok());
  const Status closed = store.close();
  EXPECT_TRUE(closed.ok() || closed.is(Code::no_space)) << describe(closed);
  opened = open_store(disk / "store");
  ASSERT_TRUE(opened.ok()) << describe(opened.status());
  EXPECT_EQ(difference(expected, *read_all(**opened)), "");
  report_counts("process, full disk", {{"records", expected.size()}, {"deletes", erased}});
}

// What a writer of another user says when it opens `path`.
std::string open_as_nobody(const std::string& path, const std::string& mode) {
  ChildProcess child({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                      STAVE_STORE_WRITER, path, mode, "%REPORT%"});
  return first_line(child);
}

TEST(Permission, IsMissing) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  const os::TemporaryDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0777), 0);
  if (open_as_nobody(directory / "try", "hold") != "open ok")
    GTEST_SKIP() << "another user may not run " << STAVE_STORE_WRITER;
  const std::string path = directory / "store";
  {
    auto opened = open_store(path);
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE(put(**opened, "key", "value", Durability::device).ok());
    ASSERT_TRUE((*opened)->close().ok());
  }
  const auto denied = [](const std::string& line) {
    return line.starts_with("open permission_denied");
  };
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  EXPECT_PRED1(denied, open_as_nobody(path, "hold"));
  EXPECT_PRED1(denied, open_as_nobody(path, "read"));
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  EXPECT_PRED1(denied, open_as_nobody(path, "hold"));
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  EXPECT_PRED1(denied, open_as_nobody(directory / "new", "hold"));
  auto opened = open_store(path);  // and nothing was lost by trying
  ASSERT_TRUE(opened.ok()) << describe(opened.status());
  EXPECT_EQ(*get(**opened, "key"), "value");
}

}  // namespace
}  // namespace stave::test
