// The concurrent hash table: hashes and entries, in shards; no keys. index_of.h puts keys on top of
// it; a user that has its keys elsewhere (the store, the memtable) uses it directly, with the
// comparison inlined.
//
//   auto table = Table<NarrowLayout<>, Keys>::create(options, keys);
//   const auto found = table.find(hash, [&](uint64_t value) { return is_key_at(value, key); });
//
// An operation gets the key's hash and `match(value)`, its verdict on a candidate: is the key that
// this value stands for the one looked for? It is asked about entries with the same bits of the
// hash, nearly always the right one, inside an epoch pin, and may be asked several times.
//
// match() may be asked about values that were in the table at some moment of the call, also when
// they have been replaced or removed meanwhile. A value must not come to stand for another key
// before the calls that may have seen it have ended: release what it points to by the epochs
// (EpochRegistry::retire), or return `stale` from then on.
//
// `Keys`, the key policy (owned_keys.h, resolved_keys.h), has
//   kMatchesUnderLock        whether updates may call match() under a bucket's lock
//   Storage                  what a shard needs for its keys: bytes(), shrink()
//   position(), fetch_hash() see shard.h
//   discard(set, shard number, tag, entry)   called after an entry has been removed
//   discard_waiting(set, shard number)       frees what discard() holds back, as soon as possible
//
// Thread safety: everything from any thread. Linearizable per key.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "core/base/status.h"
#include "core/index/hash_parts.h"
#include "core/index/probe.h"
#include "core/index/shard.h"
#include "core/index/shard_set.h"
#include "core/index/stats.h"
#include "core/sync/epoch.h"

namespace stave::index {

struct TableOptions {
  uint64_t capacity = 0;  // entries to have room for from the start
  uint32_t shards = 0;    // a power of two up to 256; 0 chooses by the capacity
};

template <typename Layout, typename Keys>
class Table {
 public:
  using Entry = typename Layout::Entry;
  using Storage = typename Keys::Storage;
  using TableShard = Shard<Layout>;

  static Result<std::unique_ptr<Table>> create(const TableOptions& options, Keys keys);
  // REQUIRES: no call is under way, and no pin of the calling thread protects what the table
  // returned.
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const Keys& keys() const noexcept { return keys_; }

  // ---- One entry -------------------------------------------------------------------------------

  struct Found {
    Verdict verdict = Verdict::different;  // equal, error, or different: the key is absent
    uint64_t value = 0;
  };
  template <typename Match>
  Found find(uint64_t hash, Match&& match) const {
    return find(probe_of(hash),
                [&match](const Entry& entry) { return match(Layout::value(entry)); });
  }
  // `match` gets whole entries.
  template <typename Match>
  [[gnu::always_inline]] Found find(const Probe& probe, Match&& match) const {
    const sync::EpochPin pin;
    for (;;) {
      const TableShard& shard = shard_of(probe);
      bool met_stale = false;
      const auto found = shard.find(probe, [&match, &met_stale](const Entry& entry) {
        const Verdict verdict = match(entry);
        met_stale |= verdict == Verdict::stale;
        return verdict;
      });
      // A stale entry's key may have a new value, in the shard's successor. A caller that knows
      // that the entry is stale sees the successor.
      if (!met_stale || &shard_of(probe) == &shard) [[likely]]
        return {found.verdict, Layout::value(found.entry)};
    }
  }

  struct Updated {
    Code code =
        Code::ok;  // no_memory; internal: match() returned `error`. Nothing has changed then
    bool was_present = false;
    bool inserted = false;
    uint64_t previous = 0;  // the value, if it was present
  };
  // Finds the entry of the key, calls decide(const uint64_t* value), null when the key is absent,
  // and does what it returns, in one step. decide() runs under a bucket's lock: it calls nobody.
  template <typename Match, typename Decide>
  Updated update(uint64_t hash, Match&& match, Decide&& decide) {
    return update(
        probe_of(hash), [&match](const Entry& entry) { return match(Layout::value(entry)); },
        [&decide](const uint64_t* value, Storage&) { return decide(value); });
  }
  // `match` gets whole entries, `decide` also the storage of the entry's shard.
  template <typename Match, typename Decide>
  [[gnu::always_inline]] Updated update(const Probe& probe, Match&& match, Decide&& decide) {
    return update_with<Keys::kMatchesUnderLock>(probe, match, decide,
                                                [](const TableShard&) { return false; });
  }

  // ---- Changes that cannot fail ----------------------------------------------------------------

