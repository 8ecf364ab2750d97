// The write path of the store; docs/internals/commit.md numbers its steps.
#include <algorithm>
#include <array>
#include <utility>

#include "core/base/limits.h"
#include "core/os/file_io.h"
#include "core/store/store_impl.h"

namespace stave::store {

namespace {

// Calls visit(first, last) for each run of changes of one shard; changes are sorted by shard.
template <typename Visit>
void for_each_shard(std::span<Change> changes, Visit&& visit) noexcept(noexcept(visit(changes))) {
  for (size_t begin = 0; begin < changes.size();) {
    size_t end = begin + 1;
    while (end < changes.size() && changes[end].shard == changes[begin].shard) end++;
    visit(changes.subspan(begin, end - begin));
    begin = end;
  }
}

// To a figure that only who publishes changes, one at a time.
void add(std::atomic<uint64_t>& figure, uint64_t difference) noexcept {
  figure.store(figure.load(std::memory_order_relaxed) + difference, std::memory_order_relaxed);
}

uint64_t frame_size_of(std::span<const Change> changes) noexcept {
  uint64_t size = changes.size() == 1 ? 0 : batch_header_size;
  for (const Change& change : changes)
    size += padded(record_size(change.key.size(), change.value.size()));
  return size;
}

}  // namespace

// ---- One key ------------------------------------------------------------------------------------

Status StoreImpl::put(Bytes key, Bytes value, PutMode mode, Durability durability) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, value));
  Change change = make_change(key, value, false);
  std::optional<bool> must_exist;
  if (mode != PutMode::always) must_exist = mode == PutMode::only_existing;
  return write_one(change, must_exist, durability);
}

Status StoreImpl::erase(Bytes key, Durability durability) {
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(key, {}));
  Change change = make_change(key, {}, true);
  return write_one(change, true, durability);
}

Change StoreImpl::make_change(Bytes key, Bytes value, bool erase) const {
  Change change;
  change.key = key;
  change.value = value;
  change.erase = erase;
  change.hash = keys_->hash(key);
  change.shard = shards_->index_of(change.hash);
  return change;
}

Status StoreImpl::newest(uint64_t hash, Bytes key, Newest* newest) const {
  if (const Change* pending = shards_->of(hash).pending.find(hash, key)) {
    newest->pending_lsn = pending->lsn;
    if (!pending->erase) newest->place = pending->place;
    return {};
  }
  RecordReader reader(segments_);
  const Result<bool> found = keys_->find(hash, key, reader);
  if (!found) return found.status();
  if (*found) newest->place = RecordPlace{reader.location(), reader.record_size()};
  return {};
}

Status StoreImpl::answer(Code code, uint64_t pending_lsn) {
  if (pending_lsn != 0) STAVE_TRY(pipeline_->wait_visible(pending_lsn));
  return code;
}

Status StoreImpl::write_one(Change& change, std::optional<bool> must_exist, Durability durability) {
  Shard& shard = (*shards_)[change.shard];
  std::unique_lock lock(shard.write_mutex);
  Newest state;
  STAVE_TRY(newest(change.hash, change.key, &state));
  if (must_exist && state.place.has_value() != *must_exist) {
    lock.unlock();
    return answer(*must_exist ? Code::not_found : Code::exists, state.pending_lsn);
  }
  change.prior = state.place;
  return commit({&change, 1}, durability, [&lock] { lock.unlock(); });
}

// ---- Batches ------------------------------------------------------------------------------------

// The last change of each key, sorted by shard.
std::vector<Change> StoreImpl::changes_of(const Batch& batch) const {
  std::vector<Change> changes;
  changes.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (entry.kind == Batch::Kind::put || entry.kind == Batch::Kind::erase)
      changes.push_back(make_change(entry.key, entry.value, entry.kind == Batch::Kind::erase));
  }
  // By hash, which sorts by shard too; equal keys keep their order.
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return std::lexicographical_compare(a.key.begin(), a.key.end(), b.key.begin(), b.key.end());
  });
  const auto same_key = [](const Change& a, const Change& b) {
    return a.hash == b.hash && equal(a.key, b.key);
  };
  // unique() keeps the first of equals; from behind that is the last.
  const auto kept = std::unique(changes.rbegin(), changes.rend(), same_key);
  changes.erase(changes.begin(), kept.base());
  return changes;
}

std::vector<uint32_t> StoreImpl::shards_touched(const Batch& batch) const {
  std::vector<uint32_t> shards;
  shards.reserve(batch.size());
  for (size_t i = 0; i < batch.size(); i++)
    shards.push_back(shards_->index_of(keys_->hash(batch.entry(i).key)));
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  return shards;
}

StoreImpl::ShardLocks StoreImpl::lock_shards(std::span<const uint32_t> shards) const {
  ShardLocks locks;
  locks.reserve(shards.size());
  for (const uint32_t shard : shards) locks.emplace_back((*shards_)[shard].write_mutex);
  return locks;
}

