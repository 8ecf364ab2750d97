// What a write changes: conditions, and what it replaces. store_commit.cc makes the changes.
#include <algorithm>
#include <array>
#include <utility>

#include "core/store/store.h"

namespace stave::store {

namespace {

// Sorts by hash, and so by shard, and keeps the last change of each key.
void keep_last_of_each_key(std::vector<Change>& changes) {
  // Stable: the changes of one key keep their order.
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return std::lexicographical_compare(a.key.begin(), a.key.end(), b.key.begin(), b.key.end());
  });
  // unique() keeps the first of equals; in reverse order that is the last.
  const auto kept = std::unique(
      changes.rbegin(), changes.rend(),
      [](const Change& a, const Change& b) { return a.hash == b.hash && equal(a.key, b.key); });
  changes.erase(changes.begin(), kept.base());
}

}  // namespace

Change Store::make_change(Bytes key, Bytes value, bool is_remove) const {
  Change change;
  change.key = key;
  change.value = value;
  change.is_remove = is_remove;
  change.hash = keys_->hash(key);
  change.shard = shards_->index_of(change.hash);
  return change;
}

Result<Store::Newest> Store::find_newest(uint64_t hash, Bytes key) const {
  Newest newest;
  if (const Change* pending = shards_->of(hash).pending.find(hash, key)) {
    newest.pending_lsn = pending->lsn;
    if (!pending->is_remove) newest.location = pending->location;
    return newest;
  }
  RecordReader reader(segments_);
  STAVE_TRY_ASSIGN(const bool found, keys_->find(hash, key, reader));
  if (found) newest.location = RecordLocation{reader.location(), reader.record_size()};
  return newest;
}

Status Store::read_value(const RecordLocation& record, std::vector<std::byte>& value) const {
  RecordReader reader(segments_);
  STAVE_TRY(reader.open(record.location));
  STAVE_TRY(reader.key().status());
  value.resize(reader.value_size());
  return reader.read_value(value);
}

Status Store::answer(Status status, uint64_t pending_lsn) {
  if (pending_lsn != 0) STAVE_TRY(pipeline_->wait_visible(pending_lsn));
  return status;
}

// ---- One key ------------------------------------------------------------------------------------

Status Store::put(Bytes key, Bytes value, WriteMode mode, Durability durability) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, value));
  return write_one(make_change(key, value, false), durability,
                   [mode](const Newest& newest, Change&) -> Status {
                     const bool exists = newest.location.has_value();
                     if (mode == WriteMode::insert && exists) return Code::exists;
                     if (mode == WriteMode::replace && !exists) return Code::not_found;
                     return {};
                   });
}

Status Store::remove(Bytes key, Durability durability) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  return write_one(make_change(key, {}, true), durability, [](const Newest& newest, Change&) {
    return newest.location ? Code::ok : Code::not_found;
  });
}

Status Store::modify(Bytes key, Compute compute, Durability durability) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  std::vector<std::byte> present;
  return write_one(make_change(key, {}, false), durability,
                   [&](const Newest& newest, Change& change) -> Status {
                     if (newest.location) STAVE_TRY(read_value(*newest.location, present));
                     const Bytes value = present;
                     STAVE_TRY_ASSIGN(change.value, compute(newest.location ? &value : nullptr));
                     return check_record_limits(key, change.value);
                   });
}

Status Store::compare_and_swap(Bytes key, Bytes expected, Bytes value, Durability durability) {
  return modify(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        if (present == nullptr) return Code::not_found;
        if (!equal(*present, expected)) return Code::mismatch;
        return value;
      },
      durability);
}

Status Store::update(Bytes key, FunctionRef<Result<Bytes>(Bytes present)> compute,
                     Durability durability) {
  return modify(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        if (present == nullptr) return Code::not_found;
        return compute(*present);
      },
      durability);
}

// `judge` says whether the change is made, and may set its value.
Status Store::write_one(Change change, Durability durability,
                        FunctionRef<Status(const Newest&, Change&)> judge) {
  std::unique_lock lock((*shards_)[change.shard].write_mutex);
  STAVE_TRY_ASSIGN(const Newest newest, find_newest(change.hash, change.key));
  const Status judged = judge(newest, change);
  if (judged.is_error()) return judged;
  if (!judged.ok()) {
    lock.unlock();
    return answer(judged, newest.pending_lsn);
  }
  change.prior = newest.location;
  return commit({&change, 1}, durability, [&lock] { lock.unlock(); });
}

// ---- Many keys ----------------------------------------------------------------------------------

Status Store::multi_put(std::span<const Bytes> keys, std::span<const Bytes> values,
                        Durability durability) {
  STAVE_TRY(check_writable());
  std::vector<Change> changes;
  changes.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); i++) {
    STAVE_TRY(check_record_limits(keys[i], values[i]));
    changes.push_back(make_change(keys[i], values[i], false));
  }
  return write_many(std::move(changes), nullptr, durability, nullptr, nullptr);
}

Status Store::multi_remove(std::span<const Bytes> keys, Durability durability, uint64_t* removed) {
  STAVE_TRY(check_writable());
  std::vector<Change> changes;
  changes.reserve(keys.size());
  for (const Bytes key : keys) {
    STAVE_TRY(check_record_limits(key, {}));
    changes.push_back(make_change(key, {}, true));
  }
  return write_many(std::move(changes), nullptr, durability, nullptr, removed);
}

