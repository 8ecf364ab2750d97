#include "core/store/store_atomic.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/planted_bug.h"

namespace stave::store {

Status Atomic::check_shard(Bytes key) const {
  STAVE_TRY(check_record_limits(key, {}));
  const uint32_t shard = store_.shard_for(key);
  if (shard == shard_) return {};
  return Status::error(Code::shard_mismatch, "the key is in shard " + std::to_string(shard) +
                                                 ", the atomic call in shard " +
                                                 std::to_string(shard_));
}

Result<Store::Newest> Atomic::find_newest(Bytes key) {
  Result<Store::Newest> newest = store_.find_newest(store_.keys_->hash(key), key, time_);
  if (newest) pending_lsn_ = std::max(pending_lsn_, newest->pending_lsn);
  return newest;
}

Result<bool> Atomic::exists(Bytes key) {
  if (const auto own = written_.find(as_text(key)); own != written_.end())
    return own->second.has_value();
  STAVE_TRY_ASSIGN(const Store::Newest newest, find_newest(key));
  return newest.exists;
}

Status Atomic::get(Bytes key, Store::Sink sink) {
  STAVE_TRY(check_shard(key));
  std::vector<std::byte> read;
  const std::vector<std::byte>* value = &read;
  if (const auto own = written_.find(as_text(key)); own != written_.end()) {
    if (!own->second) return Code::not_found;
    value = &*own->second;
  } else {
    STAVE_TRY_ASSIGN(const Store::Newest newest, find_newest(key));
    if (!newest.exists) return Code::not_found;
    STAVE_TRY(store_.read_value(*newest.location, read));
  }
  const MutableBytes into = sink(value->size());
  if (into.size() >= value->size()) copy(into.data(), *value);
  return {};
}

Status Atomic::contains(Bytes key) {
  STAVE_TRY(check_shard(key));
  STAVE_TRY_ASSIGN(const bool found, exists(key));
  return found ? Code::ok : Code::not_found;
}

Status Atomic::put(Bytes key, Bytes value, WriteMode mode) {
  STAVE_TRY(check_record_limits(key, value));
  STAVE_TRY(check_shard(key));
  if (mode != WriteMode::put) {
    STAVE_TRY_ASSIGN(const bool found, exists(key));
    if (mode == WriteMode::insert && found) return Code::exists;
    if (mode == WriteMode::replace && !found) return Code::not_found;
  }
  std::vector<std::byte> copy_of_value(value.begin(), value.end());
  written_[std::string(as_text(key))] = std::move(copy_of_value);
  return {};
}

Status Atomic::remove(Bytes key) {
  STAVE_TRY(check_shard(key));
  STAVE_TRY_ASSIGN(const bool found, exists(key));
  if (!found) return Code::not_found;
  written_[std::string(as_text(key))] = std::nullopt;
  return {};
}

Result<std::vector<Change>> Atomic::changes(uint64_t expires_at) {
  std::vector<Change> changes;
  changes.reserve(written_.size());
  for (const auto& [key, value] : written_) {
    Change change = value ? store_.make_change(as_bytes(key), *value, expires_at)
                          : store_.make_remove(as_bytes(key));
    STAVE_TRY_ASSIGN(const Store::Newest newest, find_newest(change.key));
    if (change.is_remove && !newest.exists) continue;
    change.prior = newest.location;
    changes.push_back(std::move(change));
  }
  return changes;
}

Status Store::atomic(Bytes shard_key, FunctionRef<Status(Atomic&)> callback,
                     const WriteOptions& options, uint64_t* version) {
  if (version) *version = 0;
  STAVE_TRY(check_writable());
  STAVE_TRY(check_record_limits(shard_key, {}));
  CallTime time(files_);
  const uint32_t shard = shard_for(shard_key);
  Atomic atomic(*this, shard, time);
  std::unique_lock lock((*shards_)[shard].write_mutex);
  Status judged = callback(atomic);
  if (!judged.ok() && !STAVE_PLANTED_BUG(atomic_keeps_writes)) {
    lock.unlock();
    return answer(std::move(judged), atomic.pending_lsn());
  }
  STAVE_TRY_ASSIGN(std::vector<Change> changes, atomic.changes(expiry_of(options, time)));
  if (changes.empty()) {
    lock.unlock();
    STAVE_TRY(answer(Code::ok, atomic.pending_lsn()));
    return options.durability == Durability::device ? sync() : Status();
  }
  const Status committed = commit(changes, {options.durability}, time, [&lock] { lock.unlock(); });
  if (version && stands(committed)) *version = changes.front().lsn;
  return committed;
}

}  // namespace stave::store
