// Shards by prefix, and changes of the keys of one shard.
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

#include "core/store/store.h"
#include "core/store/store_atomic.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

class AtomicTest : public StoreTest {
 protected:
  AtomicTest() : StoreTest({.shards = 4, .shard_prefix_bits = 12}) {}

  Status atomic(const std::string& shard_key, FunctionRef<Status(Atomic&)> callback,
                uint64_t* version = nullptr) {
    return store_->atomic(as_bytes(shard_key), callback, Durability::os, version);
  }
};

TEST_P(AtomicTest, PrefixChoosesTheShard) {
  const uint32_t shard = store_->shard_for(as_bytes("ab"));
  for (const char* key : {"ab1", "ab2", "ac", "a`", "abcdefgh"})  // 'a', and the same upper half
    EXPECT_EQ(store_->shard_for(as_bytes(key)), shard) << key;
  std::set<uint32_t> shards;
  for (char first = 'a'; first <= 'z'; first++)
    shards.insert(store_->shard_for(as_bytes(std::string{first, 'b'})));
  EXPECT_EQ(shards.size(), 4u);
  reopen();
  EXPECT_EQ(store_->shard_for(as_bytes("ab9")), shard);
  ASSERT_TRUE(store_->close().ok());
  const Status opened = Store::open(disk_, "/store", {.shard_prefix_bits = 13}).status();
  EXPECT_TRUE(opened.is(Code::invalid_argument));
}

TEST_P(AtomicTest, AtomicSeesItsOwnWritesAndCommitsThemTogether) {
  put("ab1", "1");
  uint64_t version = 0;
  const Status status = atomic(
      "ab",
      [&](Atomic& keys) -> Status {
        EXPECT_TRUE(keys.put(as_bytes("ab1"), as_bytes("2"), WriteMode::insert).is(Code::exists));
        EXPECT_TRUE(
            keys.put(as_bytes("ab2"), as_bytes("2"), WriteMode::replace).is(Code::not_found));
        EXPECT_TRUE(keys.put(as_bytes("ab1"), as_bytes("2"), WriteMode::replace).ok());
        EXPECT_TRUE(keys.put(as_bytes("ab2"), as_bytes("3"), WriteMode::insert).ok());
        EXPECT_TRUE(keys.put(as_bytes("ab3"), as_bytes("4"), WriteMode::put).ok());
        EXPECT_TRUE(keys.remove(as_bytes("ab3")).ok());
        EXPECT_TRUE(keys.contains(as_bytes("ab3")).is(Code::not_found));
        std::string value(1, ' ');
        EXPECT_TRUE(keys.get(as_bytes("ab2"),
                             [&](size_t) {
                               return MutableBytes(reinterpret_cast<std::byte*>(value.data()), 1);
                             })
                        .ok());
        EXPECT_EQ(value, "3");
        // Readers of the store see nothing of it yet.
        EXPECT_EQ(get("ab1"), "1");
        return {};
      },
      &version);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(version, 2u);
  EXPECT_EQ(get("ab1"), "2");
  EXPECT_EQ(get("ab2"), "3");
  EXPECT_EQ(store_->size(), 2u);
  EXPECT_EQ(store_->stats().commits, 2u);
}

TEST_P(AtomicTest, FailedAtomicChangesNothing) {
  put("ab1", "1");
  for (const Code code : {Code::cancelled, Code::not_found, Code::io}) {
    uint64_t version = 9;
    EXPECT_TRUE(atomic(
                    "ab",
                    [&](Atomic& keys) -> Status {
                      EXPECT_TRUE(keys.put(as_bytes("ab1"), as_bytes("2"), WriteMode::put).ok());
                      return code;
                    },
                    &version)
                    .is(code));
    EXPECT_EQ(version, 0u);
  }
  EXPECT_THROW(static_cast<void>(atomic("ab",
                                        [&](Atomic& keys) -> Status {
                                          static_cast<void>(keys.remove(as_bytes("ab1")));
                                          throw std::runtime_error("no");
                                        })),
               std::runtime_error);
  EXPECT_EQ(get("ab1"), "1");
  put("ab1", "3");  // the lock was given up
}

TEST_P(AtomicTest, AtomicRefusesKeysOfOtherShards) {
  std::string other;
  for (char first = 'b'; other.empty(); first++)
    if (store_->shard_for(as_bytes(std::string{first, 'b'})) != store_->shard_for(as_bytes("ab")))
      other = {first, 'b'};
  EXPECT_TRUE(atomic("ab", [&](Atomic& keys) -> Status {
                EXPECT_TRUE(keys.contains(as_bytes(other)).is(Code::shard_mismatch));
                EXPECT_TRUE(keys.remove(as_bytes(other)).is(Code::shard_mismatch));
                EXPECT_TRUE(keys.get(as_bytes(other), [](size_t) { return MutableBytes(); })
                                .is(Code::shard_mismatch));
                return keys.put(as_bytes(other), {}, WriteMode::put);
              }).is(Code::shard_mismatch));
  EXPECT_EQ(get(other), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(, AtomicTest, every_keydir(), keydir_name);

}  // namespace
}  // namespace stave::store
