#include "tests/capi/index_calls.h"

/* ---- Writing ------------------------------------------------------------------------------------
 */

static stave_status call_put(stave_index* index, stave_error* error) {
  uint64_t previous = 99;
  uint8_t existed = 99;
  const stave_status status = stave_index_put(index, "key", 3, 1, &previous, &existed, error);
  CHECK(status == STAVE_OK || (previous == 0 && existed == 0));
  return status;
}
static stave_status call_insert(stave_index* index, stave_error* error) {
  uint64_t existing = 99;
  const stave_status status = stave_index_insert(index, "inserted", 8, 1, &existing, error);
  CHECK(existing == 0);
  return status;
}
static stave_status call_compare_and_swap(stave_index* index, stave_error* error) {
  uint64_t actual = 99;
  const stave_status status =
      stave_index_compare_and_swap(index, "inserted", 8, 1, 2, &actual, error);
  CHECK(actual == 0);
  return status;
}
static stave_status call_remove_if(stave_index* index, stave_error* error) {
  uint64_t actual = 99;
  const stave_status status = stave_index_remove_if(index, "inserted", 8, 2, &actual, error);
  CHECK(actual == 0);
  return status;
}
static stave_status call_remove(stave_index* index, stave_error* error) {
  uint64_t previous = 99;
  const stave_status status = stave_index_remove(index, "key", 3, &previous, error);
  CHECK(previous == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_put_hashed(stave_index* index, stave_error* error) {
  return stave_index_put_hashed(index, "hashed", 6, 7, 1, NULL, NULL, error);
}
static stave_status call_insert_hashed(stave_index* index, stave_error* error) {
  return stave_index_insert_hashed(index, "inserted", 8, 7, 1, NULL, error);
}
static stave_status call_compare_and_swap_hashed(stave_index* index, stave_error* error) {
  return stave_index_compare_and_swap_hashed(index, "inserted", 8, 7, 1, 2, NULL, error);
}
static stave_status call_remove_if_hashed(stave_index* index, stave_error* error) {
  return stave_index_remove_if_hashed(index, "inserted", 8, 7, 2, NULL, error);
}
static stave_status call_remove_hashed(stave_index* index, stave_error* error) {
  return stave_index_remove_hashed(index, "hashed", 6, 7, NULL, error);
}
static stave_status call_multi_put(stave_index* index, stave_error* error) {
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
static stave_status call_reserve(stave_index* index, stave_error* error) {
  return stave_index_reserve(index, 100, error);
}
static stave_status call_shrink_to_fit(stave_index* index, stave_error* error) {
  return stave_index_shrink_to_fit(index, error);
}
static stave_status call_clear(stave_index* index, stave_error* error) {
  return stave_index_clear(index, error);
}
static stave_status call_cursor_open(stave_index* index, stave_error* error) {
  stave_index_cursor* cursor = (stave_index_cursor*)&cursor;
  const stave_status status = stave_index_cursor_open(index, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_index_cursor_free(cursor);
  return status;
}
/* So that reading finds something. */
static stave_status call_put_again(stave_index* index, stave_error* error) {
  const stave_status status = stave_index_put(index, "key", 3, 1, NULL, NULL, error);
  if (status != STAVE_OK) return status;
  return stave_index_put_hashed(index, "hashed", 6, 7, 1, NULL, NULL, error);
}

const index_call index_writes[] = {
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
const size_t index_write_count = sizeof index_writes / sizeof *index_writes;

/* ---- Reading ------------------------------------------------------------------------------------
 */

static stave_status call_get(stave_index* index, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_get(index, "key", 3, &value, error);
  CHECK(value == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_contains(stave_index* index, stave_error* error) {
  return stave_index_contains(index, "key", 3, error);
}
static stave_status call_get_hashed(stave_index* index, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_get_hashed(index, "hashed", 6, 7, &value, error);
  CHECK(value == (status == STAVE_OK ? 1 : 0));
  return status;
}
static stave_status call_contains_hashed(stave_index* index, stave_error* error) {
  return stave_index_contains_hashed(index, "hashed", 6, 7, error);
}
static stave_status call_hash(stave_index* index, stave_error* error) {
  uint64_t hash = 99;
  const stave_status status = stave_index_hash(index, "key", 3, &hash, error);
  CHECK(status == STAVE_OK || hash == 0);
  return status;
}
static stave_status call_multi_get(stave_index* index, stave_error* error) {
  const uint32_t key_sizes[2] = {3, 4};
  uint64_t values[2];
  uint8_t found[2];
  const stave_status status =
      stave_index_multi_get(index, "keynone", key_sizes, 2, values, found, error);
  if (status == STAVE_OK) CHECK(found[0] == 1 && values[0] == 1 && found[1] == 0);
  return status;
}
static stave_status call_size(stave_index* index, stave_error* error) {
  uint64_t size = 99;
  const stave_status status = stave_index_size(index, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_is_empty(stave_index* index, stave_error* error) {
  uint8_t is_empty = 99;
  const stave_status status = stave_index_is_empty(index, &is_empty, error);
  CHECK(is_empty == 0);
  return status;
}
static stave_status call_capacity(stave_index* index, stave_error* error) {
  uint64_t capacity = 0;
  const stave_status status = stave_index_capacity(index, &capacity, error);
  CHECK((status == STAVE_OK) == (capacity != 0));
  return status;
}
static stave_status call_stats(stave_index* index, stave_error* error) {
  stave_index_stats stats;
  stave_index_stats_init(&stats);
  return stave_index_stats_get(index, &stats, error);
}
static stave_status call_shard_stats(stave_index* index, stave_error* error) {
  stave_index_shard_stats stats;
  stave_index_shard_stats_init(&stats);
  return stave_index_shard_stats_get(index, 0, &stats, error);
}
static stave_status call_options_get(stave_index* index, stave_error* error) {
  stave_index_options options;
  stave_index_options_init(&options);
  return stave_index_options_get(index, &options, error);
}
static stave_status call_collect_values(stave_index* index, stave_error* error) {
  stave_buffer values = {NULL, 0, 0};
  uint64_t count = 99;
  const stave_status status = stave_index_collect_values(index, &values, &count, error);
  CHECK(count * sizeof(uint64_t) == values.size);
  stave_buffer_free(&values);
  return status;
}

const index_call index_reads[] = {
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
const size_t index_read_count = sizeof index_reads / sizeof *index_reads;

/* ---- Cursors ------------------------------------------------------------------------------------
 */

static stave_status call_next(stave_index_cursor* cursor, stave_error* error) {
  return stave_index_cursor_next(cursor, error);
}
static stave_status call_value(stave_index_cursor* cursor, stave_error* error) {
  uint64_t value = 99;
  const stave_status status = stave_index_cursor_value(cursor, &value, error);
  CHECK(status == STAVE_OK || value == 0);
  return status;
}
static stave_status call_key(stave_index_cursor* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_index_cursor_key(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_next_many(stave_index_cursor* cursor, stave_error* error) {
  uint64_t value;
  size_t count = 99;
  const stave_status status =
      stave_index_cursor_next_many(cursor, 1, &value, 0, NULL, NULL, &count, error);
  CHECK(status == STAVE_OK || count == 0);
  return status;
}

const index_cursor_call index_cursor_calls[] = {
    {"next", call_next},
    {"value", call_value},
    {"key", call_key},
    {"next_many", call_next_many},
};
const size_t index_cursor_call_count = sizeof index_cursor_calls / sizeof *index_cursor_calls;

/* ---- All of them at once ------------------------------------------------------------------------
 */

static void check_outcome(const char* name, stave_status expected, stave_status status,
                          const stave_error* error) {
  if (status == expected && (status >= 0 || error->status == expected) &&
      (status >= 0 || error->message[0] != '\0'))
    return;
  fprintf(stderr, "index %s: %s (message '%s') instead of %s\n", name, stave_status_name(status),
          error->message, stave_status_name(expected));
  abort();
}

static void check_calls(const index_call* calls, size_t count, stave_index* index,
                        stave_status expected) {
  for (size_t i = 0; i < count; i++) {
    stave_error error = {0, 0, ""};
    const stave_status status = calls[i].call(index, &error);
    check_outcome(calls[i].name, expected, status, &error);
  }
}

void check_index_writes(stave_index* index, stave_status expected) {
  check_calls(index_writes, index_write_count, index, expected);
}

void check_index_reads(stave_index* index, stave_status expected) {
  check_calls(index_reads, index_read_count, index, expected);
}

void check_index_calls(stave_index* index, stave_status expected) {
  check_index_writes(index, expected);
  check_index_reads(index, expected);
}

void check_index_cursor_calls(stave_index_cursor* cursor, stave_status expected) {
  for (size_t i = 0; i < index_cursor_call_count; i++) {
    stave_error error = {0, 0, ""};
    const stave_status status = index_cursor_calls[i].call(cursor, &error);
    check_outcome(index_cursor_calls[i].name, expected, status, &error);
  }
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
