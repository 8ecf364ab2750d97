// Buckets of two or three cache lines, whose entries are one or two words of the key (the key
// itself, where it is kept, or the hash) and a value of 64 bits.
//
//                                           one word of the key      two
//   control word, change word, 7 entries    a bucket: 128 bytes      192 bytes
//   control word, link word, entries        a node: 64 bytes, 3      64 bytes, 2
//
//   change word   bits 0-25 the first node, 26-33 the classes of the tags in the chain, 34-63 the
//                 number of changes to slots of the bucket and its nodes, modulo 2^30
//
// An entry of several words can be torn: a reader of a slot that is being taken by another entry
// may see words of both. So a writer counts a change before it writes to a slot, and a reader uses
// the words only if the count is what it was before it read the control word.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/prefetch.h"
#include "core/index/control_word.h"
#include "core/index/probe.h"

namespace stave::index {

// Fewer slots than the default are for tests.
template <size_t kKeyWords = 1, template <typename> class Atomic = std::atomic, size_t kSlots = 7,
          size_t kSlotsOfNode = (kKeyWords == 1 ? 3 : 2)>
struct WideLayout {
  static constexpr unsigned kValueBits = 64;
  static constexpr bool kKeepsWholePosition = true;
  static constexpr size_t kHeadSlots = kSlots;
  static constexpr size_t kNodeSlots = kSlotsOfNode;
  // Splitting at three quarters: 128 / (0.75 * 7) bytes an entry, and nodes for
  // one bucket in four; 192 / (0.75 * 7) with two words of the key.
  static constexpr uint64_t kGrowAtNumerator = 3;
  static constexpr uint64_t kGrowAtDenominator = 4;
  static constexpr bool kChainTakesSlot = false;

  struct Words {
    std::array<Atomic<uint64_t>, kKeyWords> key;
    Atomic<uint64_t> value{0};
  };
  struct alignas(64) Bucket {
    Atomic<uint64_t> control{0};
    Atomic<uint64_t> change{0};
    std::array<Words, kSlots> entries;
  };
  struct alignas(64) Node {
    Atomic<uint64_t> control{0};
    Atomic<uint64_t> link{0};
    std::array<Words, kSlotsOfNode> entries;
  };

  using KeyWords = std::array<uint64_t, kKeyWords>;
  struct Entry {
    KeyWords key{};
    uint64_t value = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // What the words of the key must be, the last one under the mask.
  struct Pattern {
    KeyWords key{};
    uint64_t mask = 0;
  };
  // The change word, read before the control word.
  struct Snapshot {
    uint64_t change = 0;
  };

  // ---- Entries ---------------------------------------------------------------------------------

  static Pattern pattern(const Probe& probe, unsigned) noexcept {
    if constexpr (kKeyWords == 1)
      return {{probe.word}, probe.word_mask};
    else
      return {{probe.first_word, probe.word}, probe.word_mask};
  }
  static bool may_be(const Entry& entry, const Pattern& pattern) noexcept {
    uint64_t differing = (entry.key.back() ^ pattern.key.back()) & pattern.mask;
    if constexpr (kKeyWords == 2) differing |= entry.key.front() ^ pattern.key.front();
    return differing == 0;
  }
  static Entry make(const Pattern& pattern, uint64_t value) noexcept {
    return {pattern.key, value};
  }
  static uint64_t value(Entry entry) noexcept { return entry.value; }
  static Entry with_value(Entry entry, uint64_t value) noexcept { return {entry.key, value}; }
  // The entry for another table: the same.
  static Entry moved(Entry entry, Pattern) noexcept { return entry; }

  // ---- Readers ---------------------------------------------------------------------------------

