// Verbs of memtables, of their transactions and snapshots, and of cursors over them.
#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

namespace {

std::string option_lines(const stave::MemtableOptions& options) {
  return std::string("  timestamps=") +
         (options.timestamps == STAVE_TIMESTAMPS_MANAGED ? "managed" : "explicit") +
         "\n  capacity=" + std::to_string(options.capacity) +
         "\n  background=" + std::to_string(options.background) + "\n";
}

}  // namespace

// ---- Reads -------------------------------------------------------------------------------------

// The argument TRANSACTION, which may be missing.
uint64_t Testee::reader() const {
  return words_.size() > 2 ? number(2) : 0;
}

void Testee::print_deleted(Status status, bool deleted) {
  if (status == Status::not_found && deleted) print("  deleted\n");
}

void Testee::memtable_read_into() {
  std::vector<std::byte> value(number(3));
  size_t size = 0;
  bool deleted = false;
  const auto read =
      self<stave::Memtable>().read(bytes(0), number(1), number(2), value, size, &deleted);
  if (read.status() == Status::buffer_too_small) print("  needed " + std::to_string(size) + "\n");
  print_deleted(read.status(), deleted);
  if (!read) return reply_error(read.error());
  reply(stave::Result<Bytes>(Bytes(value.data(), size)));
}

void Testee::memtable_read_with() {
  const std::string what = words_.size() > 3 ? words_[3].text : "";
  auto& table = self<stave::Memtable>();
  std::string value;
  const auto copy = [&value](Bytes read) {
    value = read.text();
    return Status::ok;
  };
  bool deleted = false;
  const auto read = table.read_with(
      bytes(0), number(1), number(2),
      [&](Bytes found) {
        Status status = Status::ok;
        if (what == "cancel") status = Status::cancelled;
        if (what == "close") status = table.close().status();
        if (what == "nested")
          status = table.read_with(bytes(0), number(1), number(2), copy).status();
        if (what == "write") status = table.write(bytes(0), found, number(2)).status();
        return status == Status::ok ? copy(found) : status;
      },
      &deleted);
  print_deleted(read.status(), deleted);
  if (!read) return reply_error(read.error());
  reply(stave::Result<Bytes>(Bytes(value)));
}

void Testee::memtable_multi_read() {
  std::vector<uint32_t> key_sizes;
  const std::string keys = flatten(2, 1, key_sizes);
  std::vector<uint64_t> value_sizes(key_sizes.size());
  const auto read = self<stave::Memtable>().multi_read(keys, key_sizes, number(0), number(1),
                                                       buffer_, value_sizes);
  if (!read) return reply_error(read.error());
  print_values(value_sizes);
}

// ---- Writes ------------------------------------------------------------------------------------

// KEY VALUE KEY VALUE ... from `first` on; a value that is not in quotes is a tombstone.
Testee::FlatWrites Testee::flat_writes(size_t first) const {
  FlatWrites writes;
  writes.keys = flatten(first, 2, writes.key_sizes);
  for (size_t i = first + 1; i < words_.size(); i += 2) {
    if (words_[i].is_quoted) writes.values += words_[i].text;
    writes.value_sizes.push_back(words_[i].is_quoted ? words_[i].text.size() : STAVE_TOMBSTONE);
  }
  return writes;
}

void Testee::reply_written(const stave::Result<void>& result, size_t written) {
  if (result) return reply(stave::Result<uint64_t>(written));
  print("  written " + std::to_string(written) + "\n");
  reply_error(result.error());
}

void Testee::memtable_stats() {
  const auto stats = self<stave::Memtable>().stats();
  if (!stats) return reply_error(stats.error());
  print_members({{"keys", stats->keys},
                 {"rows", stats->rows},
                 {"versions", stats->versions},
                 {"size_bytes", stats->size_bytes},
                 {"snapshots", stats->snapshots},
                 {"transactions", stats->transactions},
                 {"timestamp", stats->timestamp}},
                0);
}

// ---- Cursors -----------------------------------------------------------------------------------

// [P] [keys_only] [tombstones] from `first` on.
stave::MemtableCursorOptions Testee::memtable_cursor_options(size_t first) const {
  Bytes prefix;
  bool keys_only = false;
  bool tombstones = false;
  for (size_t i = first; i < words_.size(); ++i) {
    if (words_[i].is_quoted)
      prefix = words_[i].text;
    else
      (words_[i].text == "keys_only" ? keys_only : tombstones) = true;
  }
  return stave::MemtableCursorOptions(prefix, keys_only, tombstones);
}

void Testee::print_visited(Bytes key, Bytes value, bool deleted) {
  if (!deleted) return print_record(key, value);
  print("  ");
  print_bytes(key);
  print(" deleted\n");
}

