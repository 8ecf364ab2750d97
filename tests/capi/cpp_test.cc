// The C++ face (stave.hpp), used as a program would use it.
#include <gtest/gtest.h>
#include <stave/stave.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using stave::Status;

static_assert(!std::is_copy_constructible_v<stave::Store>);
static_assert(!std::is_copy_constructible_v<stave::Cursor>);
static_assert(!std::is_copy_constructible_v<stave::Batch>);
static_assert(!std::is_copy_constructible_v<stave::Pin>);
static_assert(!std::is_copy_constructible_v<stave::Buffer>);
static_assert(std::is_nothrow_move_constructible_v<stave::Store>);
static_assert(std::is_nothrow_move_assignable_v<stave::Buffer>);
static_assert(sizeof(stave::Store) == sizeof(void*));
static_assert(!std::is_convertible_v<int, stave::Bytes>);
static_assert(!std::is_constructible_v<stave::Bytes, std::vector<int>>);

class Cpp : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "stave-cpp-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ + "/store";
    stave::StoreOptions options;
    ASSERT_TRUE(options.set("durability=os shards=4"));
    auto store = stave::Store::open(path_.c_str(), options);
    ASSERT_TRUE(store) << store.error().message();
    store_ = *std::move(store);
  }
  void TearDown() override {
    store_ = stave::Store();
    EXPECT_EQ(stave_live_handles(), 0u);
    std::filesystem::remove_all(directory_);
  }

  std::string directory_;
  std::string path_;
  stave::Store store_;
};

TEST_F(Cpp, BytesFromEverything) {
  const std::string text = "text";
  const std::vector<std::byte> bytes = {std::byte{1}, std::byte{0}};
  const std::array<unsigned char, 3> array = {1, 2, 3};
  EXPECT_EQ(stave::Bytes("literal").text(), "literal");
  EXPECT_EQ(stave::Bytes(text).text(), text);
  EXPECT_EQ(stave::Bytes(std::string_view("a\0b", 3)).size(), 3u);
  EXPECT_EQ(stave::Bytes(bytes).size(), 2u);
  EXPECT_EQ(stave::Bytes(std::span(bytes)).data(), bytes.data());
  EXPECT_EQ(stave::Bytes(array).size(), 3u);
  EXPECT_TRUE(stave::Bytes().empty());
  EXPECT_EQ(stave::Bytes("abc").part(1, 2), stave::Bytes("bc"));
}

TEST_F(Cpp, WritesAndReads) {
  EXPECT_TRUE(store_.put("key", "value"));
  EXPECT_EQ(store_.insert("key", "other").status(), Status::exists);
  EXPECT_EQ(store_.replace("none", "other").status(), Status::not_found);
  EXPECT_TRUE(store_.insert("second", "", stave::Durability::device));
  EXPECT_TRUE(*store_.contains("key"));
  EXPECT_FALSE(*store_.contains("none"));
  EXPECT_EQ(*store_.size(), 2u);

  stave::Buffer buffer;
  const auto value = store_.get("key", buffer);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->text(), "value");
  EXPECT_EQ(value->data(), buffer.bytes().data());
  const auto missing = store_.get("none", buffer);
  EXPECT_FALSE(missing);
  EXPECT_EQ(missing.status(), Status::not_found);

  std::array<std::byte, 5> room;
  size_t size = 0;
  EXPECT_TRUE(store_.get("key", room, size));
  EXPECT_EQ(size, 5u);
  EXPECT_EQ(store_.get("key", std::span(room).first(4), size).status(), Status::buffer_too_small);
  EXPECT_EQ(size, 5u);

  auto pin = store_.get_pin("key");
  ASSERT_TRUE(pin);
  EXPECT_TRUE(store_.remove("key"));
  EXPECT_EQ(store_.remove("key").status(), Status::not_found);
  EXPECT_TRUE(store_.close());
  EXPECT_EQ(pin->bytes().text(), "value");
  EXPECT_EQ(store_.put("key", "value").status(), Status::closed);
}

TEST_F(Cpp, ManyAtOnce) {
  const std::array<uint32_t, 3> key_sizes = {1, 2, 1};
  const std::array<uint64_t, 3> value_sizes = {3, 0, 1};
  EXPECT_TRUE(store_.multi_put("abbc", key_sizes, "onex", value_sizes));
  std::array<uint64_t, 3> sizes;
  stave::Buffer values;
  const std::array<uint32_t, 3> wanted = {1, 1, 1};
  EXPECT_TRUE(store_.multi_get("axc", wanted, values, sizes));
  EXPECT_EQ(sizes, (std::array<uint64_t, 3>{3, STAVE_ABSENT, 1}));
  EXPECT_EQ(values.bytes().text(), "onex");
  EXPECT_EQ(*store_.multi_remove("axc", wanted), 2u);
  // The spans know their sizes, so what does not fit is found here.
  EXPECT_EQ(store_.multi_get("ab", wanted, values, sizes).status(), Status::invalid_argument);
  EXPECT_EQ(store_.multi_get("abc", wanted, values, std::span(sizes).first(2)).status(),
            Status::invalid_argument);
  EXPECT_EQ(store_.multi_put("abbc", key_sizes, "one", value_sizes).status(),
            Status::invalid_argument);
}