  // Most entries are after the first line: all lines are loaded together.
  static void prefetch(const Bucket& bucket) noexcept {
    stave::prefetch(&bucket);
    prefetch_rest(bucket);
  }
  static void prefetch_one_of_many(const Bucket& bucket) noexcept {
    for (size_t line = 0; line < sizeof bucket; line += 64)
      stave::prefetch_one_of_many(reinterpret_cast<const char*>(&bucket) + line);
  }
  static void prefetch_rest(const Bucket& bucket) noexcept {
    for (size_t line = 64; line < sizeof bucket; line += 64)
      stave::prefetch(reinterpret_cast<const char*>(&bucket) + line);
  }
  static Snapshot begin(const Bucket& bucket) noexcept {
    // Acquire: pairs with the releases in begin_writing() and set_chain(). The
    // control word read next is at least as new as the last change to a slot;
    // nodes that are linked are complete.
    return {bucket.change.load(std::memory_order_acquire)};
  }
  static bool agrees(Snapshot, ControlWord) noexcept { return true; }
  static uint32_t chain(Snapshot snapshot) noexcept {
    return static_cast<uint32_t>(low_bits(snapshot.change, kNodeBits));
  }
  // 0 also where no entry of the chain has this tag.
  static uint32_t chain(Snapshot snapshot, uint8_t tag) noexcept {
    return (snapshot.change >> kNodeBits & tag_class(tag)) != 0 ? chain(snapshot) : 0;
  }
  static uint64_t tag_classes(Snapshot snapshot) noexcept {
    return low_bits(snapshot.change >> kNodeBits, kTagClasses);
  }
  static SlotSet entry_slots(Snapshot) noexcept { return SlotSet::first_slots(kSlots); }
  template <typename Group>
  static Entry read(const Group& group, size_t slot) noexcept {
    // Acquire: pairs with the releases in write(). A word that is newer than
    // the reader's control word brings the count of its change with it, for
    // intact().
    const Words& words = group.entries[slot];
    Entry entry;
    for (size_t i = 0; i < kKeyWords; i++)
      entry.key[i] = words.key[i].load(std::memory_order_acquire);
    entry.value = words.value.load(std::memory_order_acquire);
    return entry;
  }
  // Whether the words read since begin() are of one entry.
  static bool intact(const Bucket& bucket, Snapshot snapshot) noexcept {
    // Relaxed: the acquires in read() keep this load after them.
    return bucket.change.load(std::memory_order_relaxed) == snapshot.change;
  }
  // Whether no entry can have left the chain for the head since begin().
  static bool same_chain(const Bucket& bucket, Snapshot snapshot) noexcept {
    return intact(bucket, snapshot);
  }
  static bool settled(Snapshot, size_t, Entry) noexcept { return true; }
  static uint32_t next(const Node& node) noexcept {
    // Relaxed: what a node leads to was complete before the node itself was
    // linked.
    return static_cast<uint32_t>(low_bits(node.link.load(std::memory_order_relaxed), kNodeBits));
  }

  // ---- Writers, holding the bucket's lock ------------------------------------------------------

  // Before slots are written that readers may still be looking at: those of the
  // bucket and its nodes.
  static void begin_writing(Bucket& bucket) noexcept {
    // Relaxed: only the holder of the lock writes it.
    const uint64_t change = bucket.change.load(std::memory_order_relaxed);
    // Release: pairs with the acquire in begin(). What freed the slot comes
    // before the count.
    bucket.change.store(change + kOneChange, std::memory_order_release);
  }
  // The same before an entry is put into a node of the chain that `snapshot` leads to.
  static void begin_writing_node(Bucket& bucket, Snapshot snapshot, uint8_t tag) noexcept {
    set_chain(bucket, chain(snapshot), tag_classes(snapshot) | tag_class(tag));
  }
  template <typename Group>
  static void write(Group& group, size_t slot, const Entry& entry) noexcept {
    // Release: pairs with the acquires in read(); the count comes before the
    // words.
    Words& words = group.entries[slot];
    for (size_t i = 0; i < kKeyWords; i++)
      words.key[i].store(entry.key[i], std::memory_order_release);
    words.value.store(entry.value, std::memory_order_release);
  }
  static void set_chain(Bucket& bucket, uint32_t node, uint64_t classes) noexcept {
    const uint64_t change = bucket.change.load(std::memory_order_relaxed);
    // Release: pairs with the acquire in begin(); the node is complete, or the entries of the chain
    // are in the control word.
    bucket.change.store((change & ~kChainMask) + kOneChange + (classes << kNodeBits | node),
                        std::memory_order_release);
  }
  static void set_next(Node& node, uint32_t next) noexcept {
    // Relaxed: see next().
    node.link.store(next, std::memory_order_relaxed);
  }

  // ---- Discarded nodes, which late readers may still pass --------------------------------------

  static uint32_t next_discarded(const Node& node) noexcept {
    // Relaxed: this half of the word belongs to the holder of the discarded node.
    return static_cast<uint32_t>(node.link.load(std::memory_order_relaxed) >> kNodeBits);
  }
  static void set_next_discarded(Node& node, uint32_t next) noexcept {
    const uint64_t link = low_bits(node.link.load(std::memory_order_relaxed), kNodeBits);
    // Relaxed: for a late reader the word says what it said before.
    node.link.store(uint64_t{next} << kNodeBits | link, std::memory_order_relaxed);
  }

 private:
  static constexpr uint64_t kOneChange = uint64_t{1} << (kNodeBits + kTagClasses);
  static constexpr uint64_t kChainMask = kOneChange - 1;
};

}  // namespace stave::index
