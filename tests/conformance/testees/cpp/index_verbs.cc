// What each verb of indexes calls.
#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

namespace {

// Absent is no failure here.
RangeStep::Found or_absent(const stave::Result<uint64_t>& found) {
  if (found.status() == Status::not_found) return std::optional<uint64_t>();
  if (!found) return stave::Error(found.status());
  return std::optional<uint64_t>(*found);
}

constexpr RangeStep put_step = {
    [](stave::Index& index, Bytes key, std::optional<uint64_t> hash, uint64_t counter) {
      return hash ? index.put_hashed(key, *hash, counter) : index.put(key, counter);
    },
    false};
constexpr RangeStep get_step = {
    [](stave::Index& index, Bytes key, std::optional<uint64_t> hash, uint64_t) {
      return or_absent(hash ? index.get_hashed(key, *hash) : index.get(key));
    },
    true};
constexpr RangeStep remove_step = {
    [](stave::Index& index, Bytes key, std::optional<uint64_t> hash, uint64_t) {
      return or_absent(hash ? index.remove_hashed(key, *hash) : index.remove(key));
    },
    true};

}  // namespace

Testee::Verbs Testee::index_verbs(Testee& t) {
  return {
      {"index_options",
       [&t] {
         stave::IndexOptions options;
         const auto set = options.set(t.bytes(0).c_str());
         if (set) print_options(options);
         t.reply(set);
       }},
      {"index_options_describe", [&t] { t.describe(stave_index_options_describe); }},
      {"index.create", [&t] { t.create_index(); }},
      {"index.options",
       [&t] {
         const auto options = t.index().options();
         if (!options) return t.reply_error(options.error());
         print_options(*options);
         print("ok\n");
       }},
      {"index.close", [&t] { t.reply(t.index().close()); }},
      {"index.record", [&t] { t.record(); }},
      {"index.put", [&t] { t.reply_previous(t.index().put(t.bytes(0), t.number(1))); }},
      {"index.insert",
       [&t] {
         uint64_t existing = 0;
         const auto result = t.index().insert(t.bytes(0), t.number(1), &existing);
         t.reply_in_the_way(result, "existing", existing);
       }},
      {"index.compare_and_swap",
       [&t] {
         uint64_t actual = 0;
         const auto result =
             t.index().compare_and_swap(t.bytes(0), t.number(1), t.number(2), &actual);
         t.reply_in_the_way(result, "actual", actual);
       }},
      {"index.get", [&t] { t.reply(t.index().get(t.bytes(0))); }},
      {"index.contains", [&t] { t.reply_found(t.index().contains(t.bytes(0))); }},
      {"index.remove", [&t] { t.reply(t.index().remove(t.bytes(0))); }},
      {"index.remove_if",
       [&t] {
         uint64_t actual = 0;
         const auto result = t.index().remove_if(t.bytes(0), t.number(1), &actual);
         t.reply_in_the_way(result, "actual", actual);
       }},
      {"index.put_range", [&t] { t.for_range(put_step); }},
      {"index.get_range", [&t] { t.for_range(get_step); }},
      {"index.remove_range", [&t] { t.for_range(remove_step); }},
      {"index.multi_get", [&t] { t.index_multi_get(); }},
      {"index.multi_put", [&t] { t.index_multi_put(); }},
      {"index.size", [&t] { t.reply(t.index().size()); }},
      {"index.is_empty",
       [&t] {
         const auto is_empty = t.index().is_empty();
         if (!is_empty) return t.reply_error(is_empty.error());
         print(*is_empty ? "ok 1\n" : "ok 0\n");
       }},
      {"index.capacity",
       [&t] {
         const auto capacity = t.index().capacity();
         if (!capacity) return t.reply_error(capacity.error());
         print(*capacity >= t.number(0) ? "ok 1\n" : "ok 0\n");
       }},
      {"index.clear", [&t] { t.reply(t.index().clear()); }},
      {"index.reserve", [&t] { t.reply(t.index().reserve(t.number(0))); }},
      {"index.shrink_to_fit", [&t] { t.reply(t.index().shrink_to_fit()); }},
      {"index.stats", [&t] { t.index_stats(); }},
      {"index.shard_stats", [&t] { t.index_shard_stats(); }},
      {"index.collect_values", [&t] { t.collect_values(); }},
  };
}

Testee::Verbs Testee::index_hashed_verbs(Testee& t) {
  return {
      {"index.hash", [&t] { t.reply(t.index().hash(t.bytes(0))); }},
      {"index.put_hashed",
       [&t] { t.reply_previous(t.index().put_hashed(t.bytes(0), t.number(1), t.number(2))); }},
      {"index.insert_hashed",
       [&t] {
         uint64_t existing = 0;
         const auto result =
             t.index().insert_hashed(t.bytes(0), t.number(1), t.number(2), &existing);
         t.reply_in_the_way(result, "existing", existing);
       }},
      {"index.compare_and_swap_hashed",
       [&t] {
         uint64_t actual = 0;
         const auto result = t.index().compare_and_swap_hashed(t.bytes(0), t.number(1), t.number(2),
                                                               t.number(3), &actual);
         t.reply_in_the_way(result, "actual", actual);
       }},
      {"index.get_hashed", [&t] { t.reply(t.index().get_hashed(t.bytes(0), t.number(1))); }},
      {"index.contains_hashed",
       [&t] { t.reply_found(t.index().contains_hashed(t.bytes(0), t.number(1))); }},
      {"index.remove_hashed", [&t] { t.reply(t.index().remove_hashed(t.bytes(0), t.number(1))); }},
      {"index.remove_if_hashed",
       [&t] {
         uint64_t actual = 0;
         const auto result =
             t.index().remove_if_hashed(t.bytes(0), t.number(1), t.number(2), &actual);
         t.reply_in_the_way(result, "actual", actual);
       }},
  };
}

Testee::Verbs Testee::index_cursor_verbs(Testee& t) {
  const auto cursor = [&t]() -> stave::IndexCursor& { return t.self<stave::IndexCursor>(); };
  return {
      {"index.cursor", [&t] { t.bind(t.index().open_cursor()); }},
      {"index.scan", [&t] { t.index_scan(); }},
      {"index_cursor.next", [=, &t] { t.reply(cursor().next()); }},
      {"index_cursor.value", [=, &t] { t.reply(cursor().value()); }},
      {"index_cursor.key", [=, &t] { t.reply(cursor().key()); }},
      {"index_cursor.next_many", [&t] { t.index_next_many(); }},
      {"index_cursor.close", [=, &t] { t.reply(cursor().close()); }},
  };
}

}  // namespace conformance