  // Memory set aside for one insertion of a key with this hash.
  class Reservation {
   public:
    Reservation() noexcept = default;
    ~Reservation() { release(); }
    Reservation(Reservation&& other) noexcept : shard_(std::exchange(other.shard_, nullptr)) {}
    Reservation& operator=(Reservation&& other) noexcept {
      release();
      shard_ = std::exchange(other.shard_, nullptr);
      return *this;
    }

   private:
    friend class Table;
    void release() noexcept {
      if (shard_ == nullptr) return;
      shard_->release_node();
      shard_->disown();
      shard_ = nullptr;
    }
    TableShard* shard_ = nullptr;
  };
  Result<Reservation> reserve_insertion(uint64_t hash);

  // Inserts an entry for a key. REQUIRES: the key is absent, and the caller keeps other threads
  // from inserting it. Cannot fail if no clear() and no shrink_to_fit() runs between the
  // reservation and this.
  Status insert_absent(uint64_t hash, uint64_t value, const Reservation& reservation) noexcept {
    const auto is_other = [](const Entry&) noexcept { return Verdict::different; };
    return update_with<true>(
               probe_of(hash), is_other,
               [value](const uint64_t*, Storage&) {
                 return Decision{Decision::Action::set, value};
               },
               [&reservation](const TableShard& shard) { return reservation.shard_ == &shard; })
        .code;
  }
  // Replaces the entry that has the value `expected`; false when there is none. Compares values,
  // not keys: REQUIRES that a value stands for one key only. Allocates nothing.
  bool replace_exact(uint64_t hash, uint64_t expected, uint64_t value) noexcept {
    return change_exact(hash, expected, {Decision::Action::set, value});
  }
  // Like replace_exact(), but removes the entry.
  bool remove_exact(uint64_t hash, uint64_t expected) noexcept {
    return change_exact(hash, expected, {Decision::Action::remove, 0});
  }

  // ---- Many keys -------------------------------------------------------------------------------

  // Loads what lookups or updates of `count` keys will need, waiting for all of it together: the
  // buckets of probe_of(i), and then what their first candidates stand for, which follow(i, entry)
  // prefetches (the entry may be torn), or their chains.
  template <typename ProbeOf, typename Follow>
  void prefetch(size_t count, ProbeOf&& probe_of, Follow&& follow) const {
    const sync::EpochPin pin;
    for (size_t i = 0; i < count; i++) {
      const Probe& probe = probe_of(i);
      shard_of(probe).prefetch_bucket(probe.position);
    }
    for (size_t i = 0; i < count; i++) {
      const Probe& probe = probe_of(i);
      shard_of(probe).prefetch_candidate(probe, [&](const Entry& entry) { follow(i, entry); });
    }
  }

  // ---- The whole table -------------------------------------------------------------------------

  // Does not change.
  uint32_t shard_count() const noexcept {
    const sync::EpochPin pin;
    return shards().shards();
  }
  uint64_t size() const noexcept { return sum(&TableShard::entries); }
  // Entries that fit before the next bucket is split.
  uint64_t capacity() const noexcept { return sum(&TableShard::capacity); }
  IndexStats stats() const;
  // Empties the table, at one point in time. `no_memory` changes nothing.
  Status clear();
  // Grows for so many entries in all. `busy` from inside a callback.
  Status reserve(uint64_t entries);
  // Gives memory back that the present entries do not need. Shard by shard; writers to the shard
  // wait meanwhile, readers do not.
  Status shrink_to_fit();

  // A walk beside writers: an entry that is there throughout is visited once, whatever grows or
  // shrinks meanwhile; one that comes or goes, once or not at all.
  class Cursor {
   public:
    Cursor() noexcept = default;
    // At a position that another cursor of a table with as many shards was at.
    Cursor(uint32_t shard, uint64_t next) noexcept : shard_(shard), next_(next) {}

    bool done() const noexcept { return done_; }
    uint32_t shard() const noexcept { return shard_; }
    uint64_t next() const noexcept { return next_; }

   private:
    friend class Table;
    uint32_t shard_ = 0;
    uint64_t next_ = 0;  // everything whose reversed position is less has been visited
    bool done_ = false;
  };
  // Calls visit(entry, tag) for a bucket's entries, without a lock, inside an epoch pin, and moves
  // on.
  template <typename Visit>
  Status visit_next(Cursor& cursor, Visit&& visit) const;

 private:
  using Shards = ShardSet<Layout, Keys>;

  Table(Keys keys, Shards* shards) noexcept : keys_(std::move(keys)), shards_(shards) {}

