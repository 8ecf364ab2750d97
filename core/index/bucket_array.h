// The buckets of one shard: lookups without locks, changes under the lock of one bucket, growth
// bucket by bucket (linear hashing, Litwin 1980). docs/internals/index.md has the drawing and the
// arguments; tests/stress/weak_memory weakens every memory order below.
//
// Invariants
//   1. Bucket i at level l holds the entries whose positions end with the l low bits of i, and no
//      others are reached through it. Levels only grow.
//   2. What belongs to a bucket (its slots, its chain of nodes) changes only under the bucket's
//      lock.
//   3. An entry leaves a slot where readers may look for it (split, spill, gather) only after it
//      can be found in its new one, and what a reader notices first sends it there.
//   4. A reader that sees a word of a slot that was stored after the reader's control word sees in
//      the bucket's level, link or change count that it was.
//
// `Layout` is narrow_layout.h or wide_layout.h. `Memory`, constructed as Memory(n) for 2^n first
// buckets, has the buckets and nodes. It is a base so that a lookup finds them without a load:
//   Bucket& bucket(uint64_t index);   Node& node(uint32_t number);
//   uint32_t take_node(bool reserved);  0 without memory
//   void give_back_node(uint32_t);      one that no reader has seen
//   void discard_node(uint32_t);        one that readers may still pass
//
// The file is long because what readers may see and what writers do is one argument.
//
// Thread safety: all members from any thread, within an epoch pin, except where they say otherwise.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/base/prefetch.h"
#include "core/index/control_word.h"
#include "core/index/locked_bucket.h"
#include "core/index/probe.h"
#include "core/index/verdicts.h"
#include "core/sync/backoff.h"

namespace stave::index {

template <typename Layout, typename Memory, template <typename> class Atomic = std::atomic>
class BucketArray : public Memory {
 public:
  using Bucket = typename Layout::Bucket;
  using Node = typename Layout::Node;
  using Entry = typename Layout::Entry;
  using Pattern = typename Layout::Pattern;
  using Snapshot = typename Layout::Snapshot;
  using Locked = LockedBucket<Layout, Memory>;

  // Begins with 2^base_level buckets, which the memory must have before they are used.
  explicit BucketArray(unsigned base_level) noexcept
      : Memory(base_level),
        base_level_(base_level),
        first_buckets_(uint64_t{1} << base_level),
        bucket_count_(uint64_t{1} << base_level),
        home_mask_((uint64_t{2} << base_level) - 1) {}

  unsigned base_level() const noexcept { return base_level_; }
  unsigned level_of(ControlWord control) const noexcept { return base_level_ + control.level(); }
  Pattern pattern(const Probe& probe) const noexcept { return Layout::pattern(probe, base_level_); }
  uint64_t bucket_count() const noexcept {
    // Acquire: pairs with the release in add_bucket(); the buckets counted have memory.
    return bucket_count_.load(std::memory_order_acquire);
  }

  // Where a position belongs whose low bits differ from those of the bucket where it was looked
  // for: the other half of the first split at which the two parted. That bucket exists, since the
  // bucket at hand has been split that far; a bucket at the level of the bucket at hand need not
  // exist: that depends on the other half's own splits.
  static constexpr uint64_t other_half(uint64_t index, uint64_t position) noexcept {
    return low_bits(position, static_cast<unsigned>(std::countr_zero(index ^ position)) + 1);
  }

  // ---- Lookup ----------------------------------------------------------------------------------

  struct Found {
    Verdict verdict = Verdict::different;  // equal, error, or different: the key is absent
    Entry entry{};
  };

