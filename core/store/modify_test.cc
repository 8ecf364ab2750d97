// Changes of one key that rest on its value.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "core/base/limits.h"
#include "core/os/posix_file_system.h"
#include "core/os/testing/temporary_directory.h"
#include "core/store/store.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

class ModifyTest : public ::testing::TestWithParam<std::tuple<KeyDirectoryKind, ReadIo>> {
 protected:
  ModifyTest() : store_(open()) {}

  std::unique_ptr<Store> open() const {
    const auto [keydir, io] = GetParam();
    auto store = Store::open(os::posix_file_system(), directory_.path(),
                             {.io = io, .segment_size = 1 << 16, .keydir = keydir});
    EXPECT_TRUE(store) << store.status().message();
    return *std::move(store);
  }
  void reopen() {
    ASSERT_TRUE(store_->close().ok());
    store_.reset();
    store_ = open();
  }

  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(store_->put(as_bytes(key), as_bytes(value), WriteMode::put, Durability::os).ok());
  }
  Code compare_and_swap(const std::string& key, const std::string& expected,
                        const std::string& value) {
    return store_
        ->compare_and_swap(as_bytes(key), as_bytes(expected), as_bytes(value), Durability::os)
        .code();
  }
  std::optional<std::string> get(const std::string& key) { return value_of(*store_, key); }

  const os::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

TEST_P(ModifyTest, CompareAndSwapReplacesTheExpectedValueOnly) {
  EXPECT_EQ(compare_and_swap("a", "", "1"), Code::not_found);
  EXPECT_EQ(get("a"), std::nullopt);
  put("a", "1");
  for (const char* other : {"", "2", "11"})
    EXPECT_EQ(compare_and_swap("a", other, "x"), Code::mismatch);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(compare_and_swap("a", "1", "2"), Code::ok);
  EXPECT_EQ(compare_and_swap("a", "2", ""), Code::ok);
  EXPECT_EQ(compare_and_swap("a", "", std::string(70'000, 'v')), Code::ok);
  reopen();
  EXPECT_EQ(get("a"), std::string(70'000, 'v'));
  EXPECT_EQ(store_->size(), 1u);
}

TEST_P(ModifyTest, UpdateOfAnAbsentKeyCallsNothing) {
  bool called = false;
  const Status status = store_->update(
      as_bytes("a"),
      [&called](Bytes) -> Result<Bytes> {
        called = true;
        return Bytes();
      },
      Durability::os);
  EXPECT_TRUE(status.is(Code::not_found));
  EXPECT_FALSE(called);
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(ModifyTest, ComputedValueReplacesThePresentOne) {
  put("a", "one");
  std::string next;
  const auto append = [&next](Bytes present) -> Result<Bytes> {
    next = std::string(as_text(present)) + ", two";
    return as_bytes(next);
  };
  EXPECT_TRUE(store_->update(as_bytes("a"), append, Durability::device).ok());
  EXPECT_EQ(get("a"), "one, two");
}

TEST_P(ModifyTest, FailedComputationChangesNothing) {
  put("a", "1");
  for (const Code code : {Code::io, Code::not_found, Code::mismatch, Code::busy}) {
    const Status status = store_->update(
        as_bytes("a"), [code](Bytes) -> Result<Bytes> { return code; }, Durability::os);
    EXPECT_TRUE(status.is(code));
  }
  EXPECT_THROW(static_cast<void>(store_->update(
                   as_bytes("a"), [](Bytes) -> Result<Bytes> { throw std::runtime_error("no"); },
                   Durability::os)),
               std::runtime_error);
  // Nothing of it is read.
  const std::byte byte{};
  const Bytes large(&byte, value_size_max + size_t{1});
  EXPECT_TRUE(
      store_
          ->update(
              as_bytes("a"), [&large](Bytes) -> Result<Bytes> { return large; }, Durability::os)
          .is(Code::too_large));
  EXPECT_EQ(get("a"), "1");
  // The shard's lock was given up each time.
  put("a", "2");
  EXPECT_EQ(get("a"), "2");
}

TEST_P(ModifyTest, ModifyInsertsWhereTheKeyIsAbsent) {
  std::optional<std::string> seen;
  const auto exchange = [&](const std::string& value) {
    return store_->modify(
        as_bytes("a"),
        [&](const Bytes* present) -> Result<Bytes> {
          seen.reset();
          if (present != nullptr) seen = as_text(*present);
          return as_bytes(value);
        },
        Durability::os);
  };
  EXPECT_TRUE(exchange("1").ok());
  EXPECT_EQ(seen, std::nullopt);
  EXPECT_TRUE(exchange("2").ok());
  EXPECT_EQ(seen, "1");
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(store_->size(), 1u);
}

TEST_P(ModifyTest, ConcurrentUpdatesLoseNone) {
  constexpr int threads_count = 4;
  constexpr int rounds = 250;
  put("counter", std::string(sizeof(uint64_t), '\0'));
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; t++) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < rounds; i++) {
        uint64_t count = 0;
        const Status status = store_->update(
            as_bytes("counter"),
            [&count](Bytes present) -> Result<Bytes> {
              std::memcpy(&count, present.data(), sizeof count);
              count++;
              return std::as_bytes(std::span(&count, 1));
            },
            t % 2 == 0 ? Durability::os : Durability::memory);
        ASSERT_TRUE(status.ok()) << status.message();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  reopen();
  uint64_t count = 0;
  std::memcpy(&count, get("counter")->data(), sizeof count);
  EXPECT_EQ(count, uint64_t{threads_count} * rounds);
}

TEST_P(ModifyTest, KeysOfOneShardAreAlwaysTheSame) {
  std::vector<uint32_t> shards;
  for (int i = 0; i < 100; i++) shards.push_back(store_->shard_for(as_bytes(std::to_string(i))));
  reopen();
  for (int i = 0; i < 100; i++) {
    const uint32_t shard = store_->shard_for(as_bytes(std::to_string(i)));
    EXPECT_EQ(shard, shards[static_cast<size_t>(i)]);
    EXPECT_LT(shard, store_->options().shards);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ModifyTest, every_keydir_and_io());

}  // namespace
}  // namespace stave::store
