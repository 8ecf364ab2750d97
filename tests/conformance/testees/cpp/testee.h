// Conformance testee for C++, on stave.hpp. The protocol: ../../README.md.
//
// One line, one call: the table of verbs maps `type.verb` to a lambda that prints the reply.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <stave/stave.hpp>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "tests/conformance/testees/cpp/index.h"

namespace conformance {

// An argument: bytes if the line has quotes, else a word.
struct Word {
  bool is_quoted = false;
  std::string text;
};

// The line cannot be mapped to a call.
using ScriptError = std::runtime_error;

class Testee {
 public:
  void answer(const std::string& line);

 private:
  using Handle =
      std::variant<stave::Store, stave::Pin, stave::Batch, stave::Cursor, ScriptedIndex,
                   stave::IndexCursor, stave::Map, stave::MapCursor, stave::MapDiff,
                   stave::DiskIndex, stave::DiskIndexCursor, stave::Memtable,
                   stave::MemtableTransaction, stave::MemtableSnapshot, stave::MemtableCursor>;
  using Verbs = std::map<std::string, std::function<void()>>;

  static Verbs general_verbs(Testee& t);
  static Verbs store_verbs(Testee& t);
  static Verbs store_modify_verbs(Testee& t);
  static Verbs store_watch_verbs(Testee& t);
  static Verbs other_verbs(Testee& t);
  static Verbs index_verbs(Testee& t);
  static Verbs index_hashed_verbs(Testee& t);
  static Verbs index_cursor_verbs(Testee& t);
  static Verbs map_verbs(Testee& t);
  static Verbs map_child_verbs(Testee& t);
  static Verbs disk_index_general_verbs(Testee& t);
  static Verbs disk_index_verbs(Testee& t);
  static Verbs memtable_verbs(Testee& t);
  static Verbs memtable_explicit_verbs(Testee& t);
  template <typename Reads>
  static Verbs memtable_read_verbs(Testee& t, const std::string& type);
  static Verbs memtable_child_verbs(Testee& t);
  static Verbs all_verbs(Testee& t);
  static std::vector<Word> split(const std::string& line);

  template <typename Type>
  Type& self() {
    return std::get<Type>(*self_);
  }
  const std::string& bytes(size_t position) const {
    if (position >= words_.size() || !words_[position].is_quoted)
      throw ScriptError("expected bytes in quotes");
    return words_[position].text;
  }
  uint64_t number(size_t position) const { return std::stoull(words_.at(position).text); }

  // The bytes of every step-th argument from `first` on, as the flat calls take them.
  template <typename Size>
  std::string flatten(size_t first, size_t step, std::vector<Size>& sizes) const;
  std::string option_text(size_t first) const;
  // Takes the last arguments, if they are options of a write.
  stave::WriteOptions write_options();
  // The value of the last argument if that begins with `name`, which is then taken; else empty.
  std::string take_option(const std::string& name);
  stave::CursorOptions cursor_options(Bytes token = {}) const;

  static void print(const std::string& text);
  static void print_bytes(Bytes bytes);
  static std::string quoted(Bytes bytes);
  static void print_record(Bytes key, Bytes value);
  // A line for each value that a call with many keys has put into the buffer, and ok.
  void print_values(const std::vector<uint64_t>& sizes) const;
  // The key may be null.
  static void print_entry(const Bytes* key, uint64_t value);
  // "  name=value" for each name among the arguments from `first` on, and ok.
  void print_members(const std::map<std::string, uint64_t>& members, size_t first) const;
  // "  name" for each line "name=..." that the function writes.
  void describe(stave_status (*function)(stave_buffer*, stave_error*));
  static void print_options(const stave::StoreOptions& options);

  void reply_error(const stave::Error& error);
  // What follows `ok`; a result of a handle type is bound to the line's name.
  void reply(const stave::Result<void>& result);
  void reply(const stave::Result<Bytes>& result);
  void reply(const stave::Result<uint64_t>& result);
  template <typename Type>
  requires std::is_constructible_v<Handle, Type>
  void bind(stave::Result<Type> result) {
    if (!result) return reply_error(result.error());
    handles_.insert_or_assign(name_, Handle(*std::move(result)));
    print("ok\n");
  }

  void open();
  void get_into();
  void multi_get();
  void multi_put();
  // Every key of the cursor with what `value` reads of it, and how many there are.
  template <typename Cursor>
  void scan(stave::Result<Cursor> cursor, stave::Result<Bytes> (Cursor::*value)());
  void next_many();
  void stats();
  // Of a store or a disk index; the argument says what the progress callback does.
  template <typename Storage>
  void verify(Storage& storage);
  stave::Result<void> write(uint64_t* version = nullptr);

