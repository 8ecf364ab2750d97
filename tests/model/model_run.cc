#include "tests/model/model_run.h"

#include <utility>

#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using Kind = Operation::Kind;

Code as_found(bool found) {
  return found ? Code::ok : Code::not_found;
}

}  // namespace

std::string compare(Code expected, const Status& got) {
  if (got.is(expected)) return {};
  return "expected " + std::string(code_name(expected)) + ", got " + describe(got);
}

std::string compare(uint64_t expected, uint64_t got, const char* what) {
  if (got == expected) return {};
  return std::string(what) + ' ' + std::to_string(got) + " instead of " + std::to_string(expected);
}

ModelRun::ModelRun(os::FileSystem& files, os::SimulatedFileSystem* clock, std::string directory,
                   const store::Options& options)
    : files_(files), clock_(clock), directory_(std::move(directory)), options_(options) {
  set_clock(model_start_ms);
}

std::string ModelRun::open() {
  Result<std::unique_ptr<store::Store>> opened = store::Store::open(files_, directory_, options_);
  if (!opened.ok()) return "open: " + describe(opened.status());
  store_ = *std::move(opened);
  model_.default_ttl = options_.default_ttl;
  return {};
}

std::string ModelRun::apply(const Operation& operation) {
  switch (operation.kind) {
    case Kind::put:
    case Kind::insert:
    case Kind::replace:
      return apply_put(operation);
    case Kind::remove:
      return apply_remove(operation);
    case Kind::batch:
      return apply_batch(operation);
    case Kind::compare_and_swap:
    case Kind::update:
    case Kind::exchange:
      return apply_update(operation);
    case Kind::expire:
      return apply_expire(operation);
    case Kind::expires_at:
      return apply_expires_at(operation);
    case Kind::atomic:
      return apply_atomic(operation);
    case Kind::migrate:
      return apply_migrate(operation);
    case Kind::clear:
      return apply_clear(operation);
    case Kind::remove_expired:
      return apply_remove_expired();
    case Kind::set_clock:
      set_clock(operation.expires_at);
      return {};
    case Kind::get:
    case Kind::get_pin:
      return apply_get(operation);
    case Kind::contains:
      return compare(as_found(model_.find(operation.key) != nullptr),
                     store_->contains(as_bytes(operation.key)));
    case Kind::scan:
    case Kind::scan_keys:
    case Kind::scan_on:
      return apply_scan(operation);
    case Kind::size:
      return compare(model_.size(), store_->size(), "size");
    case Kind::flush:
    case Kind::sync:
      model_.settle();
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

std::string ModelRun::check_write(Code expected, const Status& status, const Operation& operation,
                                  uint64_t expires_at) {
  if (expected == Code::ok) {
    model_.put(operation.key, test_value(operation.value.number, operation.value.size), expires_at);
    model_.commit(operation.durability);
    figures_.commits++;
  } else {
    figures_.refusals++;
  }
  return compare(expected, status);
}

std::string ModelRun::apply_put(const Operation& operation) {
  const bool found = model_.find(operation.key) != nullptr;
  Code expected = Code::ok;
  store::WriteMode mode = store::WriteMode::put;
  if (operation.kind == Kind::insert) {
    mode = store::WriteMode::insert;
    if (found) expected = Code::exists;
  } else if (operation.kind == Kind::replace) {
    mode = store::WriteMode::replace;
    expected = as_found(found);
  }
  const std::string value = test_value(operation.value.number, operation.value.size);
  const Status status = store_->put(as_bytes(operation.key), as_bytes(value), mode,
                                    {operation.durability, operation.expires_at});
  return check_write(expected, status, operation, model_.expiry_of(operation.expires_at));
}

std::string ModelRun::apply_remove(const Operation& operation) {
  const bool found = model_.find(operation.key) != nullptr;
  const Status status = erase(*store_, operation.key, operation.durability);
  if (found) {
    model_.remove(operation.key);
    model_.commit(operation.durability);
    figures_.commits++;
  } else {
    figures_.refusals++;
  }
  return compare(as_found(found), status);
}

std::string ModelRun::apply_update(const Operation& operation) {
  const ModelRecord* const found = model_.find(operation.key);
  const std::string value = test_value(operation.value.number, operation.value.size);
  const std::string expected = test_value(operation.expected.number, operation.expected.size);
  const store::WriteOptions options(operation.durability, operation.expires_at);
  const Bytes key = as_bytes(operation.key);
  uint64_t expires_at = model_.expiry_of(operation.expires_at);
  std::string problem;
  const auto change = [&](const Bytes* present) -> Result<Bytes> {
    if ((present != nullptr) != (found != nullptr) ||
        (present != nullptr && as_text(*present) != found->value))
      problem = "the callback saw another value than there is";
    return as_bytes(value);
  };
  Code answer = Code::ok;
  Status status;
  if (operation.kind == Kind::compare_and_swap) {
    answer = found == nullptr           ? Code::not_found
             : found->value != expected ? Code::mismatch
                                        : Code::ok;
    status = store_->compare_and_swap(key, as_bytes(expected), as_bytes(value), options);
  } else if (operation.kind == Kind::exchange) {
    status = store_->modify(key, change, options);
  } else {
    answer = as_found(found != nullptr);
    if (found != nullptr && operation.expires_at == 0) expires_at = found->expires_at;
    status = store_->update(
        key, [&](Bytes present) { return change(&present); }, options);
  }
  if (!problem.empty()) return problem;
  return check_write(answer, status, operation, expires_at);
}

std::string ModelRun::apply_expire(const Operation& operation) {
  const ModelRecord* const found = model_.find(operation.key);
  const Status status =
      store_->expire(as_bytes(operation.key), operation.expires_at, operation.durability);
  if (found != nullptr) {
    const uint64_t expires_at =
        operation.expires_at == store::never_expires ? 0 : operation.expires_at;
    if (expires_at != 0 && expires_at <= model_.now_ms)
      model_.remove(operation.key);
    else
      model_.put(operation.key, std::string(found->value), expires_at);
    model_.commit(operation.durability);
  }
  return compare(as_found(found != nullptr), status);
}

std::string ModelRun::apply_expires_at(const Operation& operation) {
  const ModelRecord* const found = model_.find(operation.key);
  const Result<uint64_t> expires_at = store_->expires_at(as_bytes(operation.key));
  if (found == nullptr || !expires_at)
    return compare(as_found(found != nullptr), expires_at.status());
  return compare(found->expires_at, *expires_at, "expiry");
}

std::string ModelRun::apply_get(const Operation& operation) {
  const Result<std::string> value = operation.kind == Kind::get
                                        ? get(*store_, operation.key)
                                        : get_through_pin(*store_, operation.key);
  const ModelRecord* const found = model_.find(operation.key);
  if (found == nullptr) return compare(Code::not_found, value.status());
  if (!value.ok()) return compare(Code::ok, value.status());
  figures_.hits++;
  return *value == found->value ? std::string() : "wrong value of " + quoted(operation.key);
}

std::string ModelRun::apply_scan(const Operation& operation) {
  const bool keys_only = operation.kind == Kind::scan_keys;
  const std::string prefix = operation.kind == Kind::scan_on ? std::string() : operation.key;
  const Result<ModelRecords> found =
      read_records(prefix, keys_only, operation.kind == Kind::scan_on);
  if (!found.ok()) return "scan: " + describe(found.status());
  ModelRecords expected;
  for (auto& [key, record] : model_.present())
    if (key.starts_with(prefix))
      expected.emplace(key,
                       ModelRecord{keys_only ? std::string() : record.value, record.expires_at});
  return difference(expected, *found);
}

Result<ModelRecords> ModelRun::read_records(const std::string& prefix, bool keys_only,
                                            bool in_two_parts) {
  STAVE_TRY_ASSIGN(auto cursor, store_->open_cursor(as_bytes(prefix), keys_only));
  ModelRecords records;
  Status status;
  while ((status = cursor->next()).ok()) {
    const auto [at, is_new] =
        records.emplace(as_text(cursor->key()),
                        ModelRecord{std::string(as_text(cursor->value())), cursor->expires_at()});
    if (!is_new || !at->first.starts_with(prefix))
      return Status::error(Code::internal, "the cursor shows a key twice, or without the prefix");
    if (in_two_parts && records.size() == (model_.size() + 1) / 2) {
      const std::vector<std::byte> token = cursor->token().encode();
      STAVE_TRY_ASSIGN(cursor, store_->open_cursor(as_bytes(prefix), keys_only, token));
    }
  }
  if (!status.is(Code::done)) return status;
  return records;
}

}  // namespace stave::test
