// What a write changes: conditions, and what it replaces. store_commit.cc makes the changes.
#include <algorithm>
#include <array>
#include <utility>

#include "core/store/store.h"

namespace stave::store {

namespace {

// Sorts by shard, and keeps the last change of each key.
void keep_last_of_each_key(std::vector<Change>& changes) {
  // Stable: the changes of one key keep their order.
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.shard != b.shard) return a.shard < b.shard;
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

Change Store::make_change(Bytes key, Bytes value, uint64_t expires_at) const {
  Change change;
  change.key = key;
  change.value = value;
  change.expires_at = expires_at;
  change.hash = keys_->hash(key);
  change.shard = shard_of(key, change.hash);
  return change;
}

Change Store::make_remove(Bytes key) const {
  Change change = make_change(key, {}, 0);
  change.is_remove = true;
  return change;
}

uint64_t Store::expiry_of(const WriteOptions& options, CallTime& time) const noexcept {
  if (options.expires_at == never_expires) return 0;
  if (options.expires_at != 0 || options_.default_ttl == 0) return options.expires_at;
  const uint64_t now = time.now_ms();
  return options_.default_ttl < never_expires - now ? now + options_.default_ttl : 0;
}

Result<Store::Newest> Store::find_newest(uint64_t hash, Bytes key, CallTime& time) const {
  Newest newest;
  if (const Change* pending = (*shards_)[shard_of(key, hash)].pending.find(hash, key)) {
    newest.pending_lsn = pending->lsn;
    if (pending->is_remove) return newest;
    newest.location = pending->location;
    newest.expires_at = pending->expires_at;
  } else {
    RecordReader reader(segments_);
    STAVE_TRY_ASSIGN(const bool found, keys_->find(hash, key, reader));
    if (!found) return newest;
    newest.location = RecordLocation{reader.location(), reader.record_size()};
    newest.expires_at = reader.expires_at();
  }
  newest.exists = !time.has_expired(newest.expires_at);
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

Status Store::put(Bytes key, Bytes value, WriteMode mode, const WriteOptions& options) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, value));
  CallTime time(files_);
  return write_one(make_change(key, value, expiry_of(options, time)), options.durability, time,
                   [mode](const Newest& newest, Change&) -> Status {
                     if (mode == WriteMode::insert && newest.exists) return Code::exists;
                     if (mode == WriteMode::replace && !newest.exists) return Code::not_found;
                     return {};
                   });
}

Status Store::remove(Bytes key, const WriteOptions& options) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  CallTime time(files_);
  return write_one(make_remove(key), options.durability, time, [](const Newest& newest, Change&) {
    return newest.exists ? Code::ok : Code::not_found;
  });
}

Status Store::modify(Bytes key, Compute compute, const WriteOptions& options) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  CallTime time(files_);
  std::vector<std::byte> present;
  return write_one(make_change(key, {}, expiry_of(options, time)), options.durability, time,
                   [&](const Newest& newest, Change& change) -> Status {
                     if (newest.exists) STAVE_TRY(read_value(*newest.location, present));
                     const Bytes value = present;
                     STAVE_TRY_ASSIGN(change.value, compute(newest.exists ? &value : nullptr));
                     return check_record_limits(key, change.value);
                   });
}

Status Store::compare_and_swap(Bytes key, Bytes expected, Bytes value,
                               const WriteOptions& options) {
  return modify(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        if (present == nullptr) return Code::not_found;
        if (!equal(*present, expected)) return Code::mismatch;
        return value;
      },
      options);
}

Status Store::update(Bytes key, FunctionRef<Result<Bytes>(Bytes present)> compute,
                     const WriteOptions& options) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  CallTime time(files_);
  std::vector<std::byte> present;
  return write_one(make_change(key, {}, 0), options.durability, time,
                   [&](const Newest& newest, Change& change) -> Status {
                     if (!newest.exists) return Code::not_found;
                     STAVE_TRY(read_value(*newest.location, present));
                     STAVE_TRY_ASSIGN(change.value, compute(present));
                     change.expires_at =
                         options.expires_at == 0 ? newest.expires_at : expiry_of(options, time);
                     return check_record_limits(key, change.value);
                   });
}

