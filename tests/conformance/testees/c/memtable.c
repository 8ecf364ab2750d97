/* Verbs of memtables: the table itself, and reads and writes with explicit timestamps. */
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/testees/c/protocol.h"

/* ---- Options -------------------------------------------------------------------------------- */

static void print_options(const stave_memtable_options* options) {
  static const char* const timestamps[] = {"", "managed", "explicit"};
  printf("  timestamps=%s\n  capacity=%llu\n  background=%u\n", timestamps[options->timestamps],
         (unsigned long long)options->capacity, options->background);
}

static void memtable_options(void) {
  stave_memtable_options options;
  stave_memtable_options_init(&options);
  const stave_status status = stave_memtable_options_set(&options, bytes(0)->data, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void memtable_options_describe(void) {
  const stave_status status = stave_memtable_options_describe(reused, &error);
  if (status == STAVE_OK) print_names(reused);
  reply(status);
}

/* ---- The table ------------------------------------------------------------------------------ */

static void memtable_create(void) {
  stave_memtable_options options;
  stave_memtable* table;
  stave_status status = STAVE_OK;
  stave_memtable_options_init(&options);
  if (word_count) status = stave_memtable_options_set(&options, option_text(0), &error);
  if (status == STAVE_OK)
    status = stave_memtable_create(word_count ? &options : NULL, &table, &error);
  if (status == STAVE_OK) made = table;
  reply(status);
}

static void options_in_force(void) {
  stave_memtable_options options;
  stave_memtable_options_init(&options);
  const stave_status status = stave_memtable_options_get(self->pointer, &options, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void memtable_close(void) {
  reply(stave_memtable_close(self->pointer, &error));
}

static void memtable_free(void) {
  stave_memtable_free(self->pointer);
  reply_freed();
}

static void memtable_size(void) {
  uint64_t size = 0;
  const stave_status status = stave_memtable_size(self->pointer, &size, &error);
  reply_number(status, size);
}

static void memtable_size_bytes(void) {
  uint64_t size = 0;
  const stave_status status = stave_memtable_size_bytes(self->pointer, &size, &error);
  reply_number(status, size);
}

static void memtable_is_empty(void) {
  uint8_t empty = 0;
  const stave_status status = stave_memtable_is_empty(self->pointer, &empty, &error);
  reply_number(status, empty);
}

static void memtable_prune(void) {
  uint64_t pruned = 0;
  const stave_status status = stave_memtable_prune(self->pointer, number(0), &pruned, &error);
  reply_number(status, pruned);
}

static void memtable_clear(void) {
  reply(stave_memtable_clear(self->pointer, &error));
}

static void memtable_stats(void) {
  stave_memtable_stats stats;
  stave_memtable_stats_init(&stats);
  const stave_status status = stave_memtable_stats_get(self->pointer, &stats, &error);
  const struct member members[] = {
      {"keys", stats.keys},           {"rows", stats.rows},
      {"versions", stats.versions},   {"size_bytes", stats.size_bytes},
      {"snapshots", stats.snapshots}, {"transactions", stats.transactions},
      {"timestamp", stats.timestamp}, {NULL, 0},
  };
  reply_members(status, members, 0);
}

/* ---- Reads: K SNAPSHOT [TRANSACTION] ... ---------------------------------------------------- */

static uint64_t reader(void) {
  return word_count > 2 ? number(2) : 0;
}

static void print_deleted(stave_status status, uint8_t deleted) {
  if (status == STAVE_NOT_FOUND && deleted) puts("  deleted");
}

static void memtable_read(void) {
  uint8_t deleted;
  const struct word* key = bytes(0);
  const stave_status status = stave_memtable_read_buffer(
      self->pointer, key->data, key->size, number(1), reader(), reused, &deleted, &error);
  print_deleted(status, deleted);
  reply_bytes(status, reused->data, reused->size);
}

static void memtable_read_into(void) {
  uint8_t deleted;
  const struct word* key = bytes(0);
  const size_t capacity = number(3);
  size_t size = 0;
  void* data = capacity ? malloc(capacity) : NULL;
  const stave_status status =
      stave_memtable_read(self->pointer, key->data, key->size, number(1), number(2), data, capacity,
                          &size, &deleted, &error);
  if (status == STAVE_BUFFER_TOO_SMALL) printf("  needed %zu\n", size);
  print_deleted(status, deleted);
  reply_bytes(status, data, size);
  free(data);
}

static void memtable_read_pin(void) {
  stave_pin* pin;
  uint8_t deleted;
  const struct word* key = bytes(0);
  const stave_status status = stave_memtable_read_pin(self->pointer, key->data, key->size,
                                                      number(1), reader(), &pin, &deleted, &error);
  if (status == STAVE_OK) made = pin;
  print_deleted(status, deleted);
  reply(status);
}

struct reading {
  const char* what; /* nested, write, close, cancel, or empty */
  const struct word* key;
  void* data; /* a copy of the value */
  size_t size;
};

static stave_status on_value(void* context, const void* value, size_t size) {
  struct reading* reading = context;
  const struct word* key = reading->key;
  if (strcmp(reading->what, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(reading->what, "close") == 0) return stave_memtable_close(self->pointer, NULL);
  if (strcmp(reading->what, "nested") == 0) {
    struct reading inner = *reading;
    inner.what = "";
    const stave_status status = stave_memtable_read_with(
        self->pointer, key->data, key->size, number(1), number(2), on_value, &inner, NULL, NULL);
    free(inner.data);
    if (status != STAVE_OK) return status;
  }
  if (strcmp(reading->what, "write") == 0) {
    const stave_status status =
        stave_memtable_write(self->pointer, key->data, key->size, value, size, number(2), NULL);
    if (status != STAVE_OK) return status;
  }
  reading->data = malloc(size + 1);
  reading->size = size;
  if (!reading->data) die("out of memory");
  memcpy(reading->data, value, size);
  return STAVE_OK;
}

static void memtable_read_with(void) {
  uint8_t deleted;
  struct reading reading = {.what = word_count > 3 ? words[3].data : "", .key = bytes(0)};
  const stave_status status =
      stave_memtable_read_with(self->pointer, reading.key->data, reading.key->size, number(1),
                               number(2), on_value, &reading, &deleted, &error);
  print_deleted(status, deleted);
  reply_bytes(status, reading.data, reading.size);
  free(reading.data);
}

static void memtable_multi_read(void) {
  uint64_t sizes[WORDS_MAX];
  struct flat keys = flatten(2, 1);
  const stave_status status =
      stave_memtable_multi_read(self->pointer, keys.data, keys.sizes32, keys.count, number(0),
                                number(1), reused, sizes, &error);
  if (status == STAVE_OK) print_many_values(reused->data, sizes, keys.count);
  reply(status);
  free(keys.data);
}

/* ---- Writes: TRANSACTION ... ---------------------------------------------------------------- */

static void memtable_write(void) {
  const struct word *key = bytes(1), *value = bytes(2);
  reply(stave_memtable_write(self->pointer, key->data, key->size, value->data, value->size,
                             number(0), &error));
}

static void memtable_write_tombstone(void) {
  const struct word* key = bytes(1);
  reply(stave_memtable_write_tombstone(self->pointer, key->data, key->size, number(0), &error));
}

static void memtable_multi_write(void) {
  size_t written = 0;
  struct flat keys = flatten(1, 2), values = flatten(2, 2);
  if (keys.count != values.count) die("a value is missing");
  const stave_status status =
      stave_memtable_multi_write(self->pointer, keys.data, keys.sizes32, values.data,
                                 values.sizes64, keys.count, number(0), &written, &error);
  if (status != STAVE_OK) printf("  written %zu\n", written);
  reply_number(status, written);
  free(keys.data);
  free(values.data);
}

static void memtable_commit(void) {
  struct flat keys = flatten(2, 1);
  reply(stave_memtable_commit(self->pointer, number(0), number(1), keys.data, keys.sizes32,
                              keys.count, &error));
  free(keys.data);
}

static void memtable_abort(void) {
  struct flat keys = flatten(1, 1);
  reply(
      stave_memtable_abort(self->pointer, number(0), keys.data, keys.sizes32, keys.count, &error));
  free(keys.data);
}

static void memtable_has_write_conflict(void) {
  uint8_t conflict = 0;
  const struct word* key = bytes(1);
  const stave_status status = stave_memtable_has_write_conflict(self->pointer, key->data, key->size,
                                                                number(0), &conflict, &error);
  reply_number(status, conflict);
}

const struct verb memtable_verbs[] = {
    {KIND_NONE, KIND_NONE, "memtable_options", memtable_options},
    {KIND_NONE, KIND_NONE, "memtable_options_describe", memtable_options_describe},
    {KIND_NONE, KIND_MEMTABLE, "memtable.create", memtable_create},
    {KIND_MEMTABLE, KIND_NONE, "options", options_in_force},
    {KIND_MEMTABLE, KIND_NONE, "close", memtable_close},
    {KIND_MEMTABLE, KIND_NONE, "free", memtable_free},
    {KIND_MEMTABLE, KIND_NONE, "size", memtable_size},
    {KIND_MEMTABLE, KIND_NONE, "size_bytes", memtable_size_bytes},
    {KIND_MEMTABLE, KIND_NONE, "is_empty", memtable_is_empty},
    {KIND_MEMTABLE, KIND_NONE, "prune", memtable_prune},
    {KIND_MEMTABLE, KIND_NONE, "clear", memtable_clear},
    {KIND_MEMTABLE, KIND_NONE, "stats", memtable_stats},
    {KIND_MEMTABLE, KIND_NONE, "read", memtable_read},
    {KIND_MEMTABLE, KIND_NONE, "read_into", memtable_read_into},
    {KIND_MEMTABLE, KIND_PIN, "read_pin", memtable_read_pin},
    {KIND_MEMTABLE, KIND_NONE, "read_with", memtable_read_with},
    {KIND_MEMTABLE, KIND_NONE, "multi_read", memtable_multi_read},
    {KIND_MEMTABLE, KIND_NONE, "write", memtable_write},
    {KIND_MEMTABLE, KIND_NONE, "write_tombstone", memtable_write_tombstone},
    {KIND_MEMTABLE, KIND_NONE, "multi_write", memtable_multi_write},
    {KIND_MEMTABLE, KIND_NONE, "commit", memtable_commit},
    {KIND_MEMTABLE, KIND_NONE, "abort", memtable_abort},
    {KIND_MEMTABLE, KIND_NONE, "has_write_conflict", memtable_has_write_conflict},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
