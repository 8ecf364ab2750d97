// Verbs of indexes of more than a few lines, and the resolver.
#include "tests/conformance/testees/cpp/index.h"

#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

// ---- The resolver ------------------------------------------------------------------------------

std::string counter_key(uint64_t counter) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(counter >> shift));
  return key;
}

std::optional<uint64_t> ruled_hash(const std::string& rule, uint64_t counter) {
  if (rule == "equal") return 7;
  if (rule == "low") return counter;
  if (rule == "high") return counter << 48;
  return std::nullopt;
}

const Records::Record* ScriptedResolver::find(uint64_t value) const {
  const auto found = records_->by_value.find(value);
  return found != records_->by_value.end() ? &found->second : nullptr;
}

Status ScriptedResolver::make_call(const std::string& what) const {
  if (what == "get") {
    const Status status = records_->index->get("other").status();
    return status == Status::not_found ? Status::ok : status;
  }
  if (what == "put") return records_->index->put("other", 1).status();
  if (what == "close") return records_->index->close().status();
  return Status::ok;
}

Status ScriptedResolver::compare(uint64_t value, Bytes key) {
  const Records::Record* record = find(value);
  if (record == nullptr) return key == Bytes(counter_key(value)) ? Status::ok : Status::mismatch;
  if (const Status status = make_call(record->calls); status != Status::ok) return status;
  if (record->answer != Status::ok) return record->answer;
  return key == Bytes(record->key) ? Status::ok : Status::mismatch;
}

Status ScriptedResolver::hash(uint64_t value, uint64_t& hash) {
  const Records::Record* record = find(value);
  if (record != nullptr && record->answer != Status::ok) return record->answer;
  const auto known = record != nullptr ? record->hash : ruled_hash(records_->rule, value);
  if (known) {
    hash = *known;
    return Status::ok;
  }
  const auto computed = records_->index->hash(record != nullptr ? record->key : counter_key(value));
  if (computed) hash = *computed;
  return computed.status();
}

// ---- Verbs -------------------------------------------------------------------------------------

void Testee::create_index() {
  stave::IndexOptions options;
  if (auto set = options.set(option_text(0).c_str()); !set) return reply_error(set.error());
  const bool is_resolved = options.key_mode == STAVE_KEYS_RESOLVED;
  auto records = std::make_shared<Records>();
  auto index = is_resolved ? stave::Index::create_resolved(
                                 std::make_unique<ScriptedResolver>(records), options)
                           : stave::Index::create(options);
  if (!index) return reply_error(index.error());
  const auto bound =
      handles_.insert_or_assign(name_, Handle(ScriptedIndex(*std::move(index), records))).first;
  records->index = &std::get<ScriptedIndex>(bound->second).index;
  print("ok\n");
}

void Testee::record() {
  Records::Record record;
  if (!words_.at(1).is_quoted) {
    record.answer = words_[1].text == "gone" ? Status::not_found : Status::io;
  } else {
    record.key = words_[1].text;
  }
  if (words_.size() > 2) {
    const std::string& what = words_[2].text;
    if (what.find_first_not_of("0123456789") == std::string::npos) {
      record.hash = number(2);
    } else {
      record.calls = what;
    }
  }
  self<ScriptedIndex>().records->by_value[number(0)] = std::move(record);
  print("ok\n");
}

void Testee::for_range(const RangeStep& step) {
  auto& scripted = self<ScriptedIndex>();
  const uint64_t first = number(0);
  uint64_t counted = 0;
  scripted.records->rule = words_.size() > 2 ? words_[2].text : "";
  for (uint64_t counter = first; counter < first + number(1); ++counter) {
    const auto found = step.call(scripted.index, counter_key(counter),
                                 ruled_hash(scripted.records->rule, counter), counter);
    if (!found) return reply_error(found.error());
    if (*found && **found != counter)
      print("  " + std::to_string(counter) + " = " + std::to_string(**found) + "\n");
    counted += found->has_value() == step.counts_found;
  }
  reply(stave::Result<uint64_t>(counted));
}

void Testee::index_multi_get() {
  std::vector<uint32_t> key_sizes;
  const std::string keys = flatten(0, 1, key_sizes);
  std::vector<uint64_t> values(key_sizes.size());
  std::vector<uint8_t> found(key_sizes.size());
  const auto got = index().multi_get(keys, key_sizes, values, found);
  for (size_t i = 0; got && i < values.size(); ++i)
    print(found[i] ? "  " + std::to_string(values[i]) + "\n" : "  absent\n");
  reply(got);
}

