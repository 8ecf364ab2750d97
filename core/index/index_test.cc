// Every rule of the index, for each kind of it: the file is long because there are many.
#include "core/index/index.h"

#include <map>
#include <set>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index_test_support.h"

namespace stave::index {
namespace {

double probe_mean(const IndexStats& stats) {
  return static_cast<double>(stats.sampled_probes) / static_cast<double>(stats.sampled_buckets);
}

class IndexTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { index = make_index(GetParam(), keys); }

  static uint64_t value(uint64_t number, uint64_t version = 0) {
    return NumberedKeys::value(number, version);
  }
  // With the hash that a test chose.
  Index::Key hashed(const std::string& key, uint64_t hash) { return {as_bytes(key), hash}; }

  Previous put(uint64_t number, uint64_t version = 0) {
    const std::string key = keys.key(number);
    const auto previous = put_key(*index, as_bytes(key), value(number, version));
    EXPECT_TRUE(previous.ok());
    return *previous;
  }
  Previous remove(uint64_t number) {
    const std::string key = keys.key(number);
    const auto previous = remove_key(*index, as_bytes(key));
    EXPECT_TRUE(previous.ok());
    return *previous;
  }
  Previous get(uint64_t number) {
    const std::string key = keys.key(number);
    uint64_t found = 0;
    const Status status = get_key(*index, as_bytes(key), &found);
    EXPECT_FALSE(status.is_error());
    return status.ok() ? Previous(found) : Previous();
  }

  NumberedKeys keys{inline_key_size(GetParam())};
  std::unique_ptr<Index> index;
};

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

// ---- Traps -------------------------------------------------------------------------------------

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

// Hashes that differ in few bits, and hashes that crowd in one shard, still spread.
TEST_P(IndexTest, PoorHashesSpread) {
  constexpr uint64_t count = 10'000;
  const std::array<uint64_t (*)(uint64_t), 3> hashes = {
      [](uint64_t number) { return number; },
      [](uint64_t number) { return number << 50 | number >> 14; },
      [](uint64_t number) { return __builtin_bswap64(number); },  // a big-endian counter
  };
  for (const auto hash : hashes) {
    index = make_index(GetParam(), keys);
    keys.set_hash(hash);
    for (uint64_t i = 0; i < count; i++) {
      const std::string key = keys.key(i);
      ASSERT_EQ(*put_key(*index, hashed(key, hash(i)), value(i)), std::nullopt);
    }
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) {
      const std::string key = keys.key(i);
      ASSERT_TRUE(get_key(*index, hashed(key, hash(i)), &found).ok()) << i;
      ASSERT_EQ(found, value(i));
    }
    EXPECT_LT(probe_mean(index->stats()), 1.5);
    for (const ShardStats& shard : index->stats().shards) EXPECT_GT(shard.entries, 0U);
  }
}

