// Every allocation of the index fails once, and from some point on for ever: each call either does
// all it should or says `no_memory` and changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/index/index_test_support.h"
#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/table.h"
#include "core/sync/epoch.h"
#include "tests/faults/failing_allocator.h"
#include "tests/support/ladder.h"

namespace stave::index {
namespace {

constexpr uint64_t kKeys = 300;
constexpr uint64_t kAllocationsMax = 2000;  // the scenario makes fewer

// Made once: the test itself allocates nothing while allocations fail.
const std::string& name_of(Kind kind, uint64_t number) {
  // Long keys where the index keeps them; for the others, ones that a std::string holds by itself.
  static const auto make = [](size_t size) {
    std::array<std::string, kKeys> names;
    for (uint64_t i = 0; i < kKeys; i++) names[i] = NumberedKeys(size).key(i);
    return names;
  };
  static const std::array<std::string, kKeys> long_names = make(24);
  static const std::array<std::string, kKeys> short_names = make(8);
  return (is_owned(kind) ? long_names : short_names)[number];
}

// Grows, overflows (every fourth key has one hash), shrinks and clears.
class Scenario {
 public:
  explicit Scenario(Kind kind) : kind_(kind) {
    keys_.set_hash([](uint64_t number) {
      return number % 4 == 0 ? uint64_t{5} : number * 0x9e3779b97f4a7c15;
    });
    IndexOptions options{.shards = 1};
    if (!is_owned(kind)) options.resolver = &keys_;
    if (kind == Kind::owned16) options.inline_key_size = 16;
    if (kind == Kind::narrow_resolved) options.value_bits = 44;
    auto index = Index::create(options);
    if (index.ok()) {
      index_ = *std::move(index);
    } else {
      allowed(index.status());
    }
  }

  void run() {
    if (index_ == nullptr) return;
    for (uint64_t number = 0; number < kKeys; number++) put(number, 1);
    check();
    for (uint64_t number = 0; number < kKeys; number += 2) remove(number);
    for (uint64_t number = 0; number < kKeys; number += 3) put(number, 2);
    allowed(index_->shrink_to_fit());
    check();
    for (uint64_t number = 0; number < kKeys; number += 5) remove(number);
    allowed(index_->reserve(2 * kKeys));
    check();
    if (allowed(index_->clear())) model_.fill(std::nullopt);
    put(1, 3);
    check();
  }

 private:
  Index::Key key_of(uint64_t number) const {
    return {as_bytes(name_of(kind_, number)), *keys_.hash(NumberedKeys::value(number))};
  }
  // `no_memory` is an answer only after an allocation has failed.
  static bool allowed(const Status& status) {
    if (status.ok()) return true;
    EXPECT_TRUE(status.is(Code::no_memory));
    EXPECT_GT(test::FailingAllocations::failures(), 0U);
    return false;
  }
  Previous expected(uint64_t number) const { return model_[number]; }
  void put(uint64_t number, uint64_t version) {
    const uint64_t value = NumberedKeys::value(number, version);
    const auto previous = put_key(*index_, key_of(number), value);
    if (!allowed(previous.status())) return;
    EXPECT_EQ(*previous, expected(number));
    model_[number] = value;
  }
  void remove(uint64_t number) {
    const auto previous = remove_key(*index_, key_of(number));
    if (!allowed(previous.status())) return;
    EXPECT_EQ(*previous, expected(number));
    model_[number].reset();
  }
  void check() {
    EXPECT_EQ(index_->size(), static_cast<uint64_t>(std::count_if(
                                  model_.begin(), model_.end(),
                                  [](const Previous& value) { return value.has_value(); })));
    for (uint64_t number = 0; number < kKeys; number++) {
      uint64_t value = 0;
      const Status status = get_key(*index_, key_of(number), &value);
      EXPECT_EQ(status.ok() ? Previous(value) : Previous(), expected(number));
    }
  }

  const Kind kind_;
  NumberedKeys keys_;
  std::unique_ptr<Index> index_;
  std::array<Previous, kKeys> model_;
};

class IndexAllocation : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, IndexAllocation, testing::ValuesIn(all_kinds), kind_name);

uint64_t run_with_failures(Kind kind, uint64_t first, bool forever) {
  const test::FailingAllocations failing(first, forever);
  Scenario(kind).run();
  return test::FailingAllocations::failures();
}

TEST_P(IndexAllocation, EveryAllocationFails) {
  static_cast<void>(name_of(GetParam(), 0));
  uint64_t failures = 0;
  uint64_t runs = 0;
  for (const bool forever : {false, true}) {
    for (uint64_t first = 1; first < kAllocationsMax; first++) {
      const uint64_t failed = run_with_failures(GetParam(), first, forever);
      if (failed == 0) break;
      ASSERT_LT(first, kAllocationsMax - 1);
      failures += failed;
      runs++;
    }
  }
  ASSERT_TRUE(sync::EpochRegistry::reclaim_all());
  test::report_counts("index allocation", {{"runs", runs}, {"failed allocations", failures}});
}

// Reserved insertions find their nodes when there is no memory, whatever others have inserted.
TEST(Reservation, ReservedInsertionsNeedNoMemory) {
  using NarrowTable = Table<NarrowLayout<>, ResolvedKeys>;
  constexpr uint32_t reserved = 3;
  constexpr uint64_t hash = 42;  // of all keys: nearly all go to nodes
  NumberedKeys keys;
  const auto created = NarrowTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(created.ok());
  NarrowTable& table = **created;
  const NarrowTable::Reservation none;
  uint64_t inserted = 0;
  for (; inserted < 8; inserted++) ASSERT_TRUE(table.insert_absent(hash, inserted, none).ok());
  std::array<NarrowTable::Reservation, reserved> reservations;
  for (NarrowTable::Reservation& reservation : reservations)
    reservation = *table.reserve_insertion(hash);
  {
    const test::FailingAllocations failing(1, true);
    while (table.insert_absent(hash, inserted, none).ok()) ASSERT_LT(++inserted, 10'000U);
    EXPECT_TRUE(table.reserve_insertion(hash).status().is(Code::no_memory));
    for (const NarrowTable::Reservation& reservation : reservations)
      EXPECT_TRUE(table.insert_absent(hash, inserted++, reservation).ok());
    EXPECT_GT(test::FailingAllocations::failures(), 0U);
  }
  reservations = {};
  EXPECT_TRUE(table.reserve_insertion(hash).ok());
  for (uint64_t value = 0; value < inserted; value++) {
    const auto found = table.find(hash, [value](uint64_t candidate) {
      return candidate == value ? Verdict::equal : Verdict::different;
    });
    EXPECT_EQ(found.verdict, Verdict::equal) << value;
  }
}

}  // namespace
}  // namespace stave::index
