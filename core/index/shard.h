// One shard in production: the buckets over memory of their own, counts of entries, and when it
// grows.
//
// `Keys`, the key policy, knows what the entries of a layout stand for (resolved_keys.h,
// owned_keys.h):
//   uint64_t position(Entry, tag)               where the layout keeps all of the position
//   Result<uint64_t> fetch_hash(uint64_t value)  where it keeps a part of it; may call out
//
// Thread safety: all members from any thread, within an epoch pin.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>

#include "core/base/status.h"
#include "core/index/bucket_array.h"
#include "core/index/entry_counts.h"
#include "core/index/shard_memory.h"
#include "core/index/stats.h"
#include "core/sync/thread_number.h"

namespace stave::index {

template <typename Layout>
class Shard final : public BucketArray<Layout, ShardMemory<Layout>> {
 public:
  using Buckets = BucketArray<Layout, ShardMemory<Layout>>;
  using Entry = typename Layout::Entry;
  using Half = typename Buckets::Half;

  // The most buckets that one operation splits.
  static constexpr unsigned kSplitsPerOperation = 2;

  // How often a bucket may refuse to be split (no memory for nodes, entries that have just come)
  // before reserve() gives up.
  static constexpr unsigned kReserveFailuresMax = 16;

  // Null without memory. `count` must outlive every call but disown().
  static Shard* create(unsigned bucket_bits, EntryCount count) noexcept {
    auto* shard = new (std::nothrow) Shard(bucket_bits, count);
    if (shard == nullptr) return nullptr;
    if (shard->ensure_bucket((uint64_t{1} << bucket_bits) - 1)) return shard;
    shard->disown();
    return nullptr;
  }
  // The table gives the shard up. REQUIRES: no reader can find it any more.
  void disown() noexcept {
    if (this->remove_owner()) delete this;
  }

  // Like disown(), while readers may still be in it. Allocates nothing.
  void retire() noexcept {
    retirement_.shard = this;
    sync::EpochRegistry::retire(&retirement_, [](sync::Retired* retired) noexcept {
      static_cast<Retirement*>(retired)->shard->disown();
    });
  }

  // Exact when no operation is under way.
  uint64_t entries() const noexcept { return count_.sum(); }
  void count_removed() noexcept { count_.subtract(); }
  // Counts an entry and splits buckets, a few at most, while there are too many entries for them.
  template <typename Keys>
  void count_inserted(const Keys& keys) noexcept {
    if (count_.add()) grow(keys);
  }

  // Grows until there is room for so many entries. `closed` if the shard has a successor, `busy`
  // from inside a callback of the shard's own growth, `no_memory`, or the error of fetch_hash().
  template <typename Keys>
  Status reserve(uint64_t entries, const Keys& keys) noexcept {
    unsigned failures = 0;
    while (crowded_by(entries)) {
      STAVE_TRY(lock_growth());
      const Status split = split_bucket(keys);
      unlock_growth();
      if (split.ok()) continue;
      // A bucket may refuse for the moment: entries have come that were not asked about.
      const bool may_pass = !split.is_error() && ++failures < kReserveFailuresMax;
      if (may_pass) continue;
      if (this->closed()) return Code::closed;
      return split.is_error() ? split : Status(Code::no_memory);
    }
    return {};
  }

  // Calls publish(Shard*) with a successor that has the same entries in as few buckets as they
  // need, and closes this shard; does nothing if it has no more than those. Writers wait meanwhile.
  // Errors as of reserve(); then nothing has changed.
  template <typename Keys, typename Publish>
  Status replace_by_smaller(const Keys& keys, Publish&& publish) noexcept {
    STAVE_TRY(lock_growth());
    Status status;
    bool replaced = false;
    this->with_all_locked([&] {
      const Result<Shard*> smaller = make_smaller(keys);
      status = smaller.status();
      replaced = smaller.ok() && *smaller != nullptr;
      if (replaced) publish(*smaller);
      return replaced;
    });
    // The growth lock of a closed shard stays locked, too.
    if (!replaced) unlock_growth();
    return status;
  }

  // The position of an entry of bucket `index`, as far as a cursor at the reversed position
  // `reversed` needs it. `not_found` if the entry is stale.
  template <typename Keys>
  Result<uint64_t> known_position(Entry entry, uint8_t tag, uint64_t index, unsigned level,
                                  uint64_t reversed, const Keys& keys) const;

  uint64_t capacity() const noexcept {
    return this->bucket_count() * Layout::kHeadSlots * Layout::kGrowAtNumerator /
           Layout::kGrowAtDenominator;
  }
  void add_to(IndexStats& stats) const;

  // In how many buckets so many entries are at the load at which a bucket is split.
  static constexpr uint64_t buckets_for(uint64_t entries) noexcept {
    return (entries * Layout::kGrowAtDenominator) /
               (Layout::kHeadSlots * Layout::kGrowAtNumerator) +
           1;
  }

