// Stale entries: the resolver says that a value has no record any more, about a value that a lookup
// has found before it was replaced and its record was released.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "core/index/index_of.h"
#include "core/index/index_test_support.h"
#include "core/index/owned_keys.h"
#include "core/index/wide_layout.h"

namespace stave::index {
namespace {

constexpr uint64_t one_hash = 0x123456789abcdef0;

// Numbered keys whose records can be taken away, and a step that is taken once, in the middle of a
// lookup that has found this value.
class Records : public NumberedKeys {
 public:
  Verdict match(uint64_t value, Bytes bytes, Status* error) const noexcept override {
    if (value == step_at_ && step_) std::exchange(step_, nullptr)();
    if (released_.contains(value)) return Verdict::stale;
    return NumberedKeys::match(value, bytes, error);
  }
  void release(uint64_t value) { released_.insert(value); }
  void at(uint64_t value, std::function<void()> step) {
    step_at_ = value;
    step_ = std::move(step);
  }

 private:
  std::set<uint64_t> released_;
  uint64_t step_at_ = ~uint64_t{0};
  mutable std::function<void()> step_;
};

class StaleTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    start_again([] {});
  }
  void start_again(const std::function<void()>& prepare) {
    index = nullptr;
    keys = std::make_unique<Records>();
    keys->set_hash([](uint64_t) { return one_hash; });
    index = make_index(GetParam(), *keys, {.shards = 1});
    prepare();
  }
  static uint64_t value(uint64_t number, uint64_t version = 0) {
    return NumberedKeys::value(number, version);
  }
  // All keys have the same hash.
  Index::Key key(uint64_t number) { return {as_bytes(name = keys->key(number)), one_hash}; }
  Previous put(uint64_t number, uint64_t version = 0) {
    return *put_key(*index, key(number), value(number, version));
  }

  // What a lookup of key 1 answers in whose middle `move` is done, the key gets its second value
  // and the record of the first goes.
  template <typename Look>
  void look_while_replaced(std::function<void()> move, Look look) {
    keys->at(value(1), [this, move = std::move(move)] {
      move();
      const std::string again = keys->key(1);
      const Index::Key other{as_bytes(again), one_hash};
      EXPECT_EQ(*put_key(*index, other, value(1, 1)), value(1));
      keys->release(value(1));
    });
    look();
  }
  // In every kind of call that may find a key absent without a lock.
  void expect_found_beside(const std::function<void()>& prepare,
                           const std::function<void()>& move) {
    uint64_t found = 0;
    start_again(prepare);
    look_while_replaced(move, [&] { EXPECT_TRUE(get_key(*index, key(1), &found).ok()); });
    EXPECT_EQ(found, value(1, 1));
    start_again(prepare);
    look_while_replaced(move, [&] {
      EXPECT_TRUE(swap_key(*index, key(1), value(1), value(1, 2), &found).is(Code::mismatch));
      EXPECT_EQ(found, value(1, 1));
    });
    start_again(prepare);
    look_while_replaced(move, [&] { EXPECT_EQ(*remove_key(*index, key(1)), value(1, 1)); });
  }

  std::unique_ptr<Records> keys;
  std::unique_ptr<Index> index;
  std::string name;
};
INSTANTIATE_TEST_SUITE_P(Kinds, StaleTest,
                         testing::Values(Kind::wide_resolved, Kind::narrow_resolved), kind_name);

TEST_P(StaleTest, APutBesideSeveralStaleEntriesReplacesOne) {
  for (uint64_t number = 1; number <= 20; number++) put(number);
  for (uint64_t number = 1; number <= 20; number++) keys->release(value(number));
  EXPECT_EQ(put(21), std::nullopt);
  EXPECT_EQ(*insert_key(*index, key(22), value(22)), std::nullopt);
  uint64_t found = 0;
  EXPECT_TRUE(get_key(*index, key(21), &found).ok());
  EXPECT_EQ(found, value(21));
  // Each took the place of one of them.
  EXPECT_EQ(index->size(), 20U);
}

// The lookup is in a shard that has been replaced, where the entry stays as it was.
TEST_P(StaleTest, AKeyWithANewValueInTheSuccessorIsFound) {
  expect_found_beside([this] { put(1); }, [this] { EXPECT_TRUE(index->shrink_to_fit().ok()); });
}

// The entry was gathered from a node into the head of its bucket.
TEST_P(StaleTest, AKeyWithANewValueInTheHeadIsFound) {
  constexpr uint64_t others = 7;  // fill the head
  expect_found_beside(
      [this] {
        for (uint64_t number = 2; number < 2 + others; number++) put(number);
        put(1);
        EXPECT_GT(index->stats().overflow_nodes, 0U);
      },
      [this] {
        for (uint64_t number = 2; number < 2 + others - 2; number++) {
          const std::string other = keys->key(number);
          EXPECT_TRUE(remove_key(*index, Index::Key{as_bytes(other), one_hash}).ok());
        }
        EXPECT_EQ(index->stats().overflow_nodes, 0U);
      });
}

// The record of a key that has none yet is made without a lock, after the update has found the key
// absent. Meanwhile another thread may put the key, and the shard may get a successor.
class SteppingKeys : public OwnedKeys<1> {
 public:
  using OwnedKeys<1>::OwnedKeys;
  static inline std::function<void()> step;

  class NewRecord : public OwnedKeys<1>::NewRecord {
   public:
    bool make(Sought& sought, KeyArena& arena) noexcept {
      if (step) std::exchange(step, nullptr)();
      return OwnedKeys<1>::NewRecord::make(sought, arena);
    }
  };
};

TEST(NewRecord, APutThatMakesARecordSeesWhatCameMeanwhile) {
  const std::string name = "longer than the entry";
  for (const bool shrinks : {false, true}) {
    const auto created =
        IndexOf<WideLayout<1>, SteppingKeys>::create({.shards = 1}, SteppingKeys(KeyHash(0)));
    ASSERT_TRUE(created.ok());
    Index& index = **created;
    for (uint64_t i = 0; i < 1000; i++)
      ASSERT_TRUE(put_key(index, as_bytes(std::to_string(i)), i).ok());
    for (uint64_t i = 1; i < 1000; i++)
      ASSERT_TRUE(remove_key(index, as_bytes(std::to_string(i))).ok());
    SteppingKeys::step = [&] {
      if (shrinks) {
        EXPECT_TRUE(index.shrink_to_fit().ok());
      }
      EXPECT_EQ(*put_key(index, as_bytes(name), 1), std::nullopt);
    };
    EXPECT_EQ(*put_key(index, as_bytes(name), 2), 1U);
    uint64_t value = 0;
    EXPECT_TRUE(get_key(index, as_bytes(name), &value).ok());
    EXPECT_EQ(value, 2U);
    EXPECT_EQ(index.size(), 2U);
    // clear() takes the arena of the record away.
    EXPECT_EQ(*remove_key(index, as_bytes(name)), 2U);
    SteppingKeys::step = [&] { EXPECT_TRUE(index.clear().ok()); };
    EXPECT_EQ(*put_key(index, as_bytes(name), 3), std::nullopt);
    EXPECT_TRUE(get_key(index, as_bytes(name), &value).ok());
    EXPECT_EQ(value, 3U);
    EXPECT_EQ(index.size(), 1U);
  }
}

}  // namespace
}  // namespace stave::index
