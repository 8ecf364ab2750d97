#include "core/mvcc/memtable.h"

#include <algorithm>
#include <new>
#include <utility>

namespace stave::mvcc {

Result<std::unique_ptr<Memtable>> Memtable::create(const MemtableOptions& options) noexcept {
  Result<KeyTable> keys = KeyTable::create(options.capacity, options.seed);
  if (!keys) return keys.status();
  std::unique_ptr<Memtable> table(new (std::nothrow) Memtable(options, *std::move(keys)));
  if (table == nullptr) return Code::no_memory;
  return table;
}

Memtable::Memtable(const MemtableOptions& options, KeyTable keys) noexcept
    : options_(options), keys_(std::move(keys)) {
  if (options_.managed && options_.background) sync::Background::add(*this);
}

// No other thread uses the table: nothing needs to be retired.
Memtable::~Memtable() {
  if (options_.managed && options_.background) sync::Background::remove(*this);
  RetiredList rows;
  // Without memory for the walk the rows are lost.
  static_cast<void>(collect_rows(rows));
  while (sync::Retired* object = rows.pop()) {
    Row* row = static_cast<Row*>(object);
    for (ValueVersion* version = row->newest(); version != nullptr;) {
      ValueVersion::destroy(std::exchange(version, version->next(0)));
    }
    if (row->pending() != nullptr) ValueVersion::destroy(row->pending());
    Row::destroy(row);
  }
}

// A row's link for lists is free until the row is retired.
Status Memtable::collect_rows(RetiredList& rows) const noexcept {
  KeyTable::Walk walk(keys_);
  while (true) {
    const sync::EpochPin pin;
    Status status = walk.next([&rows](Row& row) { rows.push(&row); });
    if (status.is(Code::done)) return {};
    if (!status.ok()) return status;
  }
}

// ---- Reading -----------------------------------------------------------------------------------

Visible Memtable::read_row(const Row& row, ReadView view, Visit visit) const {
  const ValueVersion* version = nullptr;
  if (view.reader != 0) {
    version = row.pending();
    const ValueRecord* record = version == nullptr ? nullptr : version->record();
    if (record == nullptr || record->identity() != view.reader) version = nullptr;
  }
  if (version == nullptr) version = row.find(view.snapshot);
  if (version == nullptr) return Visible::absent;
  if (version->payload().is_tombstone()) return Visible::deleted;
  visit(version->payload().value(version->tail()));
  return Visible::value;
}

Result<Visible> Memtable::read(Bytes key, ReadView view, Visit visit) const {
  const sync::EpochPin pin;
  const Row* row = keys_.find(key);
  const Visible visible = row == nullptr ? Visible::absent : read_row(*row, view, visit);
  STAVE_TRY(check_horizon(view.snapshot));
  return visible;
}

Status Memtable::multi_read(std::span<const Bytes> keys, ReadView view, VisitMany visit) const {
  for (size_t done = 0; done < keys.size();) {
    const auto group = keys.subspan(done, std::min(KeyTable::prefetch_max, keys.size() - done));
    const sync::EpochPin pin;
    keys_.prefetch(group);
    for (const Bytes key : group) {
      ValueRef value;
      const Row* row = keys_.find(key);
      const Visible visible =
          row == nullptr ? Visible::absent
                         : read_row(*row, view, [&value](const ValueRef& found) { value = found; });
      STAVE_TRY(visit(done++, visible, value));
    }
    STAVE_TRY(check_horizon(view.snapshot));
  }
  return {};
}

Status Memtable::check_horizon(uint64_t snapshot) const noexcept {
  // Acquire: pairs with the release in prune(), by way of the links that it cut: a reader that came
  // too late for a version sees the horizon above its snapshot.
  const uint64_t horizon = horizon_.load(std::memory_order_acquire);
  if (snapshot >= horizon) [[likely]]
    return {};
  return Status::error(Code::too_old, "the snapshot is older than what prune() has kept");
}

// ---- Statistics --------------------------------------------------------------------------------

uint64_t Memtable::count_transactions() noexcept {
  uint64_t count = 0;
  for (TransactionShard& shard : transactions_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.transactions.size();
  }
  return count;
}

MemtableStats Memtable::stats() {
  return {.keys = keys_count_.sum(),
          .rows = rows_.sum(),
          .versions = versions_.sum(),
          .size_bytes = bytes_.sum(),
          .snapshots = snapshots_.count(),
          .transactions = count_transactions(),
          .timestamp = options_.managed ? clock_.next() : 0};
}

// ---- Removing ----------------------------------------------------------------------------------

void Memtable::drop(ValueVersion* version, DeferredCleanup& cleanup) noexcept {
  cleanup.versions--;
  cleanup.bytes -= static_cast<int64_t>(version->memory());
  version->reclaim = ValueVersion::destroy_retired;
  cleanup.unlinked.push(version);
}

void Memtable::drop_if_dead(Row& row, DeferredCleanup& cleanup) noexcept {
  if (!row.is_empty() || row.dead()) return;
  row.set_dead();
  cleanup.dead_rows.push(&row);
}

void Memtable::drop_row(Row& row, DeferredCleanup& cleanup) noexcept {
  cleanup.rows--;
  cleanup.bytes -= static_cast<int64_t>(row.memory());
  row.reclaim = Row::destroy_retired;
  cleanup.unlinked.push(&row);
}

void Memtable::finish(DeferredCleanup& cleanup) noexcept {
  while (sync::Retired* object = cleanup.dead_rows.pop()) {
    Row* row = static_cast<Row*>(object);
    keys_.erase(row);
    drop_row(*row, cleanup);
  }
  if (cleanup.keys != 0) keys_count_.add(std::exchange(cleanup.keys, 0));
  if (cleanup.rows != 0) rows_.add(std::exchange(cleanup.rows, 0));
  if (cleanup.versions != 0) versions_.add(std::exchange(cleanup.versions, 0));
  if (cleanup.bytes != 0) bytes_.add(std::exchange(cleanup.bytes, 0));
  if (cleanup.needed.empty()) return;
  add_orphans(cleanup.needed);
  wake_background();
}

void Memtable::retire(DeferredCleanup& cleanup) noexcept {
  if (cleanup.unlinked.empty()) return;
  cleanup.unlinked.retire_all();
  wake_background();
}

Status Memtable::clear() {
  // First: a pruner takes locks of the snapshots.
  const std::lock_guard prune_lock(prune_mutex_);
  for (TransactionShard& shard : transactions_) shard.mutex.lock();
  uint64_t open = 0;
  for (const TransactionShard& shard : transactions_) open += shard.transactions.size();
  // Without a transaction no thread writes, and with the locks held none can begin.
  Status status;
  const bool alone = open == 0 && snapshots_.run_without_snapshots([&] { status = clear_rows(); });
  for (TransactionShard& shard : transactions_) shard.mutex.unlock();
  if (alone) return status;
  return Status::error(Code::busy, "a transaction or snapshot of the memtable is open");
}

Status Memtable::clear_rows() noexcept {
  RetiredList rows;
  STAVE_TRY(collect_rows(rows));
  STAVE_TRY(keys_.clear());
  for (Orphans& orphans : orphans_) {
    const std::lock_guard orphans_lock(orphans.mutex);
    orphans.list = RetiredList();
    orphans.count.store(0, std::memory_order_relaxed);
  }
  DeferredCleanup cleanup;
  // A reader that found its row before still sees all of it.
  while (sync::Retired* object = rows.pop()) {
    Row* row = static_cast<Row*>(object);
    if (row->newest() != nullptr && !row->newest()->payload().is_tombstone()) cleanup.keys--;
    for (ValueVersion* version = row->newest(); version != nullptr;) {
      drop(std::exchange(version, version->next(0)), cleanup);
    }
    drop_row(*row, cleanup);
  }
  finish(cleanup);
  retire(cleanup);
  return {};
}

}  // namespace stave::mvcc
