#include "core/mvcc/version_chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "core/mvcc/row.h"
#include "core/mvcc/write_set.h"
#include "core/os/seeded_random.h"

namespace stave::mvcc {
namespace {

// What a store's versions hold: a place in the log.
struct Location {
  uint64_t position = 0;
  uint64_t size = 0;

  using Source = Location;
  static size_t tail_size(const Source&) noexcept { return 0; }
  Location(uint64_t at, uint64_t bytes) noexcept : position(at), size(bytes) {}
  Location(Source&& source, std::byte*) noexcept : position(source.position), size(source.size) {}
  void release(std::byte*) noexcept {}
  size_t tail_size() const noexcept { return 0; }
  size_t memory() const noexcept { return 0; }
};
static_assert(sizeof(Location) == 16);

using Chain = VersionChain<Location>;
using Version = Chain::Version;

// One that is read by one cache line or two, whatever lies in it.
static_assert(sizeof(ValueVersion) + sizeof(void*) + inline_value_size_max <= 128);
static_assert(sizeof(Row) <= 48);

class VersionChainTest : public testing::Test {
 protected:
  ~VersionChainTest() override {
    for (Version* version = chain_.newest(); version != nullptr;) {
      Version* older = version->next(0);
      Version::destroy(version);
      version = older;
    }
  }

  // A commit at a timestamp that no version has.
  void commit(uint64_t timestamp, unsigned height) {
    Version::Record record(timestamp);
    Version* version = Version::create(height, record, Location(timestamp, 7));
    {
      const std::lock_guard lock(chain_);
      chain_.set_pending(version);
      chain_.link(version, timestamp);
    }
    EXPECT_EQ(version->begin(), 0U);
    record.publish(timestamp);
    EXPECT_EQ(version->begin(), timestamp);
    const std::lock_guard lock(chain_);
    version->settle(timestamp);
    chain_.set_pending(nullptr);
    expected_[timestamp] = version;
  }
  void remove(uint64_t timestamp) {
    Version* version = expected_[timestamp];
    {
      const std::lock_guard lock(chain_);
      chain_.remove(version);
    }
    Version::destroy(version);
    expected_.erase(timestamp);
  }
  // At a snapshot the newest version below it; all levels of links stay in order.
  void check(uint64_t snapshot) {
    const auto behind = expected_.lower_bound(snapshot);
    const Version* found = chain_.find(snapshot);
    if (behind == expected_.begin()) {
      ASSERT_EQ(found, nullptr);
    } else {
      ASSERT_EQ(found, std::prev(behind)->second);
      ASSERT_EQ(found->payload().position, std::prev(behind)->first);
    }
  }
  void check_links() {
    std::vector<Version*> list;
    for (Version* version = chain_.newest(); version != nullptr; version = version->next(0)) {
      list.push_back(version);
    }
    ASSERT_EQ(list.size(), expected_.size());
    for (size_t i = 0; i < list.size(); i++) {
      ASSERT_EQ(list[i], std::next(expected_.rbegin(), static_cast<std::ptrdiff_t>(i))->second);
      for (unsigned level = 1; level < list[i]->height(); level++) {
        const auto taller =
            std::find_if(list.begin() + static_cast<std::ptrdiff_t>(i) + 1, list.end(),
                         [level](const Version* version) { return version->height() > level; });
        ASSERT_EQ(list[i]->next(level), taller == list.end() ? nullptr : *taller);
      }
    }
  }

  Chain chain_;
  std::map<uint64_t, Version*> expected_;
};

TEST_F(VersionChainTest, InsertsAndRemovesAnywhere) {
  os::SeededRandom random(17);
  for (int i = 0; i < 4000; i++) {
    const uint64_t timestamp = 1 + random.below(300);
    if (expected_.contains(timestamp)) {
      remove(timestamp);
    } else {
      commit(timestamp, static_cast<unsigned>(1 + random.below(Version::height_max)));
    }
    check(random.below(310));
    if (i % 50 == 0) check_links();
  }
  check_links();
}

TEST_F(VersionChainTest, CutRemovesEverythingOlder) {
  os::SeededRandom random(18);
  for (uint64_t timestamp = 1; timestamp <= 100; timestamp++) {
    commit(timestamp, static_cast<unsigned>(1 + random.below(4)));
  }
  for (const uint64_t kept : {100U, 60U, 31U, 30U, 1U}) {
    if (!expected_.contains(kept)) continue;
    Version* version = expected_[kept]->next(0);
    {
      const std::lock_guard lock(chain_);
      chain_.cut_after(expected_[kept]);
    }
    while (version != nullptr) {
      Version* older = version->next(0);
      expected_.erase(version->begin());
      Version::destroy(version);
      version = older;
    }
    check_links();
    ASSERT_EQ(expected_.begin()->first, kept);
  }
}

TEST_F(VersionChainTest, FindsTheNewerVersionAndTheEqualOne) {
  for (const uint64_t timestamp : {10U, 20U, 30U}) commit(timestamp, 2);
  EXPECT_EQ(chain_.newer_than(expected_[10]), expected_[20]);
  EXPECT_EQ(chain_.newer_than(expected_[30]), nullptr);
  EXPECT_EQ(chain_.find_equal(20), expected_[20]);
  EXPECT_EQ(chain_.find_equal(21), nullptr);
  EXPECT_EQ(chain_.find_equal(9), nullptr);
}

// Counts how often it is looked at.
uint64_t loads = 0;
template <typename T>
struct CountingAtomic : std::atomic<T> {
  using std::atomic<T>::atomic;
  T load(std::memory_order order) const noexcept {
    loads++;
    return std::atomic<T>::load(order);
  }
};

// The loads of the longest of many searches among `count` versions.
uint64_t longest_search(uint64_t count) {
  using CountingChain = VersionChain<Location, CountingAtomic>;
  CountingChain chain;
  WriteSet heights(count, count);
  for (uint64_t timestamp = 1; timestamp <= count; timestamp++) {
    CountingChain::Version::Record record(timestamp);
    auto* version = CountingChain::Version::create(heights.random_height(), record, Location(1, 1));
    const std::lock_guard lock(chain);
    chain.link(version, timestamp);
    version->settle(timestamp);
  }
  uint64_t most = 0;
  for (uint64_t snapshot = 1; snapshot <= count; snapshot += 1 + count / 1000) {
    loads = 0;
    EXPECT_EQ(chain.find(snapshot + 1)->begin(), snapshot);
    most = std::max(most, loads);
  }
  for (auto* version = chain.newest(); version != nullptr;) {
    auto* older = version->next(0);
    CountingChain::Version::destroy(version);
    version = older;
  }
  return most;
}

// Sixteen times the versions cost a few steps more, at every age.
TEST(VersionChainSearch, IsLogarithmic) {
  const uint64_t short_chain = longest_search(1'000);
  const uint64_t long_chain = longest_search(16'000);
  EXPECT_LT(short_chain, 200U);
  EXPECT_LT(long_chain, 3 * short_chain);
}

}  // namespace
}  // namespace stave::mvcc
