// stave.hpp as its users see it: the index.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <stave/stave.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using stave::Status;

static_assert(!std::is_copy_constructible_v<stave::Index>);
static_assert(!std::is_copy_constructible_v<stave::IndexCursor>);
static_assert(std::is_nothrow_move_constructible_v<stave::Index>);
static_assert(sizeof(stave::Index) == sizeof(void*));

class CppIndex : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(stave_live_handles(), 0u); }
};

TEST_F(CppIndex, OneKey) {
  auto index = stave::Index::create();
  ASSERT_TRUE(index);
  EXPECT_EQ(*index->put("key", 1), std::nullopt);
  EXPECT_EQ(*index->put("key", 2), std::optional<uint64_t>(1));
  EXPECT_EQ(*index->get("key"), 2u);
  EXPECT_EQ(index->get("none").status(), Status::not_found);
  EXPECT_TRUE(*index->contains("key"));
  EXPECT_FALSE(*index->contains("none"));
  uint64_t there = 0;
  EXPECT_EQ(index->insert("key", 9, &there).status(), Status::exists);
  EXPECT_EQ(there, 2u);
  EXPECT_TRUE(index->insert("other", 3));
  EXPECT_EQ(index->compare_and_swap("key", 1, 5, &there).status(), Status::mismatch);
  EXPECT_EQ(there, 2u);
  EXPECT_TRUE(index->compare_and_swap("key", 2, 5));
  EXPECT_EQ(index->remove_if("key", 2, &there).status(), Status::mismatch);
  EXPECT_EQ(there, 5u);
  EXPECT_TRUE(index->remove_if("key", 5));
  EXPECT_EQ(*index->remove("other"), 3u);
  EXPECT_EQ(index->remove("other").status(), Status::not_found);
  EXPECT_TRUE(*index->is_empty());
}

TEST_F(CppIndex, HashesOfTheCaller) {
  auto index = stave::Index::create();
  ASSERT_TRUE(index);
  const uint64_t hash = *index->hash("key");
  EXPECT_TRUE(index->put_hashed("key", hash, 1));
  EXPECT_EQ(*index->get("key"), 1u);
  EXPECT_TRUE(index->insert_hashed("second", hash, 2));
  EXPECT_TRUE(index->compare_and_swap_hashed("second", hash, 2, 3));
  EXPECT_EQ(*index->get_hashed("second", hash), 3u);
  EXPECT_TRUE(*index->contains_hashed("second", hash));
  EXPECT_FALSE(*index->contains_hashed("third", hash));
  EXPECT_EQ(index->remove_if_hashed("second", hash, 1).status(), Status::mismatch);
  EXPECT_EQ(*index->remove_hashed("second", hash), 3u);
  EXPECT_EQ(*index->size(), 1u);
}

TEST_F(CppIndex, ManyAtOnce) {
  auto index = stave::Index::create();
  ASSERT_TRUE(index);
  const std::array<uint32_t, 3> sizes = {1, 2, 1};
  const std::array<uint64_t, 3> values = {1, 2, 3};
  std::array<uint64_t, 3> previous{};
  std::array<uint8_t, 3> existed{};
  size_t done = 0;
  EXPECT_TRUE(index->multi_put("abba", sizes, values, previous, existed, &done));
  EXPECT_EQ(done, 3u);
  EXPECT_EQ(existed, (std::array<uint8_t, 3>{0, 0, 1}));
  EXPECT_EQ(previous[2], 1u);
  std::array<uint64_t, 3> found_values{};
  std::array<uint8_t, 3> found{};
  EXPECT_TRUE(index->multi_get("axxa", sizes, found_values, found));
  EXPECT_EQ(found, (std::array<uint8_t, 3>{1, 0, 1}));
  EXPECT_EQ(found_values[0], 3u);
  EXPECT_TRUE(index->multi_put("abba", sizes, values));
  // The spans know their sizes, so what does not fit is found here.
  EXPECT_EQ(index->multi_get("abb", sizes, found_values, found).status(), Status::invalid_argument);
  EXPECT_EQ(index->multi_get("abba", sizes, std::span(found_values).first(2), found).status(),
            Status::invalid_argument);
  EXPECT_EQ(index->multi_put("abba", sizes, std::span(values).first(2)).status(),
            Status::invalid_argument);
  EXPECT_EQ(index->multi_put("abba", sizes, values, std::span(previous).first(2)).status(),
            Status::invalid_argument);
}

