// The half of a shard's protocol that reads: lookups without locks, beside everything that
// shard_protocol.h does. docs/internals/index.md has the drawing and the arguments;
// tests/stress/weak_memory weakens every memory order below.
//
// Thread safety: all members from any thread, within an epoch pin.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/base/planted_bug.h"
#include "core/index/control_word.h"
#include "core/index/locked_bucket.h"
#include "core/index/probe.h"

namespace stave::index {

template <typename Layout, typename Memory, template <typename> class Atomic>
class ShardLookup : public Memory {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;
  using Entry = typename Layout::Entry;
  using Pattern = typename Layout::Pattern;
  using Snapshot = typename Layout::Snapshot;
  using Locked = LockedBucket<Layout, Memory>;

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
    // Half of all lookups get the one answer and half the other, which no branch can foretell.
    const uint64_t index = position & mask;
    return index & (mask >> (index >= bucket_count() ? 1 : 0));
  }
  unsigned level_of(ControlWord control) const noexcept { return base_level_ + control.level(); }
  // Whether bucket `index`, whose control word this is, is the position's: of both, as many low
  // bits as the bucket's level says are the same.
  bool belongs(uint64_t position, uint64_t index, ControlWord control) const noexcept {
    return ((position ^ index) & ((first_buckets_ << control.level()) - 1)) == 0;
  }

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
    const Bucket& bucket = this->bucket(index);
    Layout::prefetch(bucket);
    return {&bucket, index};
  }

  // The same where many lookups begin, one after the other.
  Start start_one_of_many(uint64_t position) const noexcept {
    const uint64_t index = home(position);
    const Bucket& bucket = this->bucket(index);
    Layout::prefetch_one_of_many(bucket);
    return {&bucket, index};
  }

  // The same for a lookup that follows at once.
  Start start_now(uint64_t position) const noexcept {
    const uint64_t index = home(position);
    const Bucket& bucket = this->bucket(index);
    Layout::prefetch_rest(bucket);
    return {&bucket, index};
  }

  // `match(entry)` gives the verdict on each candidate, without a lock held.
  template <typename Match>
  Found find(const Probe& probe, Match&& match) const {
    return find(start(probe.position), probe, match);
  }
  template <typename Match>
  Found find(const Start& start, const Probe& probe, Match&& match) const {
    Found found;
    if (find_at_once(start, probe, match, found)) [[likely]]
      return found;
    return find_everywhere(probe, match);
  }

  // The two common outcomes, in as few instructions as possible: of a lookup little but the time
  // for which it waits for the bucket is left, if the processor can begin the next ones meanwhile,
  // and it looks some 200 results ahead. False when find_everywhere() has to tell.
  template <typename Match>
  bool find_at_once(const Start& start, const Probe& probe, Match&& match, Found& found) const {
    const Pattern pattern = this->pattern(probe);
    const Bucket& bucket = *start.bucket;
    const Snapshot snapshot = Layout::begin(bucket);
    // Acquire: as in find_everywhere().
    const ControlWord control(bucket.control.load(std::memory_order_acquire));
    SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
    if (candidates.empty()) {
      found = {};
      return !Layout::may_be_in_chain(snapshot, probe.tag) && Layout::agrees(snapshot, control) &&
             (STAVE_PLANTED_BUG(miss_beside_split) ||
              belongs(probe.position, start.index, control));
    }
    do {
      // A key whose tag this control word has belongs here (invariant 1): its level says no more.
      const Entry entry = Layout::read(bucket, candidates.first());
      if (Layout::may_be(entry, pattern)) [[likely]] {
        found = {Verdict::equal, entry};
        return Layout::intact(bucket, snapshot) && match(entry) == Verdict::equal;
      }
      candidates.drop_first();
    } while (!candidates.empty());
    return false;
  }

  // The whole of find(): the chain, splits and changes met on the way.
  template <typename Match>
  [[gnu::noinline]] Found find_everywhere(const Probe probe, Match& match) const {
    const Pattern pattern = this->pattern(probe);
    uint64_t index = home(probe.position);
    for (;;) {
      const Bucket& bucket = this->bucket(index);
      Layout::prefetch(bucket);
      const Snapshot snapshot = Layout::begin(bucket);
      // Acquire: pairs with the releases in unlock() and publish(). The words
      // of the slots are at least as new as their tags, and where the bucket
      // was split, the other half is complete.
      const ControlWord control(bucket.control.load(std::memory_order_acquire));
      if (!belongs(probe.position, index, control)) [[unlikely]] {
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
  // ---- Measuring -------------------------------------------------------------------------------

  // Calls use(entry) with the first candidate in the head, for what follows from it to be loaded
  // too; where the chain comes first, loads that.
  template <typename Use>
  void with_candidate(const Start& start, const Probe& probe, Use&& use) const {
    const Bucket& bucket = *start.bucket;
    const Snapshot snapshot = Layout::begin(bucket);
    const ControlWord control(bucket.control.load(std::memory_order_acquire));
    const SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
    if (candidates.empty()) return prefetch_chain(start, probe);
    const Entry entry = Layout::read(bucket, candidates.first());
    if (Layout::may_be(entry, pattern(probe))) use(entry);
  }
  void prefetch_chain(const Start& start, const Probe& probe) const noexcept {
    const uint32_t chain = Layout::chain(Layout::begin(*start.bucket), probe.tag);
    if (chain != 0) __builtin_prefetch(&this->node(chain));
  }
  // How many groups of slots a miss in this bucket looks at.
  uint64_t probes(uint64_t index) const noexcept {
    uint64_t probes = 1;
    for (uint32_t number = Layout::chain(Layout::begin(this->bucket(index))); number != 0;
         number = Layout::next(this->node(number)))
      probes++;
    return probes;
  }

 protected:
  // Begins with 2^base_level buckets, which the memory is to have before they are used.
  explicit ShardLookup(unsigned base_level) noexcept
      : Memory(base_level),
        base_level_(base_level),
        first_buckets_(uint64_t{1} << base_level),
        bucket_count_(uint64_t{1} << base_level),
        home_mask_((uint64_t{2} << base_level) - 1) {}

  // For the thread that holds the growth lock.
  uint64_t own_bucket_count() const noexcept {
    // Relaxed: only the holder of the growth lock changes it.
    return bucket_count_.load(std::memory_order_relaxed);
  }
  // One bucket more is there.
  void add_bucket(uint64_t count) noexcept {
    // Release: pairs with the acquire in bucket_count().
    bucket_count_.store(count, std::memory_order_release);
    // Release: pairs with the acquire in home(); the count comes before the mask.
    const bool is_power_of_two = (count & (count - 1)) == 0;
    if (is_power_of_two) home_mask_.store(2 * count - 1, std::memory_order_release);
  }

 private:
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
          // The key may have got a new value under us: then that is the answer. It stands in this
          // slot, or in the head if the entry was gathered from a node; and the caller asks where
          // the whole shard is (Table::find()).
          if (Layout::read(group, slot) != entry || !Layout::same_chain(bucket, snapshot))
            outcome = Outcome::again;
          return;
        case Verdict::different:
          return;
      }
    }
  };

  template <typename Match>
  void search_chain(Search& search, uint32_t number, Match& match) const {
    while (number != 0) {
      const Node& node = this->node(number);
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
  // On a line of its own, for every call reads it: what ShardMemory's users change is not beside
  // it.
  alignas(64) const unsigned base_level_;
  const uint64_t first_buckets_;
  Atomic<uint64_t> bucket_count_;
  // 2^(l+1) - 1 where 2^l is the number of buckets, rounded down.
  Atomic<uint64_t> home_mask_;
};

}  // namespace stave::index