void Testee::index_multi_put() {
  std::vector<uint32_t> key_sizes;
  const std::string keys = flatten(0, 2, key_sizes);
  std::vector<uint64_t> values;
  for (size_t i = 0; i < key_sizes.size(); ++i) values.push_back(number(2 * i + 1));
  std::vector<uint64_t> previous(values.size());
  std::vector<uint8_t> existed(values.size());
  size_t done = 0;
  const auto put = index().multi_put(keys, key_sizes, values, previous, existed, &done);
  if (put && done != values.size()) throw ScriptError("not all were put");
  for (size_t i = 0; put && i < values.size(); ++i)
    print(existed[i] ? "  " + std::to_string(previous[i]) + "\n" : "  absent\n");
  reply(put);
}

void Testee::print_options(const stave::IndexOptions& options) {
  static constexpr const char* key_modes[] = {"default", "owned", "resolved", "owned16"};
  print(std::string("  key_mode=") + key_modes[options.key_mode] + "\n  value_bits=" +
        std::to_string(options.value_bits) + "\n  shards=" + std::to_string(options.shards) +
        "\n  capacity=" + std::to_string(options.capacity) +
        "\n  seed=" + std::to_string(options.seed) + "\n");
}

void Testee::index_stats() {
  const auto stats = index().stats();
  if (!stats) return reply_error(stats.error());
  print_members({{"shards", stats->shards},
                 {"entries", stats->entries},
                 {"capacity", stats->capacity},
                 {"bytes", stats->bytes},
                 {"key_bytes", stats->key_bytes},
                 {"buckets", stats->buckets},
                 {"slots", stats->slots},
                 {"overflow_nodes", stats->overflow_nodes},
                 {"splits", stats->splits},
                 {"splits_max", stats->splits_max},
                 {"probe_samples", stats->probe_samples},
                 {"probe_sum", stats->probe_sum},
                 {"probe_max", stats->probe_max}},
                0);
}

void Testee::index_shard_stats() {
  const auto stats = index().shard_stats(static_cast<uint32_t>(number(0)));
  if (!stats) return reply_error(stats.error());
  print_members({{"entries", stats->entries}, {"buckets", stats->buckets}, {"bytes", stats->bytes}},
                1);
}

void Testee::collect_values() {
  const auto values = index().collect_values(buffer_);
  if (!values) return reply_error(values.error());
  for (const uint64_t value : *values) print("  " + std::to_string(value) + "\n");
  reply(stave::Result<uint64_t>(values->size()));
}

void Testee::index_scan() {
  const bool values_alone = !words_.empty();
  auto cursor = index().open_cursor();
  if (!cursor) return reply_error(cursor.error());
  uint64_t count = 0;
  for (;; ++count) {
    const auto next = cursor->next();
    if (next.status() == Status::done) break;
    if (!next) return reply_error(next.error());
    const auto value = cursor->value();
    if (!value) return reply_error(value.error());
    const auto key = values_alone ? stave::Result<Bytes>(Bytes()) : cursor->key();
    if (!key) return reply_error(key.error());
    print_entry(values_alone ? nullptr : &*key, *value);
  }
  reply(stave::Result<uint64_t>(count));
}

void Testee::index_next_many() {
  auto& cursor = self<stave::IndexCursor>();
  const bool values_alone = words_.size() > 2;
  std::vector<uint64_t> values(number(0));
  std::vector<uint32_t> key_sizes(number(0));
  const auto count = values_alone ? cursor.next_many(values)
                                  : cursor.next_many(values, number(1), buffer_, key_sizes);
  if (!count) return reply_error(count.error());
  size_t offset = 0;
  for (size_t i = 0; i < *count; ++i) {
    const Bytes key = values_alone ? Bytes() : buffer_.bytes().part(offset, key_sizes[i]);
    print_entry(values_alone ? nullptr : &key, values[i]);
    offset += key.size();
  }
  reply(stave::Result<uint64_t>(*count));
}

void Testee::print_entry(const Bytes* key, uint64_t value) {
  print("  ");
  if (key != nullptr) {
    print_bytes(*key);
    print(" = ");
  }
  print(std::to_string(value) + "\n");
}

// ---- Replies -----------------------------------------------------------------------------------

void Testee::reply_previous(const stave::Result<std::optional<uint64_t>>& previous) {
  if (!previous) return reply_error(previous.error());
  print(*previous ? "ok " + std::to_string(**previous) + "\n" : "ok absent\n");
}

void Testee::reply_found(const stave::Result<bool>& found) {
  if (!found) return reply_error(found.error());
  print(*found ? "ok\n" : "not_found\n");
}

void Testee::reply_in_the_way(const stave::Result<void>& result, const char* what, uint64_t value) {
  if (result.status() == Status::exists || result.status() == Status::mismatch)
    print("  " + std::string(what) + " " + std::to_string(value) + "\n");
  reply(result);
}

}  // namespace conformance
