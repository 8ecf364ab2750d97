#include "core/disk_index/pages/extent_allocator.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace stave::disk_index {
namespace {

TEST(ExtentAllocator, NeighboursBecomeOne) {
  ExtentAllocator allocator;
  allocator.free({10, 5});
  allocator.free({20, 5});
  EXPECT_FALSE(allocator.allocate(6));
  allocator.free({15, 5});
  EXPECT_EQ(allocator.free_pages(), 15u);
  EXPECT_EQ(allocator.free_before(25), 15u);
  EXPECT_EQ(allocator.allocate(15), 10u);
  EXPECT_EQ(allocator.free_pages(), 0u);
}

TEST(ExtentAllocator, TakesTheSmallestThatFits) {
  ExtentAllocator allocator;
  allocator.free({0, 100});
  allocator.free({200, 3});
  allocator.free({300, 4});
  EXPECT_EQ(allocator.allocate(4), 300u);
  EXPECT_EQ(allocator.allocate(3), 200u);
  EXPECT_EQ(allocator.allocate(3), 0u);
  EXPECT_EQ(allocator.free_pages(), 97u);
}

TEST(ExtentAllocator, NeverHandsOutAPageTwice) {
  std::mt19937_64 random(7);
  ExtentAllocator allocator;
  allocator.free({0, 1000});
  std::map<uint64_t, uint64_t> taken;
  std::set<uint64_t> pages;
  for (int step = 0; step < 20000; step++) {
    if (random() % 2 == 0) {
      const uint64_t wanted = 1 + random() % 20;
      const std::optional<uint64_t> page = allocator.allocate(wanted);
      if (!page) continue;
      taken[*page] = wanted;
      for (uint64_t i = 0; i < wanted; i++) ASSERT_TRUE(pages.insert(*page + i).second);
    } else if (!taken.empty()) {
      const auto extent = std::next(taken.begin(), static_cast<ptrdiff_t>(random() % taken.size()));
      for (uint64_t i = 0; i < extent->second; i++) pages.erase(extent->first + i);
      allocator.free({extent->first, extent->second});
      taken.erase(extent);
    }
    ASSERT_EQ(allocator.free_pages() + pages.size(), 1000u);
  }
}

}  // namespace
}  // namespace stave::disk_index
