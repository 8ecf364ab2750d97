#include "tests/model/operation.h"

#include <algorithm>

#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using Kind = Operation::Kind;

struct KindName {
  Kind kind;
  const char* name;
  uint32_t weight;  // how often, in thousandths
};

constexpr std::array kinds = {
    KindName{Kind::put, "put", 280},
    KindName{Kind::insert, "insert", 60},
    KindName{Kind::replace, "replace", 50},
    KindName{Kind::remove, "remove", 100},
    KindName{Kind::get, "get", 140},
    KindName{Kind::get_pin, "get_pin", 50},
    KindName{Kind::contains, "contains", 40},
    KindName{Kind::batch, "batch", 70},
    KindName{Kind::compare_and_swap, "compare_and_swap", 30},
    KindName{Kind::update, "update", 30},
    KindName{Kind::exchange, "exchange", 20},
    KindName{Kind::expire, "expire", 20},
    KindName{Kind::expires_at, "expires_at", 20},
    KindName{Kind::atomic, "atomic", 20},
    KindName{Kind::migrate, "migrate", 1},
    KindName{Kind::clear, "clear", 1},
    KindName{Kind::remove_expired, "remove_expired", 3},
    KindName{Kind::set_clock, "set_clock", 20},
    KindName{Kind::scan, "scan", 3},
    KindName{Kind::scan_keys, "scan_keys", 3},
    KindName{Kind::scan_on, "scan_on", 3},
    KindName{Kind::size, "size", 12},
    KindName{Kind::flush, "flush", 6},
    KindName{Kind::sync, "sync", 6},
    KindName{Kind::verify, "verify", 2},
    KindName{Kind::reopen, "reopen", 5},
    KindName{Kind::drop, "drop", 5},
    KindName{Kind::read_only, "read_only", 2},
};

constexpr uint32_t total_weight = [] {
  uint32_t total = 0;
  for (const KindName& kind : kinds) total += kind.weight;
  return total;
}();

constexpr std::array<const char*, 5> entry_names = {"put", "delete", "require_absent",
                                                    "require_exists", "require_equal"};

const char* name_of(store::Durability durability) {
  switch (durability) {
    case store::Durability::memory:
      return "memory";
    case store::Durability::os:
      return "os";
    case store::Durability::device:
      return "device";
  }
  return "?";
}

std::string to_script(const ValueSpec& value) {
  return "bytes(" + std::to_string(value.size) + "," + std::to_string(value.number) + ")";
}

// Sizes around the borders of record padding (28 bytes of header, units of 16), of blocks and
// pages, and of the smallest segment.
constexpr std::array<size_t, 24> value_sizes = {0,   1,   2,   3,   4,   7,   11,   12,
                                                13,  15,  16,  17,  31,  32,  33,   100,
                                                255, 256, 257, 511, 512, 513, 1000, 2000};
constexpr std::array<size_t, 10> large_value_sizes = {3900, 3967, 3968, 4032, 4095,
                                                      4096, 4097, 8192, 8193, 20000};
constexpr std::array<size_t, 12> key_sizes = {0, 1, 2, 3, 4, 11, 12, 15, 16, 17, 40, 255};
constexpr std::array<uint64_t, 4> segment_sizes = {4096, 4096, 16384, uint64_t{1} << 20};

}  // namespace

std::string to_script(const store::Options& options) {
  std::string text = "durability=";
  text += name_of(options.durability);
  text += options.io == store::ReadIo::mmap ? " io=mmap" : " io=buffered";
  text += " shards=" + std::to_string(options.shards);
  return text + " segment_size=" + std::to_string(options.segment_size);
}

std::string to_script(const Operation& operation) {
  std::string line = "s ";
  for (const KindName& kind : kinds)
    if (kind.kind == operation.kind) line += kind.name;
  line += ' ' + quoted(operation.key) + ' ';
  if (operation.kind == Kind::compare_and_swap) line += to_script(operation.expected) + ' ';
  line += to_script(operation.value) + " durability=" + name_of(operation.durability) +
          " expires_at=" + std::to_string(operation.expires_at);
  if (operation.is_cancelled) line += " cancelled";
  if (operation.kind == Kind::reopen || operation.kind == Kind::drop)
    line += ' ' + to_script(operation.options);
  for (const Operation::Entry& entry : operation.entries)
    line += std::string("\n    ") + entry_names[static_cast<size_t>(entry.kind)] + ' ' +
            quoted(entry.key) + ' ' + to_script(entry.value);
  return line;
}

