// Verbs of the disk index and its cursors.
#include <algorithm>
#include <cstring>
#include <sstream>

#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

namespace {

void print_disk_index_options(std::ostream& text, const stave::DiskIndexOptions& options) {
  text << "  record_size=" << options.record_size << "\n  delta_memory=" << options.delta_memory
       << "\n  bulk_memory=" << options.bulk_memory << "\n  read_only=" << +options.read_only
       << "\n  create_if_missing=" << +options.create_if_missing
       << "\n  create_parents=" << +options.create_parents
       << "\n  error_if_exists=" << +options.error_if_exists
       << "\n  background=" << +options.background << "\n";
}

// Hands out the quoted arguments KEY RECORD KEY RECORD ... from `next` on.
class Source {
 public:
  Source(const std::vector<Word>& words, size_t next, bool fails_at_the_end)
      : words_(words), next_(next), fails_at_the_end_(fails_at_the_end) {}

  Status operator()(std::byte* keys, std::byte* records, size_t count_max, size_t* count) {
    *count = 0;
    for (; *count < count_max && next_ + 1 < words_.size(); next_ += 2, ++*count) {
      const std::string& key = words_[next_].text;
      const std::string& record = words_[next_ + 1].text;
      if (key.size() != STAVE_DISK_INDEX_KEY_SIZE) throw ScriptError("keys have 16 bytes");
      std::memcpy(keys + *count * key.size(), key.data(), key.size());
      std::memcpy(records + *count * record.size(), record.data(), record.size());
    }
    return *count == 0 && fails_at_the_end_ ? Status::cancelled : Status::ok;
  }

 private:
  const std::vector<Word>& words_;
  size_t next_;
  bool fails_at_the_end_;
};

}  // namespace

// Takes the options out of the arguments from the second on: those that are not in quotes. False
// when they are refused, which is then the reply.
bool Testee::take_disk_index_options(stave::DiskIndexOptions& options) {
  std::string text;
  std::erase_if(words_, [&, position = size_t{0}](const Word& word) mutable {
    if (position++ < 1 || word.is_quoted) return false;
    text += word.text + " ";
    return true;
  });
  const auto set = options.set(text.c_str());
  if (!set) reply_error(set.error());
  return set.ok();
}

size_t Testee::record_size() {
  const auto options = self<stave::DiskIndex>().options();
  return options ? options->record_size : 0;
}

void Testee::disk_index_multi_get() {
  std::vector<uint32_t> sizes;
  const std::string keys = flatten(0, 1, sizes);
  const size_t size = record_size();
  std::vector<std::byte> records(sizes.size() * size);
  std::vector<uint8_t> found(sizes.size());
  const auto got = self<stave::DiskIndex>().multi_get(keys, records, size, found);
  if (!got) return reply_error(got.error());
  for (size_t i = 0; i < found.size(); ++i) {
    print("  ");
    if (found[i] != 0)
      print_bytes(Bytes(&records[i * size], size));
    else
      print("absent");
    print("\n");
  }
  print("ok\n");
}

void Testee::disk_index_next_many() {
  const size_t size = number(1);
  std::vector<std::byte> keys(number(0) * STAVE_DISK_INDEX_KEY_SIZE);
  std::vector<std::byte> records(number(0) * size);
  const auto count = self<stave::DiskIndexCursor>().next_many(keys, records, size);
  if (!count) return reply_error(count.error());
  for (size_t i = 0; i < *count; ++i)
    print_record(Bytes(&keys[i * STAVE_DISK_INDEX_KEY_SIZE], STAVE_DISK_INDEX_KEY_SIZE),
                 Bytes(&records[i * size], size));
  reply(stave::Result<uint64_t>(*count));
}

void Testee::disk_index_stats() {
  const auto stats = self<stave::DiskIndex>().stats();
  if (!stats) return reply_error(stats.error());
  print_members(
      {
          {"writes_refused", stats->writes_refused},
          {"entries", stats->entries},
          {"file_bytes", stats->file_bytes},
          {"free_bytes", stats->free_bytes},
          {"segments", stats->segments},
          {"segment_bytes", stats->segment_bytes},
          {"log_bytes", stats->log_bytes},
          {"delta_entries", stats->delta_entries},
          {"generation", stats->generation},
          {"lsn", stats->lsn},
          {"merges", stats->merges},
          {"syncs", stats->syncs},
          {"recovered_operations", stats->recovered_operations},
      },
      0);
}

void Testee::disk_index_get() {
  std::vector<std::byte> record(record_size());
  const auto got = self<stave::DiskIndex>().get(bytes(0), record);
  if (!got) return reply_error(got.error());
  reply(stave::Result<Bytes>(Bytes(record.data(), record.size())));
}

void Testee::disk_index_put_payload() {
  stave::Payload payload;
  payload.offset = std::stoull(words_.at(1).text);
  payload.length = static_cast<uint32_t>(number(2));
  payload.uncompressed_length = static_cast<uint32_t>(number(3));
  payload.codec = static_cast<uint8_t>(number(4));
  reply(self<stave::DiskIndex>().put(bytes(0), payload.bytes()));
}