 private:
  // How many insertions crowded() allows the threads of a shard with room: at least so many, and at
  // most this part of its capacity. Threads do not know each other's allowances, so a shard may
  // hold that many entries too many for a while.
  static constexpr uint64_t kAllowedMin = 4;
  static constexpr uint64_t kAllowedPart = 64;

  Shard(unsigned bucket_bits, EntryCount count) noexcept : Buckets(bucket_bits), count_(count) {}
  ~Shard() override = default;

  static uint32_t me() noexcept { return sync::thread_number() + 1; }

  template <typename Keys>
  [[gnu::noinline]] void grow(const Keys& keys) noexcept {
    if (!crowded()) return;
    if (!try_lock_growth()) return;  // another writer is at it
    unsigned splits = 0;
    while (splits < kSplitsPerOperation && crowded()) {
      // Without a split the buckets overflow into nodes and the next writer tries again.
      if (!split_bucket(keys).ok()) break;
      splits++;
    }
    this->prefetch_splits(splits);
    if (splits > splits_of_one_operation_max_.load(std::memory_order_relaxed))
      splits_of_one_operation_max_.store(splits, std::memory_order_relaxed);
    unlock_growth();
  }

  // ---- The growth lock: guards splitting and the shard's replacement ---------------------------

  Status lock_growth() noexcept {
    sync::Backoff backoff;
    while (!try_lock_growth()) {
      // Relaxed: only this thread stores its own number.
      if (growing_.load(std::memory_order_relaxed) == me()) return Code::busy;
      if (this->closed()) return Code::closed;
      backoff.wait();
    }
    return {};
  }
  void unlock_growth() noexcept {
    growing_.store(0, std::memory_order_release);  // pairs with the acquire in try_lock_growth()
  }
  bool try_lock_growth() noexcept {
    uint32_t nobody = 0;
    if (growing_.load(std::memory_order_relaxed) != nobody) return false;
    // Acquire: pairs with the release in unlock_growth().
    return growing_.compare_exchange_strong(nobody, me(), std::memory_order_acquire,
                                            std::memory_order_relaxed);
  }

  bool crowded_by(uint64_t entries) const noexcept {
    return buckets_for(entries) > this->bucket_count();
  }
  // Whether there are too many entries for the buckets. If not, gives the calling thread an
  // allowance of insertions before it asks again.
  bool crowded() const noexcept {
    const uint64_t capacity = this->capacity();
    const uint64_t entries = this->entries();
    if (entries > capacity) return true;
    count_.allow(std::min(capacity - entries, std::max(kAllowedMin, capacity / kAllowedPart)));
    return false;
  }

  // REQUIRES: the growth lock. `conflict` if entries have come whose halves are unknown;
  // `no_memory`, or the error of fetch_hash().
  template <typename Keys>
  Status split_bucket(const Keys& keys) noexcept {
    if (!this->ensure_bucket(this->bucket_count())) return Code::no_memory;
    const Status split = split_with(keys);
    if (split.ok()) splits_.fetch_add(1, std::memory_order_relaxed);
    return split;
  }

  template <typename Keys>
  Status split_with(const Keys& keys) noexcept {
    bool split = false;
    if constexpr (Layout::kKeepsWholePosition) {
      split = Buckets::split_next([&keys](Entry entry, uint8_t tag, uint64_t, unsigned level) {
        return half(keys.position(entry, tag) >> level);
      });
    } else {
      const unsigned base_level = this->base_level();
      const uint64_t count = this->bucket_count();
      if (static_cast<unsigned>(std::bit_width(count)) - 1 - base_level >= Layout::kHashBits)
        return split_by_fetched_hashes(keys, count);
      split = Buckets::split_next([base_level](Entry entry, uint8_t, uint64_t, unsigned level) {
        return half(Layout::kept_position(entry) >> (level - base_level));
      });
    }
    return split ? Code::ok : Code::conflict;
  }

  // As many low bits of the position as the entry and its bucket determine.
  template <typename Keys>
  uint64_t position_of(Entry entry, uint8_t tag, uint64_t index, const Keys& keys) const {
    if constexpr (Layout::kKeepsWholePosition) {
      return keys.position(entry, tag);
    } else {
      return index | Layout::kept_position(entry) << this->base_level();
    }
  }

  static Half half(uint64_t bits) noexcept { return (bits & 1) != 0 ? Half::upper : Half::lower; }

  // Splits where the entries keep too few bits of their hashes: fetches the hashes, without a
  // bucket's lock. If entries come meanwhile the split is left to a later operation.
  template <typename Keys>
  [[gnu::noinline]] Status split_by_fetched_hashes(const Keys& keys, uint64_t count) noexcept {
    struct Fetched {
      Entry entry;
      Half half = Half::unknown;
    };
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    SmallList<Entry> entries;
    bool complete = true;
    const bool open = this->with_lock(low_bits(count, level), [&](auto& bucket) {
      bucket.for_each([&](Entry entry, SlotRef, uint8_t) { return complete = entries.add(entry); });
    });
    if (!open) return Code::closed;
    SmallList<Fetched> halves;
    for (const Entry entry : entries) {
      const Result<uint64_t> hash = keys.fetch_hash(Layout::value(entry));
      // A stale entry matches no key: it may stay where it is.
      const bool is_stale = hash.status().is(Code::not_found);
      if (!hash.ok() && !is_stale) return hash.status();
      complete =
          complete &&
          halves.add({entry, is_stale ? Half::lower : half(HashParts(*hash).position() >> level)});
    }
    if (!complete) return Code::no_memory;
    const bool split = Buckets::split_next([&halves](Entry entry, uint8_t, uint64_t, unsigned) {
      const Fetched* const found = halves.find(entry);
      return found == nullptr ? Half::unknown : found->half;
    });
    return split ? Code::ok : Code::conflict;
  }

