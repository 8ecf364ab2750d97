// What each verb of maps calls.
#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

namespace {

std::string signed_text(int64_t number) {
  return std::to_string(number);
}

const char* change_name(stave::Change change) {
  switch (change) {
    case stave::Change::added:
      return "added";
    case stave::Change::changed:
      return "changed";
    case stave::Change::removed:
      return "removed";
  }
  throw ScriptError("no such change");
}

}  // namespace

int64_t Testee::map_key(size_t position) const {
  return std::stoll(words_.at(position).text);
}

// What a callback does: the words "append V", "set V", "cancel", "size", "put" or "close".
Testee::Edit Testee::edit(size_t position) {
  const std::string action = words_.at(position).text;
  const std::string value = position + 1 < words_.size() ? bytes(position + 1) : "";
  auto* const map = &self<stave::Map>();
  return [action, value, map](stave::EditedValue& edited) -> Status {
    if (action == "cancel") return Status::cancelled;
    if (action == "size") return map->size().status();
    if (action == "close") return map->close().status();
    if (action == "put") return map->put(1, "").status();
    return edit_bytes(action, value, edited);
  };
}

Status Testee::edit_bytes(const std::string& action, const std::string& value,
                          stave::EditedValue& edited) {
  if (action == "set") return edited.assign(value).status();
  const size_t kept = edited.bytes().size();
  if (auto resized = edited.resize(kept + value.size()); !resized) return resized.status();
  std::copy(value.begin(), value.end(), reinterpret_cast<char*>(edited.bytes().data()) + kept);
  return Status::ok;
}

void Testee::print_entry(const std::string& what, int64_t key, Bytes value) {
  print("  " + what + signed_text(key) + " = ");
  print_bytes(value);
  print("\n");
}

void Testee::print_options(const stave::MapOptions& options) {
  print(std::string("  values=") + (options.values == STAVE_VALUES_FIXED ? "fixed" : "variable") +
        "\n  value_size=" + std::to_string(options.value_size) +
        "\n  capacity=" + std::to_string(options.capacity) + "\n");
}

void Testee::create_map() {
  std::string text;
  for (const Word& word : words_) text += word.text + " ";
  stave::MapOptions options;
  if (auto set = options.set(text.c_str()); !set) return reply_error(set.error());
  bind(stave::Map::create(options));
}

void Testee::map_get_into() {
  std::vector<std::byte> value(number(1));
  size_t size = 0;
  const auto got = self<stave::Map>().get(map_key(0), value, size);
  if (got.status() == Status::buffer_too_small) print("  needed " + std::to_string(size) + "\n");
  if (!got) return reply_error(got.error());
  reply(stave::Result<Bytes>(Bytes(value.data(), size)));
}

void Testee::map_multi_get() {
  std::vector<int64_t> keys;
  for (size_t i = 0; i < words_.size(); i++) keys.push_back(map_key(i));
  std::vector<uint64_t> sizes(keys.size());
  const auto got = self<stave::Map>().multi_get(keys, buffer_, sizes);
  if (!got) return reply_error(got.error());
  print_values(sizes);
}

void Testee::map_put() {
  const auto replaced = self<stave::Map>().put(map_key(0), bytes(1), &buffer_);
  if (!replaced) return reply_error(replaced.error());
  if (!*replaced) return print("ok\n");
  reply(stave::Result<Bytes>(buffer_.bytes()));
}

void Testee::map_replace() {
  const auto replaced = self<stave::Map>().replace(map_key(0), bytes(1), &buffer_);
  if (!replaced) return reply_error(replaced.error());
  reply(stave::Result<Bytes>(buffer_.bytes()));
}

void Testee::map_multi_put() {
  std::vector<int64_t> keys;
  std::vector<uint64_t> sizes;
  std::string values;
  for (size_t i = 0; i < words_.size(); i += 2) {
    keys.push_back(map_key(i));
    sizes.push_back(bytes(i + 1).size());
    values += bytes(i + 1);
  }
  std::vector<uint8_t> replaced(keys.size());
  size_t done = 0;
  const auto result = self<stave::Map>().multi_put(keys, values, sizes, replaced, &done);
  for (size_t i = 0; i < done; i++) print(replaced[i] != 0 ? "  1\n" : "  0\n");
  reply(result);
}

