// One shard in production: the protocol over memory of its own, and when it grows.
//
// `Keys` knows what the entries of a layout stand for (resolved_keys.h, owned_keys.h):
//   std::optional<uint64_t> position(Entry)      from the entry alone; where the layout keeps all
//   of it Result<uint64_t> fetch_hash(uint64_t value)  may call out; where it keeps a part of it
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
#include "core/index/entry_counts.h"
#include "core/index/shard_memory.h"
#include "core/index/shard_protocol.h"
#include "core/index/stats.h"
#include "core/sync/thread_number.h"

namespace stave::index {

template <typename Layout>
class Shard final : public ShardProtocol<Layout, ShardMemory<Layout>> {
 public:
  using Memory = ShardMemory<Layout>;
  using Protocol = ShardProtocol<Layout, Memory>;
  using Entry = typename Layout::Entry;
  using Half = typename Protocol::Half;

  // The most buckets that one operation splits.
  static constexpr unsigned kSplitsPerOperation = 2;

  // How often a bucket may refuse to be split (no memory for nodes, entries that have just come)
  // before reserve() gives up.
  static constexpr unsigned kReserveFailuresMax = 16;

  // `count` outlives all that is done with the shard but disown(). Null without memory.
  static Shard* create(unsigned bucket_bits, EntryCount count) noexcept {
    auto* shard = new (std::nothrow) Shard(bucket_bits, count);
    if (shard == nullptr) return nullptr;
    if (shard->ensure_bucket((uint64_t{1} << bucket_bits) - 1)) return shard;
    shard->disown();
    return nullptr;
  }
  // By the index, when no reader can find it any more.
  void disown() noexcept {
    if (this->remove_owner()) delete this;
  }

  // The same, when readers may still be in it. Allocates nothing.
  void retire() noexcept {
    retirement_.shard = this;
    sync::EpochRegistry::retire(&retirement_, [](sync::Retired* retired) noexcept {
      static_cast<Retirement*>(retired)->shard->disown();
    });
  }

  Protocol& protocol() noexcept { return *this; }
  const Protocol& protocol() const noexcept { return *this; }

  // Exact when no operation is under way.
  uint64_t entries() const noexcept { return count_.sum(); }
  void count_erased() noexcept { count_.subtract(); }
  // Where the calling thread counts, if it has_own(); add() tells when to grow().
  EntryCount::Own own_count() const noexcept { return count_.own(); }

  template <typename Keys>
  void count_inserted(const Keys& keys) noexcept {
    if (count_.add()) grow(keys);
  }
  // Splits buckets while there are too many entries for them; a few of them.
  template <typename Keys>
  void grow(const Keys& keys) noexcept {
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

  // Grows until there is room for so many entries. `closed` when the shard has a successor, `busy`
  // from inside a callback of the shard's own growth, `no_memory`, or why the keys' owner does not
  // tell a hash.
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

  // Waits for the growth lock. What it guards also guards the shard's replacement.
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
    growing_.store(0, std::memory_order_release);  // pairs with try_lock_growth()
  }

  // Fills a shard that nobody else has yet, with entries that are counted already; false without
  // memory.
  bool fill(uint64_t position, uint8_t tag, Entry entry) noexcept {
    auto locked = this->lock(position);
    locked->expect_no_removals();
    const bool inserted = locked->insert(tag, entry, false);
    locked->unlock();
    return inserted;
  }

  // While all buckets and the growth are locked: a shard with the same entries in as few buckets as
  // they need. Null when this one has no more than that, `no_memory`.
  template <typename Keys>
  Result<Shard*> make_smaller(const Keys& keys) noexcept;

  // The position of an entry of a locked bucket, as far as a cursor that stands at `reversed` needs
  // it. `not_found` when the entry stands for nothing any more.
  template <typename Keys>
  Result<uint64_t> known_position(Entry entry, uint8_t tag, uint64_t index, unsigned level,
                                  uint64_t reversed, const Keys& keys) const;

  uint64_t capacity() const noexcept {
    return this->bucket_count() * Layout::kHeadSlots * Layout::kGrowAtNumerator /
           Layout::kGrowAtDenominator;
  }
  void add_to(IndexStats& stats) const;

  // Buckets of which the given load is that of a table about to grow.
  static constexpr uint64_t buckets_for(uint64_t entries) noexcept {
    return (entries * Layout::kGrowAtDenominator) /
               (Layout::kHeadSlots * Layout::kGrowAtNumerator) +
           1;
  }

