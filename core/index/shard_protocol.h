// One shard of the index as a protocol over its buckets: lookups without locks (shard_lookup.h),
// changes under the lock of one bucket, growth bucket by bucket (linear hashing, Litwin 1980).
// docs/internals/index.md has the drawing and the arguments; tests/stress/weak_memory weakens every
// memory order below.
//
// Invariants
//   1. Bucket i at level l holds the entries whose positions end with the l low bits of i, and no
//      others are reached through it. Levels only grow.
//   2. What belongs to a bucket (its slots, its chain of nodes) changes only under the bucket's
//      lock.
//   3. An entry leaves the place where readers may look for it (split, spill, gather) only after it
//      can be found in its new one, and what a reader notices first tells it to look there.
//   4. Whoever sees a word of a slot that was stored after the reader's control word sees in the
//      bucket's level, link or change count that it was.
//
// `Layout` is narrow_layout.h or wide_layout.h. `Memory`, made for 2^n first buckets by Memory(n),
// has the buckets and nodes. It is a base so that a lookup knows without a load where that is:
//   Bucket& bucket(uint64_t index);   Node& node(uint32_t number);
//   uint32_t take_node(bool reserved);  0 without memory
//   void give_back_node(uint32_t);      one that no reader has seen
//   void discard_node(uint32_t);        one that readers may still pass
//
// Thread safety: all members from any thread, within an epoch pin, except where they say otherwise.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/planted_bug.h"
#include "core/index/control_word.h"
#include "core/index/entry_list.h"
#include "core/index/locked_bucket.h"
#include "core/index/probe.h"
#include "core/index/shard_lookup.h"
#include "core/sync/backoff.h"

namespace stave::index {

template <typename Layout, typename Memory, template <typename> class Atomic = std::atomic>
class ShardProtocol : public ShardLookup<Layout, Memory, Atomic> {
  using Lookup = ShardLookup<Layout, Memory, Atomic>;

 public:
  using Lookup::base_level;
  using Lookup::bucket_count;
  using Lookup::find;
  using Lookup::home;
  using Lookup::level_of;
  using Lookup::other_half;
  using typename Lookup::Bucket;
  using typename Lookup::Entry;
  using typename Lookup::Found;
  using typename Lookup::Node;
  using typename Lookup::Pattern;
  using typename Lookup::Snapshot;
  using typename Lookup::Start;
  using Locked = LockedBucket<Layout, Memory>;

  // Begins with 2^first_level buckets, which the memory is to have before they are used.
  explicit ShardProtocol(unsigned first_level) noexcept : Lookup(first_level) {}

  // ---- Changing --------------------------------------------------------------------------------

  // Locks the bucket of the position. Nothing when the shard has been closed:
  // what it holds is in another one now.
  std::optional<Locked> lock(uint64_t position) noexcept {
    sync::Backoff backoff;
    uint64_t index = home(position);
    for (;;) {
      Bucket& bucket = this->bucket(index);
      Layout::prefetch(bucket);
      // Acquire: pairs with the release in publish(); where the bucket was
      // split, the other half is there.
      const ControlWord control(bucket.control.load(std::memory_order_acquire));
      if (!this->belongs(position, index, control)) {
        index = other_half(index, position);
        continue;
      }
      if (try_lock(bucket, control)) return Locked(*this, index, control);
      if (closed()) return std::nullopt;  // who misses it comes round again
      backoff.wait();
    }
  }

  // ---- One operation ---------------------------------------------------------------------------

  struct Updated {
    enum class Result : uint8_t {
      done,
      failed,     // match() answered error
      no_memory,  // for a node, or to remember candidates
      closed,     // repeat in the shard's successor
    };
    Result result = Result::done;
    bool was_present = false;
    bool inserted = false;  // one entry more
    bool erased = false;    // one entry less
    Entry previous{};       // if it was present
  };

