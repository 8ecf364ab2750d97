// File systems that cannot allocate: zeros are written instead. The calls of the C library are
// replaced by ones that behave so, in files that the test names.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

#include "core/os/file_io.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"

namespace {

// As ZFS 2.0: no allocation, and what lies in no block on the device yet is a hole.
bool is_poor = false;

template <typename Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int poor_fallocate(int descriptor, int mode, off_t offset, off_t size) noexcept {
  if (!is_poor) {
    static auto* const real = next<int(int, int, off_t, off_t)>("fallocate64");
    return real(descriptor, mode, offset, size);
  }
  errno = EOPNOTSUPP;
  return -1;
}

off_t poor_lseek(int descriptor, off_t offset, int whence) noexcept {
  static auto* const real = next<off_t(int, off_t, int)>("lseek64");
  if (!is_poor || (whence != SEEK_HOLE && whence != SEEK_DATA))
    return real(descriptor, offset, whence);
  if (whence == SEEK_HOLE && offset <= real(descriptor, 0, SEEK_END)) return offset;
  errno = ENXIO;
  return -1;
}

}  // namespace

// With offsets of 64 bits these are the names that end with 64.
extern "C" {
int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  return poor_fallocate(descriptor, mode, offset, size);
}
off_t lseek(int descriptor, off_t offset, int whence) noexcept {
  return poor_lseek(descriptor, offset, whence);
}
}

namespace stave::os {
namespace {

class AllocateTest : public testing::Test {
 protected:
  AllocateTest() { is_poor = true; }
  ~AllocateTest() override { is_poor = false; }
  std::string path() const { return directory_ / "file"; }

  FileSystem& files_ = posix_file_system();
  const TemporaryDirectory directory_;
};

TEST_F(AllocateTest, WritesZerosWhereThereIsNoData) {
  auto file = *files_.open(path(), OpenMode::create_new);
  ASSERT_TRUE(file->truncate(1 << 20).ok());
  ASSERT_TRUE(file->allocate(1 << 20).ok());
  EXPECT_EQ(*file->size(), 1U << 20);
  struct stat found;
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_GE(found.st_blocks * 512, 1 << 20);
}

// A file that grows, beside somebody who writes into what it had: his pages were zeroed, if they
// had not come to the device yet.
TEST_F(AllocateTest, LeavesAloneWhatItHasFilledBefore) {
  auto file = *files_.open(path(), OpenMode::create_new);
  ASSERT_TRUE(file->allocate(4096).ok());
  const auto mapping = *file->map(8192, true);
  mapping->data()[100] = std::byte{42};
  ASSERT_TRUE(file->allocate(8192).ok());
  EXPECT_EQ(mapping->data()[100], std::byte{42});
  EXPECT_EQ(*file->size(), 8192U);
  // What was cut off is filled again.
  ASSERT_TRUE(file->truncate(4096).ok());
  ASSERT_TRUE(file->allocate(8192).ok());
  EXPECT_EQ(*file->size(), 8192U);
  EXPECT_EQ(mapping->data()[100], std::byte{42});
  EXPECT_EQ(mapping->data()[5000], std::byte{0});
}

}  // namespace
}  // namespace stave::os