void Testee::reply_outcome(const stave::Result<stave::Map::Outcome>& outcome) {
  if (!outcome) return reply_error(outcome.error());
  print("  ");
  print_bytes(buffer_.bytes());
  print(*outcome == stave::Map::Outcome::existed ? "\nexists\n" : "\nok\n");
}

void Testee::map_stats() {
  const auto stats = self<stave::Map>().stats();
  if (!stats) return reply_error(stats.error());
  print_members(
      {
          {"entries", stats->entries},
          {"has_shared_bytes", stats->shared_bytes != 0},
          {"has_own_bytes", stats->own_bytes != 0},
      },
      0);
}

void Testee::map_scan() {
  auto cursor = self<stave::Map>().open_cursor();
  if (!cursor) return reply_error(cursor.error());
  uint64_t count = 0;
  for (; cursor->next(); ++count) print_entry("", *cursor->key(), *cursor->value());
  reply(stave::Result<uint64_t>(count));
}

void Testee::map_next_many() {
  auto& cursor = self<stave::MapCursor>();
  const std::string what = words_.size() > 2 ? words_[2].text : "";
  std::vector<int64_t> keys(number(0));
  std::vector<uint64_t> sizes(number(0));
  const auto count = what == "keys"     ? cursor.next_keys(keys)
                     : what == "values" ? cursor.next_values(number(1), buffer_, sizes)
                                        : cursor.next_many(number(1), keys, buffer_, sizes);
  if (!count) return reply_error(count.error());
  size_t offset = 0;
  for (size_t i = 0; i < *count; ++i) {
    if (what == "keys") {
      print("  " + signed_text(keys[i]) + "\n");
      continue;
    }
    const Bytes value = buffer_.bytes().part(offset, sizes[i]);
    offset += sizes[i];
    if (what == "values") {
      print("  ");
      print_bytes(value);
      print("\n");
    } else {
      print_entry("", keys[i], value);
    }
  }
  reply(stave::Result<uint64_t>(*count));
}

const stave::Map& Testee::other_map() const {
  return std::get<stave::Map>(handles_.at(words_.at(0).text));
}

void Testee::map_changes() {
  auto diff = self<stave::Map>().diff(other_map());
  if (!diff) return reply_error(diff.error());
  uint64_t count = 0;
  while (const auto step = diff->next()) {
    const auto value = step->change == stave::Change::removed ? diff->before() : diff->after();
    if (!value) return reply_error(value.error());
    print_entry(std::string(change_name(step->change)) + " ", step->key, *value);
    ++count;
  }
  reply(stave::Result<uint64_t>(count));
}

void Testee::diff_next() {
  const auto step = self<stave::MapDiff>().next();
  if (!step) return reply_error(step.error());
  print(std::string("ok ") + change_name(step->change) + " " + signed_text(step->key) + "\n");
}

// ---- The table ---------------------------------------------------------------------------------

