#include "capi/handle.h"

#include <gtest/gtest.h>

#include "capi/index_handle.h"

namespace stave::capi {
namespace {

// The header promises it. A garbage collector may be late to close the cursors.
TEST(Handle, ClosingAnIndexGivesItsMemoryBackBesideAnOpenCursor) {
  stave_index* index = nullptr;
  ASSERT_EQ(stave_index_create(nullptr, nullptr, &index, nullptr), STAVE_OK);
  ASSERT_EQ(stave_index_put(index, "key", 3, 1, nullptr, nullptr, nullptr), STAVE_OK);
  stave_index_cursor* cursor = nullptr;
  ASSERT_EQ(stave_index_cursor_open(index, &cursor, nullptr), STAVE_OK);
  EXPECT_EQ(stave_index_cursor_next(cursor, nullptr), STAVE_OK);
  EXPECT_EQ(stave_index_close(index, nullptr), STAVE_OK);
  EXPECT_EQ(index->core, nullptr);
  EXPECT_EQ(stave_index_cursor_next(cursor, nullptr), STAVE_CLOSED);
  stave_index_free(index);
  EXPECT_EQ(stave_index_cursor_next(cursor, nullptr), STAVE_CLOSED);
  stave_index_cursor_free(cursor);
  EXPECT_EQ(stave_live_handles(), 0U);
}

}  // namespace
}  // namespace stave::capi
