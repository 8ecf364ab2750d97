// One shard of the index as a protocol over its buckets: lookups without locks,
// changes under the lock of one bucket, growth bucket by bucket (linear
// hashing, Litwin 1980). docs/internals/index.md has the drawing and the
// arguments; tests/stress/weak_memory weakens every memory order below.
//
// Invariants
//   1. Bucket i at level l holds the entries whose positions end with the l low
//   bits of i, and no others
//      are reached through it. Levels only grow.
//   2. What belongs to a bucket (its slots, its chain of nodes) changes only
//   under the bucket's lock.
//   3. An entry leaves the place where readers may look for it (split, spill,
//   gather) only after it can
//      be found in its new one, and what a reader notices first tells it to
//      look there.
//   4. Whoever sees a word of a slot that was stored after the reader's control
//   word sees in the
//      bucket's level, link or change count that it was.
//
// `Layout` is narrow_layout.h or wide_layout.h. `Memory` has the buckets and
// nodes:
//   Bucket& bucket(uint64_t index);   Node& node(uint32_t number);
//   uint32_t take_node(bool reserved);  0 without memory
//   void give_back_node(uint32_t);      one that no reader has seen
//   void discard_node(uint32_t);        one that readers may still pass
//
// Thread safety: all members from any thread, within an epoch pin, except where
// they say otherwise.
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
#include "core/sync/backoff.h"

namespace stave::index {

template <typename Layout, typename Memory, template <typename> class Atomic = std::atomic>
class ShardProtocol {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;
  using Entry = typename Layout::Entry;
  using Pattern = typename Layout::Pattern;
  using Snapshot = typename Layout::Snapshot;
  using Locked = LockedBucket<Layout, Memory>;

  // Begins with 2^base_level buckets, which `memory` has.
  ShardProtocol(Memory& memory, unsigned base_level) noexcept
      : memory_(memory),
        base_level_(base_level),
        bucket_count_(uint64_t{1} << base_level),
        home_mask_((uint64_t{2} << base_level) - 1) {}

  unsigned base_level() const noexcept { return base_level_; }
  Pattern pattern(const Probe& probe) const noexcept { return Layout::pattern(probe, base_level_); }
  uint64_t bucket_count() const noexcept {
    // Acquire: pairs with the release in split_next(); the buckets counted are there.
    return bucket_count_.load(std::memory_order_acquire);
  }

  // The bucket where a lookup begins; it may have been split since.
  uint64_t home(uint64_t position) const noexcept {
    // Acquire: pairs with the release in split_next(). The count read next is at least half of the
    // mask's: what is cut to it is a bucket that is there.
    const uint64_t mask = home_mask_.load(std::memory_order_acquire);
    const uint64_t index = position & mask;
    const uint64_t lower = position & (mask >> 1);
    return index < bucket_count() ? index : lower;
  }
  unsigned level_of(ControlWord control) const noexcept { return base_level_ + control.level(); }

  // Where a position goes on whose low bits are not those of the bucket that it was looked for in:
  // to the other half of the first split at which the two parted. That bucket is there, since the
  // one at hand has been split so far; one further down, at the level of the bucket at hand, need
  // not be: that is a matter of the other half's own splits.
  static constexpr uint64_t other_half(uint64_t index, uint64_t position) noexcept {
    return low_bits(position, static_cast<unsigned>(std::countr_zero(index ^ position)) + 1);
  }

  // ---- Reading ---------------------------------------------------------------------------------

  struct Found {
    Verdict verdict = Verdict::different;  // equal, different (absent) or error
    Entry entry;
  };

  // Where a lookup of this position begins, its bucket on the way from memory.
  struct Start {
    const Bucket* bucket = nullptr;
    uint64_t index = 0;
  };
  Start start(uint64_t position) const noexcept {
    const uint64_t index = home(position);
    const Bucket& bucket = memory_.bucket(index);
    Layout::prefetch(bucket);
    return {&bucket, index};
  }

  // `match(entry)` gives the verdict on each candidate, without a lock held.
  //
  // Of a lookup little but the time for which it waits for the bucket is left, if the processor can
  // begin the next one meanwhile: it looks some 300 instructions ahead. So the two common outcomes
  // come first, in as few as possible; find_everywhere() has them all.
  template <typename Match>
  Found find(const Probe& probe, Match&& match) const {
    return find(start(probe.position), probe, match);
  }
  template <typename Match>
  Found find(const Start& start, const Probe& probe, Match&& match) const {
    const Pattern pattern = this->pattern(probe);
    const Bucket& bucket = *start.bucket;
    const Snapshot snapshot = Layout::begin(bucket);
    // Acquire: as in find_everywhere().
    const ControlWord control(bucket.control.load(std::memory_order_acquire));
    SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
    if (candidates.empty()) {
      if (Layout::chain(snapshot, probe.tag) == 0 && Layout::agrees(snapshot, control) &&
          (STAVE_PLANTED_BUG(miss_beside_split) ||
           low_bits(probe.position, level_of(control)) == start.index)) [[likely]] {
        return {Verdict::different, Entry{}};
      }
      return find_everywhere(probe, match);
    }
    do {
      // A key whose tag this control word has belongs here (invariant 1): its level says no more.
      const Entry entry = Layout::read(bucket, candidates.first());
      if (Layout::may_be(entry, pattern)) [[likely]] {
        if (Layout::intact(bucket, snapshot) && match(entry) == Verdict::equal) [[likely]]
          return {Verdict::equal, entry};
        break;
      }
      candidates.drop_first();
    } while (!candidates.empty());
    return find_everywhere(probe, match);
  }