OperationGenerator::OperationGenerator(uint64_t seed, const store::Options& options,
                                       bool moves_clock)
    : random_(seed), options_(options), moves_clock_(moves_clock) {
  const uint64_t count = random_.between(4, 120);
  for (uint64_t i = 0; i < count; i++) keys_.push_back(test_value(i % 40, random_.pick(key_sizes)));
  if (random_.one_in(8)) keys_.push_back(test_value(1, 65535));
  if (random_.one_in(4)) keys_.push_back(test_value(1, 4100));
  // Equal keys would only be more likely than others; keep each once.
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  last_values_.resize(keys_.size());
}

Operation OperationGenerator::next() {
  Operation operation;
  operation.kind = pick_kind();
  operation.key = pick_key();
  operation.durability = pick_durability();
  operation.expires_at = pick_expiry();
  switch (operation.kind) {
    case Kind::compare_and_swap:
      operation.expected = last_value(operation.key);
      [[fallthrough]];
    case Kind::put:
    case Kind::insert:
    case Kind::replace:
    case Kind::update:
    case Kind::exchange:
    case Kind::migrate:
      operation.value = pick_value(operation.key);
      break;
    case Kind::batch:
    case Kind::atomic:
      fill_batch(operation);
      operation.is_cancelled = random_.one_in(4);
      break;
    case Kind::scan:
    case Kind::scan_keys:
      operation.key.resize(random_.below(2) * operation.key.size() / 2);
      break;
    case Kind::reopen:
    case Kind::drop:
      operation.options = pick_options();
      break;
    case Kind::set_clock:
      // Mostly forward; backward too.
      if (moves_clock_) now_ms_ += random_.below(40) - (random_.one_in(4) ? 40 : 0);
      operation.expires_at = now_ms_;
      break;
    default:
      break;
  }
  return operation;
}

uint64_t OperationGenerator::pick_expiry() {
  if (!random_.one_in(4)) return 0;
  if (random_.one_in(8)) return store::never_expires;
  if (moves_clock_) return now_ms_ - 20 + random_.below(300);
  return random_.one_in(2) ? 1 : 2 * model_start_ms;
}

Operation::Kind OperationGenerator::pick_kind() {
  uint64_t at = random_.below(total_weight);
  for (const KindName& kind : kinds) {
    if (at < kind.weight) return kind.kind;
    at -= kind.weight;
  }
  return Kind::size;
}

std::string OperationGenerator::pick_key() {
  return keys_[random_.below(keys_.size())];
}

ValueSpec OperationGenerator::pick_value(const std::string& key) {
  ValueSpec value;
  value.number = ++value_number_;
  value.size = random_.pick(value_sizes);
  if (random_.one_in(40)) value.size = random_.pick(large_value_sizes);
  if (random_.one_in(5000)) value.size = (size_t{1} << 20) + random_.below(2);
  last_value(key) = value;
  return value;
}

ValueSpec& OperationGenerator::last_value(const std::string& key) {
  const auto place = std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin();
  return last_values_[static_cast<size_t>(place)];
}

store::Durability OperationGenerator::pick_durability() {
  const uint64_t at = random_.below(10);
  if (at < 7) return store::Durability::os;
  return at < 9 ? store::Durability::memory : store::Durability::device;
}

store::Options OperationGenerator::pick_options() {
  store::Options options = options_;
  options.io = random_.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
  options.segment_size = random_.pick(segment_sizes);
  if (random_.one_in(2)) options.shards = 0;  // whatever is stored
  options.default_ttl = moves_clock_ && random_.one_in(3) ? 100 : 0;
  return options;
}

void OperationGenerator::fill_batch(Operation& operation) {
  const uint64_t count = random_.one_in(20) ? random_.between(20, 200) : random_.below(8);
  for (uint64_t i = 0; i < count; i++) {
    const size_t place = random_.below(keys_.size());
    Operation::Entry entry{store::Batch::Kind::put, keys_[place], {}};
    const uint64_t at = random_.below(20);
    if (at < 11) {
      entry.value = pick_value(entry.key);
    } else if (at < 17) {
      entry.kind = store::Batch::Kind::remove;
    } else {
      entry.kind = at == 17   ? store::Batch::Kind::require_absent
                   : at == 18 ? store::Batch::Kind::require_exists
                              : store::Batch::Kind::require_equal;
      entry.value = last_values_[place];
    }
    operation.entries.push_back(std::move(entry));
  }
}

}  // namespace stave::test