  // REQUIRES an epoch pin, as shard_of() does.
  Shards& shards() const noexcept {
    // Acquire: pairs with the releases in create() and clear().
    return *shards_.load(std::memory_order_acquire);
  }
  TableShard& shard_of(const Probe& probe) const noexcept { return shards().shard(probe.shard); }
  uint64_t sum(uint64_t (TableShard::*number)() const noexcept) const noexcept {
    const sync::EpochPin pin;
    const Shards& shards = this->shards();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shards.shards(); i++) sum += (shards.shard(i).*number)();
    return sum;
  }
  static unsigned first_buckets_bits(uint64_t capacity, uint32_t shards) noexcept;

  // The one update: in the shard that is in force, with what follows from it.
  // `is_reserved(shard)`: whether a node for an insertion was set aside in this shard.
  template <bool kMatchesUnderLock, typename Match, typename Decide, typename IsReserved>
  [[gnu::always_inline]] Updated update_with(const Probe& probe, Match& match, Decide&& decide,
                                             IsReserved&& is_reserved) {
    const sync::EpochPin pin;
    for (;;) {
      Shards& shards = this->shards();
      const uint32_t number = shards.shard_number(probe.shard);
      TableShard& shard = shards.shard(probe.shard);
      const auto updated = shard.template update<kMatchesUnderLock>(
          probe, match,
          [&](const uint64_t* value) { return decide(value, shards.storage(number)); },
          is_reserved(shard));
      using Result = typename TableShard::Buckets::Updated::Result;
      if (updated.result == Result::closed) [[unlikely]]
        continue;
      if (updated.result != Result::done) [[unlikely]]
        return {.code = updated.result == Result::no_memory ? Code::no_memory : Code::internal};
      if (updated.inserted) shard.count_inserted(keys_);
      if (updated.removed) {
        shard.count_removed();
        keys_.discard(shards, number, probe.tag, updated.previous);
      }
      return {Code::ok, updated.was_present, updated.inserted, Layout::value(updated.previous)};
    }
  }
  bool change_exact(uint64_t hash, uint64_t expected, const Decision& change) noexcept {
    const auto is_expected = [expected](const Entry& entry) noexcept {
      return Layout::value(entry) == expected ? Verdict::equal : Verdict::different;
    };
    return update_with<true>(
               probe_of(hash), is_expected,
               [&change](const uint64_t* value, Storage&) {
                 return value != nullptr ? change : Decision{};
               },
               [](const TableShard&) { return false; })
        .was_present;
  }

  const Keys keys_;
  std::atomic<Shards*> shards_;
};

// ---- Making ------------------------------------------------------------------------------------

template <typename Layout, typename Keys>
unsigned Table<Layout, Keys>::first_buckets_bits(uint64_t capacity, uint32_t shards) noexcept {
  constexpr unsigned bits_min = 3;
  const uint64_t buckets = TableShard::buckets_for(capacity / shards);
  // Rounded down: the rest is made by splitting, to the bucket.
  return std::max(bits_min, static_cast<unsigned>(std::bit_width(buckets)) - 1);
}

template <typename Layout, typename Keys>
Result<std::unique_ptr<Table<Layout, Keys>>> Table<Layout, Keys>::create(
    const TableOptions& options, Keys keys) {
  constexpr uint32_t shards_max = 1 << shard_bits_max;
  constexpr uint32_t default_shards = 16;
  constexpr uint64_t entries_per_shard = 1 << 16;
  uint32_t count = options.shards;
  if (count == 0) {
    // Enough for writers not to meet at one shard's growth; more when the shards would be large.
    const uint64_t wanted = std::bit_ceil(options.capacity / entries_per_shard + 1);
    count = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, default_shards, shards_max));
  }
  assert(std::has_single_bit(count) && count <= shards_max);
  Shards* const shards = Shards::create(count, first_buckets_bits(options.capacity, count));
  if (shards == nullptr) return Code::no_memory;
  std::unique_ptr<Table> table(new (std::nothrow) Table(std::move(keys), shards));
  if (table == nullptr) {
    shards->disown();
    return Code::no_memory;
  }
  STAVE_TRY(table->reserve(options.capacity));
  return table;
}

template <typename Layout, typename Keys>
Table<Layout, Keys>::~Table() {
  shards_.load(std::memory_order_relaxed)->disown();
  // Removed records and discarded nodes that wait for readers own all of the memory that they lie
  // in. A bounded number of slices: other threads may be retiring all the time.
  constexpr int slices_max = 8;
  for (int i = 0; i < slices_max && !sync::EpochRegistry::try_reclaim(); i++) {
  }
}

// ---- Changes that cannot fail ------------------------------------------------------------------

template <typename Layout, typename Keys>
Result<typename Table<Layout, Keys>::Reservation> Table<Layout, Keys>::reserve_insertion(
    uint64_t hash) {
  const sync::EpochPin pin;
  TableShard& shard = shard_of(probe_of(hash));
  if (!shard.reserve_node()) return Code::no_memory;
  shard.add_owner();
  Reservation reservation;
  reservation.shard_ = &shard;
  return reservation;
}

