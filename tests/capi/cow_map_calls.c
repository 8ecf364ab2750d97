#include "tests/capi/cow_map_calls.h"

/* ---- Writing ------------------------------------------------------------------------------------
 */

static stave_status call_put(void* map, stave_error* error) {
  stave_buffer previous = {NULL, 0, 0};
  uint8_t replaced = 99;
  const stave_status status = stave_cow_map_put(map, 1, "value", 5, &replaced, &previous, error);
  CHECK(replaced <= 1 && (replaced == 1 || previous.size == 0));
  CHECK(status == STAVE_OK || replaced == 0);
  stave_buffer_free(&previous);
  return status;
}
static stave_status append(void* context, stave_buffer* value) {
  (void)context;
  const size_t size = value->size;
  const stave_status status = stave_buffer_resize(value, size + 1, NULL);
  if (status == STAVE_OK) ((char*)value->data)[size] = '+';
  return status;
}
static stave_status call_modify(void* map, stave_error* error) {
  return stave_cow_map_modify(map, 1, append, NULL, error);
}
/* A result of the call, which is empty unless the call was ok. */
static stave_status with_result(stave_buffer* result, stave_status status, const char* expected) {
  if (status == STAVE_OK)
    CHECK(result->size == strlen(expected) && memcmp(result->data, expected, result->size) == 0);
  else
    CHECK(result->size == 0);
  stave_buffer_free(result);
  return status;
}
static stave_status call_remove(void* map, stave_error* error) {
  stave_buffer removed = {NULL, 0, 0};
  return with_result(&removed, stave_cow_map_remove(map, 1, &removed, error), "value+");
}
static stave_status call_get_or_insert(void* map, stave_error* error) {
  stave_buffer now = {NULL, 0, 0};
  return with_result(&now, stave_cow_map_get_or_insert(map, 1, "new", 3, &now, error), "new");
}
static stave_status call_get_or_insert_with(void* map, stave_error* error) {
  stave_buffer now = {NULL, 0, 0};
  return with_result(&now, stave_cow_map_get_or_insert_with(map, 2, append, NULL, &now, error),
                     "+");
}
static stave_status call_update_or_insert(void* map, stave_error* error) {
  stave_buffer now = {NULL, 0, 0};
  return with_result(
      &now, stave_cow_map_update_or_insert(map, 3, append, NULL, "new", 3, &now, error), "new");
}
static stave_status call_insert(void* map, stave_error* error) {
  return stave_cow_map_insert(map, 4, "first", 5, error);
}
static stave_status call_replace(void* map, stave_error* error) {
  stave_buffer previous = {NULL, 0, 0};
  return with_result(&previous, stave_cow_map_replace(map, 4, "second", 6, &previous, error),
                     "first");
}
static stave_status call_multi_put(void* map, stave_error* error) {
  static const int64_t keys[] = {5, 4, 5};
  static const uint64_t sizes[] = {1, 0, 2};
  static const uint8_t expected[] = {0, 1, 1};
  uint8_t replaced[] = {9, 9, 9};
  size_t done = 9;
  const stave_status status =
      stave_cow_map_multi_put(map, keys, "abb", sizes, 3, replaced, &done, error);
  CHECK(done <= 3 && (done == 3) == (status == STAVE_OK));
  CHECK(memcmp(replaced, expected, done) == 0);
  return status;
}
static stave_status call_shrink_to_fit(void* map, stave_error* error) {
  return stave_cow_map_shrink_to_fit(map, error);
}
static stave_status call_clear(void* map, stave_error* error) {
  return stave_cow_map_clear(map, error);
}
/* So that reading finds something. */
static stave_status call_put_again(void* map, stave_error* error) {
  return stave_cow_map_put(map, 1, "value", 5, NULL, NULL, error);
}

static const handle_call writes[] = {
    {"put", call_put},
    {"modify", call_modify},
    {"remove", call_remove},
    {"get_or_insert", call_get_or_insert},
    {"get_or_insert_with", call_get_or_insert_with},
    {"update_or_insert", call_update_or_insert},
    {"insert", call_insert},
    {"replace", call_replace},
    {"multi_put", call_multi_put},
    {"shrink_to_fit", call_shrink_to_fit},
    {"clear", call_clear},
    {"put again", call_put_again},
};
const handle_calls cow_map_writes = {"cow_map", writes, sizeof writes / sizeof *writes};

/* ---- Copying ------------------------------------------------------------------------------------
 */

