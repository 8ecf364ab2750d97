// Records that are gone: what the resolver answers about a value that a lookup has found before the
// value was replaced and its record given back.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "core/index/index_test_support.h"
#include "core/index/owned_index.h"

namespace stave::index {
namespace {

constexpr uint64_t one_hash = 0x123456789abcdef0;

// Numbered keys whose records can be taken away, and a step that is taken once, in the middle of a
// lookup that has found this value.
class Records : public NumberedKeys {
 public:
  Verdict match(uint64_t value, Bytes bytes, Status* error) const noexcept override {
    if (value == step_at_ && step_) std::exchange(step_, nullptr)();
    if (gone_.contains(value)) return Verdict::gone;
    return NumberedKeys::match(value, bytes, error);
  }
  void remove(uint64_t value) { gone_.insert(value); }
  void at(uint64_t value, std::function<void()> step) {
    step_at_ = value;
    step_ = std::move(step);
  }

 private:
  std::set<uint64_t> gone_;
  uint64_t step_at_ = ~uint64_t{0};
  mutable std::function<void()> step_;
};

class GoneTest : public testing::TestWithParam<Kind> {
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
  Index::Previous put(uint64_t number, uint64_t version = 0) {
    return *index->put(key(number), value(number, version));
  }

  // What a lookup of key 1 answers in whose middle `move` is done, the key gets its second value
  // and the record of the first goes.
  template <typename Look>
  void look_while_replaced(std::function<void()> move, Look look) {
    keys->at(value(1), [this, move = std::move(move)] {
      move();
      const std::string again = keys->key(1);
      const Index::Key other{as_bytes(again), one_hash};
      EXPECT_EQ(*index->put(other, value(1, 1)), value(1));
      keys->remove(value(1));
    });
    look();
  }
  // In every kind of call that may find a key absent without a lock.
  void expect_found_beside(const std::function<void()>& prepare,
                           const std::function<void()>& move) {
    uint64_t found = 0;
    start_again(prepare);
    look_while_replaced(move, [&] { EXPECT_TRUE(index->get(key(1), &found).ok()); });
    EXPECT_EQ(found, value(1, 1));
    start_again(prepare);
    look_while_replaced(move, [&] {
      const Index::Key wanted = key(1);
      Index::Slot slot;
      EXPECT_TRUE(index->multi_get(std::span(&wanted, 1), std::span(&slot, 1)).ok());
      EXPECT_EQ(slot.code, Code::ok);
      EXPECT_EQ(slot.value, value(1, 1));
    });
    start_again(prepare);
    look_while_replaced(move, [&] {
      EXPECT_TRUE(
          index->compare_and_swap(key(1), value(1), value(1, 2), &found).is(Code::mismatch));
      EXPECT_EQ(found, value(1, 1));
    });
    start_again(prepare);
    look_while_replaced(move, [&] { EXPECT_EQ(*index->remove(key(1)), value(1, 1)); });
  }

  std::unique_ptr<Records> keys;
  std::unique_ptr<Index> index;
  std::string name;
};
INSTANTIATE_TEST_SUITE_P(Kinds, GoneTest,
                         testing::Values(Kind::wide_resolved, Kind::narrow_resolved), kind_name);

// A put remembered one of the entries that are gone, met the others under the lock as unknown ones,
// and looked again, for ever.
TEST_P(GoneTest, APutBesideSeveralThatAreGoneEnds) {
  for (uint64_t number = 1; number <= 20; number++) put(number);
  for (uint64_t number = 1; number <= 20; number++) keys->remove(value(number));
  EXPECT_EQ(put(21), std::nullopt);
  EXPECT_EQ(*index->insert_if_absent(key(22), value(22)), std::nullopt);
  uint64_t found = 0;
  EXPECT_TRUE(index->get(key(21), &found).ok());
  EXPECT_EQ(found, value(21));
  // Each took the place of one of them.
  EXPECT_EQ(index->size(), 20U);
}

// The lookup stands in a shard that has been replaced. There the entry stays as it was, and it was
// taken for one whose key has no value any more.
TEST_P(GoneTest, AKeyThatGetsANewValueInASuccessorIsFound) {
  expect_found_beside([this] { put(1); }, [this] { EXPECT_TRUE(index->shrink_to_fit().ok()); });
}

// The same where the entry was gathered from a node into the head of its bucket.
TEST_P(GoneTest, AKeyThatGetsANewValueInTheHeadIsFound) {
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
          EXPECT_TRUE(index->remove(Index::Key{as_bytes(other), one_hash}).ok());
        }
        EXPECT_EQ(index->stats().overflow_nodes, 0U);
      });
}

// An update that finds its key absent, in a shard that is being replaced, looks again. It may find
// the key there by then, and do what it is to do; and it had already asked for a record of the key.
// So it was done twice: a put answered with its own value as the one before, and took away what
// others had put meanwhile.
TEST(Absent, AnUpdateThatLooksAgainIsDoneOnce) {
  const NumberedKeys keys;
  const auto index = make_index(Kind::owned, keys, {.shards = 1});
  const std::string name = "longer than the entry";
  const Index::Key key = index->key(as_bytes(name));
  int done = 0;
  const auto updated = OwnedIndex::of(*index).update(key, [&](const uint64_t* present) {
    if (present == nullptr) {
      EXPECT_TRUE(index->shrink_to_fit().ok());
      EXPECT_EQ(*index->put(as_bytes(name), 1), std::nullopt);
    } else {
      EXPECT_EQ(*present, 1U);
      done++;
    }
    return Decision{Decision::Action::set, 2};
  });
  ASSERT_TRUE(updated.ok());
  EXPECT_TRUE(updated->was_present);
  EXPECT_EQ(updated->value(), 1U);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(index->size(), 1U);
}

}  // namespace
}  // namespace stave::index
