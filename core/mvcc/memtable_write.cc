// The steps of a transaction's life: install, link, publish, settle; or take back.
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/base/prefetch.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "core/sync/backoff.h"

namespace stave::mvcc {

namespace {

int64_t count_value(const ValueVersion* version) noexcept {
  return version != nullptr && !version->payload().is_tombstone() ? 1 : 0;
}

void reclaim_record(sync::Retired* retired) noexcept {
  delete static_cast<ValueRecord*>(retired);
}

}  // namespace

// ---- Writing -----------------------------------------------------------------------------------

Status Memtable::install(WriteSet& writes, const KeyWrite& write, uint64_t snapshot) {
  if (write.key.size() > key_size_max) [[unlikely]]
    return Status::error(Code::too_large, "the key is too large");
  InlineValue::Source source(write.value, write.tombstone);
  STAVE_TRY(source.prepare());
  if (!writes.prepare_add()) return Code::no_memory;
  ValueVersion* const version =
      ValueVersion::create(writes.random_height(), *writes.record(), std::move(source));
  if (version == nullptr) return Code::no_memory;
  Claim claimed = try_install(writes, write.key, version, snapshot);
  for (sync::Backoff backoff; claimed == Claim::retry;) {
    backoff.wait();
    claimed = try_install(writes, write.key, version, snapshot);
  }
  if (claimed == Claim::claimed) [[likely]]
    return {};
  ValueVersion::destroy(version);
  return claimed == Claim::conflict ? Code::conflict : Code::no_memory;
}

Status Memtable::install_many(WriteSet& writes, std::span<const KeyWrite> list, uint64_t snapshot,
                              size_t& written) {
  for (written = 0; written < list.size(); written++) {
    STAVE_TRY(install(writes, list[written], snapshot));
  }
  return {};
}

Memtable::Claim Memtable::try_install(WriteSet& writes, Bytes key, ValueVersion* version,
                                      uint64_t snapshot) {
  const sync::EpochPin pin;
  DeferredCleanup cleanup;
  Row* const row = row_for(key, cleanup);
  if (row == nullptr) return Claim::no_memory;
  // The commit is going to need it.
  stave::prefetch_to_write(row->newest());
  Claim claimed = Claim::retry;
  {
    const std::lock_guard lock(*row);
    claimed = claim(*row, version, writes, snapshot, cleanup);
    // This call may have made the row and put nothing into it.
    if (claimed != Claim::claimed) drop_if_dead(*row, cleanup);
  }
  finish(cleanup);
  retire(cleanup);
  return claimed;
}

Row* Memtable::row_for(Bytes key, DeferredCleanup& cleanup) {
  if (Row* row = keys_.find(key); row != nullptr) [[likely]]
    return row;
  Row* fresh = Row::create(key);
  if (fresh == nullptr) return nullptr;
  Row* const row = keys_.insert(fresh);
  if (row != fresh) {
    Row::destroy(fresh);
  } else {
    cleanup.rows++;
    cleanup.bytes += static_cast<int64_t>(fresh->memory());
  }
  return row;
}

Memtable::Claim Memtable::claim(Row& row, ValueVersion* version, WriteSet& writes,
                                uint64_t snapshot, DeferredCleanup& cleanup) noexcept {
  if (row.dead()) return Claim::retry;
  ValueVersion* const pending = row.pending();
  if (pending != nullptr && pending->record() == writes.record()) {
    writes.replace(pending, version);
    drop(pending, cleanup);
  } else {
    // A committed version is no conflict; its transaction is about to settle it.
    if (pending != nullptr) return pending->begin() != 0 ? Claim::retry : Claim::conflict;
    if (row.last_commit() >= snapshot && !STAVE_PLANTED_BUG(ignore_newer)) return Claim::conflict;
    writes.add(&row, version);
  }
  row.set_pending(version);
  cleanup.versions++;
  cleanup.bytes += static_cast<int64_t>(version->memory());
  return Claim::claimed;
}

void Memtable::take_back(Row& row, ValueVersion* version, DeferredCleanup& cleanup) noexcept {
  const std::lock_guard lock(row);
  row.set_pending(nullptr);
  drop(version, cleanup);
  drop_if_dead(row, cleanup);
}

void Memtable::roll_back(WriteSet& writes) noexcept {
  const sync::EpochPin pin;
  DeferredCleanup cleanup;
  for (const WriteSet::Write& write : writes.writes()) {
    take_back(*write.row, write.version, cleanup);
  }
  drop_record(writes, cleanup);
  finish(cleanup);
  retire(cleanup);
}

void Memtable::drop_record(WriteSet& writes, DeferredCleanup& cleanup) noexcept {
  ValueRecord* const record = writes.release();
  if (record == nullptr) return;
  record->reclaim = reclaim_record;
  cleanup.unlinked.push(record);
}

// ---- Committing --------------------------------------------------------------------------------

bool Memtable::link(WriteSet& writes, uint64_t timestamp) noexcept {
  bool supersedes = false;
  for (const WriteSet::Write& write : writes.writes()) {
    ValueVersion* const version = write.version;
    const std::lock_guard lock(*write.row);
    write.row->link(version, timestamp);
    version->set_marked(true);  // until it is settled
    supersedes |= version->next(0) != nullptr || version->payload().is_tombstone();
    if (STAVE_PLANTED_BUG(publish_while_linking)) writes.record()->publish(timestamp);
  }
  return supersedes;
}

// With a view, frees what the versions supersede.
void Memtable::settle(WriteSet& writes, uint64_t timestamp, const SnapshotView* view,
                      DeferredCleanup& cleanup) noexcept {
  for (const WriteSet::Write& write : writes.writes()) {
    Row& row = *write.row;
    ValueVersion* const version = write.version;
    const std::lock_guard lock(row);
    version->set_marked(false);
    version->settle(timestamp);
    row.set_last_commit(timestamp);
    row.set_pending(nullptr);
    ValueVersion* const older = version->next(0);
    if (row.newest() == version) cleanup.keys += count_value(version) - count_value(older);
    if (view == nullptr) continue;
    const Needed needed = unlink_unneeded(
        row, older != nullptr && !older->marked() ? older : nullptr, timestamp, *view, cleanup);
    if (needed.version != nullptr) cleanup.needed.push(needed.version);
    drop_if_dead(row, cleanup);
  }
}

uint64_t Memtable::commit_managed(WriteSet& writes, SnapshotHold& hold) noexcept {
  const sync::EpochPin pin;
  const bool supersedes = link(writes, timestamp_max);
  const uint64_t timestamp = clock_.commit(*writes.record());
  if (STAVE_PLANTED_BUG(end_before_settling)) hold.end();
  // What only this transaction's snapshot needed is free now. The snapshot stays open until
  // finish(), since it is what keeps clear() away from the rows.
  std::optional<SnapshotView> view;
  const Due due = due_orphans(timestamp, writes.size());
  if (supersedes || due.count != 0) view.emplace(snapshots_, clock_, hold.snapshot());
  DeferredCleanup cleanup;
  settle(writes, timestamp, view ? &*view : nullptr, cleanup);
  if (due.count != 0) examine_orphans(due.orphans, due.count, *view, cleanup);
  drop_record(writes, cleanup);
  finish(cleanup);
  hold.end();
  retire(cleanup);
  return timestamp;
}

}  // namespace stave::mvcc