  // `match(entry)` gives the verdict on each candidate, without a lock held.
  //
  // Inline, down to match(): a caller that keeps its key in registers need not store it.
  template <typename Match>
  [[gnu::always_inline]] Found find(const Probe& probe, Match&& match) const {
    const Pattern pattern = this->pattern(probe);
    uint64_t index = home(probe.position);
    for (;;) {
      const Bucket& bucket = this->bucket(index);
      Layout::prefetch_rest(bucket);
      const Snapshot snapshot = Layout::begin(bucket);
      // Acquire: pairs with the releases in publish(). The words of the slots are at least as new
      // as their tags, and where the bucket was split, the other half is complete.
      const ControlWord control(bucket.control.load(std::memory_order_acquire));
      const SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
      // First the entries, then the level: a key whose tag this control word has belongs here
      // (invariant 1).
      Found found;
      Outcome outcome =
          search_slots(bucket, candidates, BucketView{bucket, snapshot}, pattern, match, found);
      if (outcome == Outcome::hit) [[likely]]
        return found;
      if (outcome == Outcome::retry) [[unlikely]]
        continue;
      if (!STAVE_PLANTED_BUG(miss_beside_split) && !belongs(probe.position, index, control))
          [[unlikely]] {
        index = other_half(index, probe.position);
        continue;
      }
      const uint32_t chain = Layout::chain(snapshot, probe.tag);
      if (chain != 0) {
        outcome =
            search_chain(BucketView{bucket, snapshot}, chain, probe.tag, pattern, match, found);
        if (outcome == Outcome::hit) return found;
        if (outcome == Outcome::retry) [[unlikely]]
          continue;
      }
      if (!Layout::agrees(snapshot, control)) [[unlikely]]
        continue;
      // Only if a word was read after the control word can the entry have moved meanwhile, and then
      // the level says so (invariant 4). Relaxed: the acquires in read() and control_of() keep this
      // load after them.
      if ((candidates.empty() && chain == 0) || STAVE_PLANTED_BUG(miss_beside_split) ||
          ControlWord(bucket.control.load(std::memory_order_relaxed)).level() == control.level())
          [[likely]] {
        return {};
      }
    }
  }

  // Loads the bucket of this position, for a lookup or update that follows after others'
  // prefetches.
  void prefetch_bucket(uint64_t position) const noexcept {
    Layout::prefetch_one_of_many(this->bucket(home(position)));
  }
  // After prefetch_bucket(): calls follow(entry) with the first candidate, to load what it stands
  // for, or, where there is none, loads the chain. The entry may be torn.
  template <typename Follow>
  void prefetch_candidate(const Probe& probe, Follow&& follow) const {
    const Bucket& bucket = this->bucket(home(probe.position));
    const Snapshot snapshot = Layout::begin(bucket);
    const ControlWord control(bucket.control.load(std::memory_order_acquire));
    const SlotSet candidates = control.matching(probe.tag) & Layout::entry_slots(snapshot);
    if (!candidates.empty()) {
      const Entry entry = Layout::read(bucket, candidates.first());
      if (Layout::may_be(entry, pattern(probe))) follow(entry);
    } else if (const uint32_t chain = Layout::chain(snapshot, probe.tag); chain != 0) {
      stave::prefetch(&this->node(chain));
    }
  }

  // How many groups of slots a miss in this bucket reads.
  uint64_t probes(uint64_t index) const noexcept {
    uint64_t probes = 1;
    for (uint32_t number = Layout::chain(Layout::begin(this->bucket(index))); number != 0;
         number = Layout::next(this->node(number)))
      probes++;
    return probes;
  }

  // ---- Update ----------------------------------------------------------------------------------

  struct Updated {
    enum class Result : uint8_t {
      done,
      failed,     // match() returned `error`
      no_memory,  // for a node, or for the verdicts on many candidates
      closed,     // repeat in the shard's successor
    };
    Result result = Result::done;
    bool was_present = false;
    bool inserted = false;  // one entry more
    bool removed = false;   // one entry less
    Entry previous{};       // if it was present
  };

  // Finds the entry of the key, calls decide(value, or null if the key is absent) and does what it
  // returns, as one step: each racing call comes before or after. decide() runs once, under the
  // bucket's lock.
  //
  // match() judges the candidates under the lock if `kMatchesUnderLock`: for comparisons that call
  // nobody and cannot fail. Otherwise it judges them before, without a lock, as in find(); under
  // the lock, a candidate without a verdict starts the next round.
  //
  // `reserved`: a node that the insertion may need was set aside (Memory::take_node()).
  template <bool kMatchesUnderLock, typename Match, typename Decide>
  [[gnu::always_inline]] Updated update(const Probe& probe, Match&& match, Decide&& decide,
                                        bool reserved = false) {
    const Pattern pattern = this->pattern(probe);
    [[maybe_unused]] Verdicts<Entry> verdicts;
    for (;;) {
      Updated updated;
      if constexpr (!kMatchesUnderLock) {
        updated.result = verdicts.judge(*this, probe, match);
        if (updated.result != Updated::Result::done) return updated;
      }
      Locked bucket = lock(probe.position);
      if (!bucket.is_locked()) [[unlikely]] {
        updated.result = Updated::Result::closed;
        return updated;
      }
      Current current;
      if constexpr (kMatchesUnderLock) {
        current = look_up(bucket, probe.tag, pattern,
                          [&match](const Entry& entry) { return std::optional(match(entry)); });
      } else {
        current = look_up(bucket, probe.tag, pattern,
                          [&verdicts](const Entry& entry) { return verdicts.on(entry); });
        if (!current.is_present && current.has_unjudged && !STAVE_PLANTED_BUG(racing_inserts)) {
          bucket.unlock();
          continue;
        }
      }
      updated.was_present = current.is_present;
      updated.previous = current.entry;
      const uint64_t value = Layout::value(current.entry);
      const Decision decision = decide(current.is_present ? &value : nullptr);
      apply(bucket, probe.tag, pattern, decision, current, reserved, updated);
      bucket.unlock();
      return updated;
    }
  }