// ---- The whole table ---------------------------------------------------------------------------

template <typename Layout, typename Keys>
IndexStats Table<Layout, Keys>::stats() const {
  const sync::EpochPin pin;
  const Shards& shards = this->shards();
  IndexStats stats;
  for (uint32_t i = 0; i < shards.shards(); i++) {
    const uint64_t key_bytes = shards.storage(i).bytes();
    shards.shard(i).add_to(stats);
    stats.shards.back().bytes += key_bytes;
    stats.bytes += key_bytes;
    stats.key_bytes += key_bytes;
  }
  return stats;
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::clear() {
  {
    const sync::EpochPin pin;
    Shards* const fresh = Shards::create(shards().shards(), first_buckets_bits(0, 1));
    if (fresh == nullptr) return Code::no_memory;
    // Release: pairs with the acquire in shards(). Acquire: the sets that other clears put there.
    // Calls that still work on the old set began before, and are linearized before
    // (docs/internals/index.md).
    Shards* const old = shards_.exchange(fresh, std::memory_order_acq_rel);
    sync::EpochRegistry::retire(
        old, [](sync::Retired* retired) noexcept { static_cast<Shards*>(retired)->disown(); });
  }
  // The old set is much memory in one object, which would otherwise wait for the next sixty-four.
  sync::EpochRegistry::try_reclaim();
  return {};
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::reserve(uint64_t entries) {
  for (uint32_t i = 0;;) {
    // A pin for each shard: what other threads retire meanwhile waits for it.
    const sync::EpochPin pin;
    const Shards& shards = this->shards();
    if (i == shards.shards()) return {};
    Status status = shards.shard(i).reserve(entries / shards.shards(), keys_);
    if (status.is(Code::closed)) continue;  // with its successor
    if (!status.ok()) return status;
    i++;
  }
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::shrink_to_fit() {
  for (uint32_t i = 0;;) {
    {
      const sync::EpochPin pin;
      Shards& shards = this->shards();
      if (i == shards.shards()) break;
      TableShard& shard = shards.shard(i);
      bool replaced = false;
      Status status = shard.replace_by_smaller(keys_, [&](TableShard* smaller) {
        shards.replace_shard(i, smaller);
        replaced = true;
      });
      if (status.is(Code::closed)) continue;  // with its successor
      if (!status.ok()) return status;
      if (replaced) shard.retire();
      keys_.discard_waiting(shards, i);
    }
    i++;
    // So that the next shard's successor finds the room that this one has left.
    sync::EpochRegistry::try_reclaim();
  }
  // After the last shard, also what was waiting for its readers.
  const sync::EpochPin pin;
  Shards& shards = this->shards();
  for (uint32_t i = 0; i < shards.shards(); i++) shards.storage(i).shrink();
  return {};
}

template <typename Layout, typename Keys>
template <typename Visit>
Status Table<Layout, Keys>::visit_next(Cursor& cursor, Visit&& visit) const {
  if (cursor.done_) return {};
  const sync::EpochPin pin;
  const Shards& shards = this->shards();
  struct Seen {
    Entry entry;
    uint8_t tag = 0;
  };
  SmallList<Seen> seen;
  bool complete = true;
  uint64_t index = 0;
  unsigned level = 0;
  TableShard* shard = nullptr;
  bool open = false;
  while (!open) {
    shard = &shards.shard(cursor.shard_);
    open = shard->with_lock(reverse_bits(cursor.next_), [&](const auto& bucket) {
      index = bucket.index();
      level = shard->level_of(bucket.control);
      bucket.for_each([&](const Entry& entry, SlotRef, uint8_t tag) {
        return complete = seen.add({entry, tag});
      });
    });
  }
  if (!complete) return Code::no_memory;

  const uint64_t interval_begin = reverse_bits(index);
  for (const Seen& one : seen) {
    // After a shrink the bucket may begin before the cursor's position.
    if (interval_begin < cursor.next_) {
      const Result<uint64_t> position =
          shard->known_position(one.entry, one.tag, index, level, cursor.next_, keys_);
      if (position.status().is(Code::not_found)) continue;
      if (!position.ok()) return position.status();
      if (reverse_bits(*position) < cursor.next_) continue;
    }
    visit(one.entry, one.tag);
  }
  // Wraps to 0 after the last bucket of the shard.
  cursor.next_ = level == 0 ? 0 : interval_begin + (uint64_t{1} << (64 - level));
  if (cursor.next_ == 0) cursor.done_ = ++cursor.shard_ == shards.shards();
  return {};
}

}  // namespace stave::index
