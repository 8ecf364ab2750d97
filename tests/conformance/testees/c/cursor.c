/* Verbs of cursors, and those of the store that make them. */
#include "tests/conformance/testees/c/protocol.h"

#include <string.h>

stave_buffer kept_token;

void keep_token(const void* token, size_t size) {
  if (stave_buffer_resize(&kept_token, size, NULL) != STAVE_OK) die("out of memory");
  memcpy(kept_token.data, token, size);
}

static stave_status open_cursor(const stave_buffer* token, stave_store_cursor** cursor) {
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  if (token) {
    options.token = token->data;
    options.token_size = token->size;
  }
  options.keys_only = word_count > 0 && !words[word_count - 1].is_quoted;
  if (word_count > options.keys_only) {
    options.prefix = bytes(0)->data;
    options.prefix_size = bytes(0)->size;
  }
  return stave_store_cursor_open(self->pointer, word_count || token ? &options : NULL, cursor,
                                 &error);
}

static void store_cursor(void) {
  stave_store_cursor* cursor;
  const stave_status status = open_cursor(NULL, &cursor);
  if (status == STAVE_OK) made = cursor;
  reply(status);
}

static void store_cursor_on(void) {
  stave_store_cursor* cursor;
  const stave_status status = open_cursor(&kept_token, &cursor);
  if (status == STAVE_OK) made = cursor;
  reply(status);
}

static void store_scan(void) {
  stave_store_cursor* cursor;
  uint64_t count = 0;
  stave_status status = open_cursor(NULL, &cursor);
  while (status == STAVE_OK && (status = stave_store_cursor_next(cursor, &error)) == STAVE_OK) {
    const void *key, *value;
    size_t key_size, value_size;
    status = stave_store_cursor_key(cursor, &key, &key_size, &error);
    if (status == STAVE_OK) status = stave_store_cursor_value(cursor, &value, &value_size, &error);
    if (status == STAVE_OK) print_record(key, key_size, value, value_size);
    ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_store_cursor_free(cursor);
}

static void cursor_next(void) {
  reply(stave_store_cursor_next(self->pointer, &error));
}

static void cursor_key(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_store_cursor_key(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_value(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_store_cursor_value(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_next_many(void) {
  static uint64_t sizes[2 * RECORDS_MAX];
  size_t count = 0;
  if (number(0) > RECORDS_MAX) die("too many records");
  const stave_status status = stave_store_cursor_next_many(self->pointer, number(0), number(1),
                                                           reused, sizes, &count, &error);
  const char* record = reused->data;
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    print_record(record, sizes[2 * i], record + sizes[2 * i], sizes[2 * i + 1]);
    record += sizes[2 * i] + sizes[2 * i + 1];
  }
  reply_number(status, count);
}

static void cursor_token(void) {
  reply(stave_store_cursor_token(self->pointer, &kept_token, &error));
}

static void cursor_close(void) {
  reply(stave_store_cursor_close(self->pointer, &error));
}

static void cursor_free(void) {
  stave_store_cursor_free(self->pointer);
  reply_freed();
}

const struct verb cursor_verbs[] = {
    {KIND_STORE, KIND_CURSOR, "cursor", store_cursor},
    {KIND_STORE, KIND_CURSOR, "cursor_on", store_cursor_on},
    {KIND_STORE, KIND_NONE, "scan", store_scan},
    {KIND_CURSOR, KIND_NONE, "next", cursor_next},
    {KIND_CURSOR, KIND_NONE, "key", cursor_key},
    {KIND_CURSOR, KIND_NONE, "value", cursor_value},
    {KIND_CURSOR, KIND_NONE, "next_many", cursor_next_many},
    {KIND_CURSOR, KIND_NONE, "token", cursor_token},
    {KIND_CURSOR, KIND_NONE, "close", cursor_close},
    {KIND_CURSOR, KIND_NONE, "free", cursor_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
