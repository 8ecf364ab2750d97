// The memory of an index, by its own account and by the system's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  EXPECT_TRUE(statm.good());
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

class IndexMemory : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, IndexMemory, testing::ValuesIn(all_kinds), kind_name);

// Of 700,000 keys in 16 shards, as of any number, the shards' last chunks are a small part; and the
// statistics say what is resident.
TEST_P(IndexMemory, BytesFollowTheNumberOfEntries) {
  const NumberedKeys keys(inline_key_size(GetParam()));
  constexpr double slots_used = 0.70 * 7;
  constexpr uint64_t shared_pages = 16 << 20;  // huge pages that others use, too, and the heap
  const uint64_t bucket_bytes = GetParam() == Kind::narrow_resolved ? 64
                                : GetParam() == Kind::owned16       ? 192
                                                                    : 128;
  const uint64_t before = resident_bytes();
  const auto index = make_index(GetParam(), keys);
  uint64_t entries = 0;
  for (const uint64_t count : {100'000U, 250'000U, 400'000U, 700'000U}) {
    for (; entries < count; entries++) {
      const std::string key = keys.key(entries);
      ASSERT_TRUE(put_key(*index, as_bytes(key), NumberedKeys::value(entries)).ok());
    }
    const uint64_t bytes = index->stats().bytes;
    const double needed = static_cast<double>(count * bucket_bytes) / slots_used;
    EXPECT_LT(static_cast<double>(bytes), 1.5 * needed) << count;
    EXPECT_LT(resident_bytes() - before, bytes + bytes / 5 + shared_pages) << count;
  }
}

}  // namespace
}  // namespace stave::index
