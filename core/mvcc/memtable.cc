#include "core/mvcc/memtable.h"

#include <new>
#include <utility>

#include "core/sync/thread_number.h"

namespace stave::mvcc {

namespace {

bool is_value(const ValueVersion* version) noexcept {
  return version != nullptr && !version->payload().is_tombstone();
}

}  // namespace

Result<std::shared_ptr<Memtable>> Memtable::create(const MemtableOptions& options) noexcept {
  Result<std::unique_ptr<KeyTable>> keys = KeyTable::create(options.capacity, options.seed);
  if (!keys) return keys.status();
  BlockPool* const pool = BlockPool::create();
  if (pool == nullptr) return Code::no_memory;
  try {
    return std::make_shared<Memtable>(options, *std::move(keys), pool);
  } catch (const std::bad_alloc&) {
    pool->close();
    return Code::no_memory;
  }
}

Memtable::Memtable(const MemtableOptions& options, std::unique_ptr<KeyTable> keys,
                   BlockPool* pool) noexcept
    : options_(options), keys_(std::move(keys)), pool_(pool) {
  if (options_.managed && options_.background) sync::Background::add(*this);
}

// Nobody else is here: nothing needs to be retired.
Memtable::~Memtable() {
  if (options_.managed && options_.background) sync::Background::remove(*this);
  ParkedList rows;
  // Without memory for the walk the rows are lost.
  static_cast<void>(collect_rows(rows));
  while (sync::Retired* object = rows.pop()) {
    Row* row = static_cast<Row*>(object);
    for (ValueVersion* version = row->newest(); version != nullptr;) {
      ValueVersion* older = version->next(0);
      ValueVersion::destroy(version);
      version = older;
    }
    if (row->pending() != nullptr) ValueVersion::destroy(row->pending());
    Row::destroy(row);
  }
  pool_->close();
}

// A row's link for lists is free until the row is retired.
Status Memtable::collect_rows(ParkedList& rows) const noexcept {
  KeyTable::Walk walk(*keys_);
  while (true) {
    const sync::EpochPin pin;
    Status status = walk.next([&rows](Row& row) { rows.push(&row); });
    if (status.is(Code::done)) return {};
    if (!status.ok()) return status;
  }
}

Visible Memtable::read_row(const Row& row, uint64_t snapshot, uint64_t reader, Visit visit) const {
  const ValueVersion* version = nullptr;
  if (reader != 0) {
    version = row.pending();
    const ValueRecord* record = version == nullptr ? nullptr : version->record();
    if (record == nullptr || record->identity() != reader) version = nullptr;
  }
  if (version == nullptr) version = row.find(snapshot);
  if (version == nullptr) return Visible::absent;
  if (!is_value(version)) return Visible::deleted;
  visit(version->payload(), version->room());
  return Visible::value;
}

Result<Visible> Memtable::read(Bytes key, uint64_t snapshot, uint64_t reader, Visit visit) const {
  const sync::EpochPin pin;
  const Row* row = keys_->find(key);
  const Visible visible =
      row == nullptr ? Visible::absent : read_row(*row, snapshot, reader, visit);
  STAVE_TRY(check_horizon(snapshot));
  return visible;
}

void Memtable::prefetch(std::span<const Bytes> keys) const noexcept {
  const sync::EpochPin pin;
  keys_->prefetch(keys);
}

Status Memtable::check_horizon(uint64_t snapshot) const noexcept {
  // Acquire: pairs with the release in prune(), by way of the links that it cut: a reader who came
  // too late for a version sees the horizon that it fell behind.
  const uint64_t horizon = horizon_.load(std::memory_order_acquire);
  if (snapshot >= horizon) [[likely]]
    return {};
  return Status::error(Code::too_old, "the snapshot is older than what prune() has kept");
}

// `alone`: no other thread adds to it.
Memtable::TotalsShard& Memtable::own_totals(bool& alone) noexcept {
  const size_t number = sync::thread_number();
  alone = number < kOwnTotals;
  return totals_[alone ? number : kOwnTotals + number % kSharedTotals];
}

uint64_t Memtable::new_identity() noexcept {
  bool alone = false;
  TotalsShard& shard = own_totals(alone);
  // Relaxed: only that each number is given once matters.
  const uint64_t begun = alone ? shard.begun.load(std::memory_order_relaxed)
                               : shard.begun.fetch_add(1, std::memory_order_relaxed);
  if (alone) shard.begun.store(begun + 1, std::memory_order_relaxed);
  return 1 + begun * totals_.size() + static_cast<uint64_t>(&shard - totals_.data());
}

void Memtable::add(const Totals& change) noexcept {
  bool own = false;
  TotalsShard& shard = own_totals(own);
  // Relaxed: statistics.
  const auto add_to = [own](std::atomic<uint64_t>& total, uint64_t more) {
    if (more == 0) return;
    if (own) {
      total.store(total.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    } else {
      total.fetch_add(more, std::memory_order_relaxed);
    }
  };
  add_to(shard.keys, change.keys);
  add_to(shard.rows, change.rows);
  add_to(shard.versions, change.versions);
  add_to(shard.bytes, change.bytes);
}

Memtable::Totals Memtable::totals() const noexcept {
  Totals sum;
  for (const TotalsShard& shard : totals_) {
    sum.keys += shard.keys.load(std::memory_order_relaxed);
    sum.rows += shard.rows.load(std::memory_order_relaxed);
    sum.versions += shard.versions.load(std::memory_order_relaxed);
    sum.bytes += shard.bytes.load(std::memory_order_relaxed);
  }
  // A shard may be read before something is added there and another after the same is taken away:
  // then there is less than nothing.
  for (uint64_t* total : {&sum.keys, &sum.rows, &sum.versions, &sum.bytes}) {
    if (*total > INT64_MAX) *total = 0;
  }
  return sum;
}

MemtableStats Memtable::stats() {
  const Totals sum = totals();
  MemtableStats stats;
  stats.keys = sum.keys;
  stats.rows = sum.rows;
  stats.versions = sum.versions;
  stats.size_bytes = sum.bytes;
  stats.snapshots = snapshots_.count();
  for (TransactionShard& shard : transactions_) {
    const std::lock_guard lock(shard.mutex);
    stats.transactions += shard.transactions.size();
  }
  stats.timestamp = options_.managed ? clock_.next() : 0;
  return stats;
}

// ---- Clearing ----------------------------------------------------------------------------------

Status Memtable::clear() {
  // First: a pruner takes locks of the snapshots.
  const std::lock_guard prune_lock(prune_mutex_);
  for (TransactionShard& shard : transactions_) shard.mutex.lock();
  uint64_t open = 0;
  for (const TransactionShard& shard : transactions_) open += shard.transactions.size();
  // Without a transaction nobody writes, and without a snapshot none can begin.
  Status status;
  const bool alone = open == 0 && snapshots_.run_without_snapshots([&] { status = clear_rows(); });
  for (TransactionShard& shard : transactions_) shard.mutex.unlock();
  if (alone) return status;
  return Status::error(Code::busy, "a transaction or snapshot of the memtable is open");
}

Status Memtable::clear_rows() noexcept {
  ParkedList rows;
  STAVE_TRY(collect_rows(rows));
  STAVE_TRY(keys_->clear());
  for (Orphans& orphans : orphans_) {
    const std::lock_guard orphans_lock(orphans.mutex);
    orphans.list = ParkedList();
    orphans.count.store(0, std::memory_order_relaxed);
  }
  Totals change;
  // A reader that found its row before goes on to see all of it.
  while (sync::Retired* object = rows.pop()) {
    Row* row = static_cast<Row*>(object);
    change.rows--;
    change.bytes -= row->memory();
    if (row->newest() != nullptr && !row->newest()->payload().is_tombstone()) change.keys--;
    for (ValueVersion* version = row->newest(); version != nullptr;) {
      ValueVersion* older = version->next(0);
      change.versions--;
      change.bytes -= version->memory();
      sync::EpochRegistry::retire(version, ValueVersion::destroy_retired);
      version = older;
    }
    sync::EpochRegistry::retire(row, Row::destroy_retired);
  }
  add(change);
  wake_background();
  return {};
}

}  // namespace stave::mvcc