 private:
  // For how many entries threads are told that there is room, where there is: the least, and a part
  // of the shard's capacity. What a thread has been allowed others do not know of, so by as much a
  // shard may be overfilled for a while.
  static constexpr uint64_t kAllowedMin = 4;
  static constexpr uint64_t kAllowedPart = 64;

  Shard(unsigned bucket_bits, EntryCount count) noexcept : Protocol(bucket_bits), count_(count) {}
  ~Shard() override = default;

  static uint32_t me() noexcept { return sync::thread_number() + 1; }

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
  // Whether there are too many entries for the buckets. If not, the calling thread need not ask
  // again at once.
  bool crowded() const noexcept {
    const uint64_t capacity = this->capacity();
    const uint64_t entries = this->entries();
    if (entries > capacity) return true;
    count_.allow(std::min(capacity - entries, std::max(kAllowedMin, capacity / kAllowedPart)));
    return false;
  }

  // Under the growth lock. `conflict` when the bucket refuses for the moment; `no_memory`, or why
  // the keys' owner does not tell a hash.
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
      split = Protocol::split_next([&keys](Entry entry, uint8_t tag, uint64_t, unsigned level) {
        return half(keys.position(entry, tag) >> level);
      });
    } else {
      const unsigned base_level = this->base_level();
      const uint64_t count = this->bucket_count();
      if (static_cast<unsigned>(std::bit_width(count)) - 1 - base_level >= Layout::kHashBits)
        return split_by_fetched_hashes(keys, count);
      split = Protocol::split_next([base_level](Entry entry, uint8_t, uint64_t, unsigned level) {
        return half(Layout::kept_position(entry) >> (level - base_level));
      });
    }
    return split ? Code::ok : Code::conflict;
  }

  // As many low bits of the position as the entry and its bucket tell.
  template <typename Keys>
  uint64_t position_of(Entry entry, uint8_t tag, uint64_t index, const Keys& keys) const {
    if constexpr (Layout::kKeepsWholePosition) {
      return keys.position(entry, tag);
    } else {
      return index | Layout::kept_position(entry) << this->base_level();
    }
  }

  static Half half(uint64_t bits) noexcept { return (bits & 1) != 0 ? Half::upper : Half::lower; }

  // The entries keep too few bits of their hashes: asks for them, without a bucket's lock. Entries
  // that come meanwhile are not known, and the split is left to a later operation.
  struct Fetched {
    Entry entry;
    Half half = Half::unknown;
    friend bool operator==(const Fetched& a, const Fetched& b) { return a.entry == b.entry; }
    friend bool operator!=(const Fetched& a, const Fetched& b) { return !(a == b); }
  };
  template <typename Keys>
  Status split_by_fetched_hashes(const Keys& keys, uint64_t count) noexcept {
    const auto level = static_cast<unsigned>(std::bit_width(count)) - 1;
    EntryList<Entry> entries;
    auto locked = this->lock(low_bits(count, level));
    if (!locked) return Code::closed;
    bool complete = true;
    locked->for_each([&](Entry entry, Place, uint8_t) {
      complete = entries.add(entry);
      return complete;
    });
    locked->unlock();
    EntryList<Fetched> halves;
    for (const Entry entry : entries) {
      const Result<uint64_t> hash = keys.fetch_hash(Layout::value(entry));
      // What is gone matches no key: it may stay where it is.
      const bool is_gone = hash.status().is(Code::not_found);
      if (!hash.ok() && !is_gone) return hash.status();
      complete =
          complete &&
          halves.add({entry, is_gone ? Half::lower : half(HashParts(*hash).position() >> level)});
    }
    if (!complete) return Code::no_memory;
    const bool split = Protocol::split_next([&halves](Entry entry, uint8_t, uint64_t, unsigned) {
      const auto* const found = std::find(halves.begin(), halves.end(), Fetched{entry});
      return found == halves.end() ? Half::unknown : found->half;
    });
    return split ? Code::ok : Code::conflict;
  }

  struct Retirement : sync::Retired {
    Shard* shard = nullptr;
  };

  const EntryCount count_;
  Retirement retirement_;
  // The number plus one of the thread that holds the growth lock.
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
          [&](Entry entry, Place, uint8_t tag) { return visit(entry, tag, index); });
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
  const ShardStats own{.entries = entries(),
                       .buckets = buckets,
                       .bytes = buckets * sizeof(typename Layout::Bucket) + this->node_bytes()};
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
