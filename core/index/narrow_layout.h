// Buckets of one cache line, whose entries are one word each: a value of up to 44 bits and what
// fits of the hash. For tables that keep no keys.
//
//   control word, 7 words        a bucket: 64 bytes
//   the last word is a link while the bucket overflows; it then has six entries, and six more in
//   each of its nodes, which are laid out like the bucket
//
//   entry   bits 0-43 the value, 44-62 bits of the hash, 63 zero
//   link    bits 0-25 the node (0: none any more), 26-51 the next of the discarded nodes,
//           52-59 (in a bucket) the classes of the tags in the chain, 63 one
//
// docs/internals/index.md says how readers work without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/prefetch.h"
#include "core/index/control_word.h"
#include "core/index/probe.h"

namespace stave::index {

// Fewer slots and bits of the hash than the default are for tests.
template <template <typename> class Atomic = std::atomic, size_t kSlots = 7,
          unsigned kBitsKept = 19>
struct NarrowLayout {
  static constexpr unsigned kValueBits = 44;
  static constexpr unsigned kHashBits = kBitsKept;
  static constexpr bool kKeepsWholePosition = false;
  static constexpr size_t kHeadSlots = kSlots;
  static constexpr size_t kNodeSlots = kSlots - 1;
  // Splitting at three quarters: 64 / (0.75 * 7) bytes an entry, and nodes for
  // one bucket in nine.
  static constexpr uint64_t kGrowAtNumerator = 3;
  static constexpr uint64_t kGrowAtDenominator = 4;
  // The link takes the head's last slot.
  static constexpr bool kChainTakesSlot = true;

  struct alignas(8 * (kSlots + 1)) Bucket {
    Atomic<uint64_t> control{0};
    std::array<Atomic<uint64_t>, kSlots> words;
  };
  using Node = Bucket;

  struct Entry {
    uint64_t word = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Pattern {
    uint64_t word = 0;
  };
  // The last word, read before the control word.
  struct Snapshot {
    uint64_t last_word = 0;
  };

  // ---- Entries ---------------------------------------------------------------------------------

  static Pattern pattern(const Probe& probe, unsigned base_level) noexcept {
    return {low_bits(probe.position >> base_level, kHashBits) << kValueBits};
  }
  static bool may_be(Entry entry, Pattern pattern) noexcept {
    return (entry.word ^ pattern.word) >> kValueBits == 0;
  }
  static Entry make(Pattern pattern, uint64_t value) noexcept { return {pattern.word | value}; }
  static uint64_t value(Entry entry) noexcept { return low_bits(entry.word, kValueBits); }
  static Entry with_value(Entry entry, uint64_t value) noexcept {
    return {(entry.word & ~((uint64_t{1} << kValueBits) - 1)) | value};
  }
  // The position's bits from base_level on that the entry keeps.
  static uint64_t kept_position(Entry entry) noexcept {
    return low_bits(entry.word >> kValueBits, kHashBits);
  }
  // The entry for a table where its hash bits have another base.
  static Entry moved(Entry entry, Pattern pattern) noexcept { return make(pattern, value(entry)); }

  // ---- Readers ---------------------------------------------------------------------------------

