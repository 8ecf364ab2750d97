#include "tests/model/model_run.h"

#include <algorithm>
#include <utility>

namespace stave::test {
namespace {

using Kind = Operation::Kind;
using Entry = store::Batch::Kind;

// "" or "expected X, got Y".
std::string compare(Code expected, const Status& got) {
  if (got.is(expected)) return {};
  return "expected " + std::string(code_name(expected)) + ", got " + describe(got);
}

Code as_found(bool found) {
  return found ? Code::ok : Code::not_found;
}

}  // namespace

ModelRun::ModelRun(os::FileSystem& files, std::string directory, const store::Options& options)
    : files_(files), directory_(std::move(directory)), options_(options) {}

std::string ModelRun::open() {
  Result<std::unique_ptr<store::Store>> opened = store::Store::open(files_, directory_, options_);
  if (!opened.ok()) return "open: " + describe(opened.status());
  store_ = *std::move(opened);
  return {};
}

std::string ModelRun::apply(const Operation& operation) {
  switch (operation.kind) {
    case Kind::put:
    case Kind::insert:
    case Kind::replace:
      return apply_put(operation);
    case Kind::remove:
      return apply_erase(operation);
    case Kind::batch:
      return apply_batch(operation);
    case Kind::get:
    case Kind::get_pin:
      return apply_get(operation);
    case Kind::contains:
      return compare(as_found(model_.contains(operation.key)),
                     store_->contains(as_bytes(operation.key)));
    case Kind::scan:
    case Kind::scan_keys:
      return apply_scan(operation);
    case Kind::size:
      if (store_->size() == model_.size()) return {};
      return "size " + std::to_string(store_->size()) + " instead of " +
             std::to_string(model_.size());
    case Kind::flush:
    case Kind::sync:
      losable_.clear();
      return compare(Code::ok, operation.kind == Kind::flush ? store_->flush() : store_->sync());
    case Kind::verify:
      return compare(Code::ok, verify(*store_));
    case Kind::reopen:
      return close_and_open(true, operation.options);
    case Kind::drop:
      return close_and_open(false, operation.options);
    case Kind::read_only:
      return check_read_only();
  }
  return "unknown operation";
}

std::string ModelRun::apply_put(const Operation& operation) {
  const bool found = model_.contains(operation.key);
  Code outcome = Code::ok;
  store::WriteMode mode = store::WriteMode::put;
  if (operation.kind == Kind::insert) {
    mode = store::WriteMode::insert;
    if (found) outcome = Code::exists;
  } else if (operation.kind == Kind::replace) {
    mode = store::WriteMode::replace;
    outcome = as_found(found);
  }
  std::string value = test_value(operation.value.number, operation.value.size);
  const Status status =
      store_->put(as_bytes(operation.key), as_bytes(value), mode, operation.durability);
  if (outcome == Code::ok) {
    Undo undo;
    change(operation.key, std::move(value), undo);
    commit(std::move(undo), operation.durability);
  } else {
    figures_.refusals++;
  }
  return compare(outcome, status);
}

std::string ModelRun::apply_erase(const Operation& operation) {
  const bool found = model_.contains(operation.key);
  const Status status = erase(*store_, operation.key, operation.durability);
  if (found) {
    Undo undo;
    change(operation.key, std::nullopt, undo);
    commit(std::move(undo), operation.durability);
  } else {
    figures_.refusals++;
  }
  return compare(as_found(found), status);
}

std::string ModelRun::apply_batch(const Operation& operation) {
  store::Batch batch;
  std::optional<size_t> failing;
  uint64_t erased = 0;
  for (size_t i = 0; i < operation.entries.size(); i++) {
    const Operation::Entry& entry = operation.entries[i];
    const std::string value = test_value(entry.value.number, entry.value.size);
    const Status added = batch.add(entry.kind, as_bytes(entry.key), as_bytes(value));
    if (!added.ok()) return "batch add: " + describe(added);
    const auto at = model_.find(entry.key);  // conditions are judged on the state before
    const bool found = at != model_.end();
    const bool holds = entry.kind == Entry::require_absent   ? !found
                       : entry.kind == Entry::require_exists ? found
                       : entry.kind == Entry::require_equal  ? found && at->second == value
                                                             : true;
    if (!holds && !failing) failing = i;
  }
  size_t failed_position = 0;
  uint64_t reported_erased = 0;
  const Status status =
      store_->write(batch, operation.durability, &failed_position, &reported_erased);
  if (failing) {
    figures_.refusals++;
    if (status.is(Code::mismatch) && failed_position != *failing)
      return "condition " + std::to_string(failed_position) + " reported instead of " +
             std::to_string(*failing);
    return compare(Code::mismatch, status);
  }
  const Contents before = model_;
  Undo undo;
  for (const Operation::Entry& entry : operation.entries) {
    if (entry.kind == Entry::remove)
      change(entry.key, std::nullopt, undo);
    else if (entry.kind == Entry::put)
      change(entry.key, test_value(entry.value.number, entry.value.size), undo);
  }
  for (const auto& [key, value] : before) erased += model_.contains(key) ? 0 : 1;
  commit(std::move(undo), operation.durability);
  if (status.ok() && reported_erased != erased)
    return "erased " + std::to_string(reported_erased) + " instead of " + std::to_string(erased);
  return compare(Code::ok, status);
}

std::string ModelRun::apply_get(const Operation& operation) {
  const Result<std::string> value = operation.kind == Kind::get
                                        ? get(*store_, operation.key)
                                        : get_through_pin(*store_, operation.key);
  const auto at = model_.find(operation.key);
  if (at == model_.end()) return compare(Code::not_found, value.status());
  if (!value.ok()) return compare(Code::ok, value.status());
  figures_.hits++;
  return *value == at->second ? std::string() : "wrong value of " + quoted(operation.key);
}

std::string ModelRun::apply_scan(const Operation& operation) {
  const bool keys_only = operation.kind == Kind::scan_keys;
  const Result<Contents> found = read_all(*store_, operation.key, keys_only);
  if (!found.ok()) return "scan: " + describe(found.status());
  Contents expected;
  for (const auto& [key, value] : model_)
    if (key.starts_with(operation.key)) expected.emplace(key, keys_only ? std::string() : value);
  return difference(expected, *found);
}

std::string ModelRun::close_and_open(bool clean, const store::Options& options) {
  figures_.segments += store_->stats().segments;
  if (clean) {
    const Status closed = store_->close();
    if (!closed.ok()) return "close: " + describe(closed);
    losable_.clear();
  }
  store_.reset();
  options_ = options;
  if (std::string problem = open(); !problem.empty()) return problem;
  (clean ? figures_.clean_opens : figures_.recoveries)++;
  if (clean && store_->stats().recovered) return "recovered after a clean close";
  return match_recovered_state();
}

// Takes back the newest losable commits until the model is what the store shows.
std::string ModelRun::match_recovered_state() {
  const Result<Contents> found = read_all(*store_);
  if (!found.ok()) return "scan: " + describe(found.status());
  const std::string problem = difference(model_, *found);
  while (*found != model_) {
    if (losable_.empty()) return "after opening: " + problem;
    for (auto undo = losable_.back().rbegin(); undo != losable_.back().rend(); ++undo) {
      if (undo->second)
        model_[undo->first] = *undo->second;
      else
        model_.erase(undo->first);
    }
    losable_.pop_back();
  }
  losable_.clear();  // recovery made what it shows durable
  return {};
}

std::string ModelRun::check_read_only() {
  if (const Status closed = store_->close(); !closed.ok()) return "close: " + describe(closed);
  store_.reset();
  losable_.clear();
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
  const Result<Contents> found = read_all(*store_);
  if (!found.ok()) return "scan: " + describe(found.status());
  if (std::string problem = difference(model_, *found); !problem.empty()) return problem;
  return compare(Code::ok, verify(*store_));
}

void ModelRun::change(const std::string& key, std::optional<std::string> value, Undo& undo) {
  const auto at = model_.find(key);
  undo.emplace_back(key, at == model_.end() ? std::nullopt : std::optional(at->second));
  if (value)
    model_[key] = *std::move(value);
  else
    model_.erase(key);
}

void ModelRun::commit(Undo undo, store::Durability durability) {
  figures_.commits++;
  if (durability == store::Durability::memory)
    losable_.push_back(std::move(undo));
  else
    losable_.clear();
}

}  // namespace stave::test
