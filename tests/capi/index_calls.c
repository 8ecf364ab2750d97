#include "tests/capi/index_calls.h"

/* ---- Writing ------------------------------------------------------------------------------------
 */

static stave_status call_put(void* index, stave_error* error) {
  uint64_t previous = 99;
  uint8_t existed = 99;
  const stave_status status = stave_index_put(index, "key", 3, 1, &previous, &existed, error);
  CHECK(status == STAVE_OK || (previous == 0 && existed == 0));
  return status;
}
static stave_status call_insert(void* index, stave_error* error) {
  uint64_t existing = 99;
  const stave_status status = stave_index_insert(index, "inserted", 8, 1, &existing, error);
  CHECK(existing == 0);
  return status;
}
static stave_status call_compare_and_swap(void* index, stave_error* error) {
  uint64_t actual = 99;
  const stave_status status =
      stave_index_compare_and_swap(index, "inserted", 8, 1, 2, &actual, error);
  CHECK(actual == 0);
  return status;
}
static stave_status call_remove_if(void* index, stave_error* error) {
  uint64_t actual = 99;
  const stave_status status = stave_index_remove_if(index, "inserted", 8, 2, &actual, error);
  CHECK(actual == 0);
  return status;
}
static stave_status call_remove(void* index, stave_error* error) {
  uint64_t previous = 99;
  const stave_status status = stave_index_remove(index, "key", 3, &previous, error);
  CHECK(previous == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_put_hashed(void* index, stave_error* error) {
  return stave_index_put_hashed(index, "hashed", 6, 7, 1, NULL, NULL, error);
}
static stave_status call_insert_hashed(void* index, stave_error* error) {
  return stave_index_insert_hashed(index, "inserted", 8, 7, 1, NULL, error);
}
static stave_status call_compare_and_swap_hashed(void* index, stave_error* error) {
  return stave_index_compare_and_swap_hashed(index, "inserted", 8, 7, 1, 2, NULL, error);
}
static stave_status call_remove_if_hashed(void* index, stave_error* error) {
  return stave_index_remove_if_hashed(index, "inserted", 8, 7, 2, NULL, error);
}
static stave_status call_remove_hashed(void* index, stave_error* error) {
  return stave_index_remove_hashed(index, "hashed", 6, 7, NULL, error);
}
static stave_status call_multi_put(void* index, stave_error* error) {
  const uint32_t key_sizes[2] = {2, 2};
  const uint64_t values[2] = {1, 2};
  uint64_t previous[2];
  uint8_t existed[2];
  size_t done = 99;
  const stave_status status =
      stave_index_multi_put(index, "m1m2", key_sizes, 2, values, previous, existed, &done, error);
  CHECK(done == (status == STAVE_OK ? 2 : 0));
  return status;
}
static stave_status call_reserve(void* index, stave_error* error) {
  return stave_index_reserve(index, 100, error);
}
static stave_status call_shrink_to_fit(void* index, stave_error* error) {
  return stave_index_shrink_to_fit(index, error);
}
static stave_status call_clear(void* index, stave_error* error) {
  return stave_index_clear(index, error);
}
static stave_status call_cursor_open(void* index, stave_error* error) {
  stave_index_cursor* cursor = (stave_index_cursor*)&cursor;
  const stave_status status = stave_index_cursor_open(index, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_index_cursor_free(cursor);
  return status;
}
/* So that reading finds something. */
static stave_status call_put_again(void* index, stave_error* error) {
  const stave_status status = stave_index_put(index, "key", 3, 1, NULL, NULL, error);
  if (status != STAVE_OK) return status;
  return stave_index_put_hashed(index, "hashed", 6, 7, 1, NULL, NULL, error);
}

static const handle_call writes[] = {
    {"put", call_put},
    {"insert", call_insert},
    {"compare_and_swap", call_compare_and_swap},
    {"remove_if", call_remove_if},
    {"remove", call_remove},
    {"put_hashed", call_put_hashed},
    {"insert_hashed", call_insert_hashed},
    {"compare_and_swap_hashed", call_compare_and_swap_hashed},
    {"remove_if_hashed", call_remove_if_hashed},
    {"remove_hashed", call_remove_hashed},
    {"multi_put", call_multi_put},
    {"reserve", call_reserve},
    {"shrink_to_fit", call_shrink_to_fit},
    {"clear", call_clear},
    {"cursor_open", call_cursor_open},
    {"put again", call_put_again},
};
const handle_calls index_writes = {"index", writes, sizeof writes / sizeof *writes};

/* ---- Reading ------------------------------------------------------------------------------------
 */

static stave_status call_get(void* index, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_get(index, "key", 3, &value, error);
  CHECK(value == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_contains(void* index, stave_error* error) {
  return stave_index_contains(index, "key", 3, error);
}
static stave_status call_get_hashed(void* index, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_get_hashed(index, "hashed", 6, 7, &value, error);
  CHECK(value == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_contains_hashed(void* index, stave_error* error) {
  return stave_index_contains_hashed(index, "hashed", 6, 7, error);
}
static stave_status call_hash(void* index, stave_error* error) {
  uint64_t hash = 99;
  const stave_status status = stave_index_hash(index, "key", 3, &hash, error);
  CHECK(status == STAVE_OK || hash == 0);
  return status;
}
static stave_status call_multi_get(void* index, stave_error* error) {
  const uint32_t key_sizes[2] = {3, 4};
  uint64_t values[2];
  uint8_t found[2];
  const stave_status status =
      stave_index_multi_get(index, "keynone", key_sizes, 2, values, found, error);
  if (status == STAVE_OK) CHECK(found[0] == 1 && values[0] == 1 && found[1] == 0);
  return status;
}
static stave_status call_size(void* index, stave_error* error) {
  uint64_t size = 99;
  const stave_status status = stave_index_size(index, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_is_empty(void* index, stave_error* error) {
  uint8_t is_empty = 99;
  const stave_status status = stave_index_is_empty(index, &is_empty, error);
  CHECK(is_empty == 0);
  return status;
}
static stave_status call_capacity(void* index, stave_error* error) {
  uint64_t capacity = 0;
  const stave_status status = stave_index_capacity(index, &capacity, error);
  CHECK((status == STAVE_OK) == (capacity != 0));
  return status;
}
static stave_status call_stats(void* index, stave_error* error) {
  stave_index_stats stats;
  stave_index_stats_init(&stats);
  return stave_index_stats_get(index, &stats, error);
}
static stave_status call_shard_stats(void* index, stave_error* error) {
  stave_index_shard_stats stats;
  stave_index_shard_stats_init(&stats);
  return stave_index_shard_stats_get(index, 0, &stats, error);
}
static stave_status call_options_get(void* index, stave_error* error) {
  stave_index_options options;
  stave_index_options_init(&options);
  return stave_index_options_get(index, &options, error);
}
static stave_status call_collect_values(void* index, stave_error* error) {
  stave_buffer values = {NULL, 0, 0};
  uint64_t count = 99;
  const stave_status status = stave_index_collect_values(index, &values, &count, error);
  CHECK(count * sizeof(uint64_t) == values.size);
  stave_buffer_free(&values);
  return status;
}

static const handle_call reads[] = {
    {"get", call_get},
    {"contains", call_contains},
    {"get_hashed", call_get_hashed},
    {"contains_hashed", call_contains_hashed},
    {"hash", call_hash},
    {"multi_get", call_multi_get},
    {"size", call_size},
    {"is_empty", call_is_empty},
    {"capacity", call_capacity},
    {"stats_get", call_stats},
    {"shard_stats_get", call_shard_stats},
    {"options_get", call_options_get},
    {"collect_values", call_collect_values},
};
const handle_calls index_reads = {"index", reads, sizeof reads / sizeof *reads};

/* ---- Cursors ------------------------------------------------------------------------------------
 */

static stave_status call_next(void* cursor, stave_error* error) {
  return stave_index_cursor_next(cursor, error);
}
static stave_status call_value(void* cursor, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_cursor_value(cursor, &value, error);
  CHECK(status == STAVE_OK || value == 0);
  return status;
}
static stave_status call_key(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_index_cursor_key(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_next_many(void* cursor, stave_error* error) {
  uint64_t value;
  size_t count = 99;
  const stave_status status =
      stave_index_cursor_next_many(cursor, 1, &value, 0, NULL, NULL, &count, error);
  CHECK(status == STAVE_OK || count == 0);
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},
    {"value", call_value},
    {"key", call_key},
    {"next_many", call_next_many},
};
const handle_calls index_of_cursor = {"index cursor", of_cursor,
                                      sizeof of_cursor / sizeof *of_cursor};

/* ---- All of them at once ------------------------------------------------------------------------
 */

void check_index(stave_index* index, stave_status expected) {
  check_calls(&index_writes, index, expected);
  check_calls(&index_reads, index, expected);
}

/* ---- What tests begin and end with --------------------------------------------------------------
 */

stave_index* create_index(const char* options_text) {
  stave_error error;
  stave_index_options options;
  stave_index_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_index_options_set(&options, options_text, &error));
  stave_index* index = NULL;
  const stave_status status = stave_index_create(&options, NULL, &index, &error);
  if (status != STAVE_OK) fprintf(stderr, "create: %s\n", error.message);
  CHECK(status == STAVE_OK && index != NULL);
  return index;
}

void close_index(stave_index* index) {
  CHECK_STATUS(STAVE_OK, stave_index_close(index, NULL));
  stave_index_free(index);
}

void put_number(stave_index* index, const char* key, uint64_t value) {
  CHECK_STATUS(STAVE_OK, stave_index_put(index, key, strlen(key), value, NULL, NULL, NULL));
}

void check_number(stave_index* index, const char* key, uint64_t value) {
  uint64_t found;
  CHECK_STATUS(STAVE_OK, stave_index_get(index, key, strlen(key), &found, NULL));
  CHECK(found == value);
}
