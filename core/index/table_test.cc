#include "core/index/table.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/wide_layout.h"

namespace stave::index {
namespace {

// A reader that sleeps between counting the buckets and reading one may find that one split several
// times. The bucket of its position at that level need not exist: the other half may have been
// split less often.
TEST(BucketArray, AReaderAtASplitBucketArrivesThroughBucketsThatExist) {
  using Buckets = BucketArray<NarrowLayout<>, ShardMemory<NarrowLayout<>>>;
  const auto home = [](uint64_t count, uint64_t position) {
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    const uint64_t index = low_bits(position, level + 1);
    return index < count ? index : low_bits(position, level);
  };
  for (uint64_t count = 8; count <= 128; count++) {
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    const uint64_t first_unsplit = count - (uint64_t{1} << level);
    const auto level_of = [&](uint64_t index) {
      return index < first_unsplit || index >> level != 0 ? level + 1 : level;
    };
    for (uint64_t old_count = 8; old_count <= count; old_count++) {
      for (uint64_t position = 0; position < 256; position++) {
        uint64_t index = home(old_count, position);
        for (unsigned steps = 0; low_bits(position, level_of(index)) != index; steps++) {
          index = Buckets::other_half(index, position);
          ASSERT_LT(index, count);
          ASSERT_LE(steps, level) << old_count << " to " << count << ", " << position;
        }
        ASSERT_EQ(index, home(count, position));
      }
    }
  }
}

// Values are their own keys, and hashes too; the tests compare them themselves.
struct Identity : Resolver {
  Verdict match(uint64_t, Bytes, Status*) const noexcept override { return Verdict::different; }
  Result<uint64_t> hash(uint64_t value) const noexcept override {
    hashes++;
    if (unreachable) return Code::io;
    if (value == stale) return Code::not_found;
    return value;
  }
  mutable uint64_t hashes = 0;
  bool unreachable = false;
  uint64_t stale = ~uint64_t{0};
};

// Keeps 2 bits of each hash: all doublings but the first two have to ask.
using ForgetfulTable = Table<NarrowLayout<std::atomic, 7, 2>, ResolvedKeys>;
using NarrowTable = Table<NarrowLayout<>, ResolvedKeys>;

template <typename AnyTable>
void put(AnyTable& table, uint64_t value) {
  const auto updated = table.update(
      value,
      [value](uint64_t found) { return found == value ? Verdict::equal : Verdict::different; },
      [value](const uint64_t*) {
        return Decision{Decision::Action::set, value};
      });
  ASSERT_EQ(updated.code, Code::ok);
}

template <typename AnyTable>
bool contains(const AnyTable& table, uint64_t value) {
  return table
             .find(value,
                   [value](uint64_t found) {
                     return found == value ? Verdict::equal : Verdict::different;
                   })
             .verdict == Verdict::equal;
}

TEST(TableTest, GrowthFetchesHashesWhenTheEntriesKeepTooFewBits) {
  Identity keys;
  const auto table = ForgetfulTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 10'000; i++) put(**table, i);
  EXPECT_GT(keys.hashes, 1000U);
  EXPECT_GE((*table)->capacity(), 10'000U);
  for (uint64_t i = 0; i < 20'000; i++) ASSERT_EQ(contains(**table, i), i < 10'000) << i;
}

TEST(TableTest, GrowthWaitsForHashesThatCannotBeFetched) {
  Identity keys;
  const auto table = ForgetfulTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  keys.unreachable = true;
  for (uint64_t i = 0; i < 1000; i++) put(**table, i);
  const uint64_t stuck = (*table)->stats().buckets;
  EXPECT_LE(stuck, 32U);
  for (uint64_t i = 0; i < 1000; i++) ASSERT_TRUE(contains(**table, i));
  EXPECT_TRUE((*table)->reserve(10'000).is(Code::io));
  keys.unreachable = false;
  keys.stale = 7;
  for (uint64_t i = 1000; i < 2000; i++) put(**table, i);
  EXPECT_GT((*table)->stats().buckets, 8 * stuck);
  for (uint64_t i = 0; i < 2000; i++) {
    ASSERT_TRUE(i == keys.stale || contains(**table, i)) << i;
  }
}

TEST(TableTest, CursorFetchesPositionsAfterAShrink) {
  Identity keys;
  const auto table = ForgetfulTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 10'000; i++) put(**table, i);
  std::map<uint64_t, int> met;
  ForgetfulTable::Cursor cursor;
  for (int step = 0; !cursor.done(); step++) {
    ASSERT_TRUE((*table)
                    ->visit_next(cursor,
                                 [&met](auto entry, uint8_t) {
                                   met[NarrowLayout<std::atomic, 7, 2>::value(entry)]++;
                                 })
                    .ok());
    if (step != 100) continue;
    for (uint64_t i = 100; i < 10'000; i++) (*table)->remove_exact(i, i);
    ASSERT_TRUE((*table)->shrink_to_fit().ok());
    EXPECT_LT((*table)->stats().buckets, 100U);
  }
  for (uint64_t i = 0; i < 100; i++) ASSERT_EQ(met[i], 1) << i;
  for (const auto& [value, times] : met) ASSERT_EQ(times, 1) << value;
}

TEST(TableTest, ExactChangesFindTheirValue) {
  Identity keys;
  const auto table = NarrowTable::create({}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 1000; i++) {
    auto reservation = (*table)->reserve_insertion(42);  // one hash: nodes are needed
    ASSERT_TRUE(reservation.ok());
    ASSERT_TRUE((*table)->insert_absent(42, i, *reservation).ok());
  }
  EXPECT_EQ((*table)->size(), 1000U);
  EXPECT_TRUE((*table)->replace_exact(42, 500, 5000));
  EXPECT_FALSE((*table)->replace_exact(42, 500, 5001));
  EXPECT_FALSE((*table)->replace_exact(43, 501, 5001));
  EXPECT_TRUE((*table)->remove_exact(42, 5000));
  EXPECT_FALSE((*table)->remove_exact(42, 5000));
  EXPECT_EQ((*table)->size(), 999U);
}

// A reader on its way along a chain, while all keys but one leave the chain and the nodes are
// wanted for another bucket.
template <typename AnyTable>
void expect_that_a_reader_keeps_its_chain() {
  Identity keys;
  // No split will send the reader back.
  const auto created = AnyTable::create({.capacity = 10'000, .shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(created.ok());
  AnyTable& table = **created;
  const auto insert = [&table](uint64_t hash, uint64_t value) {
    auto reservation = table.reserve_insertion(hash);
    ASSERT_TRUE(reservation.ok());
    ASSERT_TRUE(table.insert_absent(hash, value, *reservation).ok());
  };
  constexpr uint64_t here = 42;
  constexpr uint64_t elsewhere = 43;
  for (uint64_t value = 0; value < 40; value++) insert(here, value);
  std::vector<uint64_t> order;
  const auto look = [&order](uint64_t value) {
    order.push_back(value);
    return Verdict::different;
  };
  EXPECT_EQ(table.find(here, look).verdict, Verdict::different);
  ASSERT_GE(order.size(), 40U);  // the first one perhaps twice

  const uint64_t last = order.back();
  uint64_t looks = 0;
  const auto found = table.find(here, [&](uint64_t value) {
    // By now in the first node.
    if (++looks == 9) {
      for (uint64_t other = 0; other < 40; other++) {
        EXPECT_TRUE(other == last || table.remove_exact(here, other));
      }
      for (uint64_t other = 100; other < 200; other++) insert(elsewhere, other);
    }
    return value == last ? Verdict::equal : Verdict::different;
  });
  EXPECT_EQ(found.verdict, Verdict::equal);
  EXPECT_EQ(found.value, last);
}
TEST(TableTest, AReaderKeepsItsChain) {
  expect_that_a_reader_keeps_its_chain<NarrowTable>();
  expect_that_a_reader_keeps_its_chain<Table<WideLayout<>, ResolvedKeys>>();
}

// A reservation made before a shrink or clear does not count in the successor.
TEST(TableTest, ReservationOutlivesItsShard) {
  Identity keys;
  const auto table = NarrowTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 1000; i++) put(**table, i);
  auto before_shrink = (*table)->reserve_insertion(1);
  for (uint64_t i = 0; i < 1000; i++) (*table)->remove_exact(i, i);
  ASSERT_TRUE((*table)->shrink_to_fit().ok());
  auto before_clear = (*table)->reserve_insertion(2);
  ASSERT_TRUE((*table)->clear().ok());
  ASSERT_TRUE((*table)->insert_absent(1, 1, *before_shrink).ok());
  ASSERT_TRUE((*table)->insert_absent(2, 2, *before_clear).ok());
  EXPECT_TRUE(contains(**table, 1));
  EXPECT_TRUE(contains(**table, 2));
  EXPECT_EQ((*table)->size(), 2U);
}

}  // namespace
}  // namespace stave::index