  // Finds the entry, asks `decide(value or null)` and does it, as one step:
  // whatever races with it comes before or after. match() and decide() run
  // without a lock held and may run several times.
  template <typename Match, typename Decide>
  Updated update(const Probe& probe, Match&& match, Decide&& decide, bool reserved = false) {
    const Pattern pattern = this->pattern(probe);
    EntryList<Entry> refused;  // candidates that are other keys
    EntryList<Entry> gone_ones;
    for (bool first = true;; first = false) {
      std::optional<Entry> gone;  // one of those that are there, to be replaced
      bool forgot = false;
      const Found found = find(probe, [&](Entry entry) {
        if (!first && refused.contains(entry)) return Verdict::different;
        const Verdict verdict = match(entry);
        if (verdict == Verdict::gone) gone = entry;
        const bool remembered = verdict == Verdict::gone        ? gone_ones.add_once(entry)
                                : verdict == Verdict::different ? refused.add(entry)
                                                                : true;
        if (remembered) return verdict;
        forgot = true;
        return Verdict::error;
      });
      if (forgot) return {.result = Updated::Result::no_memory};
      if (found.verdict == Verdict::error) return {.result = Updated::Result::failed};
      const bool present = found.verdict == Verdict::equal;
      const uint64_t value = present ? Layout::value(found.entry) : 0;
      const Decision decision = decide(present ? &value : nullptr);
      Updated updated{.was_present = present, .previous = found.entry};
      if (decision.action == Decision::Action::keep) return updated;
      if (!present && decision.action == Decision::Action::erase) return updated;
      if (decision.action == Decision::Action::out_of_memory)
        return {.result = Updated::Result::no_memory};

      std::optional<Locked> locked = lock(probe.position);
      if (!locked) return {.result = Updated::Result::closed};
      const std::optional<Entry> expected = present ? found.entry : gone;
      const Current current = look_again(
          *locked, probe.tag, pattern, expected,
          [&](const Entry& entry) { return refused.contains(entry) || gone_ones.contains(entry); });
      if (present ? current.place.has_value()
                  : STAVE_PLANTED_BUG(racing_inserts) || !current.unknown) {
        apply(*locked, probe, decision, current.place, expected, reserved, updated);
        locked->unlock();
        return updated;
      }
      locked->unlock();  // the entry has changed, or others have come: judge those
    }
  }

  // The same with match() and decide() called under the lock, at most once for each candidate: for
  // those that take no time, call nobody and do not fail. It looks at the bucket once.
  template <typename Match, typename Decide>
  Updated update_at_once(const Probe& probe, Match&& match, Decide&& decide) {
    const Pattern pattern = this->pattern(probe);
    std::optional<Locked> locked = lock(probe.position);
    if (!locked) return {.result = Updated::Result::closed};
    Updated updated;
    std::optional<Place> place;
    locked->for_each_with(probe.tag, [&](Entry entry, Place at, uint8_t) {
      if (!Layout::may_be(entry, pattern)) return true;
      if (match(entry) != Verdict::equal) return true;
      place = at;
      updated.was_present = true;
      updated.previous = entry;
      return false;
    });
    const uint64_t value = Layout::value(updated.previous);
    const Decision decision = decide(updated.was_present ? &value : nullptr);
    const bool changes = decision.action == Decision::Action::set ||
                         (decision.action == Decision::Action::erase && updated.was_present);
    if (changes) apply(*locked, probe, decision, place, updated.previous, false, updated);
    locked->unlock();
    return updated;
  }

  // ---- One operation in as few instructions as possible
  // ------------------------------------------

  // What could be done in the head of a free bucket, or `nothing`: then update_at_once() does it.
  struct InHead {
    enum class Result : uint8_t {
      nothing,
      replaced,
      inserted,
      erased,
      absent,
      full,  // the head, and the key is absent: set_in_chain() has to go on
    };
    Result result = Result::nothing;
    Entry previous{};
  };

  // Sets the value of a key. match() is called under the lock.
  template <typename Match>
  InHead set_in_head(const Start& start, const Probe& probe, uint64_t value,
                     Match&& match) noexcept {
    return in_head(start, probe, match,
                   [&](Bucket& bucket, ControlWord control, size_t slot, const Snapshot& snapshot,
                       Entry entry) -> InHead {
                     if (slot != kNoSlot) {
                       Layout::write(bucket, slot, Layout::with_value(entry, value));
                       Locked::publish(bucket, control);
                       return {InHead::Result::replaced, entry};
                     }
                     const SlotSet free = control.free_slots() & Layout::entry_slots(snapshot);
                     if (free.empty()) return {InHead::Result::full, Entry{}};
                     Layout::begin_writing(bucket);
                     Layout::write(bucket, free.first(), Layout::make(this->pattern(probe), value));
                     Locked::publish(bucket, control.with_tag(free.first(), probe.tag));
                     return {InHead::Result::inserted, Entry{}};
                   });
  }

  // What set_in_head() has left to do, with the bucket still locked. False without memory.
  bool set_in_chain(const Probe& probe, uint64_t value, bool reserved) noexcept {
    // Its home is still the bucket that is locked, since that has not been split.
    Locked locked = locked_bucket(home(probe.position));
    const bool inserted =
        locked.insert(probe.tag, Layout::make(this->pattern(probe), value), reserved);
    locked.unlock();
    return inserted;
  }

  // The same for a key that is there.
  template <typename Match>
  InHead replace_in_head(const Start& start, const Probe& probe, uint64_t value,
                         Match&& match) noexcept {
    return in_head(start, probe, match,
                   [&](Bucket& bucket, ControlWord control, size_t slot, const Snapshot&,
                       Entry entry) -> InHead {
                     if (slot == kNoSlot) return {};
                     Layout::write(bucket, slot, Layout::with_value(entry, value));
                     Locked::publish(bucket, control);
                     return {InHead::Result::replaced, entry};
                   });
  }

