#include "core/index/table.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "core/index/narrow_layout.h"
#include "core/index/resolved_keys.h"
#include "core/index/wide_layout.h"
#include "core/sync/epoch.h"
#include "core/sync/thread_number.h"

namespace stave::index {
namespace {

// A thread that sleeps between counting the buckets and looking at one may find that one split
// twice. It went on to the bucket that its key's hash would have had at that level, which was not
// there: the other half had not been split so far. From there it was sent back, for ever.
TEST(ShardProtocol, WhoBeginsAtAnOldBucketArrivesByBucketsThatAreThere) {
  using Protocol = ShardProtocol<NarrowLayout<>, ShardMemory<NarrowLayout<>>>;
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
          index = Protocol::other_half(index, position);
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
    if (value == gone) return Code::not_found;
    return value;
  }
  mutable uint64_t hashes = 0;
  bool unreachable = false;
  uint64_t gone = ~uint64_t{0};
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
  ASSERT_TRUE(updated.ok());
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

TEST(TableTest, AsksForHashesWhenItsBitsRunOut) {
  Identity keys;
  const auto table = ForgetfulTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 10'000; i++) put(**table, i);
  EXPECT_GT(keys.hashes, 1000U);
  EXPECT_GE((*table)->capacity(), 10'000U);
  for (uint64_t i = 0; i < 20'000; i++) ASSERT_EQ(contains(**table, i), i < 10'000) << i;
}

TEST(TableTest, UnknownHashesPostponeGrowth) {
  Identity keys;
  const auto table = ForgetfulTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  keys.unreachable = true;
  for (uint64_t i = 0; i < 1000; i++) put(**table, i);
  const uint64_t stuck = (*table)->stats().buckets;
  EXPECT_LE(stuck, 32U);
  for (uint64_t i = 0; i < 1000; i++) ASSERT_TRUE(contains(**table, i));
  // It used to say no_memory.
  EXPECT_TRUE((*table)->reserve(10'000).is(Code::io));
  keys.unreachable = false;
  keys.gone = 7;
  for (uint64_t i = 1000; i < 2000; i++) put(**table, i);
  EXPECT_GT((*table)->stats().buckets, 8 * stuck);
  for (uint64_t i = 0; i < 2000; i++) {
    ASSERT_TRUE(i == keys.gone || contains(**table, i)) << i;
  }
}

// Through growth and shrink, with positions that have to be asked for.
TEST(TableTest, CursorAsksForPositionsAfterAShrink) {
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
    for (uint64_t i = 100; i < 10'000; i++) (*table)->erase(i, i);
    ASSERT_TRUE((*table)->shrink_to_fit().ok());
    EXPECT_LT((*table)->stats().buckets, 100U);
  }
  for (uint64_t i = 0; i < 100; i++) ASSERT_EQ(met[i], 1) << i;
  for (const auto& [value, times] : met) ASSERT_EQ(times, 1) << value;
}

TEST(TableTest, ReservedInsertionsReplacementsAndErasuresByValue) {
  Identity keys;
  const auto table = NarrowTable::create({}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 1000; i++) {
    auto reservation = (*table)->reserve_insertion(42);  // one hash: nodes are needed
    ASSERT_TRUE(reservation.ok());
    ASSERT_TRUE((*table)->insert_absent(42, i, *reservation).ok());
  }
  EXPECT_EQ((*table)->size(), 1000U);
  EXPECT_TRUE((*table)->replace(42, 500, 5000));
  EXPECT_FALSE((*table)->replace(42, 500, 5001));
  EXPECT_FALSE((*table)->replace(43, 501, 5001));
  EXPECT_TRUE((*table)->erase(42, 5000));
  EXPECT_FALSE((*table)->erase(42, 5000));
  EXPECT_EQ((*table)->size(), 999U);
}

// What a reader does beside writers, with the writers' part in the middle of it: all keys but one
// leave the chain that it walks along, and the nodes are wanted for another bucket.
template <typename AnyTable>
void keep_the_chain_of_a_reader() {
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
        EXPECT_TRUE(other == last || table.erase(here, other));
      }
      for (uint64_t other = 100; other < 200; other++) insert(elsewhere, other);
    }
    return value == last ? Verdict::equal : Verdict::different;
  });
  EXPECT_EQ(found.verdict, Verdict::equal);
  EXPECT_EQ(found.value, last);
}
TEST(TableTest, AReaderKeepsTheChainThatItIsIn) {
  keep_the_chain_of_a_reader<NarrowTable>();
  keep_the_chain_of_a_reader<Table<WideLayout<>, ResolvedKeys>>();
}

// The second half of a put goes on in the shard of the first, whose bucket it holds, and not in the
// one that clear() has put there meanwhile.
TEST(TableTest, APutIntoAFullBucketEndsWhereItBegan) {
  using WideTable = Table<WideLayout<1>, ResolvedKeys>;
  Identity keys;
  const auto table = WideTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  static_cast<void>(sync::thread_number());  // this thread has a count of its own
  const sync::EpochPin pin;                  // ... and keeps the old shard
  const Probe probe = WideTable::probe(1);
  const auto never = [](const auto&) { return Verdict::different; };
  WideTable::TableShard* full = nullptr;
  WideTable::TableShard* crowded = nullptr;
  uint64_t inserted = 0;
  for (; full == nullptr; inserted++) {
    ASSERT_LT(inserted, 10U);
    (*table)->set_in_head(probe, inserted, never, &full, &crowded);
  }
  ASSERT_TRUE((*table)->clear().ok());
  bool is_crowded = false;
  EXPECT_TRUE((*table)->set_in_chain(*full, probe, inserted, &is_crowded));
  EXPECT_EQ((*table)->size(), 0U);
  EXPECT_EQ(full->entries(), inserted);
  // Free again, and one can go on.
  const auto locked = full->protocol().lock(probe.position);
  ASSERT_TRUE(locked.has_value());
  size_t entries = 0;
  locked->for_each([&entries](auto, Place, uint8_t) { return ++entries != 0; });
  EXPECT_EQ(entries, inserted);
  auto held = *locked;
  held.unlock();
}

// What is set aside for good is there for each insertion of each writer, however many before it
// have taken nodes.
TEST(TableTest, WhatIsSetAsideIsSetAsideAgain) {
  constexpr uint32_t writers = 3;
  constexpr uint64_t keys = 2000;
  Identity identity;
  const auto table = NarrowTable::create({.shards = 1}, ResolvedKeys(identity));
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE((*table)->set_aside(writers));
  for (uint64_t i = 0; i < keys; i += writers) {
    // Of one hash: nearly all are in nodes.
    std::vector<NarrowTable::Reservation> reservations;
    for (uint32_t writer = 0; writer < writers; writer++) {
      std::optional<NarrowTable::Reservation> standing = (*table)->standing_reservation(42);
      ASSERT_TRUE(standing.has_value());
      reservations.push_back(*std::move(standing));
    }
    for (uint32_t writer = 0; writer < writers; writer++)
      ASSERT_TRUE((*table)->insert_absent(42, i + writer, reservations[writer]).ok());
  }
  for (uint64_t i = 0; i < keys; i++) {
    const auto found = (*table)->find(
        42, [i](uint64_t value) { return value == i ? Verdict::equal : Verdict::different; });
    EXPECT_EQ(found.verdict, Verdict::equal) << i;
  }
}

// A reservation of before a shrink or clear is not taken from the successor.
TEST(TableTest, ReservationOutlivesItsShard) {
  Identity keys;
  const auto table = NarrowTable::create({.shards = 1}, ResolvedKeys(keys));
  ASSERT_TRUE(table.ok());
  for (uint64_t i = 0; i < 1000; i++) put(**table, i);
  auto before_shrink = (*table)->reserve_insertion(1);
  for (uint64_t i = 0; i < 1000; i++) (*table)->erase(i, i);
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