Status Store::expire(Bytes key, uint64_t expires_at, const WriteOptions& options) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  CallTime time(files_);
  if (expires_at == never_expires) expires_at = 0;
  std::vector<std::byte> value;
  return write_one(make_change(key, {}, expires_at), options.durability, time,
                   [&](const Newest& newest, Change& change) -> Status {
                     if (!newest.exists) return Code::not_found;
                     change.is_remove = time.has_expired(expires_at);
                     if (change.is_remove) {
                       change.expires_at = 0;
                       return {};
                     }
                     STAVE_TRY(read_value(*newest.location, value));
                     change.value = value;
                     return {};
                   });
}

Status Store::write_one(Change change, Durability durability, CallTime& time, Judge judge) {
  std::unique_lock lock((*shards_)[change.shard].write_mutex);
  STAVE_TRY_ASSIGN(const Newest newest, find_newest(change.hash, change.key, time));
  const Status judged = judge(newest, change);
  if (judged.is_error()) return judged;
  if (!judged.ok()) {
    lock.unlock();
    return answer(judged, newest.pending_lsn);
  }
  change.prior = newest.location;
  return commit({&change, 1}, {durability}, time, [&lock] { lock.unlock(); });
}

// ---- Many keys ----------------------------------------------------------------------------------

Status Store::multi_put(std::span<const Bytes> keys, std::span<const Bytes> values,
                        const WriteOptions& options) {
  STAVE_TRY(check_writable());
  CallTime time(files_);
  const uint64_t expires_at = expiry_of(options, time);
  ManyChanges many;
  many.changes.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); i++) {
    STAVE_TRY(check_record_limits(keys[i], values[i]));
    many.changes.push_back(make_change(keys[i], values[i], expires_at));
  }
  ManyChanged changed;
  return write_many(std::move(many), options.durability, time, &changed);
}

Status Store::multi_remove(std::span<const Bytes> keys, const WriteOptions& options,
                           uint64_t* removed) {
  if (removed) *removed = 0;
  STAVE_TRY(check_writable());
  CallTime time(files_);
  ManyChanges many;
  many.changes.reserve(keys.size());
  for (const Bytes key : keys) {
    STAVE_TRY(check_record_limits(key, {}));
    many.changes.push_back(make_remove(key));
  }
  ManyChanged changed;
  const Status status = write_many(std::move(many), options.durability, time, &changed);
  if (removed) *removed = changed.removed;
  return status;
}

Status Store::write(const Batch& batch, const WriteOptions& options, size_t* failed_position,
                    uint64_t* removed, uint64_t* version) {
  if (removed) *removed = 0;
  if (version) *version = 0;
  STAVE_TRY(check_writable());
  CallTime time(files_);
  const uint64_t expires_at = expiry_of(options, time);
  ManyChanges many;
  many.conditions = &batch;
  many.failed_position = failed_position;
  many.changes.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (entry.kind == Batch::Kind::put)
      many.changes.push_back(make_change(entry.key, entry.value, expires_at));
    else if (entry.kind == Batch::Kind::remove)
      many.changes.push_back(make_remove(entry.key));
  }
  ManyChanged changed;
  const Status status = write_many(std::move(many), options.durability, time, &changed);
  if (removed) *removed = changed.removed;
  if (version) *version = changed.version;
  return status;
}