  // Removes a key.
  template <typename Match>
  InHead erase_in_head(const Start& start, const Probe& probe, Match&& match) noexcept {
    return in_head(start, probe, match,
                   [](Bucket& bucket, ControlWord control, size_t slot, const Snapshot& snapshot,
                      Entry entry) -> InHead {
                     if (slot == kNoSlot) {
                       Locked::publish(bucket, control);
                       return {InHead::Result::absent, Entry{}};
                     }
                     // What is in the chain may fit into the head now.
                     if (Layout::chain(snapshot) != 0) return {};
                     Locked::publish(bucket, control.without_tag(slot));
                     return {InHead::Result::erased, entry};
                   });
  }

  // For a key that the caller knows to be absent, and keeps so: needs no
  // verdict. False when closed.
  bool insert_absent(const Probe& probe, uint64_t value, bool reserved, Updated& updated) noexcept {
    std::optional<Locked> locked = lock(probe.position);
    if (!locked) return false;
    apply(*locked, probe, {Decision::Action::set, value}, std::nullopt, std::nullopt, reserved,
          updated);
    locked->unlock();
    return true;
  }

  // For the entry of exactly this value, whatever key it stands for: needs no
  // verdict and allocates nothing. False when closed.
  bool change_exact(const Probe& probe, uint64_t expected, const Decision& decision,
                    Updated& updated) noexcept {
    std::optional<Locked> locked = lock(probe.position);
    if (!locked) return false;
    const Pattern pattern = this->pattern(probe);
    const std::optional<Entry> entry = Layout::make(pattern, expected);
    const Current current =
        look_again(*locked, probe.tag, pattern, entry, [](const Entry&) { return false; });
    if (current.place) {
      updated.was_present = true;
      updated.previous = *entry;
      apply(*locked, probe, decision, current.place, entry, false, updated);
    }
    locked->unlock();
    return true;
  }
  // ---- Growing: one thread at a time (the caller's growth lock) --------------------------------

  enum class Half : uint8_t { lower, upper, unknown };

  // Splits the next bucket, index by index. `moves(entry, tag, index, level)`
  // says by bit `level` of the entry's position to which half it goes, or that
  // it cannot tell: then nothing changes. The memory of bucket `bucket_count()`
  // is there. Returns false when nothing was split.
  template <typename Moves>
  bool split_next(Moves&& moves) noexcept {
    const uint64_t count = this->own_bucket_count();
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    const uint64_t index = low_bits(count, level);
    if (level - base_level() >= ControlWord::kLevelMax) return false;
    std::optional<Locked> parent = lock(index);
    if (!parent) return false;
    const unsigned new_level = level - base_level() + 1;
    Locked child(*this, count, ControlWord().with_level(new_level));
    ControlWord lower = parent->control.with_level(new_level);
    if (!copy_upper_half(*parent, child, level, moves, lower)) {
      child.abandon();
      parent->unlock();
      return false;
    }
    // The upper half can be found in the child from here on ...
    child.unlock();
    // ... then it leaves the parent, head first: who misses an entry there sees
    // the new level.
    parent->control = lower;
    parent->publish();
    parent->clear_nodes(
        [&](Entry entry, uint8_t tag) { return moves(entry, tag, index, level) == Half::upper; });
    parent->tidy_chain();
    parent->unlock();
    this->add_bucket(count + 1);
    return true;
  }

  // After as many split_next(): begins to load what the next two will need, for which there is time
  // until then: the buckets that were not asked for last time, those of the second at least, and
  // the chain of the first, if its buckets were. Buckets to come may have no memory yet; asking for
  // it is harmless.
  void prefetch_splits(unsigned splits) const noexcept {
    const auto split_bucket = [this](uint64_t count) -> const Bucket& {
      return this->bucket(count ^ std::bit_floor(count));
    };
    const uint64_t count = this->own_bucket_count();
    for (uint64_t next = count + 2 - splits; next <= count + 1; next++) {
      Layout::prefetch(split_bucket(next));
      Layout::prefetch(this->bucket(next));
    }
    if (splits > 1) return;
    const uint32_t chain = Layout::chain(Layout::begin(split_bucket(count)));
    if (chain != 0) __builtin_prefetch(&this->node(chain));
  }

  // ---- Being replaced, under the growth lock ---------------------------------------------------