static stave_status call_clone(void* map, stave_error* error) {
  stave_cow_map* clone = (stave_cow_map*)&clone;
  const stave_status status = stave_cow_map_clone(map, &clone, error);
  CHECK((status == STAVE_OK) == (clone != NULL));
  stave_cow_map_free(clone);
  return status;
}
static stave_status call_cursor_open(void* map, stave_error* error) {
  stave_cow_map_cursor* cursor = (stave_cow_map_cursor*)&cursor;
  const stave_status status = stave_cow_map_cursor_open(map, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_cow_map_cursor_free(cursor);
  return status;
}
/* On either side of a map that is fine. */
static stave_status open_diff(void* of, int is_after, stave_error* error) {
  stave_cow_map* fine = create_cow_map("");
  stave_cow_map_diff* diff = (stave_cow_map_diff*)&diff;
  const stave_status status =
      stave_cow_map_diff_open(is_after ? fine : of, is_after ? of : fine, &diff, error);
  CHECK((status == STAVE_OK) == (diff != NULL));
  stave_cow_map_diff_free(diff);
  close_cow_map(fine);
  return status;
}
static stave_status call_diff_before(void* map, stave_error* error) {
  return open_diff(map, 0, error);
}
static stave_status call_diff_after(void* map, stave_error* error) {
  return open_diff(map, 1, error);
}

static const handle_call copies[] = {
    {"clone", call_clone},
    {"cursor_open", call_cursor_open},
    {"diff_open, as before", call_diff_before},
    {"diff_open, as after", call_diff_after},
};
const handle_calls cow_map_copies = {"cow_map", copies, sizeof copies / sizeof *copies};

/* ---- Reading ------------------------------------------------------------------------------------
 */

static stave_status call_get(void* map, stave_error* error) {
  char data[8];
  size_t size = 99;
  const stave_status status = stave_cow_map_get(map, 1, data, sizeof data, &size, error);
  CHECK(status == STAVE_OK ? size == 5 && memcmp(data, "value", 5) == 0 : size == 0);
  return status;
}
static stave_status call_get_buffer(void* map, stave_error* error) {
  stave_buffer value = {NULL, 0, 0};
  return with_result(&value, stave_cow_map_get_buffer(map, 1, &value, error), "value");
}
static stave_status call_get_pin(void* map, stave_error* error) {
  stave_pin* pin = (stave_pin*)&pin;
  const stave_status status = stave_cow_map_get_pin(map, 1, &pin, error);
  CHECK((status == STAVE_OK) == (pin != NULL));
  CHECK(status != STAVE_OK || stave_pin_size(pin) == 5);
  stave_pin_free(pin);
  return status;
}
static stave_status call_contains(void* map, stave_error* error) {
  return stave_cow_map_contains(map, 1, error);
}
static stave_status call_size(void* map, stave_error* error) {
  uint64_t size = 99;
  const stave_status status = stave_cow_map_size(map, &size, error);
  CHECK((status == STAVE_OK) == (size != 0));
  return status;
}
static stave_status call_is_empty(void* map, stave_error* error) {
  uint8_t is_empty = 99;
  const stave_status status = stave_cow_map_is_empty(map, &is_empty, error);
  CHECK(is_empty == 0);
  return status;
}
static stave_status call_multi_get(void* map, stave_error* error) {
  static const int64_t keys[3] = {1, INT64_MIN, 1};
  uint64_t sizes[3];
  stave_buffer values = {NULL, 0, 0};
  const stave_status status = stave_cow_map_multi_get(map, keys, 3, &values, sizes, error);
  CHECK(status != STAVE_OK || (sizes[0] == 5 && sizes[1] == STAVE_ABSENT && sizes[2] == 5));
  return with_result(&values, status, "valuevalue");
}
static stave_status call_options_get(void* map, stave_error* error) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  return stave_cow_map_options_get(map, &options, error);
}
static stave_status call_stats_get(void* map, stave_error* error) {
  stave_cow_map_stats stats;
  stave_cow_map_stats_init(&stats);
  const stave_status status = stave_cow_map_stats_get(map, &stats, error);
  CHECK((status == STAVE_OK) == (stats.entries != 0));
  return status;
}

static const handle_call reads[] = {
    {"get", call_get},
    {"get_buffer", call_get_buffer},
    {"get_pin", call_get_pin},
    {"contains", call_contains},
    {"size", call_size},
    {"is_empty", call_is_empty},
    {"multi_get", call_multi_get},
    {"options_get", call_options_get},
    {"stats_get", call_stats_get},
};
const handle_calls cow_map_reads = {"cow_map", reads, sizeof reads / sizeof *reads};

