#include "core/store/segment_directory.h"

#include <gtest/gtest.h>

#include <memory>
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

TEST(SegmentDirectory, ALocationNamesItsSegmentAndOffset) {
  SegmentDirectory directory;
  const std::vector<uint64_t> capacities = {4096, 64 * mebibyte, 16 * mebibyte, 1, 17 * mebibyte};
  for (size_t i = 0; i < capacities.size(); i++) append(directory, i + 1, capacities[i]);
  Location last;
  const SegmentSet set = directory.copy();
  const std::vector<Segment*> segments = set.in_order();
  ASSERT_EQ(segments.size(), capacities.size());
  for (size_t slot = 0; slot < segments.size(); slot++) {
    Segment& segment = *segments[slot];
    EXPECT_EQ(segment.generation(), slot + 1);
    for (uint64_t offset = 0; offset < capacities[slot]; offset += mebibyte) {
      const Location location = segment.location_of(offset);
      EXPECT_EQ(&directory.of(location), &segment);
      EXPECT_EQ(set.find(location), &segment);
      EXPECT_EQ(segment.offset_of(location), offset);
      EXPECT_EQ(Location::of_bits(location.to_bits()), location);
      EXPECT_LT(location.to_bits(), uint64_t{1} << Location::bits);
      EXPECT_TRUE(slot + offset == 0 || last < location) << "locations are in log order";
      last = location;
    }
  }
}

// A frame may be 16 GiB long, and the largest segments are 64 GiB: they need many pages of the
// tables.
TEST(SegmentDirectory, ASegmentLargerThanAPageOfRanges) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  Segment& large = append(directory, 2, uint64_t{100} << 30);
  Segment& behind = append(directory, 3, 4096);
  EXPECT_EQ(&directory.of(large.location_of(0)), &large);
  EXPECT_EQ(&directory.of(large.location_of((uint64_t{100} << 30) - 16)), &large);
  EXPECT_EQ(&directory.of(behind.location_of(64)), &behind);
}

// Some generations are missing: a crash has used them up.
TEST(SegmentDirectory, AGenerationNamesItsSegment) {
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

TEST(SegmentDirectory, ACopyDoesNotChange) {
  SegmentDirectory directory;
  const SegmentSet empty = directory.copy();
  Segment& first = append(directory, 1, 4096);
  const SegmentSet copy = directory.copy();
  Segment& second = append(directory, 2, 4096);
  ASSERT_TRUE(directory.extend_last(100 * mebibyte));
  EXPECT_TRUE(empty.in_order().empty());
  EXPECT_EQ(empty.find(first.location_of(64)), nullptr);
  EXPECT_EQ(copy.in_order(), std::vector<Segment*>{&first});
  EXPECT_EQ(copy.find(first.location_of(64)), &first);
  EXPECT_EQ(copy.find(second.location_of(64)), nullptr);
  EXPECT_EQ(directory.copy().in_order(), (std::vector<Segment*>{&first, &second}));
}

// A roll that failed after the reservation, and another that takes more.
TEST(SegmentDirectory, AReservationThatIsNotUsed) {
  SegmentDirectory directory;
  ASSERT_TRUE(directory.reserve(100 * mebibyte));
  EXPECT_TRUE(directory.copy().in_order().empty());
  Segment& first = append(directory, 1, 4096);
  Segment& second = append(directory, 2, 50 * mebibyte);
  EXPECT_EQ(directory.copy().in_order(), (std::vector<Segment*>{&first, &second}));
  EXPECT_EQ(&directory.of(second.location_of(49 * mebibyte)), &second);
}

// Recovery knows a segment by its file's size; appending to the last one goes on to its capacity.
TEST(SegmentDirectory, TheLastSegmentGrows) {
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

TEST(SegmentDirectory, CutSegmentsGiveTheirAddressesBack) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  const uint64_t base = append(directory, 2, 50 * mebibyte).base_address();
  append(directory, 3, 4096);
  directory.truncate(1);
  EXPECT_EQ(directory.size(), 1U);
  EXPECT_EQ(directory.copy().in_order().size(), 1U);
  Segment& again = append(directory, 4, 20 * mebibyte);
  EXPECT_EQ(again.base_address(), base);
  EXPECT_EQ(&directory.of(again.location_of(19 * mebibyte)), &again);
}

TEST(SegmentDirectory, TheAddressesEndAt256TiB) {
  SegmentDirectory directory;
  append(directory, 1, 4096);
  EXPECT_FALSE(directory.reserve(Location::address_max));
  EXPECT_FALSE(directory.reserve(UINT64_MAX / 2));
  EXPECT_FALSE(directory.extend_last(Location::address_max + 1));
  EXPECT_EQ(directory.size(), 1U);
}

}  // namespace
}  // namespace stave::store
