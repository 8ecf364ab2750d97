/* Verbs of the disk index and its cursors. */
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/testees/c/protocol.h"

enum { KEY = STAVE_DISK_INDEX_KEY_SIZE };

/* ---- Options -------------------------------------------------------------------------------- */

static void print_options(const stave_disk_index_options* options) {
  printf("  record_size=%u\n  delta_memory=%llu\n  bulk_memory=%llu\n", options->record_size,
         (unsigned long long)options->delta_memory, (unsigned long long)options->bulk_memory);
  printf("  read_only=%u\n  create_if_missing=%u\n  create_parents=%u\n", options->read_only,
         options->create_if_missing, options->create_parents);
  printf("  error_if_exists=%u\n  background=%u\n", options->error_if_exists, options->background);
}

static void options(void) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  const stave_status status = stave_disk_index_options_set(&options, bytes(0)->data, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void options_describe(void) {
  const stave_status status = stave_disk_index_options_describe(reused, &error);
  if (status == STAVE_OK) print_names(reused);
  reply(status);
}

/* Options from the arguments from `first` on that are not in quotes, which are removed. */
static stave_status take_options(stave_disk_index_options* options, size_t first) {
  char text[1024] = "";
  size_t kept = first;
  for (size_t i = first; i < word_count; ++i) {
    if (words[i].is_quoted) {
      words[kept++] = words[i];
      continue;
    }
    strncat(text, words[i].data, sizeof text - strlen(text) - 2);
    strcat(text, " ");
  }
  word_count = kept;
  stave_disk_index_options_init(options);
  return stave_disk_index_options_set(options, text, &error);
}

/* ---- Records -------------------------------------------------------------------------------- */

static size_t record_size(void) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  if (stave_disk_index_options_get(self->pointer, &options, NULL) != STAVE_OK) return 0;
  return options.record_size;
}

/* Arguments KEY RECORD KEY RECORD ... from `first` on, which a load asks for one by one. */
struct source {
  size_t next;
  int fails_at_the_end;
};

static stave_status next_records(void* context, void* keys, void* records, size_t count_max,
                                 size_t* count) {
  struct source* source = context;
  size_t made_count = 0;
  for (; made_count < count_max && source->next + 1 < word_count; ++made_count) {
    const struct word *key = bytes(source->next), *record = bytes(source->next + 1);
    if (key->size != KEY) die("keys have 16 bytes");
    memcpy((char*)keys + made_count * KEY, key->data, KEY);
    memcpy((char*)records + made_count * record->size, record->data, record->size);
    source->next += 2;
  }
  *count = made_count;
  return made_count == 0 && source->fails_at_the_end ? STAVE_CANCELLED : STAVE_OK;
}

/* ---- Verbs ---------------------------------------------------------------------------------- */

static void index_open(void) {
  stave_disk_index_options options;
  stave_disk_index* index;
  const int has_options = word_count > 1;
  stave_status status = take_options(&options, 1);
  if (status == STAVE_OK)
    status = stave_disk_index_open(bytes(0)->data, has_options ? &options : NULL, &index, &error);
  if (status == STAVE_OK) made = index;
  reply(status);
}

static void index_rebuild(void) {
  stave_disk_index_options options;
  struct source source = {1, 0};
  stave_status status = take_options(&options, 1);
  if (status == STAVE_OK)
    status = stave_disk_index_rebuild(bytes(0)->data, &options, next_records, &source, &error);
  reply(status);
}

