// Operations on keys, for each kind of index.
#include "core/index/index.h"

#include <map>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

INSTANTIATE_TEST_SUITE_P(Kinds, IndexTest, testing::ValuesIn(all_kinds), kind_name);

TEST_P(IndexTest, GetReturnsTheLatestPut) {
  EXPECT_EQ(get(1), std::nullopt);
  EXPECT_EQ(put(1), std::nullopt);
  EXPECT_EQ(get(1), value(1));
  EXPECT_EQ(put(1, 5), value(1));
  EXPECT_EQ(get(1), value(1, 5));
  EXPECT_EQ(index->size(), 1U);
  EXPECT_EQ(remove(1), value(1, 5));
  EXPECT_EQ(remove(1), std::nullopt);
  EXPECT_EQ(get(1), std::nullopt);
  EXPECT_EQ(index->size(), 0U);
}

TEST_P(IndexTest, ConditionalOperationsChangeOnlyWhatTheyExpect) {
  const std::string key = keys.key(7);
  uint64_t actual = 0;
  EXPECT_TRUE(swap_key(*index, as_bytes(key), value(7), value(7, 1), &actual).is(Code::not_found));
  EXPECT_TRUE(remove_key_if(*index, as_bytes(key), value(7), &actual).is(Code::not_found));
  EXPECT_EQ(*insert_key(*index, as_bytes(key), value(7)), std::nullopt);
  EXPECT_EQ(*insert_key(*index, as_bytes(key), value(7, 9)), value(7));
  EXPECT_TRUE(
      swap_key(*index, as_bytes(key), value(7, 3), value(7, 4), &actual).is(Code::mismatch));
  EXPECT_EQ(actual, value(7));
  EXPECT_TRUE(swap_key(*index, as_bytes(key), value(7), value(7, 1), &actual).ok());
  EXPECT_EQ(get(7), value(7, 1));
  EXPECT_TRUE(remove_key_if(*index, as_bytes(key), value(7), &actual).is(Code::mismatch));
  EXPECT_EQ(actual, value(7, 1));
  EXPECT_TRUE(remove_key_if(*index, as_bytes(key), value(7, 1), &actual).ok());
  EXPECT_EQ(index->size(), 0U);
}

// Against std::map, from empty through many splits and back, with all shards and with one.
TEST_P(IndexTest, BehavesLikeAMap) {
  for (const uint32_t shards : {1U, 16U}) {
    index = make_index(GetParam(), keys, {.shards = shards});
    std::map<uint64_t, uint64_t> model;
    uint64_t random = 1;
    for (uint64_t i = 0; i < 200'000; i++) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const uint64_t number = (random >> 40) % 20'000;
      const auto found = model.find(number);
      const Previous expected = found == model.end() ? Previous() : Previous(found->second);
      switch ((random >> 33) % 4) {
        case 0:
          ASSERT_EQ(remove(number), expected);
          if (expected) model.erase(found);
          break;
        case 1:
          ASSERT_EQ(get(number), expected);
          break;
        default:
          ASSERT_EQ(put(number, i % 1000), expected);
          model[number] = value(number, i % 1000);
      }
    }
    ASSERT_EQ(index->size(), model.size());
    for (const auto& [number, expected] : model) ASSERT_EQ(get(number), expected);
    for (const auto& [number, expected] : model) ASSERT_EQ(remove(number), expected);
    EXPECT_EQ(index->size(), 0U);
    EXPECT_EQ(index->stats().overflow_nodes, 0U);
  }
}

