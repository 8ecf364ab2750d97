#include <gtest/gtest.h>

#include <memory>

#include "core/sync/sequence_lock_test_support.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

struct Pair {
  uint64_t a = 0;
  uint64_t b = 0;
};

using SharedPair = sync::Sequenced<Pair, Atomic>;

void write(SharedPair& pair) {
  for (int i = 0; i < 2; i++) {
    pair.update([](Pair old) { return Pair{old.a + 1, old.b + 1}; });
  }
}

void read(SharedPair& pair) {
  uint64_t last = 0;
  for (int i = 0; i < 3; i++) {
    Pair seen;
    if (!pair.try_read(seen)) {
      note("a reader is sent round again");
      if (seen.a != seen.b) note("a torn payload is refused");
      continue;
    }
    check(seen.a == seen.b, "torn payload");
    check(seen.a >= last, "older than before");
    last = seen.a;
    if (seen.a % 4 != 0) note("a reader sees a moment in the middle");
  }
}

void set_up(Program& program) {
  auto pair = std::make_shared<SharedPair>();
  program.thread([=] { write(*pair); });
  program.thread([=] { write(*pair); });
  program.thread([=] { read(*pair); });
  program.thread([=] { read(*pair); });
  program.at_end([=] { check(pair->read().a == 4, "lost update"); });
}

TEST(WeakMemory, SequenceLock) {
  check_kernel({.scenarios = {{.name = "two writers and two readers",
                               .set_up = set_up,
                               .expected_notes = {"a reader is sent round again",
                                                  "a torn payload is refused",
                                                  "a reader sees a moment in the middle"}}},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
