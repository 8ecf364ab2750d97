// What all ladders share: where their randomness comes from, how far they go, and how they report.
//
//   STAVE_SEED        the seed; without it each ladder has a fixed one of its own
//   STAVE_TEST_SCALE  how much of its figures a ladder runs, in percent; 10 without it
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace stave::test {

// Prints the seed it answers.
uint64_t ladder_seed(uint64_t fallback);

// `full` at the scale asked for, at least 1.
uint64_t scaled(uint64_t full);

struct Count {
  std::string_view name;
  uint64_t value;
};

// Prints one line: "ladder: 12 images, 3 faults". A count of 0 fails the running test: a ladder
// whose faults never fire proves nothing.
void report_counts(std::string_view ladder, std::initializer_list<Count> counts);
// Counts that are allowed to be 0, or have to be and are checked elsewhere.
void report_figures(std::string_view ladder, std::initializer_list<Count> counts);

}  // namespace stave::test
