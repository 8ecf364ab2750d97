// The steps of a transaction's life: install, link, publish, settle; or take back.
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "core/sync/backoff.h"

namespace stave::mvcc {

namespace {

uint64_t is_value(const ValueVersion* version) noexcept {
  return version != nullptr && !version->payload().is_tombstone() ? 1 : 0;
}

void count_in(const ValueVersion* version, uint64_t& versions, uint64_t& bytes) noexcept {
  versions++;
  bytes += version->memory();
}

}  // namespace

// ---- Writing -----------------------------------------------------------------------------------

[[gnu::flatten]] Status Memtable::install(WriteSet& writes, Bytes key, InlineValue::Source&& source,
                                          uint64_t snapshot) {
  if (key.size() > key_size_max) [[unlikely]]
    return Status::error(Code::too_large, "the key is too large");
  if (!writes.prepare_add() || !source.ready()) [[unlikely]]
    return Code::no_memory;
  Totals change;
  ValueVersion* version = nullptr;
  Claim claimed = try_install(writes, key, source, snapshot, version, change);
  if (claimed == Claim::again) [[unlikely]] {
    sync::Backoff backoff;
    do {
      backoff.wait();
      claimed = try_install(writes, key, source, snapshot, version, change);
    } while (claimed == Claim::again);
  }
  add(change);
  if (claimed == Claim::done) [[likely]]
    return Code::ok;
  if (version != nullptr) ValueVersion::destroy(version);
  return claimed == Claim::conflict ? Code::conflict : Code::no_memory;
}

Memtable::Claim Memtable::try_install(WriteSet& writes, Bytes key, InlineValue::Source& source,
                                      uint64_t snapshot, ValueVersion*& version, Totals& change) {
  const sync::EpochPin pin;
  // The version is made while the bucket is on its way from memory.
  const KeyTable::Place place = keys_->look_for(key);
  if (version == nullptr) {
    version =
        ValueVersion::create(pool_, writes.random_height(), *writes.record(), std::move(source));
    if (version == nullptr) return Claim::no_memory;
  }
  Row* const row = row_for(place, key, change);
  if (row == nullptr) return Claim::no_memory;
  // The commit is going to need it.
  __builtin_prefetch(row->newest(), 1);
  Aftermath after;
  Claim claimed = Claim::again;
  {
    const std::lock_guard lock(*row);
    claimed = claim(*row, version, writes, snapshot, after, change);
    // This call may have made the row and found nothing to put into it.
    if (claimed != Claim::done) mark_if_dead(*row, after);
  }
  finish(*row, after, change);
  return claimed;
}

Row* Memtable::row_for(const KeyTable::Place& place, Bytes key, Totals& change) {
  if (Row* row = keys_->find(place, key); row != nullptr) [[likely]]
    return row;
  Row* fresh = Row::create(pool_, key);
  if (fresh == nullptr) return nullptr;
  Row* const row = keys_->insert(fresh);
  if (row != fresh) {
    Row::destroy(fresh);
  } else {
    change.rows++;
    change.bytes += fresh->memory();
  }
  return row;
}

Memtable::Claim Memtable::claim(Row& row, ValueVersion* version, WriteSet& writes,
                                uint64_t snapshot, Aftermath& after, Totals& change) noexcept {
  if (row.dead()) return Claim::again;
  ValueVersion* pending = row.pending();
  if (pending != nullptr && pending->record() == writes.record()) {
    writes.replace(pending, version);
    row.set_pending(version);
    drop(pending, after, change);
    count_in(version, change.versions, change.bytes);
    return Claim::done;
  }
  // A committed version is not in anybody's way; its transaction is about to settle it.
  if (pending != nullptr && pending->begin() != 0) return Claim::again;
  if (pending != nullptr) return Claim::conflict;
  if (row.last_commit() >= snapshot && !STAVE_PLANTED_BUG(ignore_newer)) return Claim::conflict;
  writes.add(&row, version);
  row.set_pending(version);
  count_in(version, change.versions, change.bytes);
  return Claim::done;
}

void Memtable::take_back(Row& row, ValueVersion* version, Totals& change) noexcept {
  Aftermath after;
  {
    const std::lock_guard lock(row);
    row.set_pending(nullptr);
    drop(version, after, change);
    mark_if_dead(row, after);
  }
  finish(row, after, change);
}

void Memtable::roll_back(WriteSet& writes) noexcept {
  const sync::EpochPin pin;
  Totals change;
  for (const WriteSet::Write& write : writes.writes()) {
    take_back(*write.row, write.version, change);
  }
  writes.writes().clear();
  retire_record(writes);
  add(change);
}

// ---- Committing --------------------------------------------------------------------------------

[[gnu::flatten]] uint64_t Memtable::commit_managed(WriteSet& writes, SnapshotHold& hold) noexcept {
  const sync::EpochPin pin;
  bool something_to_prune = false;
  for (const WriteSet::Write& write : writes.writes()) {
    const std::lock_guard lock(*write.row);
    write.row->link(write.version, timestamp_max);
    something_to_prune |=
        write.version->next(0) != nullptr || write.version->payload().is_tombstone();
  }
  const uint64_t timestamp = clock_.commit(*writes.record());
  if (STAVE_PLANTED_BUG(end_before_settling)) hold.end();
  // What only this transaction's snapshot needed is free now. The snapshot stays until the rows are
  // done with, since that is what keeps clear() away from them.
  std::optional<SnapshotView> view;
  const Portion portion = orphans_in_turn(timestamp, writes.size());
  if (something_to_prune || portion.count != 0) view.emplace(snapshots_, clock_, hold.place());
  Totals change;
  ParkedList kept;
  ParkedList dropped;
  for (const WriteSet::Write& write : writes.writes()) {
    Aftermath after;
    {
      const std::lock_guard lock(*write.row);
      settle(*write.row, write.version, timestamp, change);
      if (view) drop_superseded(*write.row, write.version, *view, after, change);
      mark_if_dead(*write.row, after);
    }
    if (after.marked != nullptr) kept.push(after.marked);
    finish(*write.row, after, change, &dropped);
  }
  if (portion.count != 0) {
    examine_orphans(portion.orphans, portion.count, *view, change, dropped);
  }
  // Who needs them now is mostly another transaction, soon to end: so they are looked at once more,
  // some commits later, before they are parked.
  if (!kept.empty()) {
    add_orphans(kept);
    wake_background();
  }
  add(change);
  hold.end();
  retire_versions(dropped);
  retire_record(writes);
  return timestamp;
}

void Memtable::settle(Row& row, ValueVersion* version, uint64_t timestamp,
                      Totals& change) noexcept {
  version->settle(timestamp);
  row.set_last_commit(timestamp);
  row.set_pending(nullptr);
  if (row.newest() != version) return;
  change.keys += is_value(version) - is_value(version->next(0));
}

// ---- Afterwards --------------------------------------------------------------------------------

void Memtable::drop(ValueVersion* version, Aftermath& after, Totals& change) noexcept {
  change.versions--;
  change.bytes -= version->memory();
  version->reclaim = ValueVersion::destroy_retired;
  after.dropped.push(version);
}

void Memtable::mark_if_dead(Row& row, Aftermath& after) noexcept {
  if (!row.is_empty() || row.dead()) return;
  row.set_dead();
  after.died = true;
}

void Memtable::finish(Row& row, Aftermath& after, Totals& change, ParkedList* dropped) noexcept {
  if (dropped != nullptr) {
    dropped->append(after.dropped);
  } else {
    retire_versions(after.dropped);
  }
  if (!after.died) return;
  keys_->erase(&row);
  change.rows--;
  change.bytes -= row.memory();
  sync::EpochRegistry::retire(&row, Row::destroy_retired);
  wake_background();
}

void Memtable::retire_versions(ParkedList& dropped) noexcept {
  if (dropped.empty()) return;
  dropped.retire();
  wake_background();
}

void Memtable::retire_record(WriteSet& writes) noexcept {
  if (ValueRecord* record = writes.release_record(); record != nullptr) {
    sync::EpochRegistry::retire(record);
    wake_background();
  }
}

}  // namespace stave::mvcc