  // Calls act(Locked&) with the bucket of this position locked. False when the shard has been
  // closed: its entries are in its successor.
  template <typename Act>
  bool with_lock(uint64_t position, Act&& act) {
    Locked bucket = lock(position);
    if (!bucket.is_locked()) return false;
    act(bucket);
    bucket.unlock();
    return true;
  }

  // ---- Growth: one thread at a time, under the caller's growth lock ----------------------------

  enum class Half : uint8_t { lower, upper, unknown };

  // Splits the next bucket in the order of their indexes. `moves(entry, tag, index, level)` returns
  // the half to which the entry goes, by bit `level` of its position, or `unknown`: then nothing
  // changes. REQUIRES: bucket `bucket_count()` has memory. Returns true iff a bucket was split.
  template <typename Moves>
  bool split_next(Moves&& moves) noexcept {
    const uint64_t count = own_bucket_count();
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    const uint64_t index = low_bits(count, level);
    if (level - base_level() >= ControlWord::kLevelMax) return false;
    const unsigned new_level = level - base_level() + 1;
    bool complete = false;
    const bool open = with_lock(index, [&](Locked& parent) {
      Locked child(*this, count, ControlWord().with_level(new_level));
      ControlWord lower = parent.control.with_level(new_level);
      complete = copy_upper_half(parent, child, level, moves, lower);
      if (!complete) return child.abandon();
      // The upper half can be found in the child from here on ...
      child.unlock();
      // ... then it leaves the parent, head first: a reader that misses an entry there sees the new
      // level.
      parent.control = lower;
      parent.publish();
      parent.clear_nodes(
          [&](Entry entry, uint8_t tag) { return moves(entry, tag, index, level) == Half::upper; });
      parent.tidy_chain();
    });
    if (!open || !complete) return false;
    add_bucket(count + 1);
    return true;
  }

  // After `splits` calls of split_next() by one operation: loads what the next two splits will
  // need, apart from what the last operation has asked for. Buckets to come may have no memory yet;
  // prefetching that is harmless.
  void prefetch_splits(unsigned splits) const noexcept {
    const auto split_bucket = [this](uint64_t count) -> const Bucket& {
      return this->bucket(count ^ std::bit_floor(count));
    };
    const uint64_t count = own_bucket_count();
    for (uint64_t next = count + 2 - splits; next <= count + 1; next++) {
      Layout::prefetch(split_bucket(next));
      Layout::prefetch(this->bucket(next));
    }
    if (splits > 1) return;
    const uint32_t chain = Layout::chain(Layout::begin(split_bucket(count)));
    if (chain != 0) stave::prefetch(&this->node(chain));
  }

  // ---- Replacement, under the growth lock ------------------------------------------------------

  // Locks all buckets and calls replace(). If that returns true the locks stay for ever and the
  // shard is closed: with_lock() returns false, and readers that are still here see the entries of
  // this moment.
  template <typename Replace>
  void with_all_locked(Replace&& replace) {
    const uint64_t count = bucket_count();
    for (uint64_t index = 0; index < count; index++) lock_for_good(index);
    if (replace()) {
      // Relaxed: a writer that sees it looks for the successor, which replace() has published, and
      // comes back here if it does not see that yet.
      closed_.store(true, std::memory_order_relaxed);
    } else {
      for (uint64_t index = 0; index < count; index++) locked_bucket(index).unlock();
    }
  }
  // Bucket `index`. REQUIRES: with_all_locked() has locked it.
  Locked locked_bucket(uint64_t index) noexcept {
    // Relaxed: this thread locked it.
    const ControlWord control(this->bucket(index).control.load(std::memory_order_relaxed));
    return Locked(*this, index, control.without_lock());
  }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

