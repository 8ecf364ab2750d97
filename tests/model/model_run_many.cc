// Operations of a ModelRun on many keys, and opening and closing.
#include <algorithm>

#include "tests/model/model_run.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using Entry = store::Batch::Kind;

// What a migration does with a key, decided by nothing but its bytes and a number.
enum class Decision { keep, update, remove };
Decision decide(const std::string& key, uint64_t number) {
  uint64_t sum = number + key.size();
  for (const char c : key) sum = sum * 31 + static_cast<unsigned char>(c);
  return static_cast<Decision>(sum % 3);
}

}  // namespace

void ModelRun::set_clock(uint64_t now_ms) {
  model_.now_ms = now_ms;
  if (clock_ != nullptr) clock_->set_unix_time_ms(now_ms);
}

std::string ModelRun::apply_batch(const Operation& operation) {
  store::Batch batch;
  std::optional<size_t> failing;
  for (size_t i = 0; i < operation.entries.size(); i++) {
    const Operation::Entry& entry = operation.entries[i];
    const std::string value = test_value(entry.value.number, entry.value.size);
    const Status added = batch.add(entry.kind, as_bytes(entry.key), as_bytes(value));
    if (!added.ok()) return "batch add: " + describe(added);
    const ModelRecord* const found = model_.find(entry.key);  // judged on the state before
    const bool holds = entry.kind == Entry::require_absent   ? found == nullptr
                       : entry.kind == Entry::require_exists ? found != nullptr
                       : entry.kind == Entry::require_equal
                           ? found != nullptr && found->value == value
                           : true;
    if (!holds && !failing) failing = i;
  }
  size_t failed_position = 0;
  uint64_t removed = 0;
  uint64_t version = 0;
  const uint64_t version_before = store_->stats().version;
  const Status status = store_->write(batch, {operation.durability, operation.expires_at},
                                      &failed_position, &removed, &version);
  if (failing) {
    figures_.refusals++;
    if (!status.is(Code::mismatch)) return compare(Code::mismatch, status);
    return compare(*failing, failed_position, "failed condition");
  }
  std::map<std::string, const Operation::Entry*> last;
  for (const Operation::Entry& entry : operation.entries)
    if (entry.kind == Entry::put || entry.kind == Entry::remove) last[entry.key] = &entry;
  uint64_t removed_of_model = 0;
  for (const auto& [key, entry] : last) {
    if (entry->kind == Entry::put) {
      model_.put(key, test_value(entry->value.number, entry->value.size),
                 model_.expiry_of(operation.expires_at));
    } else {
      removed_of_model += model_.find(key) != nullptr ? 1 : 0;
      model_.remove(key);
    }
  }
  model_.commit(operation.durability);
  figures_.commits++;
  if (!status.ok()) return compare(Code::ok, status);
  if (version != 0 && version != version_before + 1) return "the batch's version is not the next";
  return compare(removed_of_model, removed, "removed");
}

std::string ModelRun::apply_atomic(const Operation& operation) {
  std::string problem;
  uint64_t version = 0;
  // What the model is to hold when the callback fails.
  const ModelState before = model_;
  const Status status = store_->atomic(
      as_bytes(operation.key),
      [&](store::Atomic& atomic) { return run_atomic(operation, atomic, problem); },
      {operation.durability, operation.expires_at}, &version);
  if (!problem.empty()) return problem;
  if (operation.is_cancelled) {
    model_ = before;
    return compare(Code::cancelled, status);
  }
  if (version != 0) figures_.commits++;
  if (model_.has_changed() != (version != 0)) return "an atomic call's version is wrong";
  if (version != 0) model_.commit(operation.durability);
  return compare(Code::ok, status);
}

Status ModelRun::run_atomic(const Operation& operation, store::Atomic& atomic,
                            std::string& problem) {
  const uint32_t shard = store_->shard_for(as_bytes(operation.key));
  // Written keys with an expiry in the past are there until the callback ends.
  std::map<std::string, std::optional<std::string>> written;
  for (const Operation::Entry& entry : operation.entries) {
    const Bytes key = as_bytes(entry.key);
    const std::string value = test_value(entry.value.number, entry.value.size);
    const ModelRecord* const record = model_.find(entry.key);
    std::optional<std::string> present;
    if (record != nullptr) present = record->value;
    if (const auto own = written.find(entry.key); own != written.end()) present = own->second;
    Code expected = Code::ok;
    Status status;
    if (entry.kind == Entry::remove) {
      expected = present ? Code::ok : Code::not_found;
      status = atomic.remove(key);
    } else if (entry.kind == Entry::require_equal) {
      std::string got;
      expected = present ? Code::ok : Code::not_found;
      status = atomic.get(key, [&got](size_t size) {
        got.resize(size);
        return MutableBytes(reinterpret_cast<std::byte*>(got.data()), size);
      });
      if (status.ok() && got != *present) problem = "atomic get: wrong value";
    } else {
      const bool is_insert = entry.kind == Entry::require_absent;
      const bool is_replace = entry.kind == Entry::require_exists;
      if (is_insert && present) expected = Code::exists;
      if (is_replace && !present) expected = Code::not_found;
      status = atomic.put(key, as_bytes(value),
                          is_insert    ? store::WriteMode::insert
                          : is_replace ? store::WriteMode::replace
                                       : store::WriteMode::put);
    }
    if (store_->shard_for(key) != shard) expected = Code::shard_mismatch;
    if (problem.empty()) problem = compare(expected, status);
    if (!status.ok()) continue;
    if (entry.kind == Entry::remove)
      written[entry.key] = std::nullopt;
    else if (entry.kind != Entry::require_equal)
      written[entry.key] = value;
  }
  if (operation.is_cancelled) return Code::cancelled;
  for (const auto& [key, value] : written) {
    if (value)
      model_.put(key, *value, model_.expiry_of(operation.expires_at));
    else
      model_.remove(key);
  }
  return {};
}

