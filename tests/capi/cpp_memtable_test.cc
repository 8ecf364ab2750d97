// stave.hpp as its users see it: memtables.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <stave/stave.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using stave::Status;

static_assert(!std::is_copy_constructible_v<stave::Memtable>);
static_assert(!std::is_copy_constructible_v<stave::MemtableTransaction>);
static_assert(!std::is_copy_constructible_v<stave::MemtableSnapshot>);
static_assert(std::is_nothrow_move_constructible_v<stave::MemtableCursor>);
static_assert(sizeof(stave::Memtable) == sizeof(void*));
static_assert(sizeof(stave::MemtableTransaction) == sizeof(void*));

class CppMemtable : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(stave_live_handles(), 0u); }

  static void commit(stave::Memtable& table, stave::Bytes key, stave::Bytes value) {
    auto transaction = table.begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(transaction->put(key, value));
    ASSERT_TRUE(transaction->commit());
  }
};

TEST_F(CppMemtable, Transactions) {
  auto table = stave::Memtable::create();
  ASSERT_TRUE(table);
  stave::Buffer buffer;
  {
    auto transaction = table->begin();
    ASSERT_TRUE(transaction);
    EXPECT_NE(*transaction->id(), 0u);
    EXPECT_EQ(*transaction->snapshot(), 1u);
    EXPECT_TRUE(transaction->put("key", "value"));
    EXPECT_EQ(transaction->get("key", buffer)->text(), "value");
    EXPECT_TRUE(*transaction->contains("key"));
    EXPECT_EQ(*transaction->commit(), 1u);
    EXPECT_EQ(transaction->put("key", "later").status(), Status::closed);
  }
  auto one = table->begin();
  auto other = table->begin();
  EXPECT_TRUE(one->remove("key"));
  EXPECT_EQ(other->put("key", "lost").status(), Status::conflict);
  EXPECT_EQ(other->get("key", buffer)->text(), "value");
  EXPECT_EQ(one->get("key", buffer).status(), Status::not_found);
  EXPECT_TRUE(one->commit());
  EXPECT_TRUE(other->rollback());
  EXPECT_FALSE(*table->begin()->contains("key"));
  {
    // Without commit: rolled back.
    auto dropped = table->begin();
    EXPECT_TRUE(dropped->put("dropped", ""));
  }
  EXPECT_EQ(*table->size(), 0u);
}

TEST_F(CppMemtable, Snapshots) {
  auto table = stave::Memtable::create();
  ASSERT_TRUE(table);
  commit(*table, "key", "old");
  auto snapshot = table->snapshot();
  ASSERT_TRUE(snapshot);
  commit(*table, "key", std::string(100, 'n'));
  EXPECT_EQ(*snapshot->timestamp(), 2u);
  stave::Buffer buffer;
  EXPECT_EQ(snapshot->get("key", buffer)->text(), "old");
  std::array<std::byte, 2> small{};
  size_t size = 0;
  EXPECT_EQ(snapshot->get("key", small, size).status(), Status::buffer_too_small);
  EXPECT_EQ(size, 3u);
  auto pin = table->snapshot()->get_pin("key");
  ASSERT_TRUE(pin);
  EXPECT_EQ(table->stats()->versions, 2u);
  EXPECT_TRUE(snapshot->close());
  EXPECT_EQ(snapshot->contains("key").status(), Status::closed);
  EXPECT_EQ(table->clear().status(), Status::ok);
  EXPECT_TRUE(table->close());
  EXPECT_EQ(pin->bytes().size(), 100u);
}

TEST_F(CppMemtable, ManyAtOnce) {
  auto table = stave::Memtable::create();
  ASSERT_TRUE(table);
  const std::array<uint32_t, 3> sizes = {1, 2, 1};
  const std::array<uint64_t, 3> value_sizes = {2, STAVE_TOMBSTONE, 1};
  auto transaction = table->begin();
  size_t written = 0;
  EXPECT_TRUE(transaction->multi_write("abbc", sizes, "xyz", value_sizes, &written));
  EXPECT_EQ(written, 3u);
  stave::Buffer values;
  std::array<uint64_t, 3> found{};
  EXPECT_TRUE(transaction->multi_get("abbc", sizes, values, found));
  EXPECT_EQ(found, (std::array<uint64_t, 3>{2, STAVE_ABSENT, 1}));
  EXPECT_EQ(values.bytes().text(), "xyz");
  EXPECT_TRUE(transaction->commit());
  // The spans know their sizes, so what does not fit is found here.
  auto another = table->begin();
  EXPECT_EQ(another->multi_get("abb", sizes, values, found).status(), Status::invalid_argument);
  EXPECT_EQ(another->multi_get("abbc", sizes, values, std::span(found).first(2)).status(),
            Status::invalid_argument);
  EXPECT_EQ(another->multi_write("abbc", sizes, "xy", value_sizes).status(),
            Status::invalid_argument);
  EXPECT_EQ(another->multi_write("abbc", sizes, "xyz", std::span(value_sizes).first(2)).status(),
            Status::invalid_argument);
  std::map<std::string, std::string> records;
  auto cursor = another->open_cursor();
  ASSERT_TRUE(cursor);
  stave::Result<void> next;
  while ((next = cursor->next()))
    records[std::string(cursor->key()->text())] = cursor->value()->text();
  EXPECT_EQ(next.status(), Status::done);
  EXPECT_EQ(records, (std::map<std::string, std::string>{{"a", "xy"}, {"c", "z"}}));
  std::array<uint64_t, 2> room{};
  auto keys = another->open_cursor(stave::MemtableCursorOptions("a", true));
  EXPECT_EQ(*keys->next_many(10, 1000, values, room), 1u);
  EXPECT_EQ(values.bytes().text(), "a");
  EXPECT_EQ(keys->next_many(10, 1000, values, room).status(), Status::done);
}