// Raises *pending_lsn to the pending commit on which the answer rests.
Result<bool> StoreImpl::condition_holds(const Batch::Entry& entry, uint64_t* pending_lsn) {
  Newest state;
  STAVE_TRY(newest(keys_->hash(entry.key), entry.key, &state));
  *pending_lsn = std::max(*pending_lsn, state.pending_lsn);
  if (entry.kind == Batch::Kind::require_absent) return !state.place;
  if (entry.kind == Batch::Kind::require_exists) return state.place.has_value();
  if (!state.place) return false;
  RecordReader reader(segments_);
  STAVE_TRY(reader.open(state.place->location));
  if (reader.value_size() != entry.value.size()) return false;
  STAVE_TRY(reader.key().status());
  std::vector<std::byte> value(entry.value.size());
  STAVE_TRY(reader.read_value(value));
  return equal(value, entry.value);
}

Status StoreImpl::judge_conditions(const Batch& batch, size_t* failed_position,
                                   uint64_t* pending_lsn) {
  for (size_t i = 0; i < batch.size(); i++) {
    const Batch::Entry entry = batch.entry(i);
    if (entry.kind == Batch::Kind::put || entry.kind == Batch::Kind::erase) continue;
    Result<bool> holds = condition_holds(entry, pending_lsn);
    if (!holds) return holds.status();
    if (*holds) continue;
    if (failed_position) *failed_position = i;
    return Code::mismatch;
  }
  return {};
}

// What the first of these changes replace.
void StoreImpl::prefetch(std::span<const Change> changes) const noexcept {
  std::array<Bytes, prefetch_max> keys;
  const size_t count = std::min(keys.size(), changes.size());
  for (size_t i = 0; i < count; i++) keys[i] = changes[i].key;
  if (count > 1) prefetch(std::span<const Bytes>(keys).first(count));
}

// Finds out what each change replaces, and removes erases of absent keys; *erases is how many
// remain. Raises *pending_lsn to the newest pending commit on which an absence rests.
Status StoreImpl::find_priors(std::vector<Change>& changes, uint64_t* erases,
                              uint64_t* pending_lsn) const {
  Status failure;
  std::erase_if(changes, [&](Change& change) {
    if (!failure.ok()) return false;
    // Those behind this one are where they were. Not earlier: a large batch would push what it has
    // asked for out of the caches before it comes to it.
    const auto position = static_cast<size_t>(&change - changes.data());
    if (position % prefetch_max == 0) prefetch(std::span(changes).subspan(position));
    Newest state;
    failure = newest(change.hash, change.key, &state);
    if (!failure.ok()) return false;
    change.prior = state.place;
    if (!change.erase) return false;
    if (state.place) {
      ++*erases;
      return false;
    }
    *pending_lsn = std::max(*pending_lsn, state.pending_lsn);
    return true;
  });
  return failure;
}

Status StoreImpl::write(const Batch& batch, Durability durability, size_t* failed_position,
                        uint64_t* erased) {
  STAVE_TRY(check_writable());
  if (erased) *erased = 0;
  std::vector<Change> changes = changes_of(batch);
  ShardLocks locks = lock_shards(shards_touched(batch));
  uint64_t pending_lsn = 0;
  const Status judged = judge_conditions(batch, failed_position, &pending_lsn);
  if (judged.is_error()) return judged;
  if (!judged.ok()) {
    locks.clear();
    return answer(judged.code(), pending_lsn);
  }
  uint64_t erases = 0;
  STAVE_TRY(find_priors(changes, &erases, &pending_lsn));
  if (changes.empty()) {
    locks.clear();
    STAVE_TRY(answer(Code::ok, pending_lsn));
    // The state that the batch asked for is that of earlier commits, which may have been weaker.
    return durability == Durability::device && !batch.is_empty() ? sync() : Status();
  }
  STAVE_TRY(commit(changes, durability, [&locks] { locks.clear(); }));
  if (erased) *erased = erases;
  return {};
}

// ---- Commit -------------------------------------------------------------------------------------

// Step 3: everything that could fail later.
Status StoreImpl::prepare(std::span<Change> changes) {
  for_each_shard(changes, [this](std::span<Change> run) {
    (*shards_)[run.front().shard].pending.reserve(run.size());
  });
  const Status room = make_room(changes);
  if (room.ok()) return {};
  // A log whose sync has failed refuses writes, whatever else is wrong with them.
  const Status failure = log_->failure();
  return failure.ok() ? room : failure;
}

Status StoreImpl::make_room(std::span<Change> changes) {
  for (Change& change : changes) {
    const PendingTable& pending = (*shards_)[change.shard].pending;
    const bool contended =
        keys_->on_disk() != nullptr && (changes.size() > 1 || pending.has_hash(change.hash));
    STAVE_TRY(keys_->make_room(change.hash, change.key, !change.prior, change.erase, contended,
                               &change.room));
  }
  return {};
}