  static void prefetch(const Bucket& bucket) noexcept { stave::prefetch(&bucket); }
  static void prefetch_one_of_many(const Bucket& bucket) noexcept {
    stave::prefetch_one_of_many(&bucket);
  }
  static void prefetch_rest(const Bucket&) noexcept {}
  static Snapshot begin(const Bucket& bucket) noexcept {
    // Acquire: pairs with the release in set_chain(). A node that is linked is complete, and if the
    // link has been removed the control word read next has the entries of the chain.
    return {bucket.words[kSlots - 1].load(std::memory_order_acquire)};
  }
  // False when the bucket began to overflow between the two loads: then the next reading agrees.
  static bool agrees(Snapshot snapshot, ControlWord control) noexcept {
    return !control.overflowed() || is_link(snapshot.last_word);
  }
  static uint32_t chain(Snapshot snapshot) noexcept {
    return is_link(snapshot.last_word) ? node_of(snapshot.last_word) : 0;
  }
  // 0 also where no entry of the chain has this tag.
  static uint32_t chain(Snapshot snapshot, uint8_t tag) noexcept {
    return (snapshot.last_word >> kClassesShift & tag_class(tag)) != 0 ? chain(snapshot) : 0;
  }
  static uint64_t tag_classes(Snapshot snapshot) noexcept {
    return low_bits(snapshot.last_word >> kClassesShift, kTagClasses);
  }
  static SlotSet entry_slots(Snapshot snapshot) noexcept {
    return SlotSet::first_slots(is_link(snapshot.last_word) ? kSlots - 1 : kSlots);
  }
  static Entry read(const Bucket& group, size_t slot) noexcept {
    // Acquire: pairs with the release in write(). A word that is newer than the
    // reader's control word brings with it the control word that tells why
    // (docs/internals/index.md, invariant 4).
    return {group.words[slot].load(std::memory_order_acquire)};
  }
  // One word is always whole.
  static bool intact(const Bucket&, Snapshot) noexcept { return true; }
  // Whether no entry can have left the chain for the head since begin().
  static bool same_chain(const Bucket& bucket, Snapshot snapshot) noexcept {
    // Relaxed: the caller has learnt of the move by other means, and so sees what came before it.
    return bucket.words[kSlots - 1].load(std::memory_order_relaxed) == snapshot.last_word;
  }
  // False for the last slot if its entry has changed since begin(), and so may have moved to a
  // node.
  static bool settled(Snapshot snapshot, size_t slot, Entry entry) noexcept {
    return slot != kSlots - 1 || entry.word == snapshot.last_word;
  }
  static uint32_t next(const Node& node) noexcept {
    // Relaxed: what a node leads to was complete before the node itself was
    // linked.
    return node_of(node.words[kSlots - 1].load(std::memory_order_relaxed));
  }

  // ---- Writers, holding the bucket's lock ------------------------------------------------------

  static void begin_writing(Bucket&) noexcept {}
  // Before an entry is put into a node of the chain that `snapshot` leads to.
  static void begin_writing_node(Bucket& bucket, Snapshot snapshot, uint8_t tag) noexcept {
    const uint64_t classes = tag_classes(snapshot);
    if ((classes & tag_class(tag)) == 0)
      set_chain(bucket, chain(snapshot), classes | tag_class(tag));
  }
  static void write(Bucket& group, size_t slot, Entry entry) noexcept {
    // Release: pairs with the acquire in read().
    group.words[slot].store(entry.word, std::memory_order_release);
  }
  static void set_chain(Bucket& bucket, uint32_t node, uint64_t classes) noexcept {
    // Release: pairs with the acquire in begin().
    bucket.words[kSlots - 1].store(node == 0 ? kNoLink : kLinkBit | classes << kClassesShift | node,
                                   std::memory_order_release);
  }
  static void set_next(Node& node, uint32_t next) noexcept {
    // Relaxed: see next().
    node.words[kSlots - 1].store(kLinkBit | next, std::memory_order_relaxed);
  }

  // ---- Discarded nodes, which late readers may still pass --------------------------------------

  static uint32_t next_discarded(const Node& node) noexcept {
    // Relaxed: this half of the word belongs to the holder of the discarded node.
    return static_cast<uint32_t>(
        low_bits(node.words[kSlots - 1].load(std::memory_order_relaxed) >> kNodeBits, kNodeBits));
  }
  static void set_next_discarded(Node& node, uint32_t next) noexcept {
    const uint64_t link =
        low_bits(node.words[kSlots - 1].load(std::memory_order_relaxed), kNodeBits);
    // Relaxed: for a late reader the word says what it said before.
    node.words[kSlots - 1].store(kLinkBit | uint64_t{next} << kNodeBits | link,
                                 std::memory_order_relaxed);
  }

 private:
  static constexpr uint64_t kLinkBit = uint64_t{1} << 63;
  static constexpr unsigned kClassesShift = 2 * kNodeBits;
  // The last word after the chain has been removed. Not 0: a reader that has seen an entry's tag
  // there and then this word must not take it for the entry, and call match() with a value that
  // nobody has put.
  static constexpr uint64_t kNoLink = kLinkBit;
  // Of a bucket's word; a node's says more.
  static bool is_link(uint64_t word) noexcept { return word > kNoLink; }
  static uint32_t node_of(uint64_t word) noexcept {
    return static_cast<uint32_t>(low_bits(word, kNodeBits));
  }
  static_assert(kValueBits + kHashBits < 64);
};

}  // namespace stave::index
