/* Verbs of maps, their cursors and their diffs. */
#include "tests/conformance/testees/c/protocol.h"

#include <stdlib.h>
#include <string.h>

/* ---- Options -------------------------------------------------------------------------------- */

static void print_options(const stave_cow_map_options* options) {
  printf("  values=%s\n  value_size=%u\n  capacity=%llu\n",
         options->values == STAVE_VALUES_FIXED ? "fixed" : "variable", options->value_size,
         (unsigned long long)options->capacity);
}

static void cow_map_options(void) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  const stave_status status = stave_cow_map_options_set(&options, bytes(0)->data, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void cow_map_options_describe(void) {
  const stave_status status = stave_cow_map_options_describe(reused, &error);
  if (status == STAVE_OK) print_names(reused);
  reply(status);
}

/* ---- Maps ----------------------------------------------------------------------------------- */

static int64_t map_key(size_t position) {
  return (int64_t)strtoll(argument(position)->data, NULL, 10);
}

static void print_entry(const char* what, int64_t key, const void* value, size_t size) {
  printf("  %s%lld = ", what, (long long)key);
  print_bytes(value, size);
  putchar('\n');
}

static void create(void) {
  stave_cow_map_options options;
  stave_cow_map* map = NULL;
  stave_status status = STAVE_OK;
  stave_cow_map_options_init(&options);
  if (word_count) status = stave_cow_map_options_set(&options, option_text(0), &error);
  if (status == STAVE_OK) status = stave_cow_map_create(word_count ? &options : NULL, &map, &error);
  made = map;
  reply(status);
}

static void clone(void) {
  stave_cow_map* map;
  const stave_status status = stave_cow_map_clone(self->pointer, &map, &error);
  made = map;
  reply(status);
}

static void options_get(void) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  const stave_status status = stave_cow_map_options_get(self->pointer, &options, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void close_map(void) {
  reply(stave_cow_map_close(self->pointer, &error));
}

static void free_map(void) {
  stave_cow_map_free(self->pointer);
  reply_freed();
}

static void get(void) {
  const stave_status status = stave_cow_map_get_buffer(self->pointer, map_key(0), reused, &error);
  reply_bytes(status, reused->data, reused->size);
}

static void get_into(void) {
  size_t size = 0;
  char* room = malloc(number(1) + 1);
  if (!room) die("out of memory");
  const stave_status status =
      stave_cow_map_get(self->pointer, map_key(0), room, number(1), &size, &error);
  if (status == STAVE_BUFFER_TOO_SMALL) printf("  needed %zu\n", size);
  reply_bytes(status, room, size);
  free(room);
}

static void get_pin(void) {
  stave_pin* pin;
  const stave_status status = stave_cow_map_get_pin(self->pointer, map_key(0), &pin, &error);
  made = pin;
  reply(status);
}

static void contains(void) {
  reply(stave_cow_map_contains(self->pointer, map_key(0), &error));
}

static void size(void) {
  uint64_t size = 0;
  const stave_status status = stave_cow_map_size(self->pointer, &size, &error);
  reply_number(status, size);
}

static void is_empty(void) {
  uint8_t empty = 0;
  const stave_status status = stave_cow_map_is_empty(self->pointer, &empty, &error);
  reply_number(status, empty);
}

static void multi_get(void) {
  static int64_t keys[WORDS_MAX];
  static uint64_t sizes[WORDS_MAX];
  for (size_t i = 0; i < word_count; ++i) keys[i] = map_key(i);
  const stave_status status =
      stave_cow_map_multi_get(self->pointer, keys, word_count, reused, sizes, &error);
  const char* value = reused->data;
  for (size_t i = 0; status == STAVE_OK && i < word_count; ++i) {
    if (sizes[i] == STAVE_ABSENT) {
      puts("  absent");
      continue;
    }
    fputs("  ", stdout);
    print_bytes(value, sizes[i]);
    putchar('\n');
    value += sizes[i];
  }
  reply(status);
}

static void put(void) {
  const struct word* value = bytes(1);
  uint8_t replaced = 0;
  const stave_status status = stave_cow_map_put(self->pointer, map_key(0), value->data, value->size,
                                                &replaced, reused, &error);
  if (status == STAVE_OK && replaced) {
    reply_bytes(status, reused->data, reused->size);
  } else {
    reply(status);
  }
}

static void insert(void) {
  const struct word* value = bytes(1);
  reply(stave_cow_map_insert(self->pointer, map_key(0), value->data, value->size, &error));
}

static void replace(void) {
  const struct word* value = bytes(1);
  const stave_status status =
      stave_cow_map_replace(self->pointer, map_key(0), value->data, value->size, reused, &error);
  reply_bytes(status, reused->data, reused->size);
}

static void multi_put(void) {
  static int64_t keys[WORDS_MAX];
  static uint64_t sizes[WORDS_MAX];
  static uint8_t replaced[WORDS_MAX];
  stave_buffer values;
  size_t done = 0;
  const size_t count = word_count / 2;
  stave_buffer_init(&values);
  for (size_t i = 0; i < count; ++i) {
    const struct word* value = bytes(2 * i + 1);
    const size_t before = values.size;
    keys[i] = map_key(2 * i);
    sizes[i] = value->size;
    if (stave_buffer_resize(&values, before + value->size, NULL) != STAVE_OK) die("out of memory");
    if (value->size) memcpy((char*)values.data + before, value->data, value->size);
  }
  const stave_status status = stave_cow_map_multi_put(self->pointer, keys, values.data, sizes,
                                                      count, replaced, &done, &error);
  for (size_t i = 0; i < done; ++i) printf("  %d\n", replaced[i]);
  stave_buffer_free(&values);
  reply(status);
}

static void remove_key(void) {
  const stave_status status = stave_cow_map_remove(self->pointer, map_key(0), reused, &error);
  reply_bytes(status, reused->data, reused->size);
}

/* What a callback does: the words "append V", "set V", "cancel", "size", "put" or "close". */
static stave_status edit(void* context, stave_buffer* value) {
  const struct word* action = context;
  uint64_t size;
  if (strcmp(action->data, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(action->data, "size") == 0) return stave_cow_map_size(self->pointer, &size, NULL);
  if (strcmp(action->data, "close") == 0) return stave_cow_map_close(self->pointer, NULL);
  if (strcmp(action->data, "put") == 0)
    return stave_cow_map_put(self->pointer, 1, "", 0, NULL, NULL, NULL);
  return edit_bytes(action, value);
}

static void modify(void) {
  argument(1);
  reply(stave_cow_map_modify(self->pointer, map_key(0), edit, &words[1], &error));
}

/* "  V" and the status, of a call that has put the value of the key into the buffer. */
static void reply_result(stave_status status) {
  if (status >= 0) {
    fputs("  ", stdout);
    print_bytes(reused->data, reused->size);
    putchar('\n');
  }
  reply(status);
}

static void get_or_insert(void) {
  const struct word* value = bytes(1);
  reply_result(stave_cow_map_get_or_insert(self->pointer, map_key(0), value->data, value->size,
                                           reused, &error));
}

static void get_or_insert_with(void) {
  argument(1);
  reply_result(
      stave_cow_map_get_or_insert_with(self->pointer, map_key(0), edit, &words[1], reused, &error));
}

static void update_or_insert(void) {
  const struct word* value = bytes(1);
  argument(2);
  reply_result(stave_cow_map_update_or_insert(self->pointer, map_key(0), edit, &words[2],
                                              value->data, value->size, reused, &error));
}

static void clear(void) {
  reply(stave_cow_map_clear(self->pointer, &error));
}

static void shrink_to_fit(void) {
  reply(stave_cow_map_shrink_to_fit(self->pointer, &error));
}

static void stats(void) {
  stave_cow_map_stats stats;
  stave_cow_map_stats_init(&stats);
  const stave_status status = stave_cow_map_stats_get(self->pointer, &stats, &error);
  const struct member members[] = {
      {"entries", stats.entries},
      {"has_shared_bytes", stats.shared_bytes != 0},
      {"has_own_bytes", stats.own_bytes != 0},
      {NULL, 0},
  };
  reply_members(status, members, 0);
}

/* ---- Cursors -------------------------------------------------------------------------------- */

static void open_cursor(void) {
  stave_cow_map_cursor* cursor;
  const stave_status status = stave_cow_map_cursor_open(self->pointer, &cursor, &error);
  made = cursor;
  reply(status);
}

static void scan(void) {
  stave_cow_map_cursor* cursor;
  uint64_t count = 0;
  stave_status status = stave_cow_map_cursor_open(self->pointer, &cursor, &error);
  while (status == STAVE_OK && (status = stave_cow_map_cursor_next(cursor, &error)) == STAVE_OK) {
    const void* value;
    size_t size;
    int64_t key;
    status = stave_cow_map_cursor_key(cursor, &key, &error);
    if (status == STAVE_OK) status = stave_cow_map_cursor_value(cursor, &value, &size, &error);
    if (status == STAVE_OK) print_entry("", key, value, size);
    ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_cow_map_cursor_free(cursor);
}

static void cursor_next(void) {
  reply(stave_cow_map_cursor_next(self->pointer, &error));
}

static void cursor_key(void) {
  int64_t key = 0;
  const stave_status status = stave_cow_map_cursor_key(self->pointer, &key, &error);
  if (status == STAVE_OK)
    printf("ok %lld\n", (long long)key);
  else
    reply(status);
}

static void cursor_value(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_cow_map_cursor_value(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_next_many(void) {
  static int64_t keys[RECORDS_MAX];
  static uint64_t sizes[RECORDS_MAX];
  size_t count = 0;
  const int only_keys = word_count > 2 && strcmp(words[2].data, "keys") == 0;
  const int only_values = word_count > 2 && strcmp(words[2].data, "values") == 0;
  if (number(0) > RECORDS_MAX) die("too many entries");
  const stave_status status = stave_cow_map_cursor_next_many(
      self->pointer, number(0), number(1), only_values ? NULL : keys, only_keys ? NULL : reused,
      only_keys ? NULL : sizes, &count, &error);
  const char* value = reused->data;
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    if (only_keys) {
      printf("  %lld\n", (long long)keys[i]);
      continue;
    }
    if (only_values) {
      fputs("  ", stdout);
      print_bytes(value, sizes[i]);
      putchar('\n');
    } else {
      print_entry("", keys[i], value, sizes[i]);
    }
    value += sizes[i];
  }
  reply_number(status, count);
}

static void cursor_close(void) {
  reply(stave_cow_map_cursor_close(self->pointer, &error));
}

static void cursor_free(void) {
  stave_cow_map_cursor_free(self->pointer);
  reply_freed();
}

/* ---- Diffs ---------------------------------------------------------------------------------- */

static const char* change_name(uint32_t change) {
  static const char* const names[] = {"", "added", "changed", "removed"};
  if (change < 1 || change > 3) die("no such change");
  return names[change];
}

static stave_status open_diff(stave_cow_map_diff** diff) {
  const struct handle* after = find_handle(argument(0)->data);
  if (!after || after->kind != KIND_COW_MAP) die("expected a map");
  return stave_cow_map_diff_open(self->pointer, after->pointer, diff, &error);
}

static void diff(void) {
  stave_cow_map_diff* diff;
  const stave_status status = open_diff(&diff);
  made = diff;
  reply(status);
}

static void diff_next(void) {
  uint32_t change = 0;
  int64_t key = 0;
  const stave_status status = stave_cow_map_diff_next(self->pointer, &change, &key, &error);
  if (status == STAVE_OK)
    printf("ok %s %lld\n", change_name(change), (long long)key);
  else
    reply(status);
}

/* "  added K = V", "  changed K = V" with the new value, "  removed K = V" with the old one. */
static void changes(void) {
  stave_cow_map_diff* diff;
  uint64_t count = 0;
  uint32_t change;
  int64_t key;
  stave_status status = open_diff(&diff);
  while (status == STAVE_OK &&
         (status = stave_cow_map_diff_next(diff, &change, &key, &error)) == STAVE_OK) {
    const void* value = NULL;
    size_t size = 0;
    status = change == STAVE_CHANGE_REMOVED ? stave_cow_map_diff_before(diff, &value, &size, &error)
                                            : stave_cow_map_diff_after(diff, &value, &size, &error);
    char what[16];
    snprintf(what, sizeof what, "%s ", change_name(change));
    if (status == STAVE_OK) print_entry(what, key, value, size);
    ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_cow_map_diff_free(diff);
}

static void diff_before(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_cow_map_diff_before(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void diff_after(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_cow_map_diff_after(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void diff_close(void) {
  reply(stave_cow_map_diff_close(self->pointer, &error));
}

static void diff_free(void) {
  stave_cow_map_diff_free(self->pointer);
  reply_freed();
}

const struct verb cow_map_verbs[] = {
    {KIND_NONE, KIND_NONE, "cow_map_options", cow_map_options},
    {KIND_NONE, KIND_NONE, "cow_map_options_describe", cow_map_options_describe},
    {KIND_NONE, KIND_COW_MAP, "cow_map.create", create},
    {KIND_COW_MAP, KIND_COW_MAP, "clone", clone},
    {KIND_COW_MAP, KIND_NONE, "options", options_get},
    {KIND_COW_MAP, KIND_NONE, "close", close_map},
    {KIND_COW_MAP, KIND_NONE, "free", free_map},
    {KIND_COW_MAP, KIND_NONE, "get", get},
    {KIND_COW_MAP, KIND_NONE, "get_into", get_into},
    {KIND_COW_MAP, KIND_PIN, "get_pin", get_pin},
    {KIND_COW_MAP, KIND_NONE, "contains", contains},
    {KIND_COW_MAP, KIND_NONE, "size", size},
    {KIND_COW_MAP, KIND_NONE, "is_empty", is_empty},
    {KIND_COW_MAP, KIND_NONE, "multi_get", multi_get},
    {KIND_COW_MAP, KIND_NONE, "put", put},
    {KIND_COW_MAP, KIND_NONE, "insert", insert},
    {KIND_COW_MAP, KIND_NONE, "replace", replace},
    {KIND_COW_MAP, KIND_NONE, "multi_put", multi_put},
    {KIND_COW_MAP, KIND_NONE, "remove", remove_key},
    {KIND_COW_MAP, KIND_NONE, "modify", modify},
    {KIND_COW_MAP, KIND_NONE, "get_or_insert", get_or_insert},
    {KIND_COW_MAP, KIND_NONE, "get_or_insert_with", get_or_insert_with},
    {KIND_COW_MAP, KIND_NONE, "update_or_insert", update_or_insert},
    {KIND_COW_MAP, KIND_NONE, "clear", clear},
    {KIND_COW_MAP, KIND_NONE, "shrink_to_fit", shrink_to_fit},
    {KIND_COW_MAP, KIND_NONE, "stats", stats},
    {KIND_COW_MAP, KIND_COW_MAP_CURSOR, "cursor", open_cursor},
    {KIND_COW_MAP, KIND_NONE, "scan", scan},
    {KIND_COW_MAP, KIND_COW_MAP_DIFF, "diff", diff},
    {KIND_COW_MAP, KIND_NONE, "changes", changes},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "next", cursor_next},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "key", cursor_key},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "value", cursor_value},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "next_many", cursor_next_many},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "close", cursor_close},
    {KIND_COW_MAP_CURSOR, KIND_NONE, "free", cursor_free},
    {KIND_COW_MAP_DIFF, KIND_NONE, "next", diff_next},
    {KIND_COW_MAP_DIFF, KIND_NONE, "before", diff_before},
    {KIND_COW_MAP_DIFF, KIND_NONE, "after", diff_after},
    {KIND_COW_MAP_DIFF, KIND_NONE, "close", diff_close},
    {KIND_COW_MAP_DIFF, KIND_NONE, "free", diff_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
