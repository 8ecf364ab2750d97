/* Verbs of the cursors of indexes, and those of the index that make them. */
#include "tests/conformance/testees/c/index.h"

static void print_entry(const void* key, size_t key_size, uint64_t value) {
  fputs("  ", stdout);
  if (key) {
    print_bytes(key, key_size);
    fputs(" = ", stdout);
  }
  printf("%llu\n", (unsigned long long)value);
}

static int wants_values(size_t position) {
  return word_count > position && !words[position].is_quoted;
}

static void index_cursor(void) {
  stave_index_cursor* cursor;
  const stave_status status = stave_index_cursor_open(index_of_self(), &cursor, &error);
  if (status == STAVE_OK) made = cursor;
  reply(status);
}

static void index_scan(void) {
  stave_index_cursor* cursor;
  uint64_t count = 0;
  stave_status status = stave_index_cursor_open(index_of_self(), &cursor, &error);
  while (status == STAVE_OK && (status = stave_index_cursor_next(cursor, &error)) == STAVE_OK) {
    const void* key = NULL;
    size_t key_size = 0;
    uint64_t value;
    status = stave_index_cursor_value(cursor, &value, &error);
    if (status == STAVE_OK && !wants_values(0))
      status = stave_index_cursor_key(cursor, &key, &key_size, &error);
    if (status == STAVE_OK) print_entry(key, key_size, value);
    ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_index_cursor_free(cursor);
}

static void cursor_next(void) {
  reply(stave_index_cursor_next(self->pointer, &error));
}

static void cursor_value(void) {
  uint64_t value = 0;
  const stave_status status = stave_index_cursor_value(self->pointer, &value, &error);
  reply_number(status, value);
}

static void cursor_key(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_index_cursor_key(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_next_many(void) {
  static uint64_t values[RECORDS_MAX];
  static uint32_t key_sizes[RECORDS_MAX];
  size_t count = 0;
  if (number(0) > RECORDS_MAX) die("too many entries");
  const int values_alone = wants_values(2);
  const stave_status status = stave_index_cursor_next_many(
      self->pointer, (size_t)number(0), values, (size_t)number(1), values_alone ? NULL : reused,
      values_alone ? NULL : key_sizes, &count, &error);
  const char* key = reused->data ? reused->data : "";
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    print_entry(values_alone ? NULL : key, key_sizes[i], values[i]);
    if (!values_alone) key += key_sizes[i];
  }
  reply_number(status, count);
}

static void cursor_close(void) {
  reply(stave_index_cursor_close(self->pointer, &error));
}

static void cursor_free(void) {
  stave_index_cursor_free(self->pointer);
  reply_freed();
}

const struct verb index_cursor_verbs[] = {
    {KIND_INDEX, KIND_INDEX_CURSOR, "cursor", index_cursor},
    {KIND_INDEX, KIND_NONE, "scan", index_scan},
    {KIND_INDEX_CURSOR, KIND_NONE, "next", cursor_next},
    {KIND_INDEX_CURSOR, KIND_NONE, "value", cursor_value},
    {KIND_INDEX_CURSOR, KIND_NONE, "key", cursor_key},
    {KIND_INDEX_CURSOR, KIND_NONE, "next_many", cursor_next_many},
    {KIND_INDEX_CURSOR, KIND_NONE, "close", cursor_close},
    {KIND_INDEX_CURSOR, KIND_NONE, "free", cursor_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