void Testee::memtable_scan(stave::Result<stave::MemtableCursor> cursor) {
  if (!cursor) return reply_error(cursor.error());
  uint64_t count = 0;
  for (;;) {
    const auto next = cursor->next();
    if (next.status() == Status::done) break;
    if (!next) return reply_error(next.error());
    const auto key = cursor->key();
    const auto value = cursor->value();
    const auto deleted = cursor->deleted();
    if (!key || !value || !deleted) throw ScriptError("a record that cannot be read");
    print_visited(*key, *value, *deleted);
    ++count;
  }
  reply(stave::Result<uint64_t>(count));
}

void Testee::memtable_next_many() {
  std::vector<uint64_t> sizes(2 * number(0));
  const auto count = self<stave::MemtableCursor>().next_many(number(0), number(1), buffer_, sizes);
  if (!count) return reply_error(count.error());
  size_t offset = 0;
  for (size_t i = 0; i < *count; ++i) {
    const bool deleted = sizes[2 * i + 1] == STAVE_TOMBSTONE;
    const Bytes key = buffer_.bytes().part(offset, sizes[2 * i]);
    offset += key.size();
    const Bytes value = buffer_.bytes().part(offset, deleted ? 0 : sizes[2 * i + 1]);
    offset += value.size();
    print_visited(key, value, deleted);
  }
  reply(stave::Result<uint64_t>(*count));
}

// ---- The table ---------------------------------------------------------------------------------

Testee::Verbs Testee::memtable_verbs(Testee& t) {
  const auto table = [&t]() -> stave::Memtable& { return t.self<stave::Memtable>(); };
  return {
      {"memtable_options",
       [&t] {
         stave::MemtableOptions options;
         const auto set = options.set(t.bytes(0).c_str());
         if (set) print(option_lines(options));
         t.reply(set);
       }},
      {"memtable_options_describe", [&t] { t.describe(stave_memtable_options_describe); }},
      {"memtable.create",
       [&t] {
         stave::MemtableOptions options;
         if (auto set = options.set(t.option_text(0).c_str()); !set)
           return t.reply_error(set.error());
         t.bind(stave::Memtable::create(options));
       }},
      {"memtable.options",
       [=, &t] {
         const auto options = table().options();
         if (!options) return t.reply_error(options.error());
         print(option_lines(*options) + "ok\n");
       }},
      {"memtable.close", [=, &t] { t.reply(table().close()); }},
      {"memtable.size", [=, &t] { t.reply(table().size()); }},
      {"memtable.size_bytes", [=, &t] { t.reply(table().size_bytes()); }},
      {"memtable.is_empty", [=, &t] { t.reply_flag(table().is_empty()); }},
      {"memtable.prune", [=, &t] { t.reply(table().prune(t.number(0))); }},
      {"memtable.clear", [=, &t] { t.reply(table().clear()); }},
      {"memtable.stats", [&t] { t.memtable_stats(); }},
      {"memtable.begin", [=, &t] { t.bind(table().begin()); }},
      {"memtable.snapshot", [=, &t] { t.bind(table().snapshot()); }},
  };
}

Testee::Verbs Testee::memtable_explicit_verbs(Testee& t) {
  const auto table = [&t]() -> stave::Memtable& { return t.self<stave::Memtable>(); };
  const auto open_cursor = [=, &t] {
    return table().open_cursor(t.number(0), t.number(1), t.memtable_cursor_options(2));
  };
  return {
      {"memtable.read",
       [=, &t] {
         bool deleted = false;
         const auto read = table().read(t.bytes(0), t.number(1), t.reader(), t.buffer_, &deleted);
         print_deleted(read.status(), deleted);
         t.reply(read);
       }},
      {"memtable.read_into", [&t] { t.memtable_read_into(); }},
      {"memtable.read_pin",
       [=, &t] {
         bool deleted = false;
         auto pin = table().read_pin(t.bytes(0), t.number(1), t.reader(), &deleted);
         print_deleted(pin.status(), deleted);
         t.bind(std::move(pin));
       }},
      {"memtable.read_with", [&t] { t.memtable_read_with(); }},
      {"memtable.multi_read", [&t] { t.memtable_multi_read(); }},
      {"memtable.write", [=, &t] { t.reply(table().write(t.bytes(1), t.bytes(2), t.number(0))); }},
      {"memtable.write_tombstone",
       [=, &t] { t.reply(table().write_tombstone(t.bytes(1), t.number(0))); }},
      {"memtable.multi_write",
       [=, &t] {
         const FlatWrites writes = t.flat_writes(1);
         size_t written = 0;
         const auto result = table().multi_write(writes.keys, writes.key_sizes, writes.values,
                                                 writes.value_sizes, t.number(0), &written);
         t.reply_written(result, written);
       }},
      {"memtable.commit",
       [=, &t] {
         std::vector<uint32_t> sizes;
         const std::string keys = t.flatten(2, 1, sizes);
         t.reply(table().commit(t.number(0), t.number(1), keys, sizes));
       }},
      {"memtable.abort",
       [=, &t] {
         std::vector<uint32_t> sizes;
         const std::string keys = t.flatten(1, 1, sizes);
         t.reply(table().abort(t.number(0), keys, sizes));
       }},
      {"memtable.has_write_conflict",
       [=, &t] { t.reply_flag(table().has_write_conflict(t.bytes(1), t.number(0))); }},
      {"memtable.cursor", [=, &t] { t.bind(open_cursor()); }},
      {"memtable.scan", [=, &t] { t.memtable_scan(open_cursor()); }},
  };
}