Status Store::write_many(ManyChanges many, Durability durability, CallTime& time,
                         ManyChanged* changed) {
  std::vector<Change>& changes = many.changes;
  if (changes.empty() && (!many.conditions || many.conditions->is_empty())) return {};
  keep_last_of_each_key(changes);
  ShardLocks locks = lock_shards(changes, many.conditions);
  uint64_t pending_lsn = 0;
  if (many.conditions) {
    const Status judged =
        judge_conditions(*many.conditions, time, many.failed_position, &pending_lsn);
    if (judged.is_error()) return judged;
    if (!judged.ok()) {
      locks.clear();
      return answer(judged.code(), pending_lsn);
    }
  }
  uint64_t removes = 0;
  STAVE_TRY(find_prior(changes, time, &removes, &pending_lsn));
  if (changes.empty()) {
    locks.clear();
    STAVE_TRY(answer(Code::ok, pending_lsn));
    // The state that was asked for is that of earlier commits, which may be less durable.
    return durability == Durability::device ? sync() : Status();
  }
  const Status committed =
      commit(changes, {durability, many.calls_hooks}, time, [&locks] { locks.clear(); });
  if (stands(committed))
    *changed = {.removed = removes, .changed = changes.size(), .version = changes.front().lsn};
  return committed;
}

Store::ShardLocks Store::lock_shards(std::span<const Change> changes,
                                     const Batch* conditions) const {
  std::vector<uint32_t> shards;
  shards.reserve(changes.size());
  for (const Change& change : changes) shards.push_back(change.shard);
  for (size_t i = 0; conditions && i < conditions->size(); i++) {
    const Batch::Entry entry = conditions->entry(i);
    if (entry.is_condition()) shards.push_back(shard_for(entry.key));
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  ShardLocks locks;
  locks.reserve(shards.size());
  for (const uint32_t shard : shards) locks.emplace_back((*shards_)[shard].write_mutex);
  return locks;
}

Store::ShardLocks Store::lock_all_shards() const {
  ShardLocks locks;
  locks.reserve(shards_->size());
  for (uint32_t shard = 0; shard < shards_->size(); shard++)
    locks.emplace_back((*shards_)[shard].write_mutex);
  return locks;
}

Status Store::judge_conditions(const Batch& batch, CallTime& time, size_t* failed_position,
                               uint64_t* pending_lsn) {
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (!entry.is_condition()) continue;
    STAVE_TRY_ASSIGN(const bool holds, condition_holds(entry, time, pending_lsn));
    if (holds) continue;
    if (failed_position) *failed_position = i;
    return Code::mismatch;
  }
  return {};
}

// Raises *pending_lsn to the pending commit that the result rests on.
Result<bool> Store::condition_holds(const Batch::Entry& entry, CallTime& time,
                                    uint64_t* pending_lsn) {
  STAVE_TRY_ASSIGN(const Newest newest, find_newest(keys_->hash(entry.key), entry.key, time));
  *pending_lsn = std::max(*pending_lsn, newest.pending_lsn);
  if (entry.kind == Batch::Kind::require_absent) return !newest.exists;
  if (entry.kind == Batch::Kind::require_exists) return newest.exists;
  if (!newest.exists) return false;
  RecordReader reader(segments_);
  STAVE_TRY(reader.open(newest.location->location));
  if (reader.value_size() != entry.value.size()) return false;
  STAVE_TRY(reader.key().status());
  std::vector<std::byte> value(entry.value.size());
  STAVE_TRY(reader.read_value(value));
  return equal(value, entry.value);
}

// Sets what each change replaces. Drops removes of absent keys, and changes that expect another
// record than the key has; *removes is how many removes are left. Raises *pending_lsn to the newest
// pending commit that a dropped change rests on.
Status Store::find_prior(std::vector<Change>& changes, CallTime& time, uint64_t* removes,
                         uint64_t* pending_lsn) const {
  size_t kept = 0;
  for (size_t i = 0; i < changes.size(); i++) {
    Change& change = changes[i];
    // A group at a time: those of a large batch would push each other out of the caches.
    if (i % KeyDirectory::prefetch_max == 0) prefetch(std::span(changes).subspan(i));
    STAVE_TRY_ASSIGN(const Newest newest, find_newest(change.hash, change.key, time));
    change.prior = newest.location;
    const bool is_wanted = change.expected
                               ? newest.location && newest.location->location == *change.expected
                               : newest.exists || !change.is_remove;
    if (!is_wanted) {
      *pending_lsn = std::max(*pending_lsn, newest.pending_lsn);
      continue;
    }
    if (change.is_remove) ++*removes;
    if (kept != i) changes[kept] = std::move(change);
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