static void index_options(void) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  const stave_status status = stave_disk_index_options_get(self->pointer, &options, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void index_close(void) {
  reply(stave_disk_index_close(self->pointer, &error));
}

static void index_free(void) {
  stave_disk_index_free(self->pointer);
  reply_freed();
}

static void index_put(void) {
  const struct word *key = bytes(0), *record = bytes(1);
  reply(stave_disk_index_put(self->pointer, key->data, key->size, record->data, record->size,
                             &error));
}

static void index_insert(void) {
  const struct word *key = bytes(0), *record = bytes(1);
  reply(stave_disk_index_insert(self->pointer, key->data, key->size, record->data, record->size,
                                &error));
}

static void index_put_payload(void) {
  const struct word* key = bytes(0);
  const stave_payload payload = {.offset = number(1),
                                 .length = (uint32_t)number(2),
                                 .uncompressed_length = (uint32_t)number(3),
                                 .codec = (uint8_t)number(4)};
  reply(
      stave_disk_index_put(self->pointer, key->data, key->size, &payload, sizeof payload, &error));
}

static void index_get_payload(void) {
  const struct word* key = bytes(0);
  stave_payload payload;
  const stave_status status =
      stave_disk_index_get(self->pointer, key->data, key->size, &payload, sizeof payload, &error);
  if (status != STAVE_OK)
    reply(status);
  else
    printf("ok %llu %u %u %u\n", (unsigned long long)payload.offset, payload.length,
           payload.uncompressed_length, payload.codec);
}

static void index_remove(void) {
  const struct word* key = bytes(0);
  reply(stave_disk_index_remove(self->pointer, key->data, key->size, &error));
}

static void index_get(void) {
  char record[256];
  const struct word* key = bytes(0);
  const size_t size = record_size();
  const stave_status status =
      stave_disk_index_get(self->pointer, key->data, key->size, record, size, &error);
  reply_bytes(status, record, size);
}

static void index_contains(void) {
  const struct word* key = bytes(0);
  reply(stave_disk_index_contains(self->pointer, key->data, key->size, &error));
}

static void index_size(void) {
  uint64_t size = 0;
  const stave_status status = stave_disk_index_size(self->pointer, &size, &error);
  reply_number(status, size);
}

/* Every step-th argument from `first` on, one behind the other. */
static size_t join(char* to, size_t first, size_t step, size_t size) {
  size_t count = 0;
  for (size_t i = first; i < word_count; i += step, ++count) {
    if (bytes(i)->size != size) die("keys or records of different sizes");
    memcpy(to + count * size, words[i].data, size);
  }
  return count;
}

static void index_multi_put(void) {
  char keys[WORDS_MAX * KEY], records[WORDS_MAX * 256];
  const size_t size = record_size();
  const size_t count = join(keys, 0, 2, KEY);
  size_t done = 0;
  if (join(records, 1, 2, size) != count) die("a record is missing");
  const stave_status status =
      stave_disk_index_multi_put(self->pointer, keys, records, size, count, &done, &error);
  reply_number(status, done);
}

static void index_multi_get(void) {
  char keys[WORDS_MAX * KEY], records[WORDS_MAX * 256];
  uint8_t found[WORDS_MAX];
  const size_t size = record_size();
  const size_t count = join(keys, 0, 1, KEY);
  const stave_status status =
      stave_disk_index_multi_get(self->pointer, keys, count, records, size, found, &error);
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    fputs("  ", stdout);
    if (found[i])
      print_bytes(records + i * size, size);
    else
      fputs("absent", stdout);
    putchar('\n');
  }
  reply(status);
}

static void index_bulk_load(void) {
  struct source source = {0, 0};
  if (word_count % 2 == 1)
    source.fails_at_the_end = strcmp(words[--word_count].data, "cancel") == 0;
  reply(stave_disk_index_bulk_load(self->pointer, next_records, &source, &error));
}

static void index_reserve(void) {
  reply(stave_disk_index_reserve(self->pointer, number(0), &error));
}

static void index_save(void) {
  reply(stave_disk_index_save(self->pointer, number(0), &error));
}

static void index_checkpoint(void) {
  reply(stave_disk_index_checkpoint(self->pointer, number(0), &error));
}

static void index_shrink_to_fit(void) {
  reply(stave_disk_index_shrink_to_fit(self->pointer, &error));
}

static void index_stats(void) {
  stave_disk_index_stats stats;
  stave_disk_index_stats_init(&stats);
  const stave_status status = stave_disk_index_stats_get(self->pointer, &stats, &error);
  const struct member members[] = {
      {"writes_refused", stats.writes_refused},
      {"entries", stats.entries},
      {"file_bytes", stats.file_bytes},
      {"free_bytes", stats.free_bytes},
      {"segments", stats.segments},
      {"segment_bytes", stats.segment_bytes},
      {"log_bytes", stats.log_bytes},
      {"delta_entries", stats.delta_entries},
      {"generation", stats.generation},
      {"lsn", stats.lsn},
      {"merges", stats.merges},
      {"syncs", stats.syncs},
      {"recovered_operations", stats.recovered_operations},
      {NULL, 0},
  };
  reply_members(status, members, 0);
}

struct progress {
  const char* what; /* cancel, size, close, or empty */
  int is_complete;
};

