#include "tests/support/ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace stave::test {
namespace {

uint64_t environment_number(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 0) : fallback;
}

}  // namespace

uint64_t ladder_seed(uint64_t fallback) {
  const uint64_t seed = environment_number("STAVE_SEED", fallback);
  std::printf("seed: STAVE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

uint64_t scaled(uint64_t full) {
  return std::max<uint64_t>(1, full * environment_number("STAVE_TEST_SCALE", 10) / 100);
}

void report_figures(std::string_view ladder, std::initializer_list<Count> counts) {
  std::string line(ladder);
  const char* separator = ": ";
  for (const Count& count : counts) {
    line += separator + std::to_string(count.value) + ' ';
    line += count.name;
    separator = ", ";
  }
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void report_counts(std::string_view ladder, std::initializer_list<Count> counts) {
  report_figures(ladder, counts);
  for (const Count& count : counts)
    EXPECT_GT(count.value, 0U) << ladder << ": no " << count.name << " happened";
}

}  // namespace stave::test