void Testee::disk_index_get_payload() {
  stave::Payload payload;
  const auto got = self<stave::DiskIndex>().get(bytes(0), payload.writable());
  if (!got) return reply_error(got.error());
  print("ok " + std::to_string(payload.offset) + " " + std::to_string(payload.length) + " " +
        std::to_string(payload.uncompressed_length) + " " + std::to_string(payload.codec) + "\n");
}

void Testee::disk_index_bulk_load() {
  const bool fails = words_.size() % 2 == 1;
  if (fails) words_.pop_back();
  reply(self<stave::DiskIndex>().bulk_load(Source(words_, 0, fails)));
}

Testee::Verbs Testee::disk_index_general_verbs(Testee& t) {
  return {
      {"disk_index_options",
       [&t] {
         stave::DiskIndexOptions options;
         const auto set = options.set(t.bytes(0).c_str());
         std::ostringstream text;
         if (set) print_disk_index_options(text, options);
         print(text.str());
         t.reply(set);
       }},
      {"disk_index_options_describe", [&t] { t.describe(stave_disk_index_options_describe); }},
      {"disk_index_rebuild",
       [&t] {
         stave::DiskIndexOptions options;
         if (!t.take_disk_index_options(options)) return;
         t.reply(
             stave::DiskIndex::rebuild(t.bytes(0).c_str(), options, Source(t.words_, 1, false)));
       }},
      {"disk_index.open",
       [&t] {
         stave::DiskIndexOptions options;
         if (!t.take_disk_index_options(options)) return;
         t.bind(stave::DiskIndex::open(t.bytes(0).c_str(), options));
       }},
  };
}

Testee::Verbs Testee::disk_index_verbs(Testee& t) {
  const auto index = [&t]() -> stave::DiskIndex& { return t.self<stave::DiskIndex>(); };
  return {
      {"disk_index.options",
       [=, &t] {
         const auto options = index().options();
         if (!options) return t.reply_error(options.error());
         std::ostringstream text;
         print_disk_index_options(text, *options);
         print(text.str() + "ok\n");
       }},
      {"disk_index.close", [=, &t] { t.reply(index().close()); }},
      {"disk_index.put", [=, &t] { t.reply(index().put(t.bytes(0), t.bytes(1))); }},
      {"disk_index.insert", [=, &t] { t.reply(index().insert(t.bytes(0), t.bytes(1))); }},
      {"disk_index.put_payload", [&t] { t.disk_index_put_payload(); }},
      {"disk_index.get_payload", [&t] { t.disk_index_get_payload(); }},
      {"disk_index.remove", [=, &t] { t.reply(index().remove(t.bytes(0))); }},
      {"disk_index.get", [&t] { t.disk_index_get(); }},
      {"disk_index.contains", [=, &t] { t.reply_found(index().contains(t.bytes(0))); }},
      {"disk_index.size", [=, &t] { t.reply(index().size()); }},
      {"disk_index.multi_put",
       [=, &t] {
         std::vector<uint32_t> sizes;
         const std::string keys = t.flatten(0, 2, sizes);
         const std::string records = t.flatten(1, 2, sizes);
         const auto done = index().multi_put(keys, records, t.record_size());
         if (!done) return t.reply_error(done.error());
         t.reply(stave::Result<uint64_t>(*done));
       }},
      {"disk_index.multi_get", [&t] { t.disk_index_multi_get(); }},
      {"disk_index.bulk_load", [&t] { t.disk_index_bulk_load(); }},
      {"disk_index.reserve", [=, &t] { t.reply(index().reserve(t.number(0))); }},
      {"disk_index.save", [=, &t] { t.reply(index().save(t.number(0))); }},
      {"disk_index.checkpoint", [=, &t] { t.reply(index().checkpoint(t.number(0))); }},
      {"disk_index.shrink_to_fit", [=, &t] { t.reply(index().shrink_to_fit()); }},
      {"disk_index.stats", [&t] { t.disk_index_stats(); }},
      {"disk_index.verify", [=, &t] { t.verify(index()); }},
      {"disk_index.cursor", [=, &t] { t.bind(index().open_cursor()); }},
      {"disk_index.scan",
       [=, &t] { t.scan(index().open_cursor(), &stave::DiskIndexCursor::record); }},
      {"disk_index_cursor.next", [&t] { t.reply(t.self<stave::DiskIndexCursor>().next()); }},
      {"disk_index_cursor.key", [&t] { t.reply(t.self<stave::DiskIndexCursor>().key()); }},
      {"disk_index_cursor.record", [&t] { t.reply(t.self<stave::DiskIndexCursor>().record()); }},
      {"disk_index_cursor.next_many", [&t] { t.disk_index_next_many(); }},
      {"disk_index_cursor.close", [&t] { t.reply(t.self<stave::DiskIndexCursor>().close()); }},
  };
}

}  // namespace conformance
