#include "core/cow_map/slots.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

constexpr uint64_t empty = 100;
constexpr uint64_t buried = 101;
constexpr uint64_t one_home = 0;  // a hash: all keys of this test begin their search at slot 0

// Four slots and two values outside of them, numbered from 1.
struct Leaf {
  std::array<cow_map::Slot<Atomic>, 4> slots;
  std::array<NonAtomic<uint64_t>, 2> values;

  Leaf() {
    for (auto& slot : slots) {
      slot.key.store(empty, std::memory_order_relaxed);
      slot.value.store(0, std::memory_order_relaxed);
    }
  }
  void insert(uint64_t key, uint64_t value) {
    const uint32_t at = cow_map::find_empty_slot(slots.data(), 4, one_home, empty);
    cow_map::publish_slot(slots[at], key, value);
  }
  uint32_t find(uint64_t key) const {
    return cow_map::find_slot(slots.data(), 4, one_home, key, empty);
  }
  // The content of the value that the key has, 0 without the key.
  uint64_t get(uint64_t key) {
    const uint32_t at = find(key);
    if (at == cow_map::no_slot) return 0;
    return values[cow_map::slot_value(slots[at]) - 1].read();
  }
};

void values_are_whole(Program& program) {
  auto leaf = std::make_shared<Leaf>();
  program.thread([=] {
    leaf->values[0].write(7);
    leaf->insert(1, 1);
    leaf->values[1].write(8);
    cow_map::replace_slot_value(leaf->slots[leaf->find(1)], 2);
  });
  for (int reader = 0; reader < 2; reader++) {
    program.thread([=] {
      uint64_t last = 0;
      for (int i = 0; i < 3; i++) {
        const uint64_t value = leaf->get(1);
        check(value == 0 || value == 7 || value == 8, "a value that the key never had");
        check(value >= last, "an older value than before");
        last = value;
        if (value == 7) note("the first value is seen");
        if (value == 8) note("the second value is seen");
      }
    });
  }
}

void nothing_is_passed_by(Program& program) {
  auto leaf = std::make_shared<Leaf>();
  leaf->values[0].write(7);
  leaf->insert(1, 1);
  leaf->insert(2, 1);
  program.thread([=] {
    leaf->insert(3, 1);
    cow_map::bury_slot(leaf->slots[leaf->find(1)], buried);
  });
  program.thread([=] {
    const bool first_gone = leaf->find(1) == cow_map::no_slot;
    check(leaf->find(2) != cow_map::no_slot, "a key that was there is missed");
    const bool third_there = leaf->find(3) != cow_map::no_slot;
    // What was inserted before the removal that was seen is there.
    check(!first_gone || third_there, "a removal is seen before an older insert");
    if (first_gone) note("the removal is seen");
    if (!first_gone && third_there) note("a moment in the middle is seen");
  });
}

TEST(WeakMemory, CowMapSlots) {
  check_kernel(
      {.scenarios = {{.name = "values are whole",
                      .set_up = values_are_whole,
                      .expected_notes = {"the first value is seen", "the second value is seen"}},
                     {.name = "nothing is passed by",
                      .set_up = nothing_is_passed_by,
                      .expected_notes = {"the removal is seen", "a moment in the middle is seen"}}},
       .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