TEST_F(Cpp, Batches) {
  auto batch = stave::Batch::create();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->put("a", "1"));
  EXPECT_TRUE(batch->remove("b"));
  EXPECT_TRUE(batch->require("a", stave::Condition::absent));
  EXPECT_EQ(*batch->count(), 3u);
  uint64_t failed = 0;
  EXPECT_TRUE(store_.write(*batch, {}, &failed));
  EXPECT_EQ(store_.write(*batch, stave::Durability::memory, &failed).status(), Status::mismatch);
  EXPECT_EQ(failed, 2u);
  EXPECT_TRUE(batch->clear());
  EXPECT_TRUE(store_.write(*batch));
  EXPECT_TRUE(batch->close());
  EXPECT_EQ(batch->clear().status(), Status::closed);
}

TEST_F(Cpp, Cursors) {
  EXPECT_TRUE(store_.put("p1", "one"));
  EXPECT_TRUE(store_.put("p2", "two"));
  EXPECT_TRUE(store_.put("q", "three"));
  auto cursor = store_.open_cursor(stave::CursorOptions("p"));
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->key().status(), Status::invalid_argument);
  size_t records = 0;
  stave::Result<void> next;
  while ((next = cursor->next())) {
    EXPECT_TRUE(cursor->key()->text() == "p1" || cursor->key()->text() == "p2");
    EXPECT_EQ(cursor->value()->size(), 3u);
    records++;
  }
  EXPECT_EQ(next.status(), Status::done);
  EXPECT_EQ(records, 2u);

  auto all = store_.open_cursor(stave::CursorOptions({}, true));
  ASSERT_TRUE(all);
  stave::Buffer found;
  std::array<uint64_t, 20> sizes;
  EXPECT_EQ(*all->next_many(100, 1000, found, sizes), 3u);
  EXPECT_EQ(found.bytes().size(), 5u);
  EXPECT_EQ(all->next_many(100, 1000, found, sizes).status(), Status::done);
}

TEST_F(Cpp, VerifyAndItsCallback) {
  EXPECT_TRUE(store_.put("key", "value"));
  EXPECT_TRUE(store_.verify());
  uint64_t calls = 0;
  const auto count = [&](uint64_t done, uint64_t total) {
    EXPECT_LE(done, total);
    calls++;
    return Status::ok;
  };
  EXPECT_TRUE(store_.verify(count));
  EXPECT_GT(calls, 0u);
  EXPECT_EQ(store_.verify([](uint64_t, uint64_t) { return Status::cancelled; }).status(),
            Status::cancelled);
  EXPECT_EQ(store_.verify([&](uint64_t, uint64_t) { return store_.flush().status(); }).status(),
            Status::busy);
  const auto thrown =
      store_.verify([](uint64_t, uint64_t) -> Status { throw std::runtime_error("thrown"); });
  EXPECT_EQ(thrown.status(), Status::internal);
  EXPECT_EQ(thrown.error().message(), "thrown");
}

TEST_F(Cpp, ErrorsSayWhatFailed) {
  const auto second = stave::Store::open(path_.c_str());
  EXPECT_EQ(second.status(), Status::locked);
  EXPECT_NE(second.error().message().find(path_), std::string_view::npos);
  stave::StoreOptions options;
  EXPECT_EQ(options.set("shards=3").error().message(),
            "option 'shards' is '3'; it must be a power of two from 1 to 65536");
  EXPECT_EQ(name(Status::no_space), "no_space");
  // An expected outcome has the general message.
  stave::Buffer buffer;
  EXPECT_EQ(store_.get("none", buffer).error().message(), stave_status_message(STAVE_NOT_FOUND));
}

TEST_F(Cpp, HandlesThatHoldNothing) {
  stave::Store empty;
  EXPECT_EQ(empty.put("k", "v").status(), Status::invalid_argument);
  EXPECT_TRUE(empty.close());
  stave::Store moved = std::move(store_);
  EXPECT_TRUE(moved.put("k", "v"));
  EXPECT_EQ(moved.options()->shards, 4u);
  EXPECT_EQ(moved.stats()->keys, 1u);
  EXPECT_TRUE(moved.flush());
  EXPECT_TRUE(moved.sync());
  stave::Cursor cursor;
  EXPECT_EQ(cursor.next().status(), Status::invalid_argument);
  EXPECT_EQ(stave::Pin().bytes().size(), 0u);
}

}  // namespace
