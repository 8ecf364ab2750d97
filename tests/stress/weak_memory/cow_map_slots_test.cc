#include "core/cow_map/slots.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

// The hash of a key: all begin their search in bucket 0.
uint64_t hash_of(uint64_t key) {
  return key << 32;
}

// Two buckets and two values outside of them, numbered from 1.
struct Leaf {
  std::array<cow_map::Bucket<Atomic>, 2> buckets;
  std::array<NonAtomic<uint64_t>, 2> values;

  Leaf() {
    for (auto& bucket : buckets) {
      for (uint32_t i = 0; i < cow_map::bucket_slots; i++)
        bucket.words[i].store(cow_map::no_hash(0), std::memory_order_relaxed);
    }
  }
  void insert(uint32_t position, uint64_t key, uint64_t value) {
    cow_map::publish_slot(cow_map::Slot<Atomic>::at(buckets.data(), position), hash_of(key), value);
  }
  void bury(uint64_t key) { cow_map::bury_slot(find(key), hash_of(key)); }
  cow_map::Slot<Atomic> find(uint64_t key) {
    return cow_map::find_slot(buckets.data(), static_cast<uint32_t>(buckets.size()), hash_of(key));
  }
  // The content of the value that the key has, 0 without the key.
  uint64_t get(uint64_t key) {
    const cow_map::Slot<Atomic> slot = find(key);
    return slot ? values[cow_map::slot_value(slot) - 1].read() : 0;
  }
};

void values_are_whole(Program& program, uint32_t position) {
  auto leaf = std::make_shared<Leaf>();
  program.thread([=] {
    leaf->values[0].write(7);
    leaf->insert(position, 1, 1);
    leaf->values[1].write(8);
    cow_map::replace_slot_value(leaf->find(1), 2);
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
  leaf->insert(1, 1, 1);
  leaf->insert(0, 2, 1);
  program.thread([=] {
    leaf->insert(7, 20, 1);
    leaf->insert(8, 21, 1);
    leaf->bury(1);
  });
  program.thread([=] {
    const bool first_gone = !leaf->find(1);
    check(static_cast<bool>(leaf->find(2)), "a key that was there is missed");
    const bool last_there = static_cast<bool>(leaf->find(21));
    // What was inserted before the removal that was seen is there, in another bucket too.
    check(!first_gone || last_there, "a removal is seen before an older insert");
    if (first_gone) note("the removal is seen");
    if (!first_gone && last_there) note("a moment in the middle is seen");
  });
}

TEST(WeakMemory, CowMapSlots) {
  check_kernel(
      {.scenarios = {{.name = "values are whole",
                      .set_up = [](Program& program) { values_are_whole(program, 0); },
                      .expected_notes = {"the first value is seen", "the second value is seen"}},
                     {.name = "values are whole in the next bucket",
                      .set_up = [](Program& program) { values_are_whole(program, 8); },
                      .expected_notes = {"the first value is seen", "the second value is seen"}},
                     {.name = "nothing is passed by",
                      .set_up = nothing_is_passed_by,
                      .expected_notes = {"the removal is seen", "a moment in the middle is seen"}}},
       // Here candidates() has loaded the same hash with acquire. Where it looks at several at a
       // time, which the explorer does not see, this load brings the value.
       .redundant = {"find_in_bucket load(acquire)"}});
}

}  // namespace
}  // namespace stave::weak_memory
