/* Verbs of a memtable's transactions, snapshots and cursors. */
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/testees/c/protocol.h"

static int on_transaction(void) {
  return self->kind == KIND_MEMTABLE_TRANSACTION;
}

/* ---- Reads of transactions and snapshots ---------------------------------------------------- */

static void get(void) {
  const struct word* key = bytes(0);
  const stave_status status =
      on_transaction()
          ? stave_memtable_transaction_get_buffer(self->pointer, key->data, key->size, reused,
                                                  &error)
          : stave_memtable_snapshot_get_buffer(self->pointer, key->data, key->size, reused, &error);
  reply_bytes(status, reused->data, reused->size);
}

static void get_into(void) {
  const struct word* key = bytes(0);
  const size_t capacity = number(1);
  size_t size = 0;
  void* data = capacity ? malloc(capacity) : NULL;
  const stave_status status =
      on_transaction() ? stave_memtable_transaction_get(self->pointer, key->data, key->size, data,
                                                        capacity, &size, &error)
                       : stave_memtable_snapshot_get(self->pointer, key->data, key->size, data,
                                                     capacity, &size, &error);
  if (status == STAVE_BUFFER_TOO_SMALL) printf("  needed %zu\n", size);
  reply_bytes(status, data, size);
  free(data);
}

static void get_pin(void) {
  stave_pin* pin;
  const struct word* key = bytes(0);
  const stave_status status =
      on_transaction()
          ? stave_memtable_transaction_get_pin(self->pointer, key->data, key->size, &pin, &error)
          : stave_memtable_snapshot_get_pin(self->pointer, key->data, key->size, &pin, &error);
  if (status == STAVE_OK) made = pin;
  reply(status);
}

static void contains(void) {
  const struct word* key = bytes(0);
  reply(on_transaction()
            ? stave_memtable_transaction_contains(self->pointer, key->data, key->size, &error)
            : stave_memtable_snapshot_contains(self->pointer, key->data, key->size, &error));
}

static void multi_get(void) {
  uint64_t sizes[WORDS_MAX];
  struct flat keys = flatten(0, 1);
  const stave_status status =
      on_transaction()
          ? stave_memtable_transaction_multi_get(self->pointer, keys.data, keys.sizes32, keys.count,
                                                 reused, sizes, &error)
          : stave_memtable_snapshot_multi_get(self->pointer, keys.data, keys.sizes32, keys.count,
                                              reused, sizes, &error);
  if (status == STAVE_OK) print_many_values(reused->data, sizes, keys.count);
  reply(status);
  free(keys.data);
}

/* ---- Transactions --------------------------------------------------------------------------- */

static void memtable_begin(void) {
  stave_memtable_transaction* transaction;
  const stave_status status = stave_memtable_begin(self->pointer, &transaction, &error);
  if (status == STAVE_OK) made = transaction;
  reply(status);
}

static void transaction_id(void) {
  uint64_t id = 0;
  const stave_status status = stave_memtable_transaction_id(self->pointer, &id, &error);
  reply_number(status, id);
}

static void transaction_snapshot(void) {
  uint64_t timestamp = 0;
  const stave_status status =
      stave_memtable_transaction_snapshot(self->pointer, &timestamp, &error);
  reply_number(status, timestamp);
}

static void transaction_put(void) {
  const struct word *key = bytes(0), *value = bytes(1);
  reply(stave_memtable_transaction_put(self->pointer, key->data, key->size, value->data,
                                       value->size, &error));
}

static void transaction_remove(void) {
  const struct word* key = bytes(0);
  reply(stave_memtable_transaction_remove(self->pointer, key->data, key->size, &error));
}

static void transaction_multi_write(void) {
  size_t written = 0;
  struct flat keys = flatten(0, 2), values = flatten(1, 2);
  if (keys.count != values.count) die("a value is missing");
  const stave_status status =
      stave_memtable_transaction_multi_write(self->pointer, keys.data, keys.sizes32, values.data,
                                             values.sizes64, keys.count, &written, &error);
  if (status != STAVE_OK) printf("  written %zu\n", written);
  reply_number(status, written);
  free(keys.data);
  free(values.data);
}

static void transaction_commit(void) {
  uint64_t timestamp = 0;
  const stave_status status = stave_memtable_transaction_commit(self->pointer, &timestamp, &error);
  reply_number(status, timestamp);
}

static void transaction_rollback(void) {
  reply(stave_memtable_transaction_rollback(self->pointer, &error));
}

static void transaction_close(void) {
  reply(stave_memtable_transaction_close(self->pointer, &error));
}

static void transaction_free(void) {
  stave_memtable_transaction_free(self->pointer);
  reply_freed();
}

/* ---- Snapshots ------------------------------------------------------------------------------ */

static void memtable_snapshot(void) {
  stave_memtable_snapshot* snapshot;
  const stave_status status = stave_memtable_snapshot_open(self->pointer, &snapshot, &error);
  if (status == STAVE_OK) made = snapshot;
  reply(status);
}

static void snapshot_timestamp(void) {
  uint64_t timestamp = 0;
  const stave_status status = stave_memtable_snapshot_timestamp(self->pointer, &timestamp, &error);
  reply_number(status, timestamp);
}

static void snapshot_close(void) {
  reply(stave_memtable_snapshot_close(self->pointer, &error));
}

static void snapshot_free(void) {
  stave_memtable_snapshot_free(self->pointer);
  reply_freed();
}

/* ---- Cursors: [SNAPSHOT TRANSACTION] [P] [keys_only] [tombstones] --------------------------- */

