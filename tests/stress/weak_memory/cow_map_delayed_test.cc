#include "core/cow_map/delayed_inserts.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "core/cow_map/slots.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

constexpr uint64_t first = 1;
constexpr uint64_t second = 2;

// A map of one bucket that holds nothing yet; inserts of `first` and `second` wait.
struct Map {
  cow_map::WayFlag<Atomic> way;
  cow_map::DelayedInserts delayed;
  std::array<cow_map::Bucket<Atomic>, 1> buckets;

  Map() {
    for (uint32_t i = 0; i < cow_map::bucket_slots; i++)
      buckets[0].words[i].store(cow_map::no_hash(0), std::memory_order_relaxed);
    delayed.add(first, 10);
    delayed.add(second, 20);
    way.begin_delaying();
  }
  cow_map::Slot<Atomic> find(uint64_t hash) { return cow_map::find_slot(buckets.data(), 1, hash); }
  void insert(uint32_t position, uint64_t hash, uint64_t value) {
    cow_map::publish_slot(cow_map::Slot<Atomic>::at(buckets.data(), position), hash, value);
  }
  // Of a reader who does not get the lock.
  uint64_t get(uint64_t hash) {
    if (way.get() == cow_map::Way::delaying) {
      if (const cow_map::DelayedInsert* const found = delayed.find(hash)) return found->value;
    }
    const cow_map::Slot<Atomic> slot = find(hash);
    return slot ? cow_map::slot_value(slot) : 0;
  }
  uint64_t size() {
    return way.size_or(
        delayed.size_with([this](uint64_t hash) { return static_cast<bool>(find(hash)); }));
  }
};

// Makes them, under the map's lock, and changes one.
void make_all(Map& map) {
  check(map.way.is_delaying(), "nothing waits");
  map.way.begin_making(map.size());
  map.insert(0, first, 10);
  map.insert(1, second, 20);
  map.way.end_delaying();
  cow_map::replace_slot_value(map.find(first), 11);
}

void entries_are_there(Program& program) {
  auto map = std::make_shared<Map>();
  program.thread([=] { make_all(*map); });
  program.thread([=] {
    uint64_t last = 0;
    for (int i = 0; i < 2; i++) {
      check(map->get(second) == 20, "an insert that was answered is missed");
      const uint64_t value = map->get(first);
      check(value == 10 || value == 11, "a value that the key never had");
      check(value >= last, "an older value than before");
      last = value;
      note(value == 10 ? "the insert is seen" : "the change behind it is seen");
    }
  });
}

void size_is_exact(Program& program) {
  auto map = std::make_shared<Map>();
  program.thread([=] { make_all(*map); });
  program.thread([=] {
    if (map->way.get() == cow_map::Way::words) return note("all have been made");
    check(map->size() == 2, "a wrong size");
    note("they wait");
  });
}

TEST(WeakMemory, CowMapDelayedInserts) {
  check_kernel(
      {.scenarios = {{.name = "entries are there",
                      .set_up = entries_are_there,
                      .expected_notes = {"the insert is seen", "the change behind it is seen"}},
                     {.name = "size is exact",
                      .set_up = size_is_exact,
                      .expected_notes = {"all have been made", "they wait"}}},
       // Of the slots, which are another test's.
       .redundant = {"candidates load(acquire)", "find_in_bucket load(acquire)",
                     "slot_value load(acquire)", "replace_slot_value store(release)"}});
}

}  // namespace
}  // namespace stave::weak_memory