  stave::Index& index() { return self<ScriptedIndex>().index; }
  static void print_options(const stave::IndexOptions& options);
  void reply_previous(const stave::Result<std::optional<uint64_t>>& previous);
  void reply_found(const stave::Result<bool>& found);
  // "  WHAT VALUE" before a status that says what is in the way.
  void reply_in_the_way(const stave::Result<void>& result, const char* what, uint64_t value);
  void create_index();
  void record();
  void for_range(const RangeStep& step);
  void index_stats();
  void index_shard_stats();
  void index_multi_get();
  void index_multi_put();
  void collect_values();
  void index_scan();
  void index_next_many();

  using Edit = std::function<Status(stave::EditedValue&)>;
  int64_t map_key(size_t position) const;
  Edit edit(size_t position);
  // "append V" and "set V".
  static Status edit_bytes(const std::string& action, const std::string& value,
                           stave::EditedValue& edited);
  Edit store_edit(size_t position);
  template <typename Update>
  void update(Update update);
  void exchange();
  Status run_step(stave::Atomic& atomic, size_t& position);
  void atomic();
  using Hook = std::function<Status(const stave::StoreChange&)>;
  Hook& new_hook();
  void migrate(Bytes token);
  const stave::Map& other_map() const;
  static void print_entry(const std::string& what, int64_t key, Bytes value);
  static void print_options(const stave::MapOptions& options);
  void reply_outcome(const stave::Result<stave::Map::Outcome>& outcome);
  void create_map();
  void map_get_into();
  void map_multi_get();
  void map_put();
  void map_replace();
  void map_multi_put();
  void map_stats();
  void map_scan();
  void map_next_many();
  void map_changes();
  void diff_next();
  bool take_disk_index_options(stave::DiskIndexOptions& options);
  size_t record_size();
  void disk_index_multi_get();
  void disk_index_next_many();
  void disk_index_stats();
  void disk_index_get();
  void disk_index_put_payload();
  void disk_index_get_payload();
  void disk_index_bulk_load();

  struct FlatWrites {
    std::string keys;
    std::vector<uint32_t> key_sizes;
    std::string values;
    std::vector<uint64_t> value_sizes;
  };
  uint64_t reader() const;
  FlatWrites flat_writes(size_t first) const;
  stave::MemtableCursorOptions memtable_cursor_options(size_t first) const;
  static void print_deleted(Status status, bool deleted);
  static void print_visited(Bytes key, Bytes value, bool deleted);
  void reply_flag(const stave::Result<bool>& flag);
  void reply_written(const stave::Result<void>& result, size_t written);
  void memtable_read_into();
  void memtable_read_with();
  void memtable_multi_read();
  void memtable_stats();
  void memtable_scan(stave::Result<stave::MemtableCursor> cursor);
  void memtable_next_many();

  std::map<std::string, Handle> handles_;
  std::list<Hook> hooks_;
  std::string events_;      // what hooks have noted
  std::string kept_token_;  // of a cursor or a migration
  stave::Buffer buffer_;    // every call that fills a buffer gets this one
  std::string last_message_;
  int last_errno_ = 0;

  // The line being answered.
  std::string name_;         // to bind, or empty
  Handle* self_ = nullptr;   // what the verb is called on
  std::vector<Word> words_;  // the arguments

  const Verbs verbs_ = all_verbs(*this);
};

template <typename Size>
std::string Testee::flatten(size_t first, size_t step, std::vector<Size>& sizes) const {
  std::string flat;
  for (size_t i = first; i < words_.size(); i += step) {
    flat += bytes(i);
    sizes.push_back(static_cast<Size>(bytes(i).size()));
  }
  return flat;
}

template <typename Cursor>
void Testee::scan(stave::Result<Cursor> cursor, stave::Result<Bytes> (Cursor::*value)()) {
  if (!cursor) return reply_error(cursor.error());
  uint64_t count = 0;
  for (;;) {
    const auto next = cursor->next();
    if (next.status() == Status::done) break;
    if (!next) return reply_error(next.error());
    const auto key = cursor->key();
    const auto read = ((*cursor).*value)();
    if (!key || !read) return reply_error(key ? read.error() : key.error());
    print_record(*key, *read);
    ++count;
  }
  reply(stave::Result<uint64_t>(count));
}

template <typename Storage>
void Testee::verify(Storage& storage) {
  const std::string what = words_.empty() ? "" : words_[0].text;
  bool is_complete = false;
  const auto verified = storage.verify([&](uint64_t done, uint64_t total) {
    is_complete = done == total;
    if (what == "cancel") return Status::cancelled;
    if (what == "size") return storage.size().status();
    if (what == "close") return storage.close().status();
    return Status::ok;
  });
  if (!verified) return reply_error(verified.error());
  reply(stave::Result<uint64_t>(is_complete));
}

}  // namespace conformance
