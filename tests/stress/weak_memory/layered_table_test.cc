#include "core/disk_index/log/layered_table.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

using Table = disk_index::LayeredTable<Atomic>;

// A log of changes and the tables that find them. What is replaced stays until the end, as it does
// for readers under an epoch.
struct Changes {
  Table table{1, 4};
  std::array<NonAtomic<uint64_t>, 6> keys;  // by number of the change
  std::unique_ptr<Table::Recent> replaced;

  auto is(uint64_t key) {
    return [this, key](uint32_t number) { return keys[number].read() == key; };
  }
  void replace() {
    replaced = table.replace_recent(
        std::make_unique<Table::Recent>(1, 2), [](uint32_t) { return uint64_t{7}; },
        [this](uint32_t a, uint32_t b) { return keys[a].read() == keys[b].read(); },
        [](const auto& slot) { check(slot.has_value(), "no slot"); });
  }
};

constexpr uint64_t hash = 7;
constexpr uint64_t first_key = 100;
constexpr uint64_t second_key = 200;

void put(Changes& changes, uint32_t number, uint64_t key) {
  changes.keys[number].write(key);
  check(changes.table.put(hash, number, changes.is(key)).has_value(), "no slot");
}

// The second key's first change is moved, its second is recent: both found where they are.
void write(Changes& changes) {
  changes.replace();
  put(changes, 0, first_key);
  put(changes, 1, second_key);
  changes.replace();
  put(changes, 2, second_key);
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
    check(*number == 1 || *number == 2, "another key's change");
    check(*number >= last, "an older change than before");
    last = *number;
    note(last == 1 ? "a reader meets the first change" : "a reader meets the second change");
  }
}

void list(Changes& changes) {
  const bool was_there = changes.table.find(hash, changes.is(first_key)).has_value();
  std::array<uint32_t, 3> met{};
  bool newest_first = true;
  changes.table.for_range(0, UINT64_MAX, [&](uint32_t number) {
    newest_first = newest_first && !(number == 2 && met[1] > 0);
    met[number]++;
    static_cast<void>(changes.keys[number].read());
  });
  check(!was_there || met[0] > 0, "a cursor misses a key");
  check(newest_first, "an older change before the newer");
  if (met[0] == 2) note("a cursor meets a key in both tables");
}

void set_up(Program& program) {
  auto changes = std::make_shared<Changes>();
  program.thread([=] { write(*changes); });
  program.thread([=] { find(*changes); });
  program.thread([=] { list(*changes); });
}

TEST(WeakMemory, LayeredTable) {
  check_kernel({.scenarios = {{.name = "a writer, a reader and a cursor",
                               .set_up = set_up,
                               .expected_notes = {"a reader comes before the change",
                                                  "a reader meets the first change",
                                                  "a reader meets the second change",
                                                  "a cursor meets a key in both tables"}}},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
