// No index: an idle thread that looks at the clock. What it sees of the machine's interruptions is
// what the latency of the others is compared with.
#include "tests/bench/frame/measure.h"
#include "tests/bench/frame/program.h"

namespace stave::bench {
namespace {

// As many durations as an index that grows to this many keys has, each as long as an insert takes
// here: what is interrupted is in proportion to how long it takes, and one in ten thousand of 400
// ns is what each tick of a clock of 250 Hz meets.
std::string latency(uint64_t count) {
  constexpr std::chrono::nanoseconds insert{300};
  Histogram durations;
  Clock::time_point begin = Clock::now();
  for (uint64_t i = 0; i < count; i++) {
    Clock::time_point end;
    do end = Clock::now();
    while (end - begin < insert);
    durations.record(static_cast<uint64_t>((end - begin).count()));
    begin = end;
  }
  return latency_answer(durations);
}

}  // namespace
}  // namespace stave::bench

// SPIN KEYS KEY_BYTES, as the programs that it stands beside.
int main(int argc, char** argv) {
  if (argc != 3) stave::bench::fail("usage: KEYS KEY_BYTES");
  const uint64_t keys = stave::bench::parse_count(argv[1]);
  stave::bench::Questions questions;
  questions.add("latency", [&](unsigned) { return stave::bench::latency(keys); });
  return questions.serve();
}
