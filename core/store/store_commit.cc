// How changes are logged and become visible; docs/internals/commit.md numbers the steps.
#include <algorithm>
#include <utility>

#include "core/base/limits.h"
#include "core/base/planted_bug.h"
#include "core/os/file_io.h"
#include "core/store/store.h"

namespace stave::store {

namespace {

// Calls visit(run) for each run of changes of one shard. REQUIRES: the changes are sorted by shard.
template <typename Visit>
void for_each_shard(std::span<Change> changes, Visit&& visit) noexcept(noexcept(visit(changes))) {
  for (size_t begin = 0; begin < changes.size();) {
    size_t end = begin + 1;
    while (end < changes.size() && changes[end].shard == changes[begin].shard) end++;
    visit(changes.subspan(begin, end - begin));
    begin = end;
  }
}

// REQUIRES: the calling thread publishes, as one thread does at a time.
void add(std::atomic<uint64_t>& figure, uint64_t difference) noexcept {
  figure.store(figure.load(std::memory_order_relaxed) + difference, std::memory_order_relaxed);
}

uint64_t record_size_of(const Change& change) noexcept {
  return record_size(change.key.size(), change.value.size(),
                     change.expires_at != 0 ? flag_expiry : 0);
}

uint64_t frame_size_of(std::span<const Change> changes) noexcept {
  uint64_t size = changes.size() == 1 ? 0 : batch_header_size;
  for (const Change& change : changes) size += padded(record_size_of(change));
  return size;
}

bool only_removes(std::span<const Change> changes) noexcept {
  return std::all_of(changes.begin(), changes.end(),
                     [](const Change& change) { return change.is_remove; });
}

uint64_t earliest_expiry(std::span<const Change> changes) noexcept {
  uint64_t earliest = never_expires;
  for (const Change& change : changes)
    if (change.expires_at != 0) earliest = std::min(earliest, change.expires_at);
  return earliest;
}

}  // namespace

Status Store::commit(std::span<Change> changes, CommitOptions options, CallTime& time,
                     FunctionRef<void()> unlock) {
  const uint64_t frame_size = frame_size_of(changes);
  if (frame_size > frame_size_max || size() + changes.size() > records_max)
    return Status::error(Code::too_large, "the commit would exceed 16 GiB, or the store 2^36 keys");
  Hooks::Due hooks = hooks_.due(!options.calls_hooks);
  if (hooks.wants_old_values()) STAVE_TRY(read_old_values(changes, time, hooks));
  STAVE_TRY(os::as_failure(reserve_memory(changes)));
  const uint64_t expiry = earliest_expiry(changes);
  if (expiry != never_expires) STAVE_TRY(os::as_failure(log_->mark_expiry()));
  const Result<Log::Reservation> reserved =
      log_->reserve(frame_size, only_removes(changes), pipeline_->visible());
  if (!reserved) {
    if (const Status failure = log_->failure(); !failure.ok()) pipeline_->fail(failure);
    return os::as_failure(reserved.status());
  }
  fill(changes, *reserved);
  Status hooked;
  if (STAVE_PLANTED_BUG(hook_before_visibility)) hooked = hooks_.call(hooks, changes);

  Commit commit;
  commit.lsn = reserved->lsn;
  commit.frame_size = frame_size;
  commit.needs_device = options.durability == Durability::device;
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
  if (reserved->is_prefault_due) log_->prefault();
  if (DiskKeyDirectory* const keys = keys_->on_disk()) keys->committed(frame_size);
  if (expiry != never_expires && sweeper_) sweeper_->note(expiry);
  if (!STAVE_PLANTED_BUG(hook_before_visibility)) hooked = hooks_.call(hooks, changes);
  return hooked;
}

// What hooks are shown of the values that the changes replace.
Status Store::read_old_values(std::span<const Change> changes, CallTime& time,
                              Hooks::Due& hooks) const {
  hooks.old_values.resize(changes.size());
  for (size_t i = 0; i < changes.size(); i++) {
    if (!changes[i].prior) continue;
    RecordReader reader(segments_);
    STAVE_TRY(reader.open(changes[i].prior->location));
    STAVE_TRY(reader.key().status());
    if (time.has_expired(reader.expires_at())) continue;
    hooks.old_values[i].emplace(reader.value_size());
    STAVE_TRY(reader.read_value(*hooks.old_values[i]));
  }
  return {};
}

// Step 3: everything that could fail after the changes are logged.
Status Store::reserve_memory(std::span<Change> changes) {
  for_each_shard(changes, [this](std::span<Change> run) {
    (*shards_)[run.front().shard].pending.reserve(run.size());
  });
  // Where a prefix of the key chooses the shard, another key of the same hash may be pending in
  // another shard.
  const bool in_other_shards = options_.shard_prefix_bits != 0;
  for (Change& change : changes) {
    const PendingTable& pending = (*shards_)[change.shard].pending;
    const bool contended = changes.size() > 1 || in_other_shards || pending.has_hash(change.hash);
    const Status reserved = keys_->reserve(change, contended);
    if (reserved.ok()) continue;
    // After a failed sync of the log that is the error, whatever else is wrong with a write.
    const Status failure = log_ ? log_->failure() : Status();
    return failure.ok() ? reserved : failure;
  }
  return {};
}

// Step 5.
void Store::fill(std::span<Change> changes, const Log::Reservation& reserved) noexcept {
  if (reserved.prefault.size > 0)
    reserved.mapping->expect_stores(reserved.prefault.offset, reserved.prefault.size);
  const Segment& segment = *reserved.segment;
  const bool is_batch = changes.size() > 1;
  uint64_t at = 0;
  if (is_batch) {
    encode_batch_header(reserved.bytes, reserved.lsn, reserved.durable_lag,
                        static_cast<uint32_t>(changes.size()), frame_size_of(changes),
                        segment.seed_at(reserved.offset));
    at = batch_header_size;
  }
  for (Change& change : changes) {
    const uint64_t size = record_size_of(change);
    change.lsn = reserved.lsn;
    change.frame = segment.location_of(reserved.offset);
    change.location = {segment.location_of(reserved.offset + at), static_cast<uint32_t>(size)};
    encode_record(reserved.bytes + at,
                  {.lsn = reserved.lsn,
                   .durable_lag = reserved.durable_lag,
                   .kind = change.is_remove ? RecordKind::remove : RecordKind::put,
                   .member = is_batch,
                   .key = change.key,
                   .value = change.value,
                   .expires_at = change.expires_at},
                  segment.seed_at(reserved.offset + at));
    at += padded(size);
  }
}

// After a failed sync: the memory of the changes goes away.
void Store::forget_pending(std::span<Change> changes) noexcept {
  for_each_shard(changes, [this](std::span<Change> run) noexcept {
    Shard& shard = (*shards_)[run.front().shard];
    const std::lock_guard lock(shard.write_mutex);
    for (Change& change : run) shard.pending.remove(change);
  });
}

// Step 6, or the pipeline's. `locked`: the calling thread holds the write mutexes.
void Store::publish(Commit& commit, bool locked) noexcept {
  const auto each_shard = [&](auto&& visit) noexcept {
    for_each_shard(commit.changes,
                   [&](std::span<Change> run) noexcept { visit((*shards_)[run.front().shard]); });
  };
  const bool is_batch = commit.changes.size() > 1;
  if (!locked) each_shard([](Shard& shard) noexcept { shard.write_mutex.lock(); });
  if (is_batch) each_shard([](Shard& shard) noexcept { shard.publication.lock(); });
  for (Change& change : commit.changes) apply(change);
  if (is_batch) each_shard([](Shard& shard) noexcept { shard.publication.unlock(); });
  add(commits_, 1);
  add(bytes_written_, commit.frame_size);
  if (locked) return;
  for (Change& change : commit.changes) (*shards_)[change.shard].pending.remove(change);
  each_shard([](Shard& shard) noexcept { shard.write_mutex.unlock(); });
}

void Store::apply(Change& change) noexcept {
  keys_->apply(change);
  if (change.prior) add(live_bytes_, 0 - padded(change.prior->size));
  if (!change.is_remove) add(live_bytes_, padded(change.location.size));
  if (change.is_remove)
    add(size_, ~uint64_t{0});
  else if (!change.prior)
    add(size_, 1);
}

}  // namespace stave::store