TEST_F(CppMemtable, TimestampsOfTheCaller) {
  stave::MemtableOptions options;
  ASSERT_TRUE(options.set("timestamps=explicit capacity=100"));
  auto table = stave::Memtable::create(options);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->options()->capacity, 100u);
  const std::array<uint32_t, 2> sizes = {1, 1};
  EXPECT_TRUE(table->write("k", "old", 1));
  EXPECT_TRUE(*table->has_write_conflict("k", 2));
  EXPECT_EQ(table->write("k", "lost", 2).status(), Status::conflict);
  EXPECT_EQ(table->commit(1, 10, "kx", sizes).status(), Status::invalid_argument);
  EXPECT_TRUE(table->commit(1, 10, "k", std::span(sizes).first(1)));
  EXPECT_TRUE(table->write_tombstone("k", 2));
  EXPECT_TRUE(table->write("x", "new", 2));
  EXPECT_TRUE(table->abort(2, "x", std::span(sizes).first(1)));
  EXPECT_TRUE(table->commit(2, 20, "k", std::span(sizes).first(1)));

  stave::Buffer buffer;
  bool deleted = false;
  EXPECT_EQ(table->read("k", 11, 0, buffer)->text(), "old");
  EXPECT_EQ(table->read("k", 21, 0, buffer, &deleted).status(), Status::not_found);
  EXPECT_TRUE(deleted);
  EXPECT_EQ(table->read("x", 21, 0, buffer, &deleted).status(), Status::not_found);
  EXPECT_FALSE(deleted);
  EXPECT_EQ(table->read_pin("k", 11)->bytes().text(), "old");
  auto cursor = table->open_cursor(21, 0, stave::MemtableCursorOptions({}, false, true));
  ASSERT_TRUE(cursor->next());
  EXPECT_TRUE(*cursor->deleted());
  EXPECT_EQ(*table->prune(21), 1u);
  EXPECT_EQ(table->read("k", 11, 0, buffer).status(), Status::too_old);
  EXPECT_EQ(table->begin().status(), Status::invalid_argument);
}

TEST_F(CppMemtable, Readers) {
  stave::MemtableOptions options;
  ASSERT_TRUE(options.set("timestamps=explicit"));
  auto table = stave::Memtable::create(options);
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->write("k", "value", 1));
  std::string seen;
  EXPECT_TRUE(table->read_with("k", 1, 1, [&](stave::Bytes value) {
    seen = value.text();
    EXPECT_EQ(table->close().status(), Status::busy);
    return table->write("k", "other", 1).status();
  }));
  EXPECT_EQ(seen, "value");
  EXPECT_EQ(table->read_with("k", 1, 1, [](stave::Bytes) { return Status::cancelled; }).status(),
            Status::cancelled);
  EXPECT_EQ(table->read_with("none", 1, 1, [](stave::Bytes) { return Status::ok; }).status(),
            Status::not_found);
  const auto thrown = table->read_with(
      "k", 1, 1, [](stave::Bytes) -> Status { throw std::runtime_error("thrown"); });
  EXPECT_EQ(thrown.status(), Status::internal);
  EXPECT_EQ(thrown.error().message(), "thrown");
}

TEST_F(CppMemtable, HandlesThatHoldNothing) {
  stave::Memtable empty;
  EXPECT_EQ(empty.begin().status(), Status::invalid_argument);
  EXPECT_TRUE(empty.close());
  auto table = stave::Memtable::create();
  ASSERT_TRUE(table);
  const stave::Memtable moved = *std::move(table);
  EXPECT_NE(moved.raw(), nullptr);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(table->size().status(), Status::invalid_argument);
  EXPECT_EQ(stave::MemtableTransaction().commit().status(), Status::invalid_argument);
  EXPECT_EQ(stave::MemtableSnapshot().timestamp().status(), Status::invalid_argument);
  EXPECT_EQ(stave::MemtableCursor().next().status(), Status::invalid_argument);
}

}  // namespace