  // ---- Changing --------------------------------------------------------------------------------

  // Locks the bucket of the position. Nothing when the shard has been closed:
  // what it holds is in another one now.
  std::optional<Locked> lock(uint64_t position) noexcept {
    sync::Backoff backoff;
    uint64_t index = home(position);
    for (;;) {
      Bucket& bucket = memory_.bucket(index);
      Layout::prefetch(bucket);
      // Acquire: pairs with the release in publish(); where the bucket was
      // split, the other half is there.
      uint64_t bits = bucket.control.load(std::memory_order_acquire);
      const ControlWord control(bits);
      if (low_bits(position, level_of(control)) != index) {
        index = other_half(index, position);
        continue;
      }
      // Acquire: pairs with the release in unlock().
      if (!control.locked() && bucket.control.compare_exchange_weak(
                                   bits, control.with_lock().bits(), std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
        return Locked(memory_, index, control);
      }
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
    for (bool first = true;; first = false) {
      std::optional<Entry> gone;
      bool forgot = false;
      const Found found = find(probe, [&](Entry entry) {
        if (!first && refused.contains(entry)) return Verdict::different;
        const Verdict verdict = match(entry);
        if (verdict == Verdict::gone) gone = entry;
        if (verdict == Verdict::different && !refused.add(entry)) {
          forgot = true;
          return Verdict::error;
        }
        return verdict;
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
      const Current current = look_again(*locked, probe.tag, pattern, expected, refused);
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
    const Current current = look_again(*locked, probe.tag, pattern, entry, EntryList<Entry>());
    if (current.place) {
      updated.was_present = true;
      updated.previous = *entry;
      apply(*locked, probe, decision, current.place, entry, false, updated);
    }
    locked->unlock();
    return true;
  }

  // ---- Measuring -------------------------------------------------------------------------------

  template <typename Use>
  void with_candidate(const Start& start, const Probe& probe, Use&& use) const {
    const Bucket& bucket = *start.bucket;
    const ControlWord control(bucket.control.load(std::memory_order_acquire));
    const SlotSet candidates = control.matching(probe.tag);
    if (candidates.empty()) return;
    const Entry entry = Layout::read(bucket, candidates.first());
    if (Layout::may_be(entry, pattern(probe))) use(entry);
  }
  // How many groups of slots a miss in this bucket looks at.
  uint64_t probes(uint64_t index) const noexcept {
    uint64_t probes = 1;
    for (uint32_t number = Layout::chain(Layout::begin(memory_.bucket(index))); number != 0;
         number = Layout::next(memory_.node(number)))
      probes++;
    return probes;
  }

  // ---- Growing: one thread at a time (the caller's growth lock) --------------------------------

  enum class Half : uint8_t { lower, upper, unknown };

  // Splits the next bucket, index by index. `moves(entry, tag, index, level)`
  // says by bit `level` of the entry's position to which half it goes, or that
  // it cannot tell: then nothing changes. The memory of bucket `bucket_count()`
  // is there. Returns false when nothing was split.
  template <typename Moves>
  bool split_next(Moves&& moves) noexcept {
    // Relaxed: only the holder of the growth lock changes it.
    const uint64_t count = bucket_count_.load(std::memory_order_relaxed);
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    const uint64_t index = low_bits(count, level);
    if (level - base_level_ >= ControlWord::kLevelMax) return false;
    std::optional<Locked> parent = lock(index);
    if (!parent) return false;
    const unsigned new_level = level - base_level_ + 1;
    Locked child(memory_, count, ControlWord().with_level(new_level));
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
    // Release: pairs with the acquire in bucket_count().
    bucket_count_.store(count + 1, std::memory_order_release);
    // Release: pairs with the acquire in home(); the count comes before the mask.
    if (std::has_single_bit(count + 1)) home_mask_.store(2 * count + 1, std::memory_order_release);
    return true;
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
    const ControlWord control(memory_.bucket(index).control.load(std::memory_order_relaxed));
    return Locked(memory_, index, control.without_lock());
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
  struct Current {
    std::optional<Place> place;  // of the expected entry
    bool unknown = false;        // there is a candidate on which there is no verdict
  };

  Current look_again(const Locked& locked, uint8_t tag, Pattern pattern,
                     const std::optional<Entry>& expected, const EntryList<Entry>& refused) const {
    Current current;
    locked.for_each_with(tag, [&](Entry entry, Place place, uint8_t) {
      if (!Layout::may_be(entry, pattern)) return true;
      if (expected && entry == *expected) {
        current.place = place;
      } else if (!refused.contains(entry)) {
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
    } else if (locked.insert(probe.tag, Layout::make(pattern(probe), decision.value), reserved)) {
      updated.inserted = true;
    } else {
      updated.result = Updated::Result::no_memory;
    }
  }

  enum class Outcome : uint8_t { absent, found, failed, again };

  // One look at a bucket and its chain.
  struct Search {
    const Bucket& bucket;
    const Snapshot snapshot;
    const Pattern pattern;
    const uint8_t tag;
    Outcome outcome = Outcome::absent;
    Entry entry{};

    template <typename Match>
    void in_head(SlotSet candidates, Match& match) {
      for (; !candidates.empty(); candidates.drop_first()) {
        const size_t slot = candidates.first();
        entry = Layout::read(bucket, slot);
        judge(bucket, slot, match);
        if (outcome != Outcome::absent) return;
        if (!Layout::settled(snapshot, slot, entry)) [[unlikely]] {
          outcome = Outcome::again;
          return;
        }
      }
    }

    // The verdict on `entry`, which was read from this slot.
    template <typename Group, typename Match>
    void judge(const Group& group, size_t slot, Match& match) {
      if (!Layout::may_be(entry, pattern)) return;
      if (!Layout::intact(bucket, snapshot)) [[unlikely]] {
        outcome = Outcome::again;
        return;
      }
      switch (match(entry)) {
        case Verdict::equal:
          outcome = Outcome::found;
          return;
        case Verdict::error:
          outcome = Outcome::failed;
          return;
        case Verdict::gone:
          // What it denoted may have been replaced under us: then the new value
          // is the answer.
          if (Layout::read(group, slot) != entry) outcome = Outcome::again;
          return;
        case Verdict::different:
          return;
      }
    }
  };

  // The whole of find(): the chain, splits and changes met on the way.
  template <typename Match>
  [[gnu::noinline]] Found find_everywhere(const Probe probe, Match& match) const {
    const Pattern pattern = this->pattern(probe);
    uint64_t index = home(probe.position);
    for (;;) {
      const Bucket& bucket = memory_.bucket(index);
      Layout::prefetch(bucket);
      const Snapshot snapshot = Layout::begin(bucket);
      // Acquire: pairs with the releases in unlock() and publish(). The words
      // of the slots are at least as new as their tags, and where the bucket
      // was split, the other half is complete.
      const ControlWord control(bucket.control.load(std::memory_order_acquire));
      if (low_bits(probe.position, level_of(control)) != index) [[unlikely]] {
        index = other_half(index, probe.position);
        continue;
      }
      Search search{bucket, snapshot, pattern, probe.tag};
      const SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
      const uint32_t chain = Layout::chain(snapshot, probe.tag);
      if (!Layout::agrees(snapshot, control)) [[unlikely]]
        continue;
      search.in_head(candidates, match);
      if (search.outcome == Outcome::absent && chain != 0) search_chain(search, chain, match);
      switch (search.outcome) {
        case Outcome::found:
          return {Verdict::equal, search.entry};
        case Outcome::failed:
          return {Verdict::error, search.entry};
        case Outcome::again:
          continue;
        case Outcome::absent:
          if (STAVE_PLANTED_BUG(miss_beside_split)) return {Verdict::different, Entry{}};
          // Only if a word was looked at after the control word can the entry
          // have moved meanwhile, and then the level tells (invariant 4).
          // Relaxed: the acquires in read() and control_of() keep this load
          // behind them.
          if ((candidates.empty() && chain == 0) ||
              ControlWord(bucket.control.load(std::memory_order_relaxed)).level() ==
                  control.level()) {
            return {Verdict::different, Entry{}};
          }
      }
    }
  }

  template <typename Match>
  void search_chain(Search& search, uint32_t number, Match& match) const {
    while (number != 0) {
      const Node& node = memory_.node(number);
      SlotSet candidates = Locked::control_of(node).matching(search.tag) & Locked::kNodeSlots;
      for (; !candidates.empty(); candidates.drop_first()) {
        const size_t slot = candidates.first();
        search.entry = Layout::read(node, slot);
        search.judge(node, slot, match);
        if (search.outcome != Outcome::absent) return;
      }
      number = Layout::next(node);
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
      complete = half != Half::unknown && child.insert(tag, entry, false);
      if (place.node == 0) lower = lower.without_tag(place.slot);
      return complete;
    });
    return complete;
  }

  Memory& memory_;
  const unsigned base_level_;
  Atomic<uint64_t> bucket_count_;
  // 2^(l+1) - 1 where 2^l is the number of buckets, rounded down.
  Atomic<uint64_t> home_mask_;
  Atomic<bool> closed_{false};
};

}  // namespace stave::index