void StoreImpl::fill(std::span<Change> changes, const Log::Place& place,
                     uint64_t frame_size) noexcept {
  const bool is_batch = changes.size() > 1;
  uint64_t at = 0;
  if (is_batch) {
    encode_batch_header(place.bytes, place.lsn, place.durable_lag,
                        static_cast<uint32_t>(changes.size()), frame_size,
                        place.segment->seed_at(place.offset));
    at = batch_header_size;
  }
  for (Change& change : changes) {
    const uint64_t size = record_size(change.key.size(), change.value.size());
    change.lsn = place.lsn;
    change.frame = place.segment->location_of(place.offset);
    change.place = {place.segment->location_of(place.offset + at), static_cast<uint32_t>(size)};
    encode_record(place.bytes + at,
                  {.lsn = place.lsn,
                   .durable_lag = place.durable_lag,
                   .kind = change.erase ? RecordKind::erase : RecordKind::put,
                   .member = is_batch,
                   .key = change.key,
                   .value = change.value},
                  place.segment->seed_at(place.offset + at));
    at += padded(size);
  }
}

Status StoreImpl::reserve(std::span<const Change> changes, uint64_t frame_size, Log::Place* place) {
  const bool only_erases = std::all_of(changes.begin(), changes.end(),
                                       [](const Change& change) { return change.erase; });
  const Result<Log::Place> reserved = log_->reserve(frame_size, only_erases, pipeline_->visible());
  if (reserved) {
    *place = *reserved;
    return {};
  }
  if (const Status failure = log_->failure(); !failure.ok()) pipeline_->fail(failure);
  return os::as_failure(reserved.status());
}

Status StoreImpl::commit(std::span<Change> changes, Durability durability,
                         FunctionRef<void()> unlock) {
  const uint64_t frame_size = frame_size_of(changes);
  if (frame_size > frame_size_max || size() + changes.size() > records_max)
    return Status::error(Code::too_large, "the batch exceeds 16 GiB, or the store 2^36 keys");
  STAVE_TRY(os::as_failure(prepare(changes)));
  Log::Place place;
  if (!log_->reserve_at_once(frame_size, &place)) STAVE_TRY(reserve(changes, frame_size, &place));
  if (place.unready.size > 0)
    place.mapping->expect_stores(place.unready.offset, place.unready.size);
  fill(changes, place, frame_size);

  Commit commit;
  commit.lsn = place.lsn;
  commit.frame_size = frame_size;
  commit.needs_device = durability == Durability::device;
  commit.changes = changes;
  const bool published = pipeline_->publish_now(commit);
  if (!published) {
    for (Change& change : changes) (*shards_)[change.shard].pending.add(change);
    pipeline_->enqueue(commit);
  }
  unlock();
  if (!published) {
    const Status status = pipeline_->wait(commit);
    if (!status.ok()) {
      forget_pending(changes);
      return status;
    }
  }
  if (place.is_near_unready) log_->make_ready();
  if (DiskKeyDirectory* const keys = keys_->on_disk()) keys->committed(frame_size);
  return {};
}

// After a failed sync: the changes' memory is about to go.
void StoreImpl::forget_pending(std::span<Change> changes) noexcept {
  for_each_shard(changes, [this](std::span<Change> run) noexcept {
    Shard& shard = (*shards_)[run.front().shard];
    const std::lock_guard lock(shard.write_mutex);
    for (Change& change : run) shard.pending.remove(change);
  });
}

void StoreImpl::publish(Commit& commit, bool locked) noexcept {
  const auto each_shard = [&](auto&& visit) noexcept {
    for_each_shard(commit.changes,
                   [&](std::span<Change> run) noexcept { visit((*shards_)[run.front().shard]); });
  };
  if (!locked) each_shard([](Shard& shard) noexcept { shard.write_mutex.lock(); });
  apply_all(commit.changes);
  add(commits_, 1);
  add(bytes_written_, commit.frame_size);
  if (locked) return;
  for (Change& change : commit.changes) (*shards_)[change.shard].pending.remove(change);
  each_shard([](Shard& shard) noexcept { shard.write_mutex.unlock(); });
}

void StoreImpl::apply_all(std::span<Change> changes) noexcept {
  if (changes.size() == 1) return apply(changes.front());
  for_each_shard(changes, [this](std::span<Change> run) noexcept {
    (*shards_)[run.front().shard].publication.lock();
  });
  for (Change& change : changes) apply(change);
  for_each_shard(changes, [this](std::span<Change> run) noexcept {
    (*shards_)[run.front().shard].publication.unlock();
  });
}

void StoreImpl::apply(Change& change) noexcept {
  std::optional<RecordPlace> place;
  if (!change.erase) place = change.place;
  keys_->apply(change.hash, change.key, change.prior, place, change.frame, change.lsn, change.room);
  if (change.prior) add(live_bytes_, 0 - padded(change.prior->size));
  if (!change.erase) add(live_bytes_, padded(change.place.size));
  if (change.erase != change.prior.has_value()) return;
  add(size_, change.erase ? ~uint64_t{0} : 1);
}

}  // namespace stave::store
