// What each verb calls.
#include <sstream>

#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

// ---- Verbs of more than a few lines ------------------------------------------------------------

void Testee::open() {
  stave::StoreOptions options;
  if (auto set = options.set(option_text(1).c_str()); !set) return reply_error(set.error());
  bind(stave::Store::open(bytes(0).c_str(), options));
}

void Testee::get_into() {
  std::vector<std::byte> value(number(1));
  size_t size = 0;
  const auto got = self<stave::Store>().get(bytes(0), value, size);
  if (got.status() == Status::buffer_too_small) print("  needed " + std::to_string(size) + "\n");
  if (!got) return reply_error(got.error());
  reply(stave::Result<Bytes>(Bytes(value.data(), size)));
}

void Testee::multi_get() {
  std::vector<uint32_t> key_sizes;
  const std::string keys = flatten(0, 1, key_sizes);
  std::vector<uint64_t> value_sizes(key_sizes.size());
  const auto got = self<stave::Store>().multi_get(keys, key_sizes, buffer_, value_sizes);
  if (!got) return reply_error(got.error());
  print_values(value_sizes);
}

void Testee::multi_put() {
  const stave::WriteOptions options = write_options();
  std::vector<uint32_t> key_sizes;
  std::vector<uint64_t> value_sizes;
  const std::string keys = flatten(0, 2, key_sizes);
  const std::string values = flatten(1, 2, value_sizes);
  reply(self<stave::Store>().multi_put(keys, key_sizes, values, value_sizes, options));
}

void Testee::next_many() {
  std::vector<uint64_t> sizes(2 * number(0));
  const auto count = self<stave::Cursor>().next_many(number(0), number(1), buffer_, sizes);
  if (!count) return reply_error(count.error());
  size_t offset = 0;
  for (size_t i = 0; i < *count; ++i) {
    const Bytes key = buffer_.bytes().part(offset, sizes[2 * i]);
    print_record(key, buffer_.bytes().part(offset + key.size(), sizes[2 * i + 1]));
    offset += key.size() + sizes[2 * i + 1];
  }
  reply(stave::Result<uint64_t>(*count));
}

void Testee::stats() {
  const auto stats = self<stave::Store>().stats();
  if (!stats) return reply_error(stats.error());
  print_members(
      {
          {"recovered", stats->recovered},
          {"writes_refused", stats->writes_refused},
          {"keys", stats->keys},
          {"segments", stats->segments},
          {"log_bytes", stats->log_bytes},
          {"live_bytes", stats->live_bytes},
          {"disk_bytes", stats->disk_bytes},
          {"version", stats->version},
          {"durable_version", stats->durable_version},
          {"commits", stats->commits},
          {"bytes_written", stats->bytes_written},
          {"syncs", stats->syncs},
          {"reads", stats->reads},
          {"recovered_commits", stats->recovered_commits},
          {"recovered_cut_bytes", stats->recovered_cut_bytes},
      },
      0);
}

stave::Result<void> Testee::write(uint64_t* version) {
  const stave::WriteOptions options = write_options();
  const auto& batch = std::get<stave::Batch>(handles_.at(words_.at(0).text));
  uint64_t failed = 0;
  auto written = self<stave::Store>().write(batch, options, &failed, version);
  if (written.status() == Status::mismatch) print("  failed " + std::to_string(failed) + "\n");
  return written;
}

// stave.hpp leaves these to the C functions: a program for people calls them once.
void Testee::describe(stave_status (*function)(stave_buffer*, stave_error*)) {
  stave_error error;
  const auto status = function(buffer_.raw(), &error);
  std::istringstream lines{std::string(buffer_.bytes().text())};
  for (std::string line; status == STAVE_OK && std::getline(lines, line);)
    print("  " + line.substr(0, line.find('=')) + "\n");
  reply(status == STAVE_OK ? stave::Result<void>()
                           : stave::Error(static_cast<Status>(status), error));
}

// ---- The table ---------------------------------------------------------------------------------