static stave_status open_cursor(stave_memtable_cursor** cursor) {
  stave_memtable_cursor_options options;
  const size_t first = self->kind == KIND_MEMTABLE ? 2 : 0;
  stave_memtable_cursor_options_init(&options);
  for (size_t i = first; i < word_count; ++i) {
    if (words[i].is_quoted) {
      options.prefix = words[i].data;
      options.prefix_size = words[i].size;
    } else if (strcmp(words[i].data, "keys_only") == 0) {
      options.keys_only = 1;
    } else {
      options.tombstones = 1;
    }
  }
  const stave_memtable_cursor_options* given = word_count > first ? &options : NULL;
  if (self->kind == KIND_MEMTABLE)
    return stave_memtable_cursor_open(self->pointer, number(0), number(1), given, cursor, &error);
  return on_transaction() ? stave_memtable_transaction_cursor(self->pointer, given, cursor, &error)
                          : stave_memtable_snapshot_cursor(self->pointer, given, cursor, &error);
}

static void cursor(void) {
  stave_memtable_cursor* opened;
  const stave_status status = open_cursor(&opened);
  if (status == STAVE_OK) made = opened;
  reply(status);
}

static void print_visited(const void* key, size_t key_size, const void* value, uint64_t size) {
  if (size != STAVE_TOMBSTONE) {
    print_record(key, key_size, value, (size_t)size);
    return;
  }
  fputs("  ", stdout);
  print_bytes(key, key_size);
  puts(" deleted");
}

static void scan(void) {
  stave_memtable_cursor* cursor;
  uint64_t count = 0;
  stave_status status = open_cursor(&cursor);
  while (status == STAVE_OK && (status = stave_memtable_cursor_next(cursor, &error)) == STAVE_OK) {
    const void *key, *value;
    size_t key_size, value_size;
    uint8_t deleted;
    status = stave_memtable_cursor_key(cursor, &key, &key_size, &error);
    if (status == STAVE_OK)
      status = stave_memtable_cursor_value(cursor, &value, &value_size, &error);
    if (status == STAVE_OK) status = stave_memtable_cursor_deleted(cursor, &deleted, &error);
    if (status == STAVE_OK)
      print_visited(key, key_size, value, deleted ? STAVE_TOMBSTONE : value_size);
    ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_memtable_cursor_free(cursor);
}

static void cursor_next(void) {
  reply(stave_memtable_cursor_next(self->pointer, &error));
}

static void cursor_key(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_memtable_cursor_key(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_value(void) {
  const void* data = NULL;
  size_t size = 0;
  const stave_status status = stave_memtable_cursor_value(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_deleted(void) {
  uint8_t deleted = 0;
  const stave_status status = stave_memtable_cursor_deleted(self->pointer, &deleted, &error);
  reply_number(status, deleted);
}

static void cursor_next_many(void) {
  static uint64_t sizes[2 * RECORDS_MAX];
  size_t count = 0;
  if (number(0) > RECORDS_MAX) die("too many records");
  const stave_status status = stave_memtable_cursor_next_many(self->pointer, number(0), number(1),
                                                              reused, sizes, &count, &error);
  const char* record = reused->data;
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    const uint64_t size = sizes[2 * i + 1];
    print_visited(record, sizes[2 * i], record + sizes[2 * i], size);
    record += sizes[2 * i] + (size == STAVE_TOMBSTONE ? 0 : size);
  }
  reply_number(status, count);
}

static void cursor_close(void) {
  reply(stave_memtable_cursor_close(self->pointer, &error));
}

static void cursor_free(void) {
  stave_memtable_cursor_free(self->pointer);
  reply_freed();
}

const struct verb memtable_child_verbs[] = {
    {KIND_MEMTABLE, KIND_MEMTABLE_TRANSACTION, "begin", memtable_begin},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "id", transaction_id},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "snapshot", transaction_snapshot},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "put", transaction_put},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "remove", transaction_remove},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "get", get},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "get_into", get_into},
    {KIND_MEMTABLE_TRANSACTION, KIND_PIN, "get_pin", get_pin},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "contains", contains},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "multi_get", multi_get},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "multi_write", transaction_multi_write},
    {KIND_MEMTABLE_TRANSACTION, KIND_MEMTABLE_CURSOR, "cursor", cursor},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "scan", scan},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "commit", transaction_commit},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "rollback", transaction_rollback},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "close", transaction_close},
    {KIND_MEMTABLE_TRANSACTION, KIND_NONE, "free", transaction_free},
    {KIND_MEMTABLE, KIND_MEMTABLE_SNAPSHOT, "snapshot", memtable_snapshot},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "timestamp", snapshot_timestamp},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "get", get},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "get_into", get_into},
    {KIND_MEMTABLE_SNAPSHOT, KIND_PIN, "get_pin", get_pin},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "contains", contains},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "multi_get", multi_get},
    {KIND_MEMTABLE_SNAPSHOT, KIND_MEMTABLE_CURSOR, "cursor", cursor},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "scan", scan},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "close", snapshot_close},
    {KIND_MEMTABLE_SNAPSHOT, KIND_NONE, "free", snapshot_free},
    {KIND_MEMTABLE, KIND_MEMTABLE_CURSOR, "cursor", cursor},
    {KIND_MEMTABLE, KIND_NONE, "scan", scan},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "next", cursor_next},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "key", cursor_key},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "value", cursor_value},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "deleted", cursor_deleted},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "next_many", cursor_next_many},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "close", cursor_close},
    {KIND_MEMTABLE_CURSOR, KIND_NONE, "free", cursor_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
