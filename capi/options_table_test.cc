// The table's machinery on a struct with members that no public one has. The public tables are
// tested through the C interface, in tests/capi/options_test.c.
#include "capi/options_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

namespace stave::capi {
namespace {

struct Sample {
  uint32_t struct_size;
  uint32_t color;
  uint64_t count;
  uint64_t room;
  uint8_t enabled;
  uint8_t reserved[7];
  const void* raw;
};

constexpr OptionChoice colors[] = {{"red", 1}, {"blue", 5}};
constexpr Option options[] = {
    {STAVE_OPTION(Sample, color, OptionType::choice), .default_value = 5, .choices = colors,
     .meaning = "the color"},
    {STAVE_OPTION(Sample, count, OptionType::number), .default_value = 7, .min = 1, .max = 10},
    {STAVE_OPTION(Sample, room, OptionType::size), .default_value = 0, .min = 1024,
     .max = UINT64_MAX, .power_of_two = true},
    {STAVE_OPTION(Sample, enabled, OptionType::boolean), .default_value = 1},
    {STAVE_OPTION(Sample, reserved, OptionType::reserved)},
    {STAVE_OPTION(Sample, raw, OptionType::raw)},
};
constexpr OptionsTable table = {abi_struct<Sample>("sample"), options};

Sample defaults() {
  Sample sample;
  std::memset(&sample, 0xFF, sizeof sample);
  set_defaults(table, &sample);
  return sample;
}

TEST(OptionsTable, Defaults) {
  const Sample sample = defaults();
  EXPECT_EQ(sample.struct_size, sizeof sample);
  EXPECT_EQ(sample.color, 5u);
  EXPECT_EQ(sample.count, 7u);
  EXPECT_EQ(sample.room, 0u);
  EXPECT_EQ(sample.enabled, 1);
  EXPECT_EQ(sample.reserved[6], 0);
  EXPECT_EQ(sample.raw, nullptr);
}

TEST(OptionsTable, ReadsWhatTheCallerKnows) {
  Sample from = defaults();
  Sample to;
  EXPECT_TRUE(read_options(table, nullptr, &to).ok());
  EXPECT_EQ(std::memcmp(&from, &to, sizeof to), 0);

  from.color = 1;
  from.count = 3;
  from.room = 99;  // out of range, but not read
  from.struct_size = offsetof(Sample, room);
  EXPECT_TRUE(read_options(table, &from, &to).ok());
  EXPECT_EQ(to.color, 1u);
  EXPECT_EQ(to.count, 3u);
  EXPECT_EQ(to.room, 0u);
  EXPECT_EQ(to.enabled, 1);
  EXPECT_EQ(to.struct_size, sizeof to);

  for (const uint32_t size : {0u, 4u, 7u, 12u, 41u, 4104u}) {
    from.struct_size = size;
    EXPECT_EQ(read_options(table, &from, &to).code(), Code::invalid_argument) << size;
  }
}

TEST(OptionsTable, TheDefaultIsAllowedOutsideTheRange) {
  Sample from = defaults();
  Sample to;
  for (const uint64_t good : {0u, 1024u, 1u << 20}) {
    from.room = good;
    EXPECT_TRUE(read_options(table, &from, &to).ok()) << good;
  }
  for (const uint64_t bad : {512u, 1025u}) {
    from.room = bad;
    const Status status = read_options(table, &from, &to);
    EXPECT_EQ(status.code(), Code::invalid_argument) << bad;
    EXPECT_NE(status.message().find("'room'"), std::string_view::npos);
  }
}

TEST(OptionsTable, TextIsAllOrNothing) {
  Sample sample = defaults();
  EXPECT_TRUE(set_options(table, "color=red,count=10 room=2KiB enabled=no", &sample).ok());
  EXPECT_EQ(sample.color, 1u);
  EXPECT_EQ(sample.count, 10u);
  EXPECT_EQ(sample.room, 2048u);
  EXPECT_EQ(sample.enabled, 0);
  const Sample before = sample;
  for (const char* text : {"color=blue count=11", "color=blue raw=0", "color=blue x",
                           "color=blue room=18014398509481984KiB", "count=1KiB"}) {
    EXPECT_EQ(set_options(table, text, &sample).code(), Code::invalid_argument) << text;
    EXPECT_EQ(std::memcmp(&before, &sample, sizeof sample), 0) << text;
  }
}

constexpr Option sizes[] = {{STAVE_OPTION(Sample, room, OptionType::size), .default_value = 0,
                             .min = 1, .max = uint64_t{1} << 40}};
constexpr OptionsTable sizes_table = {abi_struct<Sample>("sample"), sizes};

// The error for "1MB" did not say what would have been right.
TEST(OptionsTable, SizesTakeDecimalAndBinaryUnits) {
  Sample sample = defaults();
  const std::pair<const char*, uint64_t> texts[] = {
      {"room=3KB", 3'000},    {"room=3MB", 3'000'000}, {"room=3GB", 3'000'000'000},
      {"room=3KiB", 3 << 10}, {"room=3MiB", 3 << 20},  {"room=3GiB", uint64_t{3} << 30}};
  for (const auto& [text, size] : texts) {
    ASSERT_TRUE(set_options(sizes_table, text, &sample).ok()) << text;
    EXPECT_EQ(sample.room, size) << text;
  }
  for (const char* text : {"room=1mb", "room=1M", "room=1TB", "room=GB", "room=18446744073710GB"}) {
    const Status status = set_options(sizes_table, text, &sample);
    EXPECT_TRUE(status.is(Code::invalid_argument)) << text;
    for (const char* unit : {"KB", "MB", "GB", "KiB", "MiB", "GiB"})
      EXPECT_NE(status.message().find(unit), std::string_view::npos) << status.message();
  }
}

TEST(OptionsTable, Description) {
  EXPECT_EQ(
      describe_options(table),
      "color=red|blue (default blue): the color\n"
      "count=a number from 1 to 10 (default 7): \n"
      "room=a power of two of bytes, or of KB, MB, GB (1000) or KiB, MiB, GiB (1024), from 1KiB "
      "to 18446744073709551615 (default 0): \n"
      "enabled=yes|no (default yes): \n");
}

}  // namespace
}  // namespace stave::capi
