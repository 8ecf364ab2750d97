#include "core/disk_index/log/delta_table.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

// A log of changes, and the table that finds them: what the disk index makes of the two.
struct Changes {
  disk_index::DeltaTable<Atomic> table{1, 4};
  std::array<NonAtomic<uint64_t>, 6> keys;  // by number of the change

  auto is(uint64_t key) {
    return [this, key](uint32_t number) { return keys[number].read() == key; };
  }
};

// Two keys in one run of slots, with the same 32 bits of hash.
constexpr uint64_t hash = 7;
constexpr uint64_t first_key = 100;
constexpr uint64_t second_key = 200;

void write(Changes& changes) {
  uint32_t number = 0;
  for (const uint64_t key : {first_key, second_key, first_key, second_key}) {
    changes.keys[number].write(key);
    const auto slot = changes.table.put(hash, number, changes.is(key));
    check(slot.has_value(), "no slot");
    check(slot->replaced.has_value() == (number >= 2), "a key taken for another");
    number++;
  }
}

void find(Changes& changes) {
  uint32_t last = 0;
  for (int i = 0; i < 3; i++) {
    const auto number = changes.table.find(hash, changes.is(second_key));
    if (!number) {
      check(last == 0, "a key was lost");
      note("a reader comes before the change");
      continue;
    }
    check(*number == 1 || *number == 3, "another key's change");
    check(*number >= last, "an older change than before");
    last = *number;
    note(last == 1 ? "a reader meets the first change" : "a reader meets the second change");
  }
}

void list(Changes& changes) {
  uint64_t sum = 0;
  changes.table.for_range(0, UINT64_MAX,
                          [&](uint32_t number) { sum += changes.keys[number].read(); });
  // Of changes made meanwhile it may meet the later one alone.
  check(sum == 0 || sum == first_key || sum == second_key || sum == first_key + second_key,
        "a key twice");
  if (sum == first_key + second_key) note("a cursor meets both keys");
}

void set_up(Program& program) {
  auto changes = std::make_shared<Changes>();
  program.thread([=] { write(*changes); });
  program.thread([=] { find(*changes); });
  program.thread([=] { list(*changes); });
}

TEST(WeakMemory, DeltaTable) {
  check_kernel({.scenarios = {{.name = "a writer, a reader and a cursor",
                               .set_up = set_up,
                               .expected_notes = {"a reader comes before the change",
                                                  "a reader meets the first change",
                                                  "a reader meets the second change",
                                                  "a cursor meets both keys"}}},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
