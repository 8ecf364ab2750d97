// Inserts that wait are as good as made, whoever looks, and also without memory.
#include "core/cow_map/delayed_inserts.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>

#include "core/cow_map/cursor.h"
#include "core/cow_map/map.h"
#include "core/cow_map/node_pool.h"
#include "core/sync/only_thread.h"

namespace stave::cow_map {
namespace {

constexpr Options words = {.fixed_values = true, .value_size = 8, .delays_from = 0};

class DelayedInsertsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!sync::is_only_thread()) GTEST_SKIP() << "another test has left threads behind";
    ASSERT_TRUE(map_.create(words, 1).ok());
    // The first one needs a leaf, which shows that more may.
    bool replaced = false;
    ASSERT_EQ(map_.insert_word(0, 1, replaced), Code::ok);
    ASSERT_TRUE(map_.is_delaying());
  }
  void TearDown() override { NodePool::ask(nullptr); }

  // Values are keys and one.
  void insert_later(int64_t first, int64_t end) {
    for (int64_t key = first; key < end; key++)
      ASSERT_EQ(map_.insert_later(key, static_cast<uint64_t>(key) + 1), Code::ok);
  }
  static std::optional<uint64_t> get(const Map& map, int64_t key) {
    std::optional<uint64_t> value;
    const Code code = map.get(key, [&](Bytes bytes) {
      std::memcpy(&value.emplace(), bytes.data(), sizeof(uint64_t));
      return Code::ok;
    });
    EXPECT_EQ(code, value ? Code::ok : Code::not_found);
    return value;
  }
  static void expect_keys(const Map& map, int64_t end) {
    EXPECT_EQ(map.size(), static_cast<uint64_t>(end));
    for (int64_t key = 0; key < end; key++) {
      EXPECT_EQ(map.contains(key), Code::ok);
      EXPECT_EQ(get(map, key), static_cast<uint64_t>(key) + 1);
    }
    EXPECT_EQ(get(map, end), std::nullopt);
  }
  static void refuse_memory() {
    NodePool::ask([]() noexcept { return false; });
  }

  Map map_;
};

TEST_F(DelayedInsertsTest, AreSeenByEveryCall) {
  const auto ignore = [](Bytes) { return Status(); };
  int64_t end = 1;
  // Each call comes when some wait, and the next ones wait again when a leaf has been full.
  const auto more = [&] {
    while (!map_.is_delaying()) {
      bool replaced = false;
      ASSERT_EQ(map_.insert_word(end, static_cast<uint64_t>(end) + 1, replaced), Code::ok);
      end++;
    }
    insert_later(end, end + 7);
    end += 7;
  };
  more();
  EXPECT_EQ(get(map_, end - 1), static_cast<uint64_t>(end));
  more();
  EXPECT_EQ(map_.contains(end - 1), Code::ok);
  more();
  EXPECT_EQ(map_.size(), static_cast<uint64_t>(end));
  more();
  EXPECT_EQ(map_.stats()->entries, static_cast<uint64_t>(end));
  more();
  ASSERT_TRUE(map_.get_pin(end - 1));
  more();
  Map clone;
  ASSERT_TRUE(clone.clone_from(map_).ok());
  expect_keys(clone, end);
  more();
  Cursor cursor(*map_.snapshot());
  int64_t walked = 0;
  while (cursor.next()) walked++;
  EXPECT_EQ(walked, end);
  more();
  std::optional<uint64_t> previous;
  const uint64_t changed = 99;
  ASSERT_TRUE(map_.insert(end - 1, as_bytes(&changed, sizeof changed),
                          [&](Bytes before) {
                            std::memcpy(&previous.emplace(), before.data(), sizeof(uint64_t));
                            return Status();
                          })
                  .ok());
  EXPECT_EQ(previous, static_cast<uint64_t>(end));
  more();
  EXPECT_TRUE(map_.remove(end - 1, ignore).ok());
  end--;
  more();
  EXPECT_TRUE(map_.shrink_to_fit().ok());
  more();
  EXPECT_TRUE(map_.clear().ok());
  EXPECT_EQ(map_.size(), 0u);
}

TEST_F(DelayedInsertsTest, ReplaceEachOther) {
  for (uint64_t value = 1; value <= 100; value++) ASSERT_EQ(map_.insert_later(7, value), Code::ok);
  EXPECT_EQ(get(map_, 7), 100u);
  EXPECT_EQ(map_.size(), 2u);
}

TEST_F(DelayedInsertsTest, GoWithTheirMap) {
  insert_later(1, 20);
  EXPECT_TRUE(map_.close().ok());
  EXPECT_FALSE(map_.is_delaying());
  EXPECT_EQ(map_.contains(1), Code::closed);
  EXPECT_EQ(map_.size(), 0u);
}

TEST_F(DelayedInsertsTest, AreNotLostWithoutMemory) {
  refuse_memory();
  // As many as may wait are taken, and some that find a slot in the leaf that there is.
  int64_t end = 1;
  Code code = Code::ok;
  for (; code == Code::ok; end++) code = map_.insert_later(end, static_cast<uint64_t>(end) + 1);
  EXPECT_EQ(code, Code::no_memory);
  end--;
  EXPECT_GE(end, int64_t{DelayedInserts::count_max});
  ASSERT_EQ(map_.is_delaying(), true);
  expect_keys(map_, end);
  EXPECT_EQ(map_.size(), static_cast<uint64_t>(end));
  EXPECT_FALSE(map_.get_pin(end - 1)->has_value());
  EXPECT_EQ(map_.get_pin(end).status().code(), Code::not_found);
  Map clone;
  EXPECT_TRUE(clone.clone_from(map_).is(Code::no_memory));
  EXPECT_TRUE(map_.stats().status().is(Code::no_memory));
  // Each knows the last value of its key only.
  EXPECT_TRUE(map_.is_delaying());
  NodePool::ask(nullptr);
  expect_keys(map_, end);
  EXPECT_FALSE(map_.is_delaying());
}

TEST_F(DelayedInsertsTest, EndWithAMapThatHasNoMemory) {
  refuse_memory();
  insert_later(1, 30);
  EXPECT_TRUE(map_.close().ok());
  EXPECT_EQ(map_.contains(1), Code::closed);
}

}  // namespace
}  // namespace stave::cow_map
