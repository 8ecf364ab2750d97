// A locked bucket and its chain of nodes: insert, remove, replace, and keeping the chain short.
// docs/internals/index.md says what readers see in between.
//
// The holder of the bucket's lock is the only writer. `control` is its copy of the control word,
// which readers see when it is published: by unlock(), or earlier where an order needs it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/base/planted_bug.h"
#include "core/index/control_word.h"
#include "core/index/probe.h"

namespace stave::index {

// A slot of a node, or (node 0) of the bucket itself.
struct SlotRef {
  uint32_t node = 0;
  size_t slot = 0;
};

template <typename Layout, typename Memory>
class LockedBucket {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;
  using Entry = typename Layout::Entry;
  using Snapshot = typename Layout::Snapshot;

  static constexpr SlotSet kNodeSlots = SlotSet::first_slots(Layout::kNodeSlots);

  // REQUIRES: the caller has locked the bucket, or nobody else can reach it; `unlocked` is its
  // control word without the lock. With the lock: somebody else has locked the bucket for good.
  LockedBucket(Memory& memory, uint64_t index, ControlWord unlocked) noexcept
      : control(unlocked), memory_(memory), bucket_(memory.bucket(index)), index_(index) {}

  // Whether the caller holds the lock. REQUIRES of all other members that it does.
  bool is_locked() const noexcept { return !control.locked(); }

  uint64_t index() const noexcept { return index_; }

  // Calls visit(entry, slot, tag) for each entry until it returns false.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    const Snapshot snapshot = Layout::begin(bucket_);
    for_each_in(
        snapshot, Layout::chain(snapshot), [](ControlWord tags) { return tags.used_slots(); },
        visit);
  }
  // Like for_each(), for the entries with this tag.
  template <typename Visit>
  void for_each_with(uint8_t tag, Visit&& visit) const {
    const Snapshot snapshot = Layout::begin(bucket_);
    for_each_in(
        snapshot, Layout::chain(snapshot, tag),
        [tag](ControlWord tags) { return tags.matching(tag); }, visit);
  }

  // REQUIRES: the entry has the tag and the bits of the hash of the one that it replaces.
  void replace(SlotRef ref, Entry entry) noexcept {
    if (ref.node == 0) {
      Layout::write(bucket_, ref.slot, entry);
    } else {
      Layout::write(memory_.node(ref.node), ref.slot, entry);
    }
  }

  // Promises that nothing has been removed from this bucket since it was empty: it is being filled.
  void expect_no_removals() noexcept { only_first_has_room_ = true; }

  // False without memory for a node; then nothing has changed.
  bool insert(uint8_t tag, Entry entry, bool reserved) noexcept {
    const Snapshot snapshot = Layout::begin(bucket_);
    const SlotSet free = control.free_slots() & Layout::entry_slots(snapshot);
    if (free.empty()) return insert_in_chain(snapshot, tag, entry, reserved);
    Layout::begin_writing(bucket_);
    Layout::write(bucket_, free.first(), entry);
    control = control.with_tag(free.first(), tag);
    return true;
  }
  // Like insert(), in a bucket that nobody can reach yet and all of whose entries come this way.
  bool append(uint8_t tag, Entry entry) noexcept {
    if (appended_ == Layout::kHeadSlots) return insert(tag, entry, false);
    Layout::write(bucket_, appended_, entry);
    control = control.with_tag(appended_++, tag);
    return true;
  }

  // Frees the slot, and nodes that are not needed any more.
  void remove(SlotRef ref) noexcept {
    only_first_has_room_ = false;
    if (ref.node == 0) {
      control = control.without_tag(ref.slot);
    } else {
      Node& node = memory_.node(ref.node);
      publish(node, control_of(node).without_tag(ref.slot));
    }
    tidy_chain();
  }

  // Makes `control` visible and keeps the lock.
  void publish() noexcept { publish(bucket_, control.with_lock()); }
  // Makes `control` visible and releases the lock.
  void unlock() noexcept { publish(bucket_, control); }

