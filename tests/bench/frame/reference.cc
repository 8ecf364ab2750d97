// The reference kernel: what a random load that depends on the one before costs over 256 MiB.
// Budgets in bare nanoseconds grow and shrink with it, so that they mean the same on every machine.
//
//   reference      answers `load`: nanoseconds per load
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench {
namespace {

struct alignas(64) Line {
  uint64_t next;
};

// One cycle through all lines in random order (Sattolo's algorithm).
std::vector<Line> random_cycle(size_t count) {
  std::vector<Line> lines(count);
  for (size_t i = 0; i < count; i++) lines[i].next = i;
  os::SeededRandom random(1);
  for (size_t i = count - 1; i > 0; i--) std::swap(lines[i].next, lines[uniform(random, i)].next);
  return lines;
}

int serve_reference() {
  constexpr size_t bytes = 256 << 20;
  constexpr int loads = 1'000'000;
  std::vector<Line> lines;
  uint64_t position = 0;
  Questions questions;
  questions.add_number("load", [&](unsigned) {
    // Many runs have no row that needs it.
    if (lines.empty()) lines = random_cycle(bytes / sizeof(Line));
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < loads; i++) position = lines[position].next;
    const double nanoseconds = nanoseconds_since(start);
    // The check needs the position, so the compiler needs the loop.
    if (position >= lines.size()) fail("the cycle is broken");
    return nanoseconds / loads;
  });
  return questions.serve();
}

}  // namespace
}  // namespace stave::bench

int main() {
  return stave::bench::serve_reference();
}