TEST_P(IndexTest, ConstantSizeNeitherGrowsNorLengthensProbes) {
  constexpr uint64_t size = 5'000;
  const auto churn = [this](uint64_t begin, uint64_t rounds) {
    for (uint64_t i = begin; i < begin + rounds; i++) {
      put(i);
      if (i >= size) {
        ASSERT_EQ(remove(i - size), value(i - size));
      }
    }
  };
  // What waits for epochs to end is part of the steady state.
  churn(0, 100'000);
  const IndexStats before = index->stats();
  churn(100'000, 1'000'000);
  const IndexStats after = index->stats();
  EXPECT_EQ(index->size(), size);
  EXPECT_LE(after.bytes, before.bytes + before.bytes / 8);
  EXPECT_LE(probe_mean(after), probe_mean(before) + 0.1);
}

TEST_P(IndexTest, GrowsBucketByBucket) {
  for (uint64_t i = 0; i < 100'000; i++) put(i);
  const IndexStats stats = index->stats();
  EXPECT_EQ(stats.entries, 100'000U);
  EXPECT_GT(stats.splits, 1000U);
  EXPECT_LE(stats.splits_of_one_operation_max, 2U);
  EXPECT_GE(static_cast<double>(stats.entries), 0.70 * 7 * static_cast<double>(stats.buckets));
  EXPECT_GE(stats.capacity, stats.entries);
}

// ---- The whole index ---------------------------------------------------------------------------

TEST_P(IndexTest, ReserveMakesRoom) {
  ASSERT_TRUE(index->reserve(50'000).ok());
  EXPECT_GE(index->capacity(), 50'000U);
  const uint64_t buckets = index->stats().buckets;
  for (uint64_t i = 0; i < 45'000; i++) put(i);
  EXPECT_EQ(index->stats().buckets, buckets);
  for (uint64_t i = 0; i < 45'000; i++) ASSERT_EQ(get(i), value(i));
  index = make_index(GetParam(), keys, {.capacity = 50'000});
  EXPECT_GE(index->capacity(), 50'000U);
  EXPECT_LT(index->stats().bytes, 2'000'000U);
}

TEST_P(IndexTest, ShrinkGivesMemoryBack) {
  for (uint64_t i = 0; i < 100'000; i++) put(i);
  for (uint64_t i = 1000; i < 100'000; i++) remove(i);
  const uint64_t before = index->stats().bytes;
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_LT(index->stats().bytes, before / 5 + index->stats().key_bytes);
  EXPECT_EQ(index->size(), 1000U);
  for (uint64_t i = 0; i < 1000; i++) ASSERT_EQ(get(i), value(i));
  for (uint64_t i = 1000; i < 50'000; i++) ASSERT_EQ(put(i), std::nullopt);
  for (uint64_t i = 0; i < 50'000; i++) ASSERT_EQ(remove(i), value(i));
  EXPECT_EQ(index->size(), 0U);
}

TEST_P(IndexTest, ClearRemovesAllEntries) {
  for (uint64_t i = 0; i < 10'000; i++) put(i);
  ASSERT_TRUE(index->clear().ok());
  EXPECT_EQ(index->size(), 0U);
  EXPECT_EQ(get(1), std::nullopt);
  EXPECT_EQ(put(1), std::nullopt);
  EXPECT_EQ(index->size(), 1U);
}

// A thread looks at what it has retired after every 64 objects, and the old root was one: up to 64
// indexes of any size waited for somebody to retire more.
TEST_P(IndexTest, ClearAndShrinkGiveMemoryBackBeforeTheyReturn) {
  for (uint64_t i = 0; i < 50'000; i++) put(i);
  for (uint64_t i = 0; i < 49'000; i++) remove(i);
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  ASSERT_TRUE(index->shrink_to_fit().ok());
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
  ASSERT_TRUE(index->clear().ok());
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
}

// The same of what removals leave: it holds what it lies in, and so the whole index.
TEST_P(IndexTest, DestructorGivesMemoryBack) {
  for (uint64_t i = 0; i < 10'000; i++) put(i);
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  for (uint64_t i = 0; i < 1'000; i++) remove(i);
  index.reset();
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
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

TEST_P(IndexTest, CursorVisitsEveryEntryOnce) {
  constexpr uint64_t count = 20'000;
  for (uint64_t i = 0; i < count; i++) put(i);
  const std::vector<uint64_t> values = values_of(*index);
  const std::set<uint64_t> distinct(values.begin(), values.end());
  EXPECT_EQ(values.size(), count);
  EXPECT_EQ(distinct.size(), count);
}

// Growing, then shrinking, in the middle of a walk.
TEST_P(IndexTest, CursorVisitsEntriesOnceBesideGrowthAndShrink) {
  constexpr uint64_t count = 5'000;
  for (uint64_t i = 0; i < count; i++) put(i);
  auto cursor = index->cursor();
  ASSERT_TRUE(cursor.ok());
  std::map<uint64_t, int> met;
  Index::Item item;
  uint64_t steps = 0;
  while ((*cursor)->next(&item).ok()) {
    met[item.value]++;
    if (is_owned(GetParam())) {
      ASSERT_EQ(as_text(item.key), keys.key(NumberedKeys::number(item.value)));
    }
    steps++;
    if (steps == count / 3)
      for (uint64_t i = count; i < 20 * count; i++) put(i);
    if (steps == count) {
      for (uint64_t i = count; i < 20 * count; i++) remove(i);
      ASSERT_TRUE(index->shrink_to_fit().ok());
    }
  }
  for (uint64_t i = 0; i < count; i++) ASSERT_EQ(met[value(i)], 1) << i;
  for (const auto& [one, times] : met) ASSERT_EQ(times, 1);
}

TEST_P(IndexTest, KeysAndValuesThatAreTooLargeAreRefused) {
  const std::string key(key_size_max + 1, 'k');
  EXPECT_TRUE(put_key(*index, as_bytes(key), 1).status().is(Code::too_large));
  if (GetParam() == Kind::narrow_resolved) {
    EXPECT_TRUE(put_key(*index, as_bytes("key"), uint64_t{1} << 44).status().is(Code::too_large));
  }
  EXPECT_EQ(index->size(), 0U);
}

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
