// Checks one kernel: it holds under every schedule as it is, and no memory order of its production
// code can be weakened without a schedule failing. So a kernel has neither an order too few nor one
// too many, but for those that the test names as redundant and explains.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/stress/weak_memory/explorer.h"

namespace stave::weak_memory {

// A program that uses the kernel, and what must happen in it for its run to mean anything.
struct Scenario {
  std::string name;
  std::function<void(Program&)> set_up;
  std::vector<std::string> expected_notes;
};

struct Kernel {
  // A weakened order must be caught by one of them.
  std::vector<Scenario> scenarios;
  // Sites (as describe() has them) whose order the code keeps although no schedule needs it.
  std::vector<std::string> redundant;
};

// For use in a GoogleTest. Explores 100,000 schedules of each scenario at STAVE_TEST_SCALE=100 (10
// when it is not set), from STAVE_SEED.
void check_kernel(const Kernel& kernel);

}  // namespace stave::weak_memory