static stave_status on_progress(void* context, uint64_t done, uint64_t total) {
  struct progress* progress = context;
  uint64_t size;
  progress->is_complete = done == total;
  if (strcmp(progress->what, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(progress->what, "size") == 0) return stave_disk_index_size(self->pointer, &size, NULL);
  if (strcmp(progress->what, "close") == 0) return stave_disk_index_close(self->pointer, NULL);
  return STAVE_OK;
}

static void index_verify(void) {
  struct progress progress = {word_count ? words[0].data : "", 0};
  const stave_status status =
      stave_disk_index_verify(self->pointer, on_progress, &progress, &error);
  reply_number(status, (uint64_t)progress.is_complete);
}

/* ---- Cursors -------------------------------------------------------------------------------- */

static void index_cursor(void) {
  stave_disk_index_cursor* cursor;
  const stave_status status = stave_disk_index_cursor_open(self->pointer, &cursor, &error);
  if (status == STAVE_OK) made = cursor;
  reply(status);
}

static void index_scan(void) {
  stave_disk_index_cursor* cursor = NULL;
  const void *key, *record;
  size_t key_size, size;
  uint64_t count = 0;
  stave_status status = stave_disk_index_cursor_open(self->pointer, &cursor, &error);
  while (status == STAVE_OK) {
    status = stave_disk_index_cursor_next(cursor, &error);
    if (status == STAVE_OK) status = stave_disk_index_cursor_key(cursor, &key, &key_size, &error);
    if (status == STAVE_OK) status = stave_disk_index_cursor_record(cursor, &record, &size, &error);
    if (status == STAVE_OK) print_record(key, key_size, record, size);
    if (status == STAVE_OK) ++count;
  }
  reply_number(status == STAVE_DONE ? STAVE_OK : status, count);
  stave_disk_index_cursor_free(cursor);
}

static void cursor_next(void) {
  reply(stave_disk_index_cursor_next(self->pointer, &error));
}

static void cursor_key(void) {
  const void* data;
  size_t size;
  const stave_status status = stave_disk_index_cursor_key(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_record(void) {
  const void* data;
  size_t size;
  const stave_status status = stave_disk_index_cursor_record(self->pointer, &data, &size, &error);
  reply_bytes(status, data, size);
}

static void cursor_next_many(void) {
  char keys[WORDS_MAX * KEY], records[WORDS_MAX * 256];
  const size_t size = number(1);
  size_t count = 0;
  if (number(0) > WORDS_MAX) die("too many records at a time");
  const stave_status status = stave_disk_index_cursor_next_many(self->pointer, number(0), keys,
                                                                records, size, &count, &error);
  for (size_t i = 0; i < count; ++i) print_record(keys + i * KEY, KEY, records + i * size, size);
  reply_number(status, count);
}

static void cursor_close(void) {
  reply(stave_disk_index_cursor_close(self->pointer, &error));
}

static void cursor_free(void) {
  stave_disk_index_cursor_free(self->pointer);
  reply_freed();
}

const struct verb disk_index_verbs[] = {
    {KIND_NONE, KIND_NONE, "disk_index_options", options},
    {KIND_NONE, KIND_NONE, "disk_index_options_describe", options_describe},
    {KIND_NONE, KIND_NONE, "disk_index_rebuild", index_rebuild},
    {KIND_NONE, KIND_DISK_INDEX, "disk_index.open", index_open},
    {KIND_DISK_INDEX, KIND_NONE, "options", index_options},
    {KIND_DISK_INDEX, KIND_NONE, "close", index_close},
    {KIND_DISK_INDEX, KIND_NONE, "free", index_free},
    {KIND_DISK_INDEX, KIND_NONE, "put", index_put},
    {KIND_DISK_INDEX, KIND_NONE, "insert", index_insert},
    {KIND_DISK_INDEX, KIND_NONE, "put_payload", index_put_payload},
    {KIND_DISK_INDEX, KIND_NONE, "get_payload", index_get_payload},
    {KIND_DISK_INDEX, KIND_NONE, "remove", index_remove},
    {KIND_DISK_INDEX, KIND_NONE, "get", index_get},
    {KIND_DISK_INDEX, KIND_NONE, "contains", index_contains},
    {KIND_DISK_INDEX, KIND_NONE, "size", index_size},
    {KIND_DISK_INDEX, KIND_NONE, "multi_put", index_multi_put},
    {KIND_DISK_INDEX, KIND_NONE, "multi_get", index_multi_get},
    {KIND_DISK_INDEX, KIND_NONE, "bulk_load", index_bulk_load},
    {KIND_DISK_INDEX, KIND_NONE, "reserve", index_reserve},
    {KIND_DISK_INDEX, KIND_NONE, "save", index_save},
    {KIND_DISK_INDEX, KIND_NONE, "checkpoint", index_checkpoint},
    {KIND_DISK_INDEX, KIND_NONE, "shrink_to_fit", index_shrink_to_fit},
    {KIND_DISK_INDEX, KIND_NONE, "stats", index_stats},
    {KIND_DISK_INDEX, KIND_NONE, "verify", index_verify},
    {KIND_DISK_INDEX, KIND_DISK_INDEX_CURSOR, "cursor", index_cursor},
    {KIND_DISK_INDEX, KIND_NONE, "scan", index_scan},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "next", cursor_next},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "key", cursor_key},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "record", cursor_record},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "next_many", cursor_next_many},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "close", cursor_close},
    {KIND_DISK_INDEX_CURSOR, KIND_NONE, "free", cursor_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
