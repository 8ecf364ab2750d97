#include "core/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace stave {
namespace {

TEST(Status, SaysWhatAnErrnoMeans) {
  EXPECT_TRUE(Status::from_errno(ENOSPC, "write").is(Code::no_space));
  EXPECT_TRUE(Status::from_errno(EDQUOT, "write").is(Code::no_space));
  // A file system or a limit of the process (RLIMIT_FSIZE) has no room for a larger file: once this
  // was an io error, which is not to be mended by making room.
  EXPECT_TRUE(Status::from_errno(EFBIG, "write").is(Code::no_space));
  EXPECT_TRUE(Status::from_errno(EROFS, "write").is(Code::permission_denied));
  EXPECT_TRUE(Status::from_errno(ENOMEM, "map").is(Code::no_memory));
  EXPECT_TRUE(Status::from_errno(EIO, "write").is(Code::io));
  EXPECT_EQ(Status::from_errno(EFBIG, "write").os_errno(), EFBIG);
}

Result<int> doubled(const Result<int>& number) {
  STAVE_TRY_ASSIGN(const int value, number);
  return 2 * value;
}

TEST(Result, IsTakenApartOrReturned) {
  EXPECT_EQ(*doubled(21), 42);
  EXPECT_TRUE(doubled(Code::io).status().is(Code::io));
}

}  // namespace
}  // namespace stave