Status Store::write(const Batch& batch, Durability durability, size_t* failed_position,
                    uint64_t* removed) {
  STAVE_TRY(check_writable());
  std::vector<Change> changes;
  changes.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (!entry.is_condition())
      changes.push_back(make_change(entry.key, entry.value, entry.kind == Batch::Kind::remove));
  }
  return write_many(std::move(changes), &batch, durability, failed_position, removed);
}

// `conditions` (may be null): a batch whose conditions must hold.
Status Store::write_many(std::vector<Change> changes, const Batch* conditions,
                         Durability durability, size_t* failed_position, uint64_t* removed) {
  if (removed) *removed = 0;
  if (changes.empty() && (!conditions || conditions->is_empty())) return {};
  keep_last_of_each_key(changes);
  ShardLocks locks = lock_shards(changes, conditions);
  uint64_t pending_lsn = 0;
  if (conditions) {
    const Status judged = judge_conditions(*conditions, failed_position, &pending_lsn);
    if (judged.is_error()) return judged;
    if (!judged.ok()) {
      locks.clear();
      return answer(judged.code(), pending_lsn);
    }
  }
  uint64_t removes = 0;
  STAVE_TRY(find_prior(changes, &removes, &pending_lsn));
  if (changes.empty()) {
    locks.clear();
    STAVE_TRY(answer(Code::ok, pending_lsn));
    // The state that was asked for is that of earlier commits, which may be less durable.
    return durability == Durability::device ? sync() : Status();
  }
  STAVE_TRY(commit(changes, durability, [&locks] { locks.clear(); }));
  if (removed) *removed = removes;
  return {};
}

Store::ShardLocks Store::lock_shards(std::span<const Change> changes,
                                     const Batch* conditions) const {
  std::vector<uint32_t> shards;
  shards.reserve(changes.size());
  for (const Change& change : changes) shards.push_back(change.shard);
  for (size_t i = 0; conditions && i < conditions->size(); i++) {
    const Batch::Entry entry = conditions->entry(i);
    if (entry.is_condition()) shards.push_back(shards_->index_of(keys_->hash(entry.key)));
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  ShardLocks locks;
  locks.reserve(shards.size());
  for (const uint32_t shard : shards) locks.emplace_back((*shards_)[shard].write_mutex);
  return locks;
}

Status Store::judge_conditions(const Batch& batch, size_t* failed_position, uint64_t* pending_lsn) {
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (!entry.is_condition()) continue;
    STAVE_TRY_ASSIGN(const bool holds, condition_holds(entry, pending_lsn));
    if (holds) continue;
    if (failed_position) *failed_position = i;
    return Code::mismatch;
  }
  return {};
}

// Raises *pending_lsn to the pending commit that the result rests on.
Result<bool> Store::condition_holds(const Batch::Entry& entry, uint64_t* pending_lsn) {
  STAVE_TRY_ASSIGN(const Newest newest, find_newest(keys_->hash(entry.key), entry.key));
  *pending_lsn = std::max(*pending_lsn, newest.pending_lsn);
  if (entry.kind == Batch::Kind::require_absent) return !newest.location;
  if (entry.kind == Batch::Kind::require_exists) return newest.location.has_value();
  if (!newest.location) return false;
  RecordReader reader(segments_);
  STAVE_TRY(reader.open(newest.location->location));
  if (reader.value_size() != entry.value.size()) return false;
  STAVE_TRY(reader.key().status());
  std::vector<std::byte> value(entry.value.size());
  STAVE_TRY(reader.read_value(value));
  return equal(value, entry.value);
}

// Sets what each change replaces, and drops removes of absent keys; *removes is how many are left.
// Raises *pending_lsn to the newest pending commit that an absence rests on.
Status Store::find_prior(std::vector<Change>& changes, uint64_t* removes,
                         uint64_t* pending_lsn) const {
  size_t kept = 0;
  for (size_t i = 0; i < changes.size(); i++) {
    // A group at a time: those of a large batch would push each other out of the caches.
    if (i % KeyDirectory::prefetch_max == 0) prefetch(std::span(changes).subspan(i));
    STAVE_TRY_ASSIGN(const Newest newest, find_newest(changes[i].hash, changes[i].key));
    changes[i].prior = newest.location;
    if (changes[i].is_remove && !newest.location) {
      *pending_lsn = std::max(*pending_lsn, newest.pending_lsn);
      continue;
    }
    if (changes[i].is_remove) ++*removes;
    if (kept != i) changes[kept] = std::move(changes[i]);
    kept++;
  }
  changes.erase(changes.begin() + static_cast<ptrdiff_t>(kept), changes.end());
  return {};
}

void Store::prefetch(std::span<const Change> changes) const noexcept {
  std::array<Bytes, KeyDirectory::prefetch_max> keys;
  const size_t count = std::min(keys.size(), changes.size());
  for (size_t i = 0; i < count; i++) keys[i] = changes[i].key;
  keys_->prefetch(std::span(keys).first(count));
}

}  // namespace stave::store
