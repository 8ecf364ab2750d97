// The definitions of table.h's members.
#pragma once

#include "core/index/table.h"

namespace stave::index {

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
  uint32_t shards = options.shards;
  if (shards == 0) {
    // Enough for writers not to meet at one shard's growth; more when the shards would be large.
    const uint64_t wanted = std::bit_ceil(options.capacity / entries_per_shard + 1);
    shards = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, default_shards, shards_max));
  }
  if (!std::has_single_bit(shards) || shards > shards_max)
    return Status::error(Code::invalid_argument, "shards must be a power of two up to 256");
  TableRoot* const root = TableRoot::create(shards, first_buckets_bits(options.capacity, shards));
  if (root == nullptr) return Code::no_memory;
  std::unique_ptr<Table> table(new (std::nothrow) Table(std::move(keys), root));
  if (table == nullptr) {
    root->disown();
    return Code::no_memory;
  }
  STAVE_TRY(table->reserve(options.capacity));
  return table;
}

template <typename Layout, typename Keys>
Table<Layout, Keys>::~Table() {
  root_.load(std::memory_order_relaxed)->disown();
  // Removed records and discarded nodes that wait for readers own the whole of what they lie in.
  // Not until nothing waits: others may be retiring all the time.
  constexpr int slices_max = 8;
  for (int i = 0; i < slices_max && !sync::EpochRegistry::try_reclaim(); i++) {
  }
}

// ---- One entry ---------------------------------------------------------------------------------

template <typename Layout, typename Keys>
template <typename Decide, typename Update>
Result<typename Table<Layout, Keys>::Updated> Table<Layout, Keys>::retry_closed(const Probe& probe,
                                                                                Decide& decide,
                                                                                Update update) {
  const sync::EpochPin pin;
  for (;;) {
    TableRoot& root = this->root();
    const uint32_t number = root.shard_number(probe.shard);
    TableShard& shard = root.shard_of(probe.shard);
    const auto updated = update(shard.protocol(), [&](const uint64_t* value) {
      return decide(value, root.storage(number));
    });
    switch (updated.result) {
      case Protocol::Updated::Result::done:
        break;
      case Protocol::Updated::Result::failed:
        return Code::internal;  // the caller knows better: its match() answered error
      case Protocol::Updated::Result::no_memory:
        return Code::no_memory;
      case Protocol::Updated::Result::closed:
        continue;
    }
    // As in find(). Nobody has said "closed" where nothing was to be locked.
    if (!updated.was_present && !updated.inserted && &shard_of(probe) != &shard) continue;
    if (updated.inserted) shard.count_inserted(keys_);
    if (updated.erased) {
      shard.count_erased();
      keys_.discard(root, number, probe.tag, updated.previous);
    }
    return Updated{updated.was_present, updated.inserted, updated.previous};
  }
}

template <typename Layout, typename Keys>
Result<typename Table<Layout, Keys>::Reservation> Table<Layout, Keys>::reserve_insertion(
    uint64_t hash) {
  const sync::EpochPin pin;
  TableShard& shard = shard_of(probe(hash));
  if (!shard.reserve_node()) return Code::no_memory;
  shard.add_owner();
  Reservation reservation;
  reservation.shard_ = &shard;
  return reservation;
}

template <typename Layout, typename Keys>
bool Table<Layout, Keys>::set_aside(uint32_t writers) noexcept {
  const sync::EpochPin pin;
  TableRoot& root = this->root();
  for (uint32_t i = 0; i < root.shards(); i++)
    if (!root.shard(i).set_aside(writers)) return false;
  return true;
}

