// The slots of one leaf: an open-addressed table that one writer changes in place while any number
// of readers search it, without a lock, a retry or a sequence number.
//
// Slots come in groups of eight behind a word of their tags, seven bits of each key's hash. A
// search compares all tags of a group in one go, looks at the keys whose tags are equal (nearly
// always none but its own), and goes on to the next group only from a full one.
//
// The life of a slot is one way: empty, then one key (whose value may be replaced), then buried. A
// buried slot is not used again; when the empty ones run out the writer builds a new leaf.
//   1. A reader that finds its key sees a value that was that key's: key and value are stored
//   before
//      the tag, and no other key ever takes the slot.
//   2. A search never passes by a key that is there during all of it: entries do not move, and the
//      groups before its own were full when it came and stay so.
//   3. One slot is empty at least, so every search ends.
// The orders are tested by tests/stress/weak_memory.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace stave::cow_map {

// The tags of a group, one in each byte.
class Tags {
 public:
  static constexpr uint64_t empty = 0;   // of a slot that has never held an entry
  static constexpr uint64_t buried = 1;  // of one whose entry was removed

  constexpr Tags() noexcept = default;
  constexpr explicit Tags(uint64_t word) noexcept : word_(word) {}
  constexpr uint64_t word() const noexcept { return word_; }

  // Of an entry: seven bits of the hash, and one that makes it none of the above.
  static constexpr uint64_t of(uint64_t hash) noexcept { return ((hash >> 32) & 0xff) | 2; }

  // Bit 7 of byte i stands for slot i. All slots with this tag; above the first one of them there
  // may be some with another.
  constexpr uint64_t candidates(uint64_t tag) const noexcept {
    const uint64_t difference = word_ ^ (tag * low_bits);
    return (difference - low_bits) & ~difference & high_bits;
  }
  constexpr bool full() const noexcept { return candidates(empty) == 0; }
  // Of a group that is not full.
  constexpr uint32_t first_empty() const noexcept { return slot_of(candidates(empty)) % 8; }
  constexpr Tags with(uint32_t slot, uint64_t tag) const noexcept {
    return Tags((word_ & ~(uint64_t{0xff} << (8 * slot))) | tag << (8 * slot));
  }

  static constexpr uint32_t slot_of(uint64_t candidates) noexcept {
    return static_cast<uint32_t>(std::countr_zero(candidates)) / 8;
  }

 private:
  static constexpr uint64_t low_bits = 0x0101010101010101;
  static constexpr uint64_t high_bits = 0x8080808080808080;

  uint64_t word_ = 0;
};

inline constexpr uint32_t group_slots = 8;

template <template <typename> class Atomic>
struct Slot {
  Atomic<uint64_t> key;
  Atomic<uint64_t> value;  // the bytes of a small value, or a pointer
};

template <template <typename> class Atomic>
struct SlotGroup {
  Atomic<uint64_t> tags;
  Slot<Atomic> slots[group_slots];
};

// The group where the search for a hash begins.
inline uint32_t home_group(uint64_t hash, uint32_t group_count) noexcept {
  return static_cast<uint32_t>(((hash & 0xffffffff) * group_count) >> 32);
}

// The slot of `key`, or null. Any thread.
template <template <typename> class Atomic>
[[gnu::noinline]] Slot<Atomic>* search_groups(SlotGroup<Atomic>* groups, uint32_t group_count,
                                              uint64_t hash, uint64_t key) noexcept {
  const uint64_t tag = Tags::of(hash);
  for (uint32_t at = home_group(hash, group_count);;) {
    SlotGroup<Atomic>& group = groups[at];
    // Acquire: pairs with the releases in publish_slot() and bury_slot(), for invariants 1 and 2.
    const Tags tags(group.tags.load(std::memory_order_acquire));
    for (uint64_t found = tags.candidates(tag); found != 0; found &= found - 1) {
      Slot<Atomic>& slot = group.slots[Tags::slot_of(found)];
      // Relaxed: the key of a slot with a tag came before the tag and does not change.
      if (slot.key.load(std::memory_order_relaxed) == key) return &slot;
    }
    if (!tags.full()) return nullptr;
    if (++at == group_count) at = 0;
  }
}

// The same. Most keys are the first candidate of their home group: for them this is all.
template <template <typename> class Atomic>
[[gnu::always_inline]] inline Slot<Atomic>* find_slot(SlotGroup<Atomic>* groups,
                                                      uint32_t group_count, uint64_t hash,
                                                      uint64_t key) noexcept {
  SlotGroup<Atomic>& group = groups[home_group(hash, group_count)];
  // The orders are those of search_groups().
  const Tags tags(group.tags.load(std::memory_order_acquire));
  const uint64_t found = tags.candidates(Tags::of(hash));
  if (found != 0) [[likely]] {
    Slot<Atomic>& slot = group.slots[Tags::slot_of(found)];
    if (slot.key.load(std::memory_order_relaxed) == key) [[likely]]
      return &slot;
  } else if (!tags.full()) {
    return nullptr;
  }
  return search_groups(groups, group_count, hash, key);
}

// The value of a slot that find_slot() gave. Any thread.
template <template <typename> class Atomic>
uint64_t slot_value(const Slot<Atomic>& slot) noexcept {
  // Acquire: pairs with the release in replace_slot_value(): what the value points to is complete.
  return slot.value.load(std::memory_order_acquire);
}

// Gives a key that is not in the table a slot: its position is group * group_slots + slot. The
// writer.
template <template <typename> class Atomic>
uint32_t publish_slot(SlotGroup<Atomic>* groups, uint32_t group_count, uint64_t hash, uint64_t key,
                      uint64_t value) noexcept {
  for (uint32_t at = home_group(hash, group_count);;) {
    SlotGroup<Atomic>& group = groups[at];
    // Relaxed: the writer reads what it has written itself.
    const Tags tags(group.tags.load(std::memory_order_relaxed));
    if (!tags.full()) {
      const uint32_t free_slot = tags.first_empty();
      Slot<Atomic>& slot = group.slots[free_slot];
      // Relaxed: the tag's release carries both, and what the value points to.
      slot.value.store(value, std::memory_order_relaxed);
      slot.key.store(key, std::memory_order_relaxed);
      // Release: pairs with the acquire in find_slot().
      group.tags.store(tags.with(free_slot, Tags::of(hash)).word(), std::memory_order_release);
      return at * group_slots + free_slot;
    }
    if (++at == group_count) at = 0;
  }
}

template <template <typename> class Atomic>
void replace_slot_value(Slot<Atomic>& slot, uint64_t value) noexcept {
  slot.value.store(value, std::memory_order_release);  // pairs with slot_value()
}

template <template <typename> class Atomic>
void bury_slot(SlotGroup<Atomic>& group, uint32_t slot) noexcept {
  const Tags tags(group.tags.load(std::memory_order_relaxed));
  // Release: pairs with the acquire in find_slot(): who sees that the key is gone sees the changes
  // before. Key and value stay for those who have found them already.
  group.tags.store(tags.with(slot, Tags::buried).word(), std::memory_order_release);
}

}  // namespace stave::cow_map
