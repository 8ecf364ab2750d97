// What only indexes of resolved keys, or of owned ones, do.
#include "core/index/index.h"

#include <map>

#include "core/base/limits.h"
#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

// ---- Resolved keys -----------------------------------------------------------------------------

class ResolvedIndexTest : public IndexTest {};
INSTANTIATE_TEST_SUITE_P(Kinds, ResolvedIndexTest,
                         testing::Values(Kind::wide_resolved, Kind::narrow_resolved), kind_name);

TEST_P(ResolvedIndexTest, PutReplacesAStaleEntry) {
  put(1);
  keys.stale = value(1);
  EXPECT_EQ(get(1), std::nullopt);
  EXPECT_EQ(remove(1), std::nullopt);
  EXPECT_EQ(index->size(), 1U);
  EXPECT_EQ(put(1, 2), std::nullopt);
  EXPECT_EQ(index->size(), 1U);
  EXPECT_EQ(get(1), value(1, 2));
}

TEST_P(ResolvedIndexTest, AnErrorChangesNothing) {
  put(1);
  keys.fails = true;
  const std::string key = keys.key(1);
  uint64_t found = 0;
  EXPECT_TRUE(get_key(*index, as_bytes(key), &found).is(Code::io));
  EXPECT_TRUE(put_key(*index, as_bytes(key), value(1, 1)).status().is(Code::io));
  EXPECT_TRUE(remove_key(*index, as_bytes(key)).status().is(Code::io));
  keys.fails = false;
  EXPECT_EQ(get(1), value(1));
  EXPECT_EQ(index->size(), 1U);
}

// The resolver may use the index, also for the key that it is asked about.
TEST_P(ResolvedIndexTest, ResolverMayCallTheIndex) {
  struct Nested : NumberedKeys {
    Verdict match(uint64_t value, Bytes key, Status* error) const noexcept override {
      if (depth++ == 0) {
        const Status removed = remove_key(*index, key).status();
        const Status put = put_key(*index, key, value).status();
        if (!removed.ok() || !put.ok()) ADD_FAILURE();
      }
      depth--;
      return NumberedKeys::match(value, key, error);
    }
    mutable int depth = 1;
    Index* index = nullptr;
  } nested;
  auto own = make_index(GetParam(), nested);
  nested.index = own.get();
  const std::string key = nested.key(5);
  ASSERT_TRUE(put_key(*own, as_bytes(key), value(5)).ok());
  nested.depth = 0;
  uint64_t found = 0;
  EXPECT_TRUE(get_key(*own, as_bytes(key), &found).ok());
  EXPECT_EQ(*put_key(*own, as_bytes(key), value(5, 1)), value(5));
  EXPECT_EQ(own->size(), 1U);
}

// ---- Owned keys --------------------------------------------------------------------------------

class OwnedIndexTest : public IndexTest {};
INSTANTIATE_TEST_SUITE_P(Kinds, OwnedIndexTest, testing::Values(Kind::owned, Kind::owned16),
                         kind_name);

TEST_P(OwnedIndexTest, KeysOfAllSizesAreKept) {
  std::map<std::string, uint64_t> model;
  std::string key;
  for (uint64_t size = 0; size < 3000; size = size < 40 ? size + 1 : size * 5 / 4) {
    for (char variant = 'a'; variant < 'e'; variant++) {
      key.assign(size, variant);
      if (!model.emplace(key, model.size()).second) continue;
      ASSERT_EQ(*put_key(*index, as_bytes(key), model[key]), std::nullopt);
    }
  }
  key.assign(key_size_max, 'x');
  model.emplace(key, 99);
  ASSERT_TRUE(put_key(*index, as_bytes(key), 99).ok());
  // A short key is not a longer one with zeros.
  const std::string zeros(4, '\0');
  uint64_t found = 0;
  EXPECT_TRUE(get_key(*index, as_bytes(zeros), &found).is(Code::not_found));

  auto cursor = index->cursor();
  ASSERT_TRUE(cursor.ok());
  std::map<std::string, uint64_t> met;
  Index::Item item;
  while ((*cursor)->next(&item).ok()) met.emplace(as_text(item.key), item.value);
  EXPECT_EQ(met, model);
  for (const auto& [name, expected] : model)
    ASSERT_EQ(*remove_key(*index, as_bytes(name)), expected);
  EXPECT_EQ(index->size(), 0U);
}

// Whole keys, shorter ones and those with records are told apart whatever their bytes are, also
// when these are what an entry of another kind has.
TEST_P(OwnedIndexTest, KeysOfTheSameBytesAndOtherSizesAreKeptApart) {
  std::map<std::string, uint64_t> model;
  for (const char last : {'\0', '\1', '\7', '\x0f', '\x10', '\x7f', '\x80', '\xff'}) {
    for (size_t size = 0; size <= 20; size++) {
      std::string name(size, '\0');
      if (size != 0) name.back() = last;
      model.emplace(name, model.size());
    }
  }
  for (const auto& [name, number] : model)
    ASSERT_EQ(*put_key(*index, as_bytes(name), number), std::nullopt);
  // Buckets split, and entries' hashes are computed again.
  for (uint64_t i = 0; i < 10'000; i++) put(1'000 + i);
  uint64_t found = 0;
  for (const auto& [name, number] : model) {
    ASSERT_TRUE(get_key(*index, as_bytes(name), &found).ok()) << name.size();
    ASSERT_EQ(found, number);
  }
  for (const auto& [name, number] : model) ASSERT_EQ(*remove_key(*index, as_bytes(name)), number);
  // With hashes of the caller's: all have records.
  for (const auto& [name, number] : model)
    ASSERT_EQ(*put_key(*index, hashed(name, number / 4), number), std::nullopt);
  for (const auto& [name, number] : model)
    ASSERT_EQ(*remove_key(*index, hashed(name, number / 4)), number);
  EXPECT_EQ(index->size(), 10'000U);
}

TEST_P(OwnedIndexTest, KeysThatFitIntoTheEntryTakeNoOtherMemory) {
  for (uint64_t i = 0; i < 1'000; i++) put(i);
  EXPECT_EQ(index->stats().key_bytes, 0U);
  const std::string longer(inline_key_size(GetParam()) + 1, 'k');
  ASSERT_TRUE(put_key(*index, as_bytes(longer), 1).ok());
  EXPECT_GT(index->stats().key_bytes, 0U);
}

// A hash that the caller passes and that is the index's own leaves the key in its entry.
TEST_P(OwnedIndexTest, KeysWithTheIndexsOwnHashTakeNoOtherMemory) {
  for (uint64_t i = 0; i < 1'000; i++) {
    const std::string key = keys.key(i);
    ASSERT_TRUE(put_key(*index, hashed(key, index->hash(as_bytes(key))), value(i)).ok());
    ASSERT_EQ(get(i), value(i));
  }
  EXPECT_EQ(index->stats().key_bytes, 0U);
}

TEST_P(OwnedIndexTest, LongKeysReuseTheirMemory) {
  NumberedKeys long_keys(40);
  const auto churn = [&](uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; i++) {
      const std::string fresh = long_keys.key(i);
      ASSERT_TRUE(put_key(*index, as_bytes(fresh), i).ok());
      if (i < 1000) continue;
      const std::string old = long_keys.key(i - 1000);
      ASSERT_EQ(*remove_key(*index, as_bytes(old)), i - 1000);
    }
  };
  churn(0, 20'000);
  const uint64_t before = index->stats().key_bytes;
  churn(20'000, 200'000);
  EXPECT_LE(index->stats().key_bytes, 2 * before);
}

}  // namespace
}  // namespace stave::index