Testee::Verbs Testee::general_verbs(Testee& t) {
  return {
      {"hello",
       [] {
         print(
             "ok format=2 language=cpp "
             "capabilities=store,modify,keydir,index,cow_map,disk_index,memtable\n");
       }},
      {"handles", [&t] { t.reply(stave::Result<uint64_t>(stave_live_handles())); }},
      {"version",
       [] {
         print("ok " + std::string(stave_version_text()) + " " + std::to_string(stave_version()) +
               "\n");
       }},
      {"status",
       [&t] {
         const auto status = static_cast<Status>(std::stoi(t.words_.at(0).text));
         const bool has_message = !stave::Error(status).message().empty();
         print("ok " + std::string(name(status)) + (has_message ? "\n" : " no_message\n"));
       }},
      {"error_mentions",
       [&t] {
         const bool found = t.last_message_.find(t.bytes(0)) != std::string::npos;
         print(found ? "ok 1\n" : "ok 0\n");
       }},
      {"error_errno", [&t] { print("ok " + std::to_string(t.last_errno_) + "\n"); }},
      {"options",
       [&t] {
         stave::StoreOptions options;
         const auto set = options.set(t.bytes(0).c_str());
         if (set) print_options(options);
         t.reply(set);
       }},
      {"options_describe", [&t] { t.describe(stave_store_options_describe); }},
  };
}

// What a callback does: the words "append V", "set V", "cancel", "size", "put" or "close".
Testee::Edit Testee::store_edit(size_t position) {
  const std::string action = words_.at(position).text;
  const std::string value = position + 1 < words_.size() ? bytes(position + 1) : "";
  auto* const store = &self<stave::Store>();
  return [action, value, store](stave::EditedValue& edited) -> Status {
    if (action == "cancel") return Status::cancelled;
    if (action == "size") return store->size().status();
    if (action == "close") return store->close().status();
    if (action == "put") return store->put("k", "").status();
    return edit_bytes(action, value, edited);
  };
}

template <typename Update>
void Testee::update(Update update) {
  const auto options = write_options();
  const auto updated = update(Bytes(bytes(0)), store_edit(1), &buffer_, options);
  if (!updated) return reply_error(updated.error());
  reply(stave::Result<Bytes>(buffer_.bytes()));
}

void Testee::exchange() {
  const auto options = write_options();
  const auto existed = self<stave::Store>().exchange(bytes(0), bytes(1), &buffer_, options);
  if (!existed) return reply_error(existed.error());
  if (*existed) return reply(stave::Result<Bytes>(buffer_.bytes()));
  print("ok\n");
}

Testee::Verbs Testee::store_modify_verbs(Testee& t) {
  const auto store = [&t]() -> stave::Store& { return t.self<stave::Store>(); };
  return {
      {"store.compare_and_swap",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().compare_and_swap(t.bytes(0), t.bytes(1), t.bytes(2), options));
       }},
      {"store.update",
       [=, &t] {
         t.update([=](Bytes key, const Edit& edit, stave::Buffer* value, const auto& options) {
           return store().update(key, edit, value, options);
         });
       }},
      {"store.fetch_update",
       [=, &t] {
         t.update([=](Bytes key, const Edit& edit, stave::Buffer* value, const auto& options) {
           return store().fetch_update(key, edit, value, options);
         });
       }},
      {"store.exchange", [&t] { t.exchange(); }},
      {"store.shard_for",
       [=, &t] {
         const auto shard = store().shard_for(t.bytes(0));
         shard ? t.reply(stave::Result<uint64_t>(*shard)) : t.reply_error(shard.error());
       }},
      {"store.value_size", [=, &t] { t.reply(store().value_size(t.bytes(0))); }},
  };
}