TEST_P(IndexTest, KeysOfOneHashAreKeptApart) {
  for (const uint64_t count : {2U, 3U, 1000U}) {
    keys.set_hash([](uint64_t) { return uint64_t{42}; });
    const auto operate = [&](auto operation) {
      for (uint64_t i = 0; i < count; i++) {
        const std::string key = keys.key(i);
        operation(hashed(key, 42), i);
      }
    };
    operate([&](const Index::Key& key, uint64_t i) {
      ASSERT_EQ(*put_key(*index, key, value(i)), std::nullopt);
    });
    EXPECT_EQ(index->size(), count);
    uint64_t found = 0;
    operate([&](const Index::Key& key, uint64_t i) {
      ASSERT_TRUE(get_key(*index, key, &found).ok());
      ASSERT_EQ(found, value(i));
    });
    // An absent key of the same hash touches none of them.
    const std::string absent = keys.key(count);
    EXPECT_EQ(*remove_key(*index, hashed(absent, 42)), std::nullopt);
    EXPECT_TRUE(get_key(*index, hashed(absent, 42), &found).is(Code::not_found));
    EXPECT_EQ(index->size(), count);
    // Neither does removing every other one.
    operate([&](const Index::Key& key, uint64_t i) {
      if (i % 2 == 0) {
        ASSERT_EQ(*remove_key(*index, key), value(i));
      }
    });
    operate([&](const Index::Key& key, uint64_t i) {
      ASSERT_EQ(get_key(*index, key, &found).ok(), i % 2 == 1) << i;
    });
    operate([&](const Index::Key& key, uint64_t i) {
      ASSERT_EQ(*remove_key(*index, key), i % 2 == 1 ? Previous(value(i)) : Previous());
    });
    EXPECT_EQ(index->size(), 0U);
    EXPECT_EQ(index->stats().overflow_nodes, 0U);
  }
}

TEST_P(IndexTest, ManyKeysInOneCallAreOperationsOfTheirOwn) {
  constexpr size_t count = 1000;
  ManyKeys many;
  std::vector<uint64_t> values(count);
  std::vector<uint64_t> previous(count);
  std::vector<uint8_t> existed(count);
  for (uint64_t i = 0; i < count; i++) {
    many.add(keys.key(i));
    values[i] = value(i);
  }
  for (uint64_t i = 0; i < count; i += 3) put(i, 1);
  size_t done = 0;
  ASSERT_TRUE(
      index->multi_put(many.flat(), values.data(), previous.data(), existed.data(), &done).ok());
  EXPECT_EQ(done, count);
  for (uint64_t i = 0; i < count; i++) {
    ASSERT_EQ(existed[i], i % 3 == 0 ? 1 : 0);
    ASSERT_EQ(previous[i], i % 3 == 0 ? value(i, 1) : 0);
  }
  for (uint64_t i = 0; i < count; i += 7) remove(i);
  std::vector<uint64_t> answers(count, 99);
  std::vector<uint8_t> found(count, 99);
  ASSERT_TRUE(index->multi_get(many.flat(), answers.data(), found.data()).ok());
  for (uint64_t i = 0; i < count; i++) {
    ASSERT_EQ(found[i], i % 7 == 0 ? 0 : 1);
    ASSERT_EQ(answers[i], i % 7 == 0 ? 0 : value(i));
  }
}

// A key that is too large is not found; a put of it ends the call after the keys before it.
TEST_P(IndexTest, ManyKeysMayHoldOneThatIsTooLarge) {
  ManyKeys many;
  many.add(keys.key(1));
  many.add(std::string(key_size_max + 1, 'k'));
  many.add(keys.key(2));
  const uint64_t values[3] = {value(1), 1, value(2)};
  size_t done = 99;
  EXPECT_TRUE(index->multi_put(many.flat(), values, nullptr, nullptr, &done).is(Code::too_large));
  EXPECT_EQ(done, 1U);
  EXPECT_EQ(put(2), std::nullopt);
  uint64_t answers[3];
  uint8_t found[3];
  ASSERT_TRUE(index->multi_get(many.flat(), answers, found).ok());
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 0);
  EXPECT_EQ(found[2], 1);
  EXPECT_EQ(answers[1], 0U);
}

TEST_P(IndexTest, KeysAndValuesThatAreTooLargeAreRefused) {
  const std::string key(key_size_max + 1, 'k');
  EXPECT_TRUE(put_key(*index, as_bytes(key), 1).status().is(Code::too_large));
  if (GetParam() == Kind::narrow_resolved) {
    EXPECT_TRUE(put_key(*index, as_bytes("key"), uint64_t{1} << 44).status().is(Code::too_large));
  }
  EXPECT_EQ(index->size(), 0U);
}

}  // namespace
}  // namespace stave::index
