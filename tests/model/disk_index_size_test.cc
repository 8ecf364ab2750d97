// Ten million inserts and removes at constant size keep the file of a disk index as large as it
// was: pages and log chunks that were replaced are used again, and removed keys leave nothing
// behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/disk_index/disk_index.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;

constexpr uint64_t operations_full = 10'000'000;  // of either kind
constexpr uint64_t keys = 50'000;                 // there at any moment

class ConstantSize : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Mergers, ConstantSize, testing::Bool(), [](const auto& background) {
  return background.param ? "InTheBackground" : "InTheWriters";
});

TEST_P(ConstantSize, KeepsTheFileConstant) {
  const uint64_t seed = ladder_seed(71'021);
  const os::TemporaryDirectory directory;
  disk_index::Options options;
  options.background = GetParam();
  options.record_kind = disk_index::RecordKind::opaque;
  options.record_size = sizeof(uint64_t);
  options.delta_entries = 8'000;
  const auto index =
      *DiskIndex::open(os::posix_file_system(), directory.path() + "/index", options);
  const auto key_of = [&](uint64_t number) { return Key{number, seed}; };
  const uint64_t operations = scaled(operations_full) / (GetParam() ? 2 : 1);
  std::array<uint64_t, 4> largest{};  // in each quarter
  std::array<std::byte, sizeof(uint64_t)> record;
  for (uint64_t i = 0; i < operations; i++) {
    store_le64(record.data(), i);
    ASSERT_TRUE(index->insert(key_of(i), record).ok());
    if (i >= keys) {
      ASSERT_TRUE(index->remove(key_of(i - keys)).ok());
    }
    if (i % 1000 != 0) continue;
    uint64_t& here = largest[i * largest.size() / operations];
    here = std::max(here, index->stats().file_bytes);
  }
  const disk_index::Stats stats = index->stats();
  EXPECT_EQ(index->size(), keys);
  // How far a merger is behind, and how the free pages lie, differs a little.
  EXPECT_LE(largest.back(), largest.front() + largest.front() / 2);
  for (uint64_t i = operations - keys; i < operations; i++) {
    ASSERT_TRUE(index->get(key_of(i), record).ok());
    ASSERT_EQ(load_le64(record.data()), i);
  }
  EXPECT_TRUE(index->contains(key_of(operations - keys - 1)).is(Code::not_found));
  const Status verified = index->verify([](uint64_t, uint64_t) { return Status(); });
  EXPECT_TRUE(verified.ok()) << verified.message();
  EXPECT_TRUE(index->close().ok());
  report_counts("disk index of constant size", {{"inserts", operations},
                                                {"segments rewritten", stats.merges},
                                                {"bytes at first", largest.front()},
                                                {"bytes at last", largest.back()}});
}

}  // namespace
}  // namespace stave::test