  // ---- Splitting -------------------------------------------------------------------------------

  // Takes the tags off the nodes' entries of which `leaves(entry, tag)` is true.
  template <typename Leaves>
  void clear_nodes(Leaves leaves) noexcept {
    only_first_has_room_ = false;
    for (uint32_t number = Layout::chain(Layout::begin(bucket_)); number != 0;
         number = Layout::next(memory_.node(number))) {
      Node& node = memory_.node(number);
      ControlWord tags = control_of(node);
      for (SlotSet used = tags.used_slots(); !used.empty(); used.drop_first()) {
        const size_t slot = used.first();
        if (leaves(Layout::read(node, slot), tags.tag(slot))) tags = tags.without_tag(slot);
      }
      publish(node, tags);
    }
  }

  // Gives back the nodes. REQUIRES: the bucket was never published.
  void abandon() noexcept {
    for (uint32_t number = Layout::chain(Layout::begin(bucket_)); number != 0;) {
      const uint32_t next = Layout::next(memory_.node(number));
      memory_.give_back_node(number);
      number = next;
    }
    Layout::set_chain(bucket_, 0, 0);
  }

  // Gathers the entries of the chain in the bucket if they fit there, otherwise unlinks empty
  // nodes.
  void tidy_chain() noexcept {
    const Snapshot snapshot = Layout::begin(bucket_);
    if (const uint32_t chain = Layout::chain(snapshot); chain != 0) shorten(snapshot, chain);
  }

  static ControlWord control_of(const Node& node) noexcept {
    // Acquire: pairs with the release in publish(); a node's words are as new as its tags, and an
    // entry whose tag has left because it moved makes the reader see the level or the head that
    // tells.
    return ControlWord(node.control.load(std::memory_order_acquire));
  }
  template <typename Group>
  static void publish(Group& group, ControlWord control) noexcept {
    // Release: pairs with the acquires in find(), try_lock() and control_of().
    group.control.store(control.bits(), STAVE_PLANTED_BUG(relaxed_publish)
                                            ? std::memory_order_relaxed
                                            : std::memory_order_release);
  }

  ControlWord control;

 private:
  // tidy_chain() where there is a chain.
  [[gnu::noinline]] void shorten(Snapshot snapshot, uint32_t chain) noexcept {
    SlotSet free = control.free_slots() & Layout::entry_slots(snapshot);
    SlotSet room = free;
    bool fits = true;
    uint64_t classes = 0;
    for (uint32_t number = chain; number != 0; number = Layout::next(memory_.node(number))) {
      const ControlWord tags = control_of(memory_.node(number));
      for (SlotSet used = tags.used_slots(); !used.empty(); used.drop_first()) {
        classes |= tag_class(tags.tag(used.first()));
        fits = fits && !room.empty();
        room.drop_first();
      }
    }
    if (!fits) {
      if (classes != Layout::tag_classes(snapshot)) Layout::set_chain(bucket_, chain, classes);
      unlink_empty_nodes(chain, classes);
      return;
    }
    // That slots are free must be seen before they are counted as changed and written.
    if (!STAVE_PLANTED_BUG(uncounted_gather)) publish();
    Layout::begin_writing(bucket_);
    for (uint32_t number = chain; number != 0; number = Layout::next(memory_.node(number))) {
      const Node& node = memory_.node(number);
      const ControlWord tags = control_of(node);
      for (SlotSet used = tags.used_slots(); !used.empty(); used.drop_first()) {
        Layout::write(bucket_, free.first(), Layout::read(node, used.first()));
        control = control.with_tag(free.first(), tags.tag(used.first()));
        free.drop_first();
      }
    }
    control = control.with_overflow(false);
    // The entries can be found in the head before the link is removed. The nodes keep theirs for
    // readers that hold the link.
    publish();
    Layout::set_chain(bucket_, 0, 0);
    for (uint32_t number = chain; number != 0;) {
      const uint32_t next = Layout::next(memory_.node(number));
      memory_.discard_node(number);
      number = next;
    }
  }

