#include "tests/capi/disk_index_calls.h"

static const disk_index_key key = {1, 2};
static const disk_index_key two_keys[2] = {{1, 2}, {3, 4}};
static const uint64_t record = 7;
static const uint64_t two_records[2] = {7, 8};

/* ---- Writing ------------------------------------------------------------------------------------
 */

static stave_status call_put(void* index, stave_error* error) {
  return stave_disk_index_put(index, &key, sizeof key, &record, sizeof record, error);
}
static stave_status call_delete(void* index, stave_error* error) {
  return stave_disk_index_remove(index, &key, sizeof key, error);
}
static stave_status call_insert(void* index, stave_error* error) {
  return stave_disk_index_insert(index, &key, sizeof key, &record, sizeof record, error);
}
static stave_status call_multi_put(void* index, stave_error* error) {
  size_t done = 99;
  const stave_status status = stave_disk_index_multi_put(index, two_keys, two_records,
                                                         sizeof *two_records, 2, &done, error);
  CHECK(done == (status == STAVE_OK ? 2 : 0));
  return status;
}
static stave_status load_nothing(void* context, void* keys, void* records, size_t count_max,
                                 size_t* count) {
  (void)context;
  CHECK(keys != NULL && records != NULL && count_max > 0);
  *count = 0;
  return STAVE_OK;
}
static stave_status call_bulk_load(void* index, stave_error* error) {
  return stave_disk_index_bulk_load(index, load_nothing, NULL, error);
}
static stave_status call_reserve(void* index, stave_error* error) {
  return stave_disk_index_reserve(index, 1000, error);
}
static stave_status call_save(void* index, stave_error* error) {
  return stave_disk_index_save(index, 5, error);
}
static stave_status call_checkpoint(void* index, stave_error* error) {
  return stave_disk_index_checkpoint(index, 6, error);
}
static stave_status call_shrink_to_fit(void* index, stave_error* error) {
  return stave_disk_index_shrink_to_fit(index, error);
}

static const handle_call writes[] = {
    {"put", call_put},
    {"delete", call_delete},
    {"insert", call_insert},
    {"multi_put", call_multi_put},
    {"bulk_load", call_bulk_load},
    {"reserve", call_reserve},
    {"save", call_save},
    {"checkpoint", call_checkpoint},
    {"shrink_to_fit", call_shrink_to_fit},
};
const handle_calls disk_index_writes = {"disk_index", writes, sizeof writes / sizeof *writes};

/* ---- Reading ------------------------------------------------------------------------------------
 */

static stave_status call_get(void* index, stave_error* error) {
  uint64_t found = 0;
  const stave_status status =
      stave_disk_index_get(index, &key, sizeof key, &found, sizeof found, error);
  CHECK(status != STAVE_OK || found == record);
  return status;
}
static stave_status call_contains(void* index, stave_error* error) {
  return stave_disk_index_contains(index, &key, sizeof key, error);
}
static stave_status call_multi_get(void* index, stave_error* error) {
  uint64_t records[2];
  uint8_t found[2] = {9, 9};
  const stave_status status =
      stave_disk_index_multi_get(index, two_keys, 2, records, sizeof *records, found, error);
  CHECK(status != STAVE_OK || (found[0] == 1 && records[0] == record));
  return status;
}
static stave_status call_size(void* index, stave_error* error) {
  uint64_t size = 0;
  return stave_disk_index_size(index, &size, error);
}
static stave_status call_options_get(void* index, stave_error* error) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  const stave_status status = stave_disk_index_options_get(index, &options, error);
  CHECK(status != STAVE_OK || options.record_size == disk_index_record_size);
  return status;
}
static stave_status call_stats_get(void* index, stave_error* error) {
  stave_disk_index_stats stats;
  stave_disk_index_stats_init(&stats);
  return stave_disk_index_stats_get(index, &stats, error);
}
static stave_status call_verify(void* index, stave_error* error) {
  return stave_disk_index_verify(index, NULL, NULL, error);
}
static stave_status call_cursor_open(void* index, stave_error* error) {
  stave_disk_index_cursor* cursor = (stave_disk_index_cursor*)&cursor;
  const stave_status status = stave_disk_index_cursor_open(index, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_disk_index_cursor_free(cursor);
  return status;
}

static const handle_call reads[] = {
    {"get", call_get},       {"contains", call_contains},       {"multi_get", call_multi_get},
    {"size", call_size},     {"options_get", call_options_get}, {"stats_get", call_stats_get},
    {"verify", call_verify}, {"cursor_open", call_cursor_open},
};
const handle_calls disk_index_reads = {"disk_index", reads, sizeof reads / sizeof *reads};

/* ---- Cursors ------------------------------------------------------------------------------------
 */

static stave_status call_next(void* cursor, stave_error* error) {
  return stave_disk_index_cursor_next(cursor, error);
}
static stave_status call_key(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_disk_index_cursor_key(cursor, &data, &size, error);
  CHECK(status == STAVE_OK ? size == STAVE_DISK_INDEX_KEY_SIZE : data == NULL && size == 0);
  return status;
}
static stave_status call_record(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_disk_index_cursor_record(cursor, &data, &size, error);
  CHECK(status == STAVE_OK ? size == disk_index_record_size : data == NULL && size == 0);
  return status;
}
static stave_status call_next_many(void* cursor, stave_error* error) {
  disk_index_key keys[1];
  uint64_t records[1];
  size_t count = 99;
  const stave_status status =
      stave_disk_index_cursor_next_many(cursor, 1, keys, records, sizeof *records, &count, error);
  CHECK(count == (status == STAVE_OK ? 1 : 0));
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},
    {"key", call_key},
    {"record", call_record},
    {"next_many", call_next_many},
};
const handle_calls disk_index_of_cursor = {"disk_index cursor", of_cursor,
                                           sizeof of_cursor / sizeof *of_cursor};

/* ---- All of them at once ------------------------------------------------------------------------
 */

void check_disk_index(stave_disk_index* index, stave_status expected) {
  check_calls(&disk_index_writes, index, expected);
  check_calls(&disk_index_reads, index, expected);
}

/* ---- What tests begin and end with --------------------------------------------------------------
 */

stave_disk_index* open_disk_index(const char* path, const char* options_text) {
  stave_error error;
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = disk_index_record_size;
  CHECK_STATUS(STAVE_OK, stave_disk_index_options_set(&options, options_text, &error));
  stave_disk_index* index = NULL;
  const stave_status status = stave_disk_index_open(path, &options, &index, &error);
  if (status != STAVE_OK) fprintf(stderr, "open '%s': %s\n", path, error.message);
  CHECK(status == STAVE_OK && index != NULL);
  return index;
}

void close_disk_index(stave_disk_index* index) {
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(index, NULL));
  stave_disk_index_free(index);
}

void put_record(stave_disk_index* index, uint64_t low, uint64_t stored) {
  const disk_index_key of = {low, 0};
  CHECK_STATUS(STAVE_OK, stave_disk_index_put(index, &of, sizeof of, &stored, sizeof stored, NULL));
}

void check_record(stave_disk_index* index, uint64_t low, uint64_t stored) {
  const disk_index_key of = {low, 0};
  uint64_t found = ~stored;
  CHECK_STATUS(STAVE_OK, stave_disk_index_get(index, &of, sizeof of, &found, sizeof found, NULL));
  CHECK(found == stored);
}