/* ---- Cursors and diffs --------------------------------------------------------------------------
 */

static stave_status call_next(void* cursor, stave_error* error) {
  return stave_cow_map_cursor_next(cursor, error);
}
static stave_status call_key(void* cursor, stave_error* error) {
  int64_t key = 99;
  const stave_status status = stave_cow_map_cursor_key(cursor, &key, error);
  CHECK(status == STAVE_OK || key == 0);
  return status;
}
/* The bytes of an entry, which are not there when the call is refused. */
static stave_status with_bytes(stave_status status, const void* data, size_t size) {
  CHECK(status == STAVE_OK ? data != NULL && size == 5 : data == NULL && size == 0);
  return status;
}
static stave_status call_value(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_cow_map_cursor_value(cursor, &data, &size, error);
  return with_bytes(status, data, size);
}
static stave_status call_next_many(void* cursor, stave_error* error) {
  int64_t key;
  size_t count = 99;
  const stave_status status =
      stave_cow_map_cursor_next_many(cursor, 1, 0, &key, NULL, NULL, &count, error);
  CHECK(count == (status == STAVE_OK ? 1 : 0));
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},
    {"key", call_key},
    {"value", call_value},
    {"next_many", call_next_many},
};
const handle_calls cow_map_of_cursor = {"cow_map cursor", of_cursor,
                                        sizeof of_cursor / sizeof *of_cursor};

static stave_status call_diff_next(void* diff, stave_error* error) {
  uint32_t change = 99;
  int64_t key = 99;
  const stave_status status = stave_cow_map_diff_next(diff, &change, &key, error);
  CHECK(status == STAVE_OK ? change == STAVE_CHANGE_CHANGED : change == 0 && key == 0);
  return status;
}
static stave_status call_before(void* diff, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_cow_map_diff_before(diff, &data, &size, error);
  return with_bytes(status, data, size);
}
static stave_status call_after(void* diff, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_cow_map_diff_after(diff, &data, &size, error);
  return with_bytes(status, data, size);
}

static const handle_call of_diff[] = {
    {"diff_next", call_diff_next},
    {"diff_before", call_before},
    {"diff_after", call_after},
};
const handle_calls cow_map_of_diff = {"cow_map diff", of_diff, sizeof of_diff / sizeof *of_diff};

/* ---- All of them at once ------------------------------------------------------------------------
 */

void check_cow_map(stave_cow_map* map, stave_status expected) {
  check_calls(&cow_map_writes, map, expected);
  check_calls(&cow_map_copies, map, expected);
  check_calls(&cow_map_reads, map, expected);
}

/* ---- What tests begin and end with --------------------------------------------------------------
 */

stave_cow_map* create_cow_map(const char* options_text) {
  stave_error error;
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_cow_map_options_set(&options, options_text, &error));
  stave_cow_map* map = NULL;
  const stave_status status = stave_cow_map_create(&options, &map, &error);
  if (status != STAVE_OK) fprintf(stderr, "create: %s\n", error.message);
  CHECK(status == STAVE_OK && map != NULL);
  return map;
}

void close_cow_map(stave_cow_map* map) {
  CHECK_STATUS(STAVE_OK, stave_cow_map_close(map, NULL));
  stave_cow_map_free(map);
}

void put_entry(stave_cow_map* map, int64_t key, const char* value) {
  CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, key, value, strlen(value), NULL, NULL, NULL));
}

void check_entry(stave_cow_map* map, int64_t key, const char* value) {
  char data[64];
  size_t size;
  CHECK_STATUS(STAVE_OK, stave_cow_map_get(map, key, data, sizeof data, &size, NULL));
  CHECK(size == strlen(value) && memcmp(data, value, size) == 0);
}

cow_map_family create_cow_map_family(void) {
  enum { begin = 100, end = 300 }; /* none of those that the calls use */
  cow_map_family family = {create_cow_map(""), NULL, NULL, NULL};
  for (int64_t key = begin; key < end; key++) put_entry(family.map, key, "value");
  CHECK_STATUS(STAVE_OK, stave_cow_map_clone(family.map, &family.clone, NULL));
  for (int64_t key = begin; key < end; key++) put_entry(family.clone, key, "other");
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_open(family.map, &family.cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_open(family.map, family.clone, &family.diff, NULL));
  return family;
}

void free_cow_map_family(cow_map_family* family) {
  stave_cow_map_diff_free(family->diff);
  stave_cow_map_cursor_free(family->cursor);
  close_cow_map(family->clone);
  close_cow_map(family->map);
}