template <typename Layout, typename Keys>
std::optional<typename Table<Layout, Keys>::Reservation> Table<Layout, Keys>::standing_reservation(
    uint64_t hash) const noexcept {
  const sync::EpochPin pin;
  if (shard_of(probe(hash)).is_short()) return std::nullopt;
  std::optional<Reservation> reservation(std::in_place);
  reservation->for_good_ = true;
  return reservation;
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::insert_absent(uint64_t hash, uint64_t value,
                                          const Reservation& reservation) noexcept {
  const sync::EpochPin pin;
  const Probe probe = this->probe(hash);
  for (;;) {
    TableShard& shard = shard_of(probe);
    Protocol& protocol = shard.protocol();
    const bool reserved = reservation.for_good_ || reservation.shard_ == &shard;
    // Whatever is there is another key.
    const InHead done = protocol.set_in_head(protocol.start_now(probe.position), probe, value,
                                             [](Entry) noexcept { return Verdict::different; });
    if (done.result == InHead::Result::full) {
      if (!protocol.set_in_chain(probe, value, reserved)) return Code::no_memory;
    } else if (done.result != InHead::Result::inserted) {
      typename Protocol::Updated updated;
      if (!protocol.insert_absent(probe, value, reserved, updated)) continue;
      if (!updated.inserted) return Code::no_memory;
    }
    shard.count_inserted(keys_);
    return {};
  }
}

template <typename Layout, typename Keys>
bool Table<Layout, Keys>::replace(uint64_t hash, uint64_t expected, uint64_t value) noexcept {
  const sync::EpochPin pin;
  const Probe probe = this->probe(hash);
  const auto is_expected = [expected](Entry entry) noexcept {
    return Layout::value(entry) == expected ? Verdict::equal : Verdict::different;
  };
  if (replace_in_head(probe, value, is_expected).result == InHead::Result::replaced) return true;
  typename Protocol::Updated updated;
  while (!shard_of(probe).protocol().change_exact(probe, expected, {Decision::Action::set, value},
                                                  updated)) {
  }
  return updated.was_present;
}

template <typename Layout, typename Keys>
bool Table<Layout, Keys>::erase(uint64_t hash, uint64_t expected) noexcept {
  const sync::EpochPin pin;
  const Probe probe = this->probe(hash);
  const auto is_expected = [expected](Entry entry) noexcept {
    return Layout::value(entry) == expected ? Verdict::equal : Verdict::different;
  };
  for (;;) {
    TableShard& shard = shard_of(probe);
    Protocol& protocol = shard.protocol();
    const InHead done =
        protocol.erase_in_head(protocol.start_now(probe.position), probe, is_expected);
    if (done.result == InHead::Result::erased) {
      shard.count_erased();
      return true;
    }
    typename Protocol::Updated updated;
    if (!protocol.change_exact(probe, expected, {Decision::Action::erase, 0}, updated)) continue;
    if (updated.erased) shard.count_erased();
    return updated.erased;
  }
}

// ---- The whole table ---------------------------------------------------------------------------

template <typename Layout, typename Keys>
uint64_t Table<Layout, Keys>::size() const noexcept {
  const sync::EpochPin pin;
  const TableRoot& root = this->root();
  uint64_t entries = 0;
  for (uint32_t i = 0; i < root.shards(); i++) entries += root.shard(i).entries();
  return entries;
}

template <typename Layout, typename Keys>
uint64_t Table<Layout, Keys>::capacity() const noexcept {
  const sync::EpochPin pin;
  const TableRoot& root = this->root();
  uint64_t capacity = 0;
  for (uint32_t i = 0; i < root.shards(); i++) capacity += root.shard(i).capacity();
  return capacity;
}

template <typename Layout, typename Keys>
IndexStats Table<Layout, Keys>::stats() const {
  const sync::EpochPin pin;
  const TableRoot& root = this->root();
  IndexStats stats;
  for (uint32_t i = 0; i < root.shards(); i++) {
    const uint64_t key_bytes = root.storage(i).bytes();
    root.shard(i).add_to(stats);
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
    TableRoot* const fresh = TableRoot::create(root().shards(), first_buckets_bits(0, 1));
    if (fresh == nullptr) return Code::no_memory;
    // Release: pairs with the acquire in root(). Acquire: the shards that other clears put there.
    // Whoever still works on the old root came before, and is linearized before
    // (docs/internals/index.md).
    TableRoot* const old = root_.exchange(fresh, std::memory_order_acq_rel);
    sync::EpochRegistry::retire(
        old, [](sync::Retired* retired) noexcept { static_cast<TableRoot*>(retired)->disown(); });
  }
  // The old root is much memory in one object, for which the next sixty-four would have to be
  // waited.
  sync::EpochRegistry::try_reclaim();
  return {};
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::reserve(uint64_t entries) {
  for (uint32_t i = 0;;) {
    // For a shard at a time: what others retire meanwhile waits for it.
    const sync::EpochPin pin;
    const TableRoot& root = this->root();
    if (i == root.shards()) return {};
    Status status = root.shard(i).reserve(entries / root.shards(), keys_);
    if (status.is(Code::closed)) continue;  // with its successor
    if (!status.ok()) return status;
    i++;
  }
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::shrink_to_fit() {
  for (uint32_t i = 0;; i++) {
    {
      const sync::EpochPin pin;
      TableRoot& root = this->root();
      if (i == root.shards()) break;
      STAVE_TRY(shrink_shard(root, i));
      keys_.discard_waiting(root, i);
    }
    // So that the next shard's successor finds the room that this one has left.
    sync::EpochRegistry::try_reclaim();
  }
  // Behind the last shard also of keys that waited for their readers.
  const sync::EpochPin pin;
  TableRoot& root = this->root();
  for (uint32_t i = 0; i < root.shards(); i++) root.storage(i).shrink();
  return {};
}

template <typename Layout, typename Keys>
Status Table<Layout, Keys>::shrink_shard(TableRoot& root, uint32_t number) {
  for (;;) {
    TableShard& old = root.shard(number);
    if (Status status = old.lock_growth(); !status.ok()) {
      if (status.is(Code::closed)) continue;
      return status;
    }
    old.protocol().lock_all();
    const Result<TableShard*> smaller = old.make_smaller(keys_);
    if (!smaller.ok() || *smaller == nullptr) {
      old.protocol().unlock_all();
      old.unlock_growth();
      return smaller.status();
    }
    root.set_shard(number, *smaller);
    old.protocol().close();  // its growth lock stays locked, too
    old.retire();
    return {};
  }
}

template <typename Layout, typename Keys>
template <typename Visit>
Status Table<Layout, Keys>::visit_next(Cursor& cursor, Visit&& visit) const {
  if (cursor.done_) return {};
  const sync::EpochPin pin;
  const TableRoot& root = this->root();
  struct Seen {
    Entry entry;
    uint8_t tag = 0;
  };
  EntryList<Seen> seen;
  TableShard* shard = nullptr;
  auto locked = [&] {
    for (;;) {
      shard = &root.shard(cursor.shard_);
      if (auto bucket = shard->protocol().lock(reverse_bits(cursor.next_))) return *bucket;
    }
  }();
  bool complete = true;
  locked.for_each([&](Entry entry, Place, uint8_t tag) {
    complete = seen.add({entry, tag});
    return complete;
  });
  locked.unlock();
  if (!complete) return Code::no_memory;

  const unsigned level = shard->protocol().level_of(locked.control);
  const uint64_t interval_begin = reverse_bits(locked.index());
  for (const Seen& one : seen) {
    // After a shrink the bucket may begin before the place where the cursor stands.
    if (interval_begin < cursor.next_) {
      const Result<uint64_t> position =
          shard->known_position(one.entry, one.tag, locked.index(), level, cursor.next_, keys_);
      if (position.status().is(Code::not_found)) continue;
      if (!position.ok()) return position.status();
      if (reverse_bits(*position) < cursor.next_) continue;
    }
    visit(one.entry, one.tag);
  }
  // Wraps to 0 behind the last bucket of the shard.
  cursor.next_ = level == 0 ? 0 : interval_begin + (uint64_t{1} << (64 - level));
  if (cursor.next_ == 0) cursor.done_ = ++cursor.shard_ == root.shards();
  return {};
}

}  // namespace stave::index
