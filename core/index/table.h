// The concurrent hash table: shards, hashes and entries; no keys. index.h puts keys on top of it;
// who has keys elsewhere (the store) uses it directly, with the comparison inlined.
//
//   auto table = Table<NarrowLayout<>, Keys>::create(options, keys);
//   const auto found = table.find(hash, [&](uint64_t value) { return is_key_at(value, key); });
//
// An operation gets the key's hash and `match(value)`, its verdict on a candidate: is the key that
// this value stands for the one looked for? It is asked of entries with the same bits of the hash,
// nearly always the right one, with no lock held, inside an epoch pin, and may be asked several
// times.
//
// What match() may be asked of: values that were there at some moment of the call, also when they
// have been replaced or removed meanwhile. A value must not come to stand for another key before
// the calls that may have seen it are over: release what it points to by the epochs
// (EpochRegistry::retire), or answer `gone` from then on.
//
// Thread safety: everything from any thread. Linearizable per key.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/base/status.h"
#include "core/index/bit_reverse.h"
#include "core/index/hash_parts.h"
#include "core/index/probe.h"
#include "core/index/root.h"
#include "core/index/shard.h"
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
  using TableShard = Shard<Layout>;
  using TableRoot = Root<Layout, Keys>;
  using Protocol = typename TableShard::Protocol;

  static Result<std::unique_ptr<Table>> create(const TableOptions& options, Keys keys);
  // No call is under way, and none of the calling thread's pins holds what the table gave out.
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const Keys& keys() const noexcept { return keys_; }

  // A probe for a hash alone; `word` and `word_mask` are for layouts of two words.
  static Probe probe(uint64_t hash) noexcept {
    const HashParts parts(hash);
    return {.position = parts.position(),
            .shard = parts.shard_byte(),
            .tag = parts.tag(),
            .word = hash};
  }

  // ---- One entry -------------------------------------------------------------------------------

  struct Found {
    Verdict verdict = Verdict::different;  // equal, error, or different: absent
    uint64_t value = 0;
  };
  template <typename Match>
  Found find(uint64_t hash, Match&& match) const {
    return find(probe(hash), [&match](Entry entry) { return match(Layout::value(entry)); });
  }
  // `match` gets whole entries.
  template <typename Match>
  Found find(const Probe& probe, Match&& match) const {
    const sync::EpochPin pin;
    for (;;) {
      const Protocol& protocol = shard_of(probe).protocol();
      const auto found = protocol.find(probe, match);
      if (found.verdict != Verdict::different || is_in_force(protocol, probe))
        return {found.verdict, Layout::value(found.entry)};
    }
  }

  struct Updated {
    bool was_present = false;
    bool inserted = false;
    Entry previous;
    uint64_t value() const noexcept { return Layout::value(previous); }
  };
  // Finds the entry of the key, asks `decide(const uint64_t* value)` (null when it is absent) and
  // does what it says, in one step. `error` when match() says so, `no_memory`; then nothing has
  // changed. decide() is called without a lock and may be called several times, the last time
  // counts.
  template <typename Match, typename Decide>
  Result<Updated> update(uint64_t hash, Match&& match, Decide&& decide) {
    return update(
        probe(hash), [&match](Entry entry) { return match(Layout::value(entry)); },
        [&decide](const uint64_t* value, typename Keys::Storage&) { return decide(value); });
  }
  // `match` gets whole entries, `decide` the storage that belongs to where the entry will be. The
  // probe may be changed by decide().
  template <typename Match, typename Decide>
  Result<Updated> update(const Probe& probe, Match&& match, Decide&& decide) {
    return retry_closed(probe, decide, [&](Protocol& protocol, auto&& decide_here) {
      return protocol.update(probe, match, decide_here);
    });
  }
  // The same with match() and decide() called under the bucket's lock, for keys that are compared
  // in no time.
  template <typename Match, typename Decide>
  Result<Updated> update_at_once(const Probe& probe, Match&& match, Decide&& decide) {
    return retry_closed(probe, decide, [&](Protocol& protocol, auto&& decide_here) {
      return protocol.update_at_once(probe, match, decide_here);
    });
  }

  // The same for setting a value and removing a key, in as few instructions as possible, where it
  // can be done in the head of a free bucket. Otherwise the result is `nothing`: update_at_once()
  // can. Within a pin. For entries of which Keys::discard() has nothing to discard, and threads
  // that have a count of their own.
  using InHead = typename Protocol::InHead;
  // What an insertion may have made too full to be left so, *crowded, grow() splits. Where the
  // result is `full`, set_in_chain() has to go on with *full.
  template <typename Match>
  InHead set_in_head(const Probe& probe, uint64_t value, Match&& match, TableShard** full,
                     TableShard** crowded) {
    TableShard& shard = shard_of(probe);
    Protocol& protocol = shard.protocol();
    const InHead done =
        protocol.set_in_head(protocol.start_now(probe.position), probe, value, match);
    if (done.result == InHead::Result::full) *full = &shard;
    if (done.result == InHead::Result::inserted && shard.own_count().add()) *crowded = &shard;
    return done;
  }
  // Of a key that is absent; false without memory. It may leave the shard crowded.
  bool set_in_chain(TableShard& full, const Probe& probe, uint64_t value, bool* crowded) {
    if (!full.protocol().set_in_chain(probe, value, false)) return false;
    *crowded = full.own_count().add();
    return true;
  }
  // Sets the value of a key that is there.
  template <typename Match>
  InHead replace_in_head(const Probe& probe, uint64_t value, Match&& match) {
    Protocol& protocol = shard_of(probe).protocol();
    return protocol.replace_in_head(protocol.start_now(probe.position), probe, value, match);
  }
  void grow(TableShard& crowded) noexcept { crowded.grow(keys_); }
  template <typename Match>
  InHead erase_in_head(const Probe& probe, Match&& match) {
    TableShard& shard = shard_of(probe);
    const EntryCount::Own count = shard.own_count();
    Protocol& protocol = shard.protocol();
    const InHead done = protocol.erase_in_head(protocol.start_now(probe.position), probe, match);
    if (done.result == InHead::Result::erased) count.subtract();
    return done;
  }

  // ---- Publishing what cannot fail any more ----------------------------------------------------

  // Memory set aside for one insertion of this hash. While it lives, one insert() with it allocates
  // nothing that it needs.
  class Reservation {
   public:
    Reservation() noexcept = default;
    ~Reservation() { release(); }
    Reservation(Reservation&& other) noexcept
        : shard_(std::exchange(other.shard_, nullptr)), for_good_(other.for_good_) {}
    Reservation& operator=(Reservation&& other) noexcept {
      release();
      shard_ = std::exchange(other.shard_, nullptr);
      for_good_ = other.for_good_;
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
    bool for_good_ = false;  // one of set_aside()
  };
  Result<Reservation> reserve_insertion(uint64_t hash);
  // Sets memory aside for good, for tables that are neither cleared nor shrunk: so many writers may
  // each have one reservation at a time from standing_reservation(), which costs nothing. False
  // without memory.
  bool set_aside(uint32_t writers) noexcept;
  // Nothing when memory is short: then reserve_insertion() tells.
  std::optional<Reservation> standing_reservation(uint64_t hash) const noexcept;

  // Inserts an entry for a key that the caller knows to be absent and keeps others from inserting.
  // Cannot fail while no clear() and no shrink_to_fit() run between the reservation and this.
  Status insert_absent(uint64_t hash, uint64_t value, const Reservation& reservation) noexcept;
  // Replaces the entry that has this value; false when there is none. Compares values, not keys:
  // for values that stand for one key only. Allocates nothing.
  bool replace(uint64_t hash, uint64_t expected, uint64_t value) noexcept;
  // The same, removing it.
  bool erase(uint64_t hash, uint64_t expected) noexcept;

  // ---- Many ------------------------------------------------------------------------------------

  // Where a lookup begins, for what it needs to be loaded while other lookups begin. Of use as long
  // as the caller's pin lasts that was there before.
  struct Start {
    const Protocol* protocol = nullptr;
    typename Protocol::Start place;
  };
  Start start(const Probe& probe) const noexcept {
    const Protocol& protocol = shard_of(probe).protocol();
    return {&protocol, protocol.start(probe.position)};
  }
  Start start_one_of_many(const Probe& probe) const noexcept {
    const Protocol& protocol = shard_of(probe).protocol();
    return {&protocol, protocol.start_one_of_many(probe.position)};
  }
  template <typename Match>
  Found find(const Start& start, const Probe& probe, Match&& match) const {
    const auto found = start.protocol->find(start.place, probe, match);
    return {found.verdict, Layout::value(found.entry)};
  }
  // Whether a lookup that has found nothing may say so where match() may answer `gone`: in a shard
  // that has been replaced the entry stays, while its key has a new value in the successor.
  bool is_in_force(const Start& start, const Probe& probe) const noexcept {
    return is_in_force(*start.protocol, probe);
  }
  // The same in the head of a bucket that nobody changes, in as few instructions as possible. False
  // when find() has to tell.
  template <typename Match>
  bool find_at_once(const Start& start, const Probe& probe, Match&& match, Found& found) const {
    typename Protocol::Found in_head;
    const bool told = start.protocol->find_at_once(start.place, probe, match, in_head);
    found = {in_head.verdict, Layout::value(in_head.entry)};
    return told;
  }
  template <typename Match>
  bool find_at_once(const Probe& probe, Match&& match, Found& found) const {
    const Protocol& protocol = shard_of(probe).protocol();
    typename Protocol::Found in_head;
    const bool told =
        protocol.find_at_once(protocol.start_now(probe.position), probe, match, in_head);
    found = {in_head.verdict, Layout::value(in_head.entry)};
    return told;
  }
  // When find_at_once() has not told.
  template <typename Match>
  Found find_everywhere(const Start& start, const Probe& probe, Match&& match) const {
    const auto found = start.protocol->find_everywhere(probe, match);
    return {found.verdict, Layout::value(found.entry)};
  }
  template <typename Match>
  Found find_everywhere(const Probe& probe, Match&& match) const {
    const auto found = shard_of(probe).protocol().find_everywhere(probe, match);
    return {found.verdict, Layout::value(found.entry)};
  }
  void prefetch_chain(const Start& start, const Probe& probe) const noexcept {
    start.protocol->prefetch_chain(start.place, probe);
  }
  // Calls use(entry) with the first candidate, for what follows from it to be loaded too, or loads
  // the chain where it may be. The entry may be torn.
  template <typename Use>
  void with_candidate(const Start& start, const Probe& probe, Use&& use) const {
    start.protocol->with_candidate(start.place, probe, use);
  }

  // ---- The whole table -------------------------------------------------------------------------

  uint64_t size() const noexcept;
  // Entries that fit before the next bucket is split.
  uint64_t capacity() const noexcept;
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
    bool done() const noexcept { return done_; }

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
  Table(Keys keys, TableRoot* root) noexcept : keys_(std::move(keys)), root_(root) {}

  // Within a pin.
  TableRoot& root() const noexcept {
    // Acquire: pairs with the releases in create() and clear().
    return *root_.load(std::memory_order_acquire);
  }
  TableShard& shard_of(const Probe& probe) const noexcept {
    return this->root().shard_of(probe.shard);
  }
  bool is_in_force(const Protocol& protocol, const Probe& probe) const noexcept {
    // Who has learnt that the key has a new value in a successor sees that it was published.
    return &shard_of(probe).protocol() == &protocol;
  }
  static unsigned first_buckets_bits(uint64_t capacity, uint32_t shards) noexcept;
  // Runs update(protocol, decide) until it meets the shard that is in force, and counts what it
  // did.
  template <typename Decide, typename Update>
  Result<Updated> retry_closed(const Probe& probe, Decide& decide, Update update);
  // Within a pin.
  Status shrink_shard(TableRoot& root, uint32_t number);

  const Keys keys_;
  std::atomic<TableRoot*> root_;
};

}  // namespace stave::index

#include "core/index/table_impl.h"  // IWYU pragma: export