Testee::Verbs Testee::store_verbs(Testee& t) {
  const auto store = [&t]() -> stave::Store& { return t.self<stave::Store>(); };
  return {
      {"store.open", [&t] { t.open(); }},
      {"store.options",
       [=, &t] {
         const auto options = store().options();
         if (!options) return t.reply_error(options.error());
         print_options(*options);
         print("ok\n");
       }},
      {"store.close", [=, &t] { t.reply(store().close()); }},
      {"store.put",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().put(t.bytes(0), t.bytes(1), options));
       }},
      {"store.insert",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().insert(t.bytes(0), t.bytes(1), options));
       }},
      {"store.replace",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().replace(t.bytes(0), t.bytes(1), options));
       }},
      {"store.remove",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().remove(t.bytes(0), options));
       }},
      {"store.get", [=, &t] { t.reply(store().get(t.bytes(0), t.buffer_)); }},
      {"store.get_into", [&t] { t.get_into(); }},
      {"store.get_pin", [=, &t] { t.bind(store().get_pin(t.bytes(0))); }},
      {"store.contains", [=, &t] { t.reply_found(store().contains(t.bytes(0))); }},
      {"store.size", [=, &t] { t.reply(store().size()); }},
      {"store.multi_get", [&t] { t.multi_get(); }},
      {"store.multi_put", [&t] { t.multi_put(); }},
      {"store.multi_remove",
       [=, &t] {
         const auto options = t.write_options();
         std::vector<uint32_t> sizes;
         const std::string keys = t.flatten(0, 1, sizes);
         t.reply(store().multi_remove(keys, sizes, options));
       }},
      {"store.write", [&t] { t.reply(t.write()); }},
      {"store.cursor", [=, &t] { t.bind(store().open_cursor(t.cursor_options())); }},
      {"store.scan",
       [=, &t] { t.scan(store().open_cursor(t.cursor_options()), &stave::Cursor::value); }},
      {"store.flush", [=, &t] { t.reply(store().flush()); }},
      {"store.sync", [=, &t] { t.reply(store().sync()); }},
      {"store.checkpoint", [=, &t] { t.reply(store().checkpoint()); }},
      {"store.stats", [&t] { t.stats(); }},
      {"store.verify", [=, &t] { t.verify(store()); }},
  };
}

Testee::Verbs Testee::other_verbs(Testee& t) {
  using stave::Condition;
  const auto pin = [&t]() -> stave::Pin& { return t.self<stave::Pin>(); };
  const auto batch = [&t]() -> stave::Batch& { return t.self<stave::Batch>(); };
  const auto cursor = [&t]() -> stave::Cursor& { return t.self<stave::Cursor>(); };
  return {
      {"pin.data", [=, &t] { t.reply(stave::Result<Bytes>(pin().bytes())); }},
      {"pin.size", [=, &t] { t.reply(stave::Result<uint64_t>(pin().bytes().size())); }},
      {"batch.create", [&t] { t.bind(stave::Batch::create()); }},
      {"batch.put", [=, &t] { t.reply(batch().put(t.bytes(0), t.bytes(1))); }},
      {"batch.remove", [=, &t] { t.reply(batch().remove(t.bytes(0))); }},
      {"batch.require_absent",
       [=, &t] { t.reply(batch().require(t.bytes(0), Condition::absent)); }},
      {"batch.require_exists",
       [=, &t] { t.reply(batch().require(t.bytes(0), Condition::exists)); }},
      {"batch.require_equal",
       [=, &t] { t.reply(batch().require(t.bytes(0), Condition::equal, t.bytes(1))); }},
      {"batch.count", [=, &t] { t.reply(batch().count()); }},
      {"batch.clear", [=, &t] { t.reply(batch().clear()); }},
      {"batch.close", [=, &t] { t.reply(batch().close()); }},
      {"cursor.next", [=, &t] { t.reply(cursor().next()); }},
      {"cursor.key", [=, &t] { t.reply(cursor().key()); }},
      {"cursor.value", [=, &t] { t.reply(cursor().value()); }},
      {"cursor.next_many", [&t] { t.next_many(); }},
      {"cursor.token",
       [=, &t] {
         const auto token = cursor().token(t.buffer_);
         if (!token) return t.reply_error(token.error());
         t.kept_token_ = token->text();
         print("ok\n");
       }},
      {"cursor.close", [=, &t] { t.reply(cursor().close()); }},
  };
}

Testee::Verbs Testee::all_verbs(Testee& t) {
  Verbs verbs = general_verbs(t);
  verbs.merge(store_verbs(t));
  verbs.merge(store_modify_verbs(t));
  verbs.merge(store_watch_verbs(t));
  verbs.merge(other_verbs(t));
  verbs.merge(index_verbs(t));
  verbs.merge(index_hashed_verbs(t));
  verbs.merge(index_cursor_verbs(t));
  verbs.merge(map_verbs(t));
  verbs.merge(map_child_verbs(t));
  verbs.merge(disk_index_general_verbs(t));
  verbs.merge(disk_index_verbs(t));
  verbs.merge(memtable_verbs(t));
  verbs.merge(memtable_explicit_verbs(t));
  verbs.merge(memtable_child_verbs(t));
  return verbs;
}

}  // namespace conformance
