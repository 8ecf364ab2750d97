#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench {
namespace {

TEST(Histogram, PercentilesAreUpperBoundsWithinASixteenth) {
  Histogram histogram;
  for (uint64_t i = 1; i <= 10'000; i++) histogram.record(i * 10);
  for (const double part : {0.0001, 0.5, 0.99, 0.9999, 1.0}) {
    const double exact = part * 100'000;
    EXPECT_GE(static_cast<double>(histogram.percentile(part)), exact) << part;
    EXPECT_LE(static_cast<double>(histogram.percentile(part)), exact * 17 / 16 + 1) << part;
  }
}

TEST(Histogram, HoldsTheShortestAndTheLongest) {
  Histogram histogram;
  histogram.record(0);
  EXPECT_EQ(histogram.text(), "0:1");
  histogram.record(UINT64_MAX);
  EXPECT_EQ(histogram.text(), "0:1 18446744073709551615:1");
}

TEST(Zipf, RanksHaveTheirShare) {
  constexpr uint64_t count = 1000, draws = 200'000;
  std::map<uint32_t, uint64_t> seen;
  for (const uint32_t number : Zipf(count).draw(draws, 1)) {
    ASSERT_LT(number, count);
    seen[number]++;
  }
  double zeta = 0;
  for (uint64_t rank = 1; rank <= count; rank++)
    zeta += std::pow(static_cast<double>(rank), -Zipf::exponent);
  // The first rank; another one may have been scattered to the same number.
  const auto first = static_cast<uint32_t>(mixed(0) % count);
  EXPECT_NEAR(static_cast<double>(seen[first]) / draws, 1 / zeta, 0.02);
}

TEST(Workload, ShuffledIsAPermutation) {
  for (const uint64_t count : {1ul, 2ul, 1000ul, 4097ul}) {
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < count; i++) seen.insert(shuffled(i, count));
    EXPECT_EQ(seen.size(), count);
    EXPECT_EQ(*seen.rbegin(), count - 1);
  }
}

TEST(Team, EveryThreadWorksOnce) {
  std::array<int, 4> worked{};
  EXPECT_GT(run_team(4, [&](unsigned thread) { worked[thread]++; }), 0);
  EXPECT_EQ(worked, (std::array<int, 4>{1, 1, 1, 1}));
}

TEST(Program, CountsHaveSuffixes) {
  EXPECT_EQ(parse_count("4096"), 4096u);
  EXPECT_EQ(parse_count("100K"), 100'000u);
  EXPECT_EQ(parse_count("50M"), 50'000'000u);
  EXPECT_EXIT(parse_count("10G"), testing::ExitedWithCode(1), "not a count");
}

TEST(Memory, GrowsWithWhatIsTouched) {
  const uint64_t before = anonymous_bytes();
  const std::vector<char> touched(64 << 20, 'x');
  EXPECT_GE(anonymous_bytes(), before + (60 << 20));
  EXPECT_GE(peak_resident_bytes(), before + (60 << 20));
  EXPECT_EQ(touched.back(), 'x');
}

// The peak of an adapter's preparations once hid the index's own: 11.4 bytes a key at the
// peak, 16.8 at the end.
TEST(Memory, APeakBeginsWhereItIsToldTo) {
  {
    const std::vector<char> gone(256 << 20, 'x');
    EXPECT_GE(anonymous_bytes(), uint64_t{250} << 20);
  }
  EXPECT_GE(peak_resident_bytes(), uint64_t{250} << 20);
  const uint64_t before = begin_peak();
  const std::vector<char> touched(64 << 20, 'x');
  EXPECT_GE(peak_resident_bytes(), before + (60 << 20));
  EXPECT_LE(peak_resident_bytes(), before + (128 << 20));
  EXPECT_EQ(touched.back(), 'x');
}

}  // namespace
}  // namespace stave::bench