TEST_F(CppIndex, TheWhole) {
  stave::IndexOptions options;
  ASSERT_TRUE(options.set("shards=4 capacity=100 seed=9"));
  EXPECT_EQ(options.set("shards=3").status(), Status::invalid_argument);
  auto index = stave::Index::create(options);
  ASSERT_TRUE(index);
  EXPECT_EQ(index->options()->shards, 4u);
  EXPECT_EQ(index->options()->seed, 9u);
  EXPECT_GE(*index->capacity(), 100u);
  EXPECT_TRUE(index->put("a", 1));
  EXPECT_TRUE(index->put("b", 2));
  EXPECT_TRUE(index->reserve(1000));
  EXPECT_GE(*index->capacity(), 1000u);
  EXPECT_TRUE(index->shrink_to_fit());
  EXPECT_EQ(index->stats()->entries, 2u);
  uint64_t entries = 0;
  for (uint32_t shard = 0; shard < 4; shard++) entries += index->shard_stats(shard)->entries;
  EXPECT_EQ(entries, 2u);
  EXPECT_EQ(index->shard_stats(4).status(), Status::not_found);
  stave::Buffer buffer;
  const auto values = index->collect_values(buffer);
  ASSERT_TRUE(values);
  EXPECT_EQ(values->size(), 2u);
  EXPECT_EQ((*values)[0] + (*values)[1], 3u);
  EXPECT_TRUE(index->clear());
  EXPECT_TRUE(index->collect_values(buffer)->empty());
  EXPECT_TRUE(index->close());
  EXPECT_EQ(index->clear().status(), Status::closed);
}

TEST_F(CppIndex, Cursors) {
  auto index = stave::Index::create();
  ASSERT_TRUE(index);
  EXPECT_TRUE(index->put("a", 1));
  EXPECT_TRUE(index->put("", 2));
  auto cursor = index->open_cursor();
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->value().status(), Status::invalid_argument);
  std::map<std::string, uint64_t> entries;
  stave::Result<void> next;
  while ((next = cursor->next())) entries[std::string(cursor->key()->text())] = *cursor->value();
  EXPECT_EQ(next.status(), Status::done);
  EXPECT_EQ(entries, (std::map<std::string, uint64_t>{{"", 2}, {"a", 1}}));

  auto all = index->open_cursor();
  ASSERT_TRUE(all);
  stave::Buffer keys;
  std::array<uint64_t, 10> values;
  std::array<uint32_t, 10> sizes;
  EXPECT_EQ(*all->next_many(values, 1000, keys, sizes), 2u);
  EXPECT_EQ(keys.bytes().text(), "a");
  EXPECT_EQ(all->next_many(values).status(), Status::done);
  EXPECT_TRUE(all->close());
  EXPECT_EQ(all->next().status(), Status::closed);
}

// Rows of a table, and what became of the resolver.
struct Rows {
  std::vector<std::string> keys;
  Status failure = Status::ok;
  bool throws = false;
  int resolvers = 0;
};

class RowResolver final : public stave::Resolver {
 public:
  explicit RowResolver(Rows& rows) : rows_(rows) { rows_.resolvers++; }
  ~RowResolver() override { rows_.resolvers--; }
  Status compare(uint64_t row, stave::Bytes key) override {
    if (rows_.throws) throw std::runtime_error("thrown");
    if (rows_.failure != Status::ok) return rows_.failure;
    return stave::Bytes(rows_.keys.at(row)) == key ? Status::ok : Status::mismatch;
  }
  Status hash(uint64_t row, uint64_t& hash) override {
    hash = rows_.keys.at(row).size();
    return Status::ok;
  }

 private:
  Rows& rows_;
};

TEST_F(CppIndex, Resolvers) {
  Rows rows;
  stave::IndexOptions options;
  ASSERT_TRUE(options.set("value_bits=44"));
  auto index = stave::Index::create_resolved(std::make_unique<RowResolver>(rows), options);
  ASSERT_TRUE(index);
  for (uint64_t row = 0; row < 100; row++) {
    rows.keys.push_back("row " + std::to_string(row));
    EXPECT_TRUE(index->put_hashed(rows.keys[row], rows.keys[row].size(), row));
  }
  for (uint64_t row = 0; row < 100; row++)
    EXPECT_EQ(*index->get_hashed(rows.keys[row], rows.keys[row].size()), row);
  EXPECT_EQ(index->get_hashed("row 101", 6).status(), Status::not_found);

  rows.failure = Status::corruption;
  EXPECT_EQ(index->get_hashed("row 1", 5).status(), Status::corruption);
  rows.throws = true;
  const auto thrown = index->get_hashed("row 1", 5);
  EXPECT_EQ(thrown.status(), Status::internal);
  EXPECT_EQ(thrown.error().message(), "thrown");
  EXPECT_EQ(rows.resolvers, 1);
  EXPECT_TRUE(index->close());
  EXPECT_EQ(rows.resolvers, 0);
  // One that no index took goes, too.
  options.shards = 3;
  EXPECT_FALSE(stave::Index::create_resolved(std::make_unique<RowResolver>(rows), options));
  EXPECT_EQ(rows.resolvers, 0);
}

TEST_F(CppIndex, HandlesThatHoldNothing) {
  stave::Index empty;
  EXPECT_EQ(empty.put("k", 1).status(), Status::invalid_argument);
  EXPECT_TRUE(empty.close());
  auto index = stave::Index::create();
  ASSERT_TRUE(index);
  const stave::Index moved = *std::move(index);
  EXPECT_NE(moved.raw(), nullptr);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(index->get("k").status(), Status::invalid_argument);
  EXPECT_EQ(stave::IndexCursor().next().status(), Status::invalid_argument);
}

}  // namespace