 private:
  enum class Outcome : uint8_t { hit, miss, retry };
  // One reading of a bucket and its chain.
  struct BucketView {
    const Bucket& bucket;
    const Snapshot snapshot;
  };

  // Judges the candidates in these slots of the bucket or of one of its nodes. `found` is a hit's.
  template <typename Group, typename Match>
  [[gnu::always_inline]] static Outcome search_slots(const Group& group, SlotSet slots,
                                                     const BucketView& view, const Pattern& pattern,
                                                     Match& match, Found& found) {
    for (; !slots.empty(); slots.drop_first()) {
      const size_t slot = slots.first();
      const Entry entry = Layout::read(group, slot);
      if (Layout::may_be(entry, pattern)) [[likely]] {
        if (!Layout::intact(view.bucket, view.snapshot)) [[unlikely]]
          return Outcome::retry;
        const Verdict verdict = match(entry);
        if (verdict == Verdict::equal || verdict == Verdict::error) [[likely]] {
          found = {verdict, entry};
          return Outcome::hit;
        }
        // The key may have got a new value meanwhile: then that is the answer. It is in this
        // slot, or in the head if the entry was gathered from a node; whether it is in the
        // shard's successor is the caller's question (Table::find()).
        if (verdict == Verdict::stale &&
            (Layout::read(group, slot) != entry || !Layout::same_chain(view.bucket, view.snapshot)))
          return Outcome::retry;
      }
      if (!Layout::settled(view.snapshot, slot, entry)) [[unlikely]]
        return Outcome::retry;
    }
    return Outcome::miss;
  }

  // The rest of a lookup, in the chain that begins with this node.
  template <typename Match>
  [[gnu::always_inline]] Outcome search_chain(const BucketView& view, uint32_t number, uint8_t tag,
                                              const Pattern& pattern, Match& match,
                                              Found& found) const {
    while (number != 0) {
      const Node& node = this->node(number);
      const SlotSet candidates = Locked::control_of(node).matching(tag) & Locked::kNodeSlots;
      const Outcome outcome = search_slots(node, candidates, view, pattern, match, found);
      if (outcome != Outcome::miss) return outcome;
      number = Layout::next(node);
    }
    return Outcome::miss;
  }

  // What a locked bucket holds for a key.
  struct Current {
    bool is_present = false;
    bool has_unjudged = false;
    std::optional<SlotRef>
        slot;  // of the key's entry, or of a stale one that an insertion replaces
    Entry entry{};
  };
  template <typename VerdictOn>
  Current look_up(const Locked& bucket, uint8_t tag, const Pattern& pattern,
                  VerdictOn&& verdict_on) const {
    Current current;
    bucket.for_each_with(tag, [&](const Entry& entry, SlotRef slot, uint8_t) {
      if (!Layout::may_be(entry, pattern)) return true;
      const std::optional<Verdict> verdict = verdict_on(entry);
      if (!verdict) {
        current.has_unjudged = true;
      } else if (*verdict == Verdict::equal || *verdict == Verdict::stale) {
        current.slot = slot;
        current.entry = entry;
        current.is_present = *verdict == Verdict::equal;
      }
      return !current.is_present;
    });
    return current;
  }

  void apply(Locked& bucket, uint8_t tag, const Pattern& pattern, const Decision& decision,
             const Current& current, bool reserved, Updated& updated) noexcept {
    switch (decision.action) {
      case Decision::Action::keep:
        return;
      case Decision::Action::remove:
        if (!current.is_present) return;
        bucket.remove(*current.slot);
        updated.removed = true;
        return;
      case Decision::Action::set:
        if (current.slot) {
          bucket.replace(*current.slot, Layout::with_value(current.entry, decision.value));
        } else if (bucket.insert(tag, Layout::make(pattern, decision.value), reserved)) {
          updated.inserted = true;
        } else {
          updated.result = Updated::Result::no_memory;
        }
    }
  }