  // While all buckets and the growth are locked: a shard with the same entries in as few buckets as
  // they need. Null if this one has no more than that; `no_memory`.
  template <typename Keys>
  Result<Shard*> make_smaller(const Keys& keys) noexcept;
  // Adds an entry that is counted already to a shard that no other thread can reach. False without
  // memory.
  bool fill(uint64_t position, uint8_t tag, Entry entry) noexcept {
    bool inserted = false;
    static_cast<void>(this->with_lock(position, [&](auto& bucket) {
      bucket.expect_no_removals();
      inserted = bucket.insert(tag, entry, false);
    }));
    return inserted;
  }

  struct Retirement : sync::Retired {
    Shard* shard = nullptr;
  };

  const EntryCount count_;
  Retirement retirement_;
  // The number of the thread that holds the growth lock, plus one; 0: nobody.
  alignas(64) std::atomic<uint32_t> growing_{0};
  std::atomic<uint64_t> splits_{0};
  std::atomic<uint64_t> splits_of_one_operation_max_{0};
};

template <typename Layout>
template <typename Keys>
Result<Shard<Layout>*> Shard<Layout>::make_smaller(const Keys& keys) noexcept {
  const uint64_t count = this->bucket_count();
  const auto for_each_bucket = [&](auto visit) {
    for (uint64_t index = 0; index < count; index++) {
      this->locked_bucket(index).for_each(
          [&](Entry entry, SlotRef, uint8_t tag) { return visit(entry, tag, index); });
    }
  };
  uint64_t entries = 0;
  for_each_bucket([&entries](Entry, uint8_t, uint64_t) {
    entries++;
    return true;
  });
  const uint64_t buckets = buckets_for(entries);
  if (buckets >= count) return nullptr;
  // Not above the old base: from there on the entries keep their positions.
  const auto bits =
      std::min(this->base_level(), static_cast<unsigned>(std::bit_width(buckets)) - 1);
  Shard* const smaller = create(bits, count_);
  if (smaller == nullptr) return Code::no_memory;
  count_.allow(0);
  bool complete = smaller->reserve(entries, keys).ok();
  for_each_bucket([&](Entry entry, uint8_t tag, uint64_t index) {
    if (!complete) return false;
    const uint64_t position = position_of(entry, tag, index, keys);
    const Entry moved = Layout::moved(entry, smaller->pattern({.position = position}));
    complete = smaller->fill(position, tag, moved);
    return complete;
  });
  if (complete) return smaller;
  smaller->disown();
  return Code::no_memory;
}

template <typename Layout>
template <typename Keys>
Result<uint64_t> Shard<Layout>::known_position(Entry entry, uint8_t tag, uint64_t index,
                                               unsigned level, uint64_t reversed,
                                               const Keys& keys) const {
  if constexpr (!Layout::kKeepsWholePosition) {
    const unsigned known = std::max(level, this->base_level() + Layout::kHashBits);
    const auto needed = static_cast<unsigned>(64 - std::countr_zero(reversed));
    if (needed > known) {
      const Result<uint64_t> hash = keys.fetch_hash(Layout::value(entry));
      if (!hash.ok()) return hash.status();
      return HashParts(*hash).position();
    }
  }
  return position_of(entry, tag, index, keys);
}

template <typename Layout>
void Shard<Layout>::add_to(IndexStats& stats) const {
  constexpr uint64_t sample_max = 1024;
  const uint64_t buckets = this->bucket_count();
  const ShardStats own{.entries = entries(), .buckets = buckets, .bytes = this->bytes(buckets)};
  stats.entries += own.entries;
  stats.capacity += capacity();
  stats.buckets += own.buckets;
  stats.bytes += own.bytes;
  stats.overflow_nodes += this->used_nodes();
  stats.splits += splits_.load(std::memory_order_relaxed);
  stats.splits_of_one_operation_max =
      std::max(stats.splits_of_one_operation_max,
               splits_of_one_operation_max_.load(std::memory_order_relaxed));
  const uint64_t sample = std::min(buckets, sample_max);
  for (uint64_t i = 0; i < sample; i++) {
    const uint64_t probes = this->probes(i * buckets / sample);
    stats.sampled_probes += probes;
    stats.sampled_probe_max = std::max(stats.sampled_probe_max, probes);
  }
  stats.sampled_buckets += sample;
  stats.shards.push_back(own);
}

}  // namespace stave::index
