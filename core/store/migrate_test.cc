// Calls that change all records.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "core/store/store_test_support.h"

namespace stave::store {
namespace {

using MigrateTest = StoreTest;

TEST_P(MigrateTest, MigrationVisitsEachRecordOnceAndGoesOnFromItsToken) {
  put_numbers(1'000);
  std::map<std::string, int> visits;
  std::vector<std::byte> token;
  uint64_t changed_in_all = 0;
  const auto migrate = [&](Bytes key, std::vector<std::byte>& value) -> Result<Store::Migrated> {
    const std::string name(as_text(key));
    visits[name]++;
    const int number = std::stoi(name.substr(3));
    if (number % 3 == 0) return Store::Migrated::kept;
    if (number % 3 == 1) return Store::Migrated::removed;
    value.push_back(std::byte{'!'});
    return Store::Migrated::updated;
  };
  for (Status status = Code::cancelled; !status.ok();) {
    uint64_t changed = 0;
    status = store_->migrate(
        migrate,
        [&](uint64_t, uint64_t, Bytes at) -> Status {
          token.assign(at.begin(), at.end());
          put("key1000" + std::to_string(visits.size()), "new");  // is not visited
          return visits.size() < 1'000 ? Code::cancelled : Code::ok;
        },
        token, Durability::os, &changed);
    changed_in_all += changed;
    ASSERT_TRUE(status.ok() || status.is(Code::cancelled)) << status.message();
    if (!status.ok()) reopen();
  }
  EXPECT_EQ(visits.size(), 1'000u);
  for (const auto& [key, times] : visits) EXPECT_EQ(times, 1) << key;
  EXPECT_EQ(changed_in_all, 666u);
  EXPECT_EQ(get("key0"), "v0");
  EXPECT_EQ(get("key1"), std::nullopt);
  EXPECT_EQ(get("key2"), "v2!");
}

TEST_P(MigrateTest, MigrationLeavesWhatOthersReplace) {
  put("a", "1");
  uint64_t changed = 9;
  EXPECT_TRUE(store_
                  ->migrate(
                      [&](Bytes, std::vector<std::byte>& value) -> Result<Store::Migrated> {
                        put("a", "2");
                        value.push_back(std::byte{'!'});
                        return Store::Migrated::updated;
                      },
                      [](uint64_t, uint64_t, Bytes) { return Status(); }, {}, Durability::os,
                      &changed)
                  .ok());
  EXPECT_EQ(changed, 0u);
  EXPECT_EQ(get("a"), "2");
}

TEST_P(MigrateTest, ClearRemovesEveryKey) {
  put_numbers(700);
  uint64_t removed = 0;
  EXPECT_TRUE(store_->clear(Durability::device, &removed).ok());
  EXPECT_EQ(removed, 700u);
  EXPECT_EQ(store_->size(), 0u);
  EXPECT_EQ(get("key1"), std::nullopt);
  reopen();
  EXPECT_EQ(store_->size(), 0u);
  EXPECT_TRUE(store_->clear(Durability::device, &removed).ok());
  EXPECT_EQ(removed, 0u);
}

INSTANTIATE_TEST_SUITE_P(, MigrateTest, every_keydir(), keydir_name);

}  // namespace
}  // namespace stave::store
