// Records that expire, under a clock that the test moves.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "core/store/store_atomic.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

constexpr uint64_t start = 1'700'000'000'000;

class ExpiryTest : public StoreTest {
 protected:
  void set_time(uint64_t after_start) { disk_.set_unix_time_ms(start + after_start); }
  Code put(const std::string& key, const std::string& value, uint64_t expires_at = 0,
           WriteMode mode = WriteMode::put) {
    return store_->put(as_bytes(key), as_bytes(value), mode, {Durability::os, expires_at}).code();
  }
  std::optional<uint64_t> expires_at(const std::string& key) {
    const Result<uint64_t> found = store_->expires_at(as_bytes(key));
    return found ? std::optional(*found) : std::nullopt;
  }
  uint64_t remove_expired() {
    uint64_t removed = 0;
    uint64_t next = 0;
    EXPECT_TRUE(store_->remove_expired(&removed, &next, [] { return Status(); }).ok());
    return removed;
  }
  std::vector<std::string> keys() {
    std::vector<std::string> found;
    auto cursor = *store_->open_cursor({}, true);
    while (cursor->next().ok()) found.emplace_back(as_text(cursor->key()));
    std::sort(found.begin(), found.end());
    return found;
  }
  void verify() {
    EXPECT_TRUE(store_->verify([](uint64_t, uint64_t) { return Status(); }).ok());
  }
};

TEST_P(ExpiryTest, ExpiredKeyIsAbsentInEveryCall) {
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  ASSERT_EQ(put("b", "2"), Code::ok);
  set_time(9);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(expires_at("a"), start + 10);
  EXPECT_EQ(expires_at("b"), 0u);
  set_time(10);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(expires_at("a"), std::nullopt);
  EXPECT_TRUE(store_->contains(as_bytes("a")).is(Code::not_found));
  EXPECT_TRUE(store_->get_pin(as_bytes("a")).status().is(Code::not_found));
  EXPECT_EQ(keys(), std::vector<std::string>{"b"});
  EXPECT_EQ(store_->size(), 2u);
  EXPECT_TRUE(store_->remove(as_bytes("a"), Durability::os).is(Code::not_found));
  EXPECT_EQ(put("a", "x", 0, WriteMode::replace), Code::not_found);
  EXPECT_TRUE(store_->compare_and_swap(as_bytes("a"), as_bytes("1"), as_bytes("x"), Durability::os)
                  .is(Code::not_found));
  uint64_t removed = 7;
  const Bytes key = as_bytes("a");
  EXPECT_TRUE(store_->multi_remove({&key, 1}, Durability::os, &removed).ok());
  EXPECT_EQ(removed, 0u);
  Batch batch;
  ASSERT_TRUE(batch.add(Batch::Kind::require_exists, key).ok());
  EXPECT_TRUE(store_->write(batch, Durability::os, nullptr, nullptr).is(Code::mismatch));
  EXPECT_TRUE(store_
                  ->atomic(
                      key,
                      [&](Atomic& atomic) -> Status {
                        EXPECT_TRUE(atomic.contains(key).is(Code::not_found));
                        EXPECT_TRUE(atomic.remove(key).is(Code::not_found));
                        return atomic.put(key, as_bytes("3"), WriteMode::insert);
                      },
                      Durability::os, nullptr)
                  .ok());
  EXPECT_EQ(get("a"), "3");
  EXPECT_EQ(store_->size(), 2u);
  verify();
}

TEST_P(ExpiryTest, ExpiryIsPartOfTheRecord) {
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  reopen();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(expires_at("a"), start + 10);
  set_time(10);
  EXPECT_EQ(get("a"), std::nullopt);
  verify();
}

TEST_P(ExpiryTest, SweptKeyStaysRemovedWhenTheClockGoesBack) {
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  ASSERT_EQ(put("b", "2", start + 20), Code::ok);
  set_time(15);
  uint64_t removed = 0;
  uint64_t next = never_expires;
  EXPECT_TRUE(store_->remove_expired(&removed, &next, [] { return Status(); }).ok());
  EXPECT_EQ(removed, 1u);
  EXPECT_EQ(next, start + 20);
  EXPECT_EQ(store_->size(), 1u);
  set_time(0);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(get("b"), "2");
  reopen();
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(store_->size(), 1u);
  EXPECT_EQ(remove_expired(), 0u);
  verify();
}