// What transactions and snapshots have in common. `type` is "memtable_snapshot." or the other.
template <typename Reads>
Testee::Verbs Testee::memtable_read_verbs(Testee& t, const std::string& type) {
  const auto reads = [&t]() -> Reads& { return t.self<Reads>(); };
  return {
      {type + "get", [=, &t] { t.reply(reads().get(t.bytes(0), t.buffer_)); }},
      {type + "get_into",
       [=, &t] {
         std::vector<std::byte> value(t.number(1));
         size_t size = 0;
         const auto got = reads().get(t.bytes(0), value, size);
         if (got.status() == Status::buffer_too_small)
           print("  needed " + std::to_string(size) + "\n");
         if (!got) return t.reply_error(got.error());
         t.reply(stave::Result<Bytes>(Bytes(value.data(), size)));
       }},
      {type + "get_pin", [=, &t] { t.bind(reads().get_pin(t.bytes(0))); }},
      {type + "contains", [=, &t] { t.reply_found(reads().contains(t.bytes(0))); }},
      {type + "multi_get",
       [=, &t] {
         std::vector<uint32_t> key_sizes;
         const std::string keys = t.flatten(0, 1, key_sizes);
         std::vector<uint64_t> value_sizes(key_sizes.size());
         const auto got = reads().multi_get(keys, key_sizes, t.buffer_, value_sizes);
         if (!got) return t.reply_error(got.error());
         t.print_values(value_sizes);
       }},
      {type + "cursor", [=, &t] { t.bind(reads().open_cursor(t.memtable_cursor_options(0))); }},
      {type + "scan",
       [=, &t] { t.memtable_scan(reads().open_cursor(t.memtable_cursor_options(0))); }},
      {type + "close", [=, &t] { t.reply(reads().close()); }},
  };
}

Testee::Verbs Testee::memtable_child_verbs(Testee& t) {
  const auto transaction = [&t]() -> stave::MemtableTransaction& {
    return t.self<stave::MemtableTransaction>();
  };
  const auto cursor = [&t]() -> stave::MemtableCursor& { return t.self<stave::MemtableCursor>(); };
  Verbs verbs = {
      {"memtable_transaction.id", [=, &t] { t.reply(transaction().id()); }},
      {"memtable_transaction.snapshot", [=, &t] { t.reply(transaction().snapshot()); }},
      {"memtable_transaction.put", [=, &t] { t.reply(transaction().put(t.bytes(0), t.bytes(1))); }},
      {"memtable_transaction.remove", [=, &t] { t.reply(transaction().remove(t.bytes(0))); }},
      {"memtable_transaction.multi_write",
       [=, &t] {
         const FlatWrites writes = t.flat_writes(0);
         size_t written = 0;
         const auto result = transaction().multi_write(writes.keys, writes.key_sizes, writes.values,
                                                       writes.value_sizes, &written);
         t.reply_written(result, written);
       }},
      {"memtable_transaction.commit", [=, &t] { t.reply(transaction().commit()); }},
      {"memtable_transaction.rollback", [=, &t] { t.reply(transaction().rollback()); }},
      {"memtable_snapshot.timestamp",
       [&t] { t.reply(t.self<stave::MemtableSnapshot>().timestamp()); }},
      {"memtable_cursor.next", [=, &t] { t.reply(cursor().next()); }},
      {"memtable_cursor.key", [=, &t] { t.reply(cursor().key()); }},
      {"memtable_cursor.value", [=, &t] { t.reply(cursor().value()); }},
      {"memtable_cursor.deleted", [=, &t] { t.reply_flag(cursor().deleted()); }},
      {"memtable_cursor.next_many", [&t] { t.memtable_next_many(); }},
      {"memtable_cursor.close", [=, &t] { t.reply(cursor().close()); }},
  };
  verbs.merge(memtable_read_verbs<stave::MemtableTransaction>(t, "memtable_transaction."));
  verbs.merge(memtable_read_verbs<stave::MemtableSnapshot>(t, "memtable_snapshot."));
  return verbs;
}

}  // namespace conformance