  // Keeps all writers waiting until unlock_all() or close().
  void lock_all() noexcept {
    const uint64_t count = bucket_count();
    for (uint64_t index = 0; index < count; index++) {
      static_cast<void>(lock(index));
    }
  }
  void unlock_all() noexcept {
    const uint64_t count = bucket_count();
    for (uint64_t index = 0; index < count; index++) locked_bucket(index).unlock();
  }
  // Of bucket `index` while all are locked.
  Locked locked_bucket(uint64_t index) noexcept {
    // Relaxed: this thread locked it.
    const ControlWord control(this->bucket(index).control.load(std::memory_order_relaxed));
    return Locked(*this, index, control.without_lock());
  }
  // The locks stay for ever and lock() returns false. Readers that are still
  // here see what there was when the last bucket was locked.
  void close() noexcept {
    // Relaxed: a writer that sees it looks for the successor, which was
    // published before, and comes back here if it does not see that yet.
    closed_.store(true, std::memory_order_relaxed);
  }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kNoSlot = ~size_t{0};

  // Locks the bucket if its control word is still `control` and free.
  bool try_lock(Bucket& bucket, ControlWord control) noexcept {
    if (control.locked()) return false;
    const uint64_t with_lock = control.with_lock().bits();
    uint64_t bits = control.bits();
    // Acquire: pairs with the release in publish().
    return bucket.control.compare_exchange_strong(bits, with_lock, std::memory_order_acquire,
                                                  std::memory_order_relaxed);
  }

  // Locks the bucket where the lookup starts, if that is free and the right one, and calls
  // act(bucket, control, slot, snapshot, entry) for the key, with kNoSlot if it is absent. Unlocks
  // when that has done nothing.
  template <typename Match, typename Act>
  InHead in_head(const Start& start, const Probe& probe, Match& match, Act act) noexcept {
    Bucket& bucket = this->bucket(start.index);
    // Relaxed: the lock is what counts, and says the same or fails.
    const ControlWord control(bucket.control.load(std::memory_order_relaxed));
    if (!this->belongs(probe.position, start.index, control)) return {};
    if (!try_lock(bucket, control)) return {};
    const Pattern pattern = this->pattern(probe);
    const Snapshot snapshot = Layout::begin(bucket);
    SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
    size_t slot = kNoSlot;
    Entry entry{};
    for (; !candidates.empty(); candidates.drop_first()) {
      entry = Layout::read(bucket, candidates.first());
      if (!Layout::may_be(entry, pattern) || match(entry) != Verdict::equal) continue;
      slot = candidates.first();
      break;
    }
    InHead done;
    if (slot != kNoSlot || Layout::chain(snapshot, probe.tag) == 0)
      done = act(bucket, control, slot, snapshot, entry);
    if (done.result == InHead::Result::nothing ||
        (STAVE_PLANTED_BUG(full_bucket_let_go) && done.result == InHead::Result::full))
      Locked::publish(bucket, control);
    return done;
  }

  struct Current {
    std::optional<Place> place;  // of the expected entry
    bool unknown = false;        // there is a candidate on which there is no verdict
  };

  // `is_judged` tells of candidates that are not the key.
  template <typename IsJudged>
  Current look_again(const Locked& locked, uint8_t tag, Pattern pattern,
                     const std::optional<Entry>& expected, IsJudged&& is_judged) const {
    Current current;
    locked.for_each_with(tag, [&](Entry entry, Place place, uint8_t) {
      if (!Layout::may_be(entry, pattern)) return true;
      if (expected && entry == *expected) {
        current.place = place;
      } else if (!is_judged(entry)) {
        current.unknown = true;
      }
      return true;
    });
    return current;
  }

  void apply(Locked& locked, const Probe& probe, const Decision& decision,
             std::optional<Place> place, const std::optional<Entry>& expected, bool reserved,
             Updated& updated) noexcept {
    if (decision.action == Decision::Action::erase) {
      locked.remove(*place);
      updated.erased = true;
    } else if (place) {
      locked.replace(*place, Layout::with_value(*expected, decision.value));
    } else if (locked.insert(probe.tag, Layout::make(this->pattern(probe), decision.value),
                             reserved)) {
      updated.inserted = true;
    } else {
      updated.result = Updated::Result::no_memory;
    }
  }
  // Copies the entries that go to the child, and takes the tags of those in the
  // head off `lower`.
  template <typename Moves>
  bool copy_upper_half(const Locked& parent, Locked& child, unsigned level, Moves& moves,
                       ControlWord& lower) noexcept {
    bool complete = true;
    parent.for_each([&](Entry entry, Place place, uint8_t tag) {
      if (STAVE_PLANTED_BUG(split_forgets_nodes) && place.node != 0) return true;
      const Half half = moves(entry, tag, parent.index(), level);
      if (half == Half::lower) return true;
      complete = half != Half::unknown && child.append(tag, entry);
      if (place.node == 0) lower = lower.without_tag(place.slot);
      return complete;
    });
    return complete;
  }
  Atomic<bool> closed_{false};
};

}  // namespace stave::index