std::string ModelRun::apply_migrate(const Operation& operation) {
  const std::string value = test_value(operation.value.number, operation.value.size);
  const uint64_t number = operation.value.number;
  uint64_t changed = 0;
  uint64_t visited = 0;
  const Status status = store_->migrate(
      [&](Bytes key, std::vector<std::byte>& of_key) -> Result<store::Store::Migrated> {
        visited++;
        switch (decide(std::string(as_text(key)), number)) {
          case Decision::keep:
            return store::Store::Migrated::kept;
          case Decision::remove:
            return store::Store::Migrated::removed;
          case Decision::update:
            break;
        }
        const Bytes bytes = as_bytes(value);
        of_key.assign(bytes.begin(), bytes.end());
        return store::Store::Migrated::updated;
      },
      [](uint64_t, uint64_t, Bytes) { return Status(); }, {}, store::Durability::os, &changed);
  if (!status.ok()) return "migrate: " + describe(status);
  const ModelRecords before = model_.present();
  uint64_t expected = 0;
  for (const auto& [key, record] : before) {
    const Decision decision = decide(key, number);
    if (decision == Decision::update) model_.put(key, value, record.expires_at);
    if (decision == Decision::remove) model_.remove(key);
    expected += decision == Decision::keep ? 0 : 1;
  }
  if (expected != 0) model_.commit(store::Durability::os);
  if (visited != before.size()) return compare(before.size(), visited, "visited");
  return compare(expected, changed, "changed");
}

std::string ModelRun::apply_clear(const Operation& operation) {
  uint64_t removed = 0;
  const Status status = store_->clear(operation.durability, &removed);
  const ModelRecords before = model_.present();
  for (const auto& [key, record] : before) model_.remove(key);
  if (!before.empty()) model_.commit(operation.durability);
  if (!status.ok()) return "clear: " + describe(status);
  return compare(before.size(), removed, "cleared");
}

std::string ModelRun::apply_remove_expired() {
  uint64_t removed = 0;
  uint64_t next_expiry = 0;
  const Status status = store_->remove_expired(&removed, &next_expiry, [] { return Status(); });
  if (!status.ok()) return "remove_expired: " + describe(status);
  const uint64_t expected = model_.remove_expired();
  // The sweep has committed it with durability os, and all before it.
  if (expected != 0) model_.settle();
  figures_.swept += expected;
  uint64_t earliest = store::never_expires;
  for (const auto& [key, record] : model_.present())
    if (record.expires_at != 0) earliest = std::min(earliest, record.expires_at);
  if (next_expiry != earliest) return compare(earliest, next_expiry, "next expiry");
  return compare(expected, removed, "swept");
}

// ---- Opening and closing ------------------------------------------------------------------------

std::string ModelRun::close_and_open(bool clean, const store::Options& options) {
  figures_.segments += store_->stats().segments;
  if (clean) {
    const Status closed = store_->close();
    if (!closed.ok()) return "close: " + describe(closed);
    model_.settle();
  }
  store_.reset();
  options_ = options;
  if (std::string problem = open(); !problem.empty()) return problem;
  (clean ? figures_.clean_opens : figures_.recoveries)++;
  if (clean && store_->stats().recovered) return "recovered after a clean close";
  return match_recovered_state();
}

// Takes back the newest losable commits until the model is what the store shows, at a time when
// nothing has expired.
std::string ModelRun::match_recovered_state() {
  const uint64_t now_ms = model_.now_ms;
  if (clock_ != nullptr) set_clock(1);
  const Result<ModelRecords> found = read_records({}, false, false);
  if (!found.ok()) return "scan: " + describe(found.status());
  const std::string problem = difference(model_.present(), *found);
  while (*found != model_.present() || store_->size() != model_.size())
    if (!model_.take_back()) return "after opening: " + problem;
  model_.settle();  // recovery made what it shows durable
  set_clock(now_ms);
  return {};
}

std::string ModelRun::check_read_only() {
  if (const Status closed = store_->close(); !closed.ok()) return "close: " + describe(closed);
  store_.reset();
  model_.settle();
  options_.read_only = true;
  std::string problem = open();
  options_.read_only = false;
  if (!problem.empty()) return "read-only " + problem;
  if (problem = check_all(); !problem.empty()) return "read-only: " + problem;
  problem = compare(Code::read_only, put(*store_, "k", "v", store::Durability::os));
  if (problem.empty())
    problem = compare(Code::read_only, erase(*store_, "k", store::Durability::os));
  if (problem.empty()) problem = compare(Code::read_only, store_->sync());
  if (problem.empty()) problem = compare(Code::ok, store_->close());
  store_.reset();
  return problem.empty() ? open() : "read-only: " + problem;
}

std::string ModelRun::check_all() {
  const Result<ModelRecords> found = read_records({}, false, false);
  if (!found.ok()) return "scan: " + describe(found.status());
  if (std::string problem = difference(model_.present(), *found); !problem.empty()) return problem;
  return compare(Code::ok, verify(*store_));
}

}  // namespace stave::test