Testee::Verbs Testee::map_verbs(Testee& t) {
  const auto map = [&t]() -> stave::Map& { return t.self<stave::Map>(); };
  const auto reply_bool = [&t](const stave::Result<bool>& result, const char* yes, const char* no) {
    if (!result) return t.reply_error(result.error());
    print(*result ? yes : no);
  };
  return {
      {"cow_map_options",
       [&t] {
         stave::MapOptions options;
         const auto set = options.set(t.bytes(0).c_str());
         if (set) print_options(options);
         t.reply(set);
       }},
      {"cow_map_options_describe", [&t] { t.describe(stave_cow_map_options_describe); }},
      {"cow_map.create", [&t] { t.create_map(); }},
      {"cow_map.clone", [=, &t] { t.bind(map().clone()); }},
      {"cow_map.options",
       [=, &t] {
         const auto options = map().options();
         if (!options) return t.reply_error(options.error());
         print_options(*options);
         print("ok\n");
       }},
      {"cow_map.close", [=, &t] { t.reply(map().close()); }},
      {"cow_map.get", [=, &t] { t.reply(map().get(t.map_key(0), t.buffer_)); }},
      {"cow_map.get_into", [&t] { t.map_get_into(); }},
      {"cow_map.get_pin", [=, &t] { t.bind(map().get_pin(t.map_key(0))); }},
      {"cow_map.contains",
       [=, &t] { reply_bool(map().contains(t.map_key(0)), "ok\n", "not_found\n"); }},
      {"cow_map.size", [=, &t] { t.reply(map().size()); }},
      {"cow_map.is_empty", [=] { reply_bool(map().is_empty(), "ok 1\n", "ok 0\n"); }},
      {"cow_map.multi_get", [&t] { t.map_multi_get(); }},
      {"cow_map.put", [&t] { t.map_put(); }},
      {"cow_map.insert", [=, &t] { t.reply(map().insert(t.map_key(0), t.bytes(1))); }},
      {"cow_map.replace", [&t] { t.map_replace(); }},
      {"cow_map.multi_put", [&t] { t.map_multi_put(); }},
      {"cow_map.remove",
       [=, &t] {
         const auto removed = map().remove(t.map_key(0), &t.buffer_);
         if (!removed) return t.reply_error(removed.error());
         t.reply(stave::Result<Bytes>(t.buffer_.bytes()));
       }},
      {"cow_map.modify", [=, &t] { t.reply(map().modify(t.map_key(0), t.edit(1))); }},
      {"cow_map.get_or_insert",
       [=, &t] { t.reply_outcome(map().get_or_insert(t.map_key(0), t.bytes(1), &t.buffer_)); }},
      {"cow_map.get_or_insert_with",
       [=, &t] { t.reply_outcome(map().get_or_insert_with(t.map_key(0), t.edit(1), &t.buffer_)); }},
      {"cow_map.update_or_insert",
       [=, &t] {
         t.reply_outcome(map().update_or_insert(t.map_key(0), t.edit(2), t.bytes(1), &t.buffer_));
       }},
      {"cow_map.clear", [=, &t] { t.reply(map().clear()); }},
      {"cow_map.shrink_to_fit", [=, &t] { t.reply(map().shrink_to_fit()); }},
      {"cow_map.stats", [&t] { t.map_stats(); }},
      {"cow_map.cursor", [=, &t] { t.bind(map().open_cursor()); }},
      {"cow_map.scan", [&t] { t.map_scan(); }},
      {"cow_map.diff", [=, &t] { t.bind(map().diff(t.other_map())); }},
      {"cow_map.changes", [&t] { t.map_changes(); }},
  };
}

Testee::Verbs Testee::map_child_verbs(Testee& t) {
  const auto cursor = [&t]() -> stave::MapCursor& { return t.self<stave::MapCursor>(); };
  const auto diff = [&t]() -> stave::MapDiff& { return t.self<stave::MapDiff>(); };
  return {
      {"cow_map_cursor.next", [=, &t] { t.reply(cursor().next()); }},
      {"cow_map_cursor.key",
       [=, &t] {
         const auto key = cursor().key();
         if (!key) return t.reply_error(key.error());
         print("ok " + signed_text(*key) + "\n");
       }},
      {"cow_map_cursor.value", [=, &t] { t.reply(cursor().value()); }},
      {"cow_map_cursor.next_many", [&t] { t.map_next_many(); }},
      {"cow_map_cursor.close", [=, &t] { t.reply(cursor().close()); }},
      {"cow_map_diff.next", [&t] { t.diff_next(); }},
      {"cow_map_diff.before", [=, &t] { t.reply(diff().before()); }},
      {"cow_map_diff.after", [=, &t] { t.reply(diff().after()); }},
      {"cow_map_diff.close", [=, &t] { t.reply(diff().close()); }},
  };
}

}  // namespace conformance