  // Copies the entries that go to the child, and takes the tags of those in the head off `lower`.
  template <typename Moves>
  bool copy_upper_half(const Locked& parent, Locked& child, unsigned level, Moves& moves,
                       ControlWord& lower) noexcept {
    bool complete = true;
    parent.for_each([&](Entry entry, SlotRef slot, uint8_t tag) {
      if (STAVE_PLANTED_BUG(split_forgets_nodes) && slot.node != 0) return true;
      const Half half = moves(entry, tag, parent.index(), level);
      if (half == Half::lower) return true;
      complete = half != Half::unknown && child.append(tag, entry);
      if (slot.node == 0) lower = lower.without_tag(slot.slot);
      return complete;
    });
    return complete;
  }

  // The bucket where a lookup begins; it may have been split since.
  uint64_t home(uint64_t position) const noexcept {
    // Acquire: pairs with the release in add_bucket(). The count read next is at least half of the
    // mask's: what is cut to it is a bucket that exists.
    const uint64_t mask = home_mask_.load(std::memory_order_acquire);
    // Either answer is as likely as the other, so this must not become a branch.
    const uint64_t index = position & mask;
    return index & (mask >> (index >= bucket_count() ? 1 : 0));
  }
  // Whether bucket `index`, whose control word this is, is the position's: of both, as many low
  // bits as the bucket's level says are the same.
  bool belongs(uint64_t position, uint64_t index, ControlWord control) const noexcept {
    return ((position ^ index) & ((first_buckets_ << control.level()) - 1)) == 0;
  }

  // The bucket of this position, locked; not locked when the shard has been closed.
  [[gnu::always_inline]] Locked lock(uint64_t position) noexcept {
    sync::Backoff backoff;
    uint64_t index = home(position);
    for (;;) {
      Bucket& bucket = this->bucket(index);
      Layout::prefetch_rest(bucket);
      // Acquire: pairs with the release in publish(); where the bucket was split, the other half is
      // complete.
      const ControlWord control(bucket.control.load(std::memory_order_acquire));
      if (!belongs(position, index, control)) [[unlikely]] {
        index = other_half(index, position);
      } else if (try_lock(bucket, control)) [[likely]] {
        return Locked(*this, index, control);
      } else if (closed()) {
        // A writer that misses this comes round again.
        return Locked(*this, index, control.with_lock());
      } else {
        backoff.wait();
      }
    }
  }
  // Locks the bucket if its control word is still `control` and free.
  bool try_lock(Bucket& bucket, ControlWord control) noexcept {
    if (control.locked()) return false;
    uint64_t bits = control.bits();
    if (STAVE_PLANTED_BUG(lock_by_store)) {
      bucket.control.store(control.with_lock().bits(), std::memory_order_relaxed);
      return true;
    }
    // Acquire: pairs with the release in publish().
    return bucket.control.compare_exchange_strong(
        bits, control.with_lock().bits(), std::memory_order_acquire, std::memory_order_relaxed);
  }
  // REQUIRES: the growth lock; so the bucket is neither split nor closed meanwhile.
  void lock_for_good(uint64_t index) noexcept {
    Bucket& bucket = this->bucket(index);
    sync::Backoff backoff;
    // Relaxed: the exchange in try_lock() has the order.
    while (!try_lock(bucket, ControlWord(bucket.control.load(std::memory_order_relaxed))))
      backoff.wait();
  }

  // For the thread that holds the growth lock.
  uint64_t own_bucket_count() const noexcept {
    // Relaxed: only the holder of the growth lock changes it.
    return bucket_count_.load(std::memory_order_relaxed);
  }
  void add_bucket(uint64_t count) noexcept {
    // Release: pairs with the acquire in bucket_count().
    bucket_count_.store(count, std::memory_order_release);
    // Release: pairs with the acquire in home(); the count comes before the mask.
    if (std::has_single_bit(count)) home_mask_.store(2 * count - 1, std::memory_order_release);
  }

  // On a cache line of their own, because every call reads them: what the users of Memory change is
  // on others.
  alignas(64) const unsigned base_level_;
  const uint64_t first_buckets_;
  Atomic<uint64_t> bucket_count_;
  // 2^(l+1) - 1 where 2^l is the number of buckets, rounded down.
  Atomic<uint64_t> home_mask_;
  Atomic<bool> closed_{false};
};

}  // namespace stave::index