  // From `chain` on, for the slots that `select(tags)` chooses of a control word.
  template <typename Select, typename Visit>
  void for_each_in(Snapshot snapshot, uint32_t chain, Select select, Visit& visit) const {
    SlotSet slots = select(control) & Layout::entry_slots(snapshot);
    for (; !slots.empty(); slots.drop_first()) {
      const size_t slot = slots.first();
      if (!visit(Layout::read(bucket_, slot), SlotRef{0, slot}, control.tag(slot))) return;
    }
    for (uint32_t number = chain; number != 0;) {
      const Node& node = memory_.node(number);
      const ControlWord tags = control_of(node);
      for (slots = select(tags) & kNodeSlots; !slots.empty(); slots.drop_first()) {
        const size_t slot = slots.first();
        if (!visit(Layout::read(node, slot), SlotRef{number, slot}, tags.tag(slot))) return;
      }
      number = Layout::next(node);
    }
  }

  // Inserts where all slots of the head are taken.
  [[gnu::noinline]] bool insert_in_chain(Snapshot snapshot, uint8_t tag, Entry entry,
                                         bool reserved) noexcept {
    for (uint32_t number = Layout::chain(snapshot); number != 0;) {
      Node& node = memory_.node(number);
      const SlotSet free_in_node = control_of(node).free_slots() & kNodeSlots;
      if (free_in_node.empty()) {
        number = only_first_has_room_ ? 0 : Layout::next(node);
        continue;
      }
      Layout::begin_writing_node(bucket_, snapshot, tag);
      Layout::write(node, free_in_node.first(), entry);
      publish(node, control_of(node).with_tag(free_in_node.first(), tag));
      return true;
    }
    only_first_has_room_ = true;  // the new one
    return insert_node(snapshot, tag, entry, reserved);
  }

  // Inserts where all slots are taken: into a new node at the front of the chain.
  bool insert_node(Snapshot snapshot, uint8_t tag, Entry entry, bool reserved) noexcept {
    const uint32_t chain = Layout::chain(snapshot);
    uint64_t classes = (chain != 0 ? Layout::tag_classes(snapshot) : 0) | tag_class(tag);
    const uint32_t number = memory_.take_node(reserved);
    if (number == 0) return false;
    Node& node = memory_.node(number);
    ControlWord tags = ControlWord().with_tag(0, tag);
    Layout::write(node, 0, entry);
    if (Layout::kChainTakesSlot && chain == 0) {
      // The entry in the way of the link moves to the node. It is complete there before the link
      // replaces it here.
      constexpr size_t last = Layout::kHeadSlots - 1;
      Layout::write(node, 1, Layout::read(bucket_, last));
      tags = tags.with_tag(1, control.tag(last));
      classes |= tag_class(control.tag(last));
      control = control.without_tag(last).with_overflow(true);
    }
    publish(node, tags);
    Layout::set_next(node, chain);
    Layout::set_chain(bucket_, number, classes);
    return true;
  }

  void unlink_empty_nodes(uint32_t number, uint64_t classes) noexcept {
    uint32_t previous = 0;
    while (number != 0) {
      const Node& node = memory_.node(number);
      const uint32_t next = Layout::next(node);
      if (!control_of(node).used_slots().empty()) {
        previous = number;
      } else {
        if (previous == 0) {
          Layout::set_chain(bucket_, next, classes);
        } else {
          Layout::set_next(memory_.node(previous), next);
        }
        memory_.discard_node(number);
      }
      number = next;
    }
  }

  Memory& memory_;
  Bucket& bucket_;
  const uint64_t index_;
  // Known: no node after the first of the chain has a free slot. (A new node goes to the front,
  // when all others are full.) So filling a bucket with n entries takes O(n) instead of a walk
  // along the whole chain for each.
  bool only_first_has_room_ = false;
  size_t appended_ = 0;
};

}  // namespace stave::index
