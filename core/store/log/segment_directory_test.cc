#include "core/store/log/segment_directory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace stave::store {
namespace {

constexpr uint64_t mebibyte = uint64_t{1} << 20;

std::shared_ptr<Segment> make_segment(uint64_t generation) {
  return std::make_shared<Segment>(SegmentHeader{.generation = generation},
                                   segment_name(generation), nullptr);
}

Segment& append(SegmentDirectory& directory, uint64_t generation, uint64_t capacity) {
  EXPECT_TRUE(directory.reserve(capacity));
  directory.append(make_segment(generation), capacity);
  return *directory.last();
}

std::vector<Segment*> segments_of(const SegmentSet& set) {
  return {set.begin(), set.end()};
}

TEST(SegmentDirectory, LocationNamesItsSegmentAndOffset) {
  SegmentDirectory directory;
  const std::vector<uint64_t> capacities = {4096, 64 * mebibyte, 16 * mebibyte, 1, 17 * mebibyte};
  for (size_t i = 0; i < capacities.size(); i++) append(directory, i + 1, capacities[i]);
  Location last;
  const std::shared_ptr<const SegmentSet> set = directory.set();
  ASSERT_EQ(set->size(), capacities.size());
  for (size_t position = 0; position < set->size(); position++) {
    Segment& segment = (*set)[position];
    EXPECT_EQ(segment.generation(), position + 1);
    for (uint64_t offset = 0; offset < capacities[position]; offset += mebibyte) {
      const Location location = segment.location_of(offset);
      EXPECT_EQ(&directory.of(location), &segment);
      EXPECT_EQ(&set->of(location), &segment);
      EXPECT_EQ(segment.offset_of(location), offset);
      EXPECT_EQ(Location::of_bits(location.to_bits()), location);
      EXPECT_LT(location.to_bits(), uint64_t{1} << Location::bits);
      EXPECT_TRUE(position + offset == 0 || last < location) << "locations are in log order";
      last = location;
    }
  }
}

// A frame may be 16 GiB long, and the largest segments are 64 GiB.
TEST(SegmentDirectory, LargeSegmentHasAllItsAddresses) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  Segment& large = append(directory, 2, uint64_t{100} << 30);
  Segment& next = append(directory, 3, 4096);
  EXPECT_EQ(&directory.of(large.location_of(0)), &large);
  EXPECT_EQ(&directory.of(large.location_of((uint64_t{100} << 30) - 16)), &large);
  EXPECT_EQ(&directory.of(next.location_of(64)), &next);
}

// Some generations are missing: a crash has used them up.
TEST(SegmentDirectory, GenerationNamesItsSegment) {
  SegmentDirectory directory;
  EXPECT_EQ(directory.find(1), nullptr);
  const std::vector<uint64_t> generations = {3, 4, 9, 10, 11, 500};
  for (const uint64_t generation : generations) {
    append(directory, generation, (generation % 3 + 1) * 40 * mebibyte);
    EXPECT_EQ(directory.find(generation), directory.last().get());
  }
  for (const uint64_t generation : generations) {
    ASSERT_NE(directory.find(generation), nullptr);
    EXPECT_EQ(directory.find(generation)->generation(), generation);
  }
  for (const uint64_t generation : std::vector<uint64_t>{0, 2, 5, 8, 12, 499, 501})
    EXPECT_EQ(directory.find(generation), nullptr);
  ASSERT_TRUE(directory.extend_last(uint64_t{1} << 30));
  EXPECT_EQ(directory.find(500), directory.last().get());
  directory.truncate(2);
  EXPECT_EQ(directory.find(4), directory.last().get());
  EXPECT_EQ(directory.find(9), nullptr);
}

TEST(SegmentDirectory, SetDoesNotChange) {
  SegmentDirectory directory;
  const std::shared_ptr<const SegmentSet> empty = directory.set();
  Segment& first = append(directory, 1, 4096);
  const std::shared_ptr<const SegmentSet> set = directory.set();
  Segment& second = append(directory, 2, 4096);
  ASSERT_TRUE(directory.extend_last(100 * mebibyte));
  EXPECT_EQ(empty->size(), 0U);
  EXPECT_EQ(segments_of(*set), std::vector<Segment*>{&first});
  EXPECT_EQ(&set->of(first.location_of(64)), &first);
  EXPECT_EQ(segments_of(*directory.set()), (std::vector<Segment*>{&first, &second}));
}

// Lookups of any number of threads see every segment whose location has reached them, while the log
// rolls.
TEST(SegmentDirectory, LookupsRunBesideAppends) {
  constexpr uint64_t segments = 300;
  SegmentDirectory directory;
  std::atomic<uint64_t> newest{append(directory, 1, 4096).location_of(64).to_bits()};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; i++)
    readers.emplace_back([&] {
      for (uint64_t generation = 0; generation < segments;) {
        const Location location = Location::of_bits(newest.load(std::memory_order_acquire));
        generation = directory.of(location).generation();
        EXPECT_EQ(directory.of(location).offset_of(location), 64U);
        EXPECT_EQ(directory.find(generation), &directory.of(location));
      }
    });
  for (uint64_t generation = 2; generation <= segments; generation++)
    newest.store(append(directory, generation, 4096).location_of(64).to_bits(),
                 std::memory_order_release);
  for (std::thread& reader : readers) reader.join();
}

// A roll that failed after the reservation, and another that takes more.
TEST(SegmentDirectory, UnusedReservationLeavesNoGap) {
  SegmentDirectory directory;
  ASSERT_TRUE(directory.reserve(100 * mebibyte));
  EXPECT_EQ(directory.set()->size(), 0U);
  Segment& first = append(directory, 1, 4096);
  Segment& second = append(directory, 2, 50 * mebibyte);
  EXPECT_EQ(segments_of(*directory.set()), (std::vector<Segment*>{&first, &second}));
  EXPECT_EQ(&directory.of(second.location_of(49 * mebibyte)), &second);
}

// Recovery knows a segment by its file's size; appending to the last one goes on to its capacity.
TEST(SegmentDirectory, LastSegmentGrows) {
  SegmentDirectory directory;
  Segment& first = append(directory, 1, 4096);
  Segment& last = append(directory, 2, 4096);
  ASSERT_TRUE(directory.extend_last(200 * mebibyte));
  EXPECT_EQ(&directory.of(last.location_of(199 * mebibyte)), &last);
  EXPECT_EQ(&directory.of(first.location_of(64)), &first);
  Segment& next = append(directory, 3, 4096);
  EXPECT_EQ(&directory.of(next.location_of(64)), &next);
  EXPECT_EQ(&directory.of(last.location_of(199 * mebibyte)), &last);
}

TEST(SegmentDirectory, TruncatedSegmentsGiveTheirAddressesBack) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  const uint64_t base = append(directory, 2, 50 * mebibyte).base_address();
  append(directory, 3, 4096);
  directory.truncate(1);
  EXPECT_EQ(directory.set()->size(), 1U);
  Segment& again = append(directory, 4, 20 * mebibyte);
  EXPECT_EQ(again.base_address(), base);
  EXPECT_EQ(&directory.of(again.location_of(19 * mebibyte)), &again);
}

TEST(SegmentDirectory, AddressesEndAt256TiB) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  EXPECT_FALSE(directory.reserve(Location::address_max));
  EXPECT_FALSE(directory.reserve(UINT64_MAX / 2));
  EXPECT_FALSE(directory.extend_last(Location::address_max + 1));
  EXPECT_EQ(directory.set()->size(), 1U);
}

}  // namespace
}  // namespace stave::store