TEST_P(ExpiryTest, DefaultTtlAppliesUnlessTheWriteSaysOtherwise) {
  options_.default_ttl = 100;
  reopen();
  ASSERT_EQ(put("default", "1"), Code::ok);
  ASSERT_EQ(put("never", "1", never_expires), Code::ok);
  ASSERT_EQ(put("own", "1", start + 7), Code::ok);
  EXPECT_EQ(expires_at("default"), start + 100);
  EXPECT_EQ(expires_at("never"), 0u);
  EXPECT_EQ(expires_at("own"), start + 7);
}

TEST_P(ExpiryTest, UpdateKeepsTheExpiryAndPutDoesNot) {
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  const auto to_2 = [](Bytes) -> Result<Bytes> { return as_bytes("2"); };
  ASSERT_TRUE(store_->update(as_bytes("a"), to_2, Durability::os).ok());
  EXPECT_EQ(expires_at("a"), start + 10);
  ASSERT_TRUE(store_->update(as_bytes("a"), to_2, {Durability::os, start + 30}).ok());
  EXPECT_EQ(expires_at("a"), start + 30);
  ASSERT_TRUE(store_->update(as_bytes("a"), to_2, {Durability::os, never_expires}).ok());
  EXPECT_EQ(expires_at("a"), 0u);
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  ASSERT_EQ(put("a", "1"), Code::ok);
  EXPECT_EQ(expires_at("a"), 0u);
}

// After a recovery the manifest leaves out the segments between the end that it found and its next
// generation. It was written again for the first record with an expiry, with the generation of the
// segment in use taken for such a one: the next recovery lost that segment.
TEST_P(ExpiryTest, FirstExpiryAfterARecoveryLosesNothing) {
  ASSERT_EQ(put("a", "1"), Code::ok);
  store_.reset();
  open();
  ASSERT_EQ(put("b", "2"), Code::ok);
  ASSERT_EQ(put("c", "3", start + 10), Code::ok);
  ASSERT_TRUE(store_->sync().ok());
  store_.reset();
  open();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), "2");
  EXPECT_EQ(get("c"), "3");
}

TEST_P(ExpiryTest, ExpireChangesTheTimeOnly) {
  EXPECT_TRUE(store_->expire(as_bytes("a"), start + 1, Durability::os).is(Code::not_found));
  ASSERT_EQ(put("a", "1"), Code::ok);
  EXPECT_TRUE(store_->expire(as_bytes("a"), start + 10, Durability::os).ok());
  EXPECT_EQ(expires_at("a"), start + 10);
  EXPECT_EQ(get("a"), "1");
  EXPECT_TRUE(store_->expire(as_bytes("a"), never_expires, Durability::os).ok());
  EXPECT_EQ(expires_at("a"), 0u);
  EXPECT_TRUE(store_->expire(as_bytes("a"), start, Durability::os).ok());
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(store_->size(), 0u);
}

TEST_P(ExpiryTest, OneCallJudgesByOneMoment) {
  ASSERT_EQ(put("a", "1", start + 10), Code::ok);
  ASSERT_EQ(put("b", "2", start + 10), Code::ok);
  const std::vector<Bytes> keys = {as_bytes("a"), as_bytes("b")};
  int found = 0;
  std::string memory(10, ' ');
  ASSERT_TRUE(store_
                  ->multi_get(keys,
                              [&](size_t, size_t size) {
                                found++;
                                set_time(10);
                                return MutableBytes(reinterpret_cast<std::byte*>(memory.data()),
                                                    size);
                              })
                  .ok());
  EXPECT_EQ(found, 2);
  EXPECT_EQ(get("b"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(, ExpiryTest, every_keydir(), keydir_name);

}  // namespace
}  // namespace stave::store
