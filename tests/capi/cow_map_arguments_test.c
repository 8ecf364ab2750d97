/* Arguments that no function of maps accepts: an error that names the argument, and nothing else
 * happens. Options and structs of other sizes. */
#include "tests/capi/cow_map_calls.h"

static stave_error error;

static void null_handles(void) {
  check_cow_map(NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_cursor, NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_diff, NULL, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_clear(NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "map is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_cursor_next(NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "cursor is NULL");
  /* What ends things accepts NULL. */
  CHECK_STATUS(STAVE_OK, stave_cow_map_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_close(NULL, NULL));
  stave_cow_map_free(NULL);
  stave_cow_map_cursor_free(NULL);
  stave_cow_map_diff_free(NULL);
  stave_cow_map_options_init(NULL);
  stave_cow_map_stats_init(NULL);
}

static void wrong_kinds(void) {
  cow_map_family family = create_cow_map_family();
  check_cow_map((stave_cow_map*)(void*)family.cursor, STAVE_INVALID_ARGUMENT);
  check_cow_map((stave_cow_map*)(void*)family.diff, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_cursor, family.map, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_cursor, family.diff, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_diff, family.cursor, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_flush((stave_store*)(void*)family.map, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_close((stave_cow_map*)(void*)family.diff, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_cursor_close((stave_cow_map_cursor*)(void*)family.map, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_diff_close((stave_cow_map_diff*)(void*)family.cursor, NULL));
  /* To free the wrong kind does nothing. */
  const uint64_t handles = stave_live_handles();
  stave_cow_map_free((stave_cow_map*)(void*)family.cursor);
  stave_cow_map_cursor_free((stave_cow_map_cursor*)(void*)family.diff);
  stave_cow_map_diff_free((stave_cow_map_diff*)(void*)family.map);
  CHECK(stave_live_handles() == handles);
  check_calls(&cow_map_of_cursor, family.cursor, STAVE_OK);
  check_calls(&cow_map_of_diff, family.diff, STAVE_OK);
  check_cow_map(family.map, STAVE_OK);
  free_cow_map_family(&family);
}

static stave_status never(void* context, stave_buffer* value) {
  (void)context;
  (void)value;
  abort();
}

/* NULL with a size, callbacks that are none, and values that are too large or have a wrong size. */
static void wrong_values(stave_cow_map* map) {
  size_t size;
  uint64_t entries;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_put(map, 1, NULL, 1, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "value is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_insert(map, 1, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_replace(map, 1, NULL, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get_or_insert(map, 1, NULL, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_update_or_insert(map, 1, never, NULL, NULL, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_update_or_insert(map, 1, NULL, NULL, "v", 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "edit is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_get_or_insert_with(map, 1, NULL, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "make is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_modify(map, 1, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get(map, 1, NULL, 1, &size, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "data is NULL");
  const size_t too_large = (size_t)1 << 31;
  CHECK_STATUS(STAVE_TOO_LARGE, stave_cow_map_put(map, 1, "v", too_large, NULL, NULL, &error));
  CHECK_STATUS(STAVE_TOO_LARGE, stave_cow_map_insert(map, 1, "v", too_large, &error));
  CHECK_STATUS(STAVE_TOO_LARGE, stave_cow_map_replace(map, 1, "v", too_large, NULL, &error));
  CHECK_STATUS(STAVE_TOO_LARGE, stave_cow_map_get_or_insert(map, 1, "v", too_large, NULL, &error));
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_cow_map_update_or_insert(map, 1, never, NULL, "v", too_large, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_cow_map_size(map, &entries, NULL));
  CHECK(entries == 0);
  /* NULL without a size is the empty value, and outputs that are not wanted are no mistake. */
  CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, 1, NULL, 0, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_get(map, 1, NULL, 0, &size, NULL));
  CHECK(size == 0);
  CHECK_STATUS(STAVE_EXISTS, stave_cow_map_get_or_insert(map, 1, "v", 1, NULL, NULL));
  CHECK_STATUS(STAVE_EXISTS, stave_cow_map_get_or_insert_with(map, 1, never, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_modify(map, 2, never, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, 1, NULL, NULL));

  stave_cow_map* fixed = create_cow_map("values=fixed value_size=8");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_put(fixed, 1, "seven..", 7, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_get_or_insert(fixed, 1, "nine.....", 9, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_put(fixed, 1, NULL, 0, NULL, NULL, &error));
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(fixed, 1, NULL));
  put_entry(fixed, 1, "eight...");
  check_entry(fixed, 1, "eight...");
  close_cow_map(fixed);
}

/* Arrays that are missing, and a value in the middle that cannot be stored. */
static void wrong_arrays(stave_cow_map* map) {
  static const int64_t keys[] = {1, 2, 3};
  const uint64_t sizes[] = {2, (uint64_t)1 << 31, 2};
  const uint64_t too_many[] = {1, UINT64_MAX, 1};
  size_t done = 9;
  CHECK_STATUS(STAVE_OK, stave_cow_map_multi_put(map, NULL, NULL, NULL, 0, NULL, &done, NULL));
  CHECK(done == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_put(map, NULL, "aabbcc", sizes, 1, NULL, &done, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_put(map, keys, NULL, sizes, 1, NULL, &done, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_put(map, keys, "aabbcc", NULL, 1, NULL, &done, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_put(map, keys, "aabbcc", too_many, 3, NULL, &done, &error));
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, 1, NULL));
  uint8_t replaced[] = {9, 9, 9};
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_cow_map_multi_put(map, keys, "aabbcc", sizes, 3, replaced, &done, &error));
  CHECK(done == 1 && replaced[0] == 0);
  check_entry(map, 1, "aa");
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, 3, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, 1, NULL, NULL));
}

/* What is only for absent keys, and what is only for present ones. */
static void conditions(stave_cow_map* map) {
  stave_buffer previous = {NULL, 0, 0};
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_replace(map, 1, "a", 1, &previous, &error));
  CHECK(previous.size == 0);
  CHECK_STATUS(STAVE_OK, stave_cow_map_insert(map, 1, "b", 1, &error));
  CHECK_STATUS(STAVE_EXISTS, stave_cow_map_insert(map, 1, "c", 1, &error));
  check_entry(map, 1, "b");
  CHECK_STATUS(STAVE_OK, stave_cow_map_replace(map, 1, "d", 1, &previous, &error));
  CHECK(previous.size == 1 && memcmp(previous.data, "b", 1) == 0);
  check_entry(map, 1, "d");
  CHECK_STATUS(STAVE_OK, stave_cow_map_replace(map, 1, "e", 1, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, 1, NULL, NULL));
  stave_buffer_free(&previous);
}

/* Takes the value away, and hands out nothing with a size. */
static stave_status spoil(void* context, stave_buffer* value) {
  (void)context;
  stave_buffer_free(value);
  value->size = 7;
  return STAVE_OK;
}

static void wrong_buffers(stave_cow_map* map) {
  stave_buffer wrong = {NULL, 7, 7};
  uint64_t size;
  const int64_t keys[1] = {1};
  put_entry(map, 1, "value");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get_buffer(map, 1, &wrong, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_put(map, 1, "new", 3, NULL, &wrong, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "previous");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_remove(map, 1, &wrong, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_get_or_insert(map, 2, "new", 3, &wrong, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_get(map, keys, 1, &wrong, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_options_describe(&wrong, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_modify(map, 1, spoil, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "callback");
  check_entry(map, 1, "value");
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, 2, NULL));
}

/* A value that lies in the buffer for the one that it replaces, which needs more room. */
static void one_buffer_for_both(stave_cow_map* map) {
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  put_entry(map, 1, "a value that needs a larger buffer than the other one");
  put_entry(map, 2, "short");
  CHECK_STATUS(STAVE_OK, stave_cow_map_get_buffer(map, 2, &buffer, &error));
  CHECK_STATUS(STAVE_OK,
               stave_cow_map_put(map, 1, buffer.data, buffer.size, NULL, &buffer, &error));
  CHECK(buffer.size == strlen("a value that needs a larger buffer than the other one"));
  check_entry(map, 1, "short");
  put_entry(map, 1, "value");
  CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, 2, NULL, &error));
  stave_buffer_free(&buffer);
}

static void null_outputs(stave_cow_map* map) {
  stave_buffer values = {NULL, 0, 0};
  const int64_t keys[2] = {1, 2};
  uint64_t sizes[2];
  char data[8];
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_create(NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "map is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_clone(map, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "clone is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get(map, 1, data, 8, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get_buffer(map, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_get_pin(map, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_size(map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_is_empty(map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_stats_get(map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_options_get(map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_options_set(NULL, "", &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_options_describe(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_cursor_open(map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_diff_open(map, map, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_get(map, NULL, 2, &values, sizes, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_multi_get(map, keys, 2, NULL, sizes, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_multi_get(map, keys, 2, &values, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_cow_map_multi_get(map, NULL, 0, &values, NULL, NULL));
}

static void null_outputs_of_children(void) {
  cow_map_family family = create_cow_map_family();
  stave_buffer values = {NULL, 0, 0};
  const void* data;
  size_t size;
  uint64_t sizes[1];
  uint32_t change;
  int64_t key;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_cursor_key(family.cursor, &key, &error));
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_next(family.cursor, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_cursor_key(family.cursor, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_cursor_value(family.cursor, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_cursor_value(family.cursor, &data, NULL, &error));
  CHECK_STATUS(
      STAVE_INVALID_ARGUMENT,
      stave_cow_map_cursor_next_many(family.cursor, 1, 1, &key, &values, NULL, &size, &error));
  CHECK_STATUS(
      STAVE_INVALID_ARGUMENT,
      stave_cow_map_cursor_next_many(family.cursor, 1, 1, &key, &values, sizes, NULL, &error));
  /* None of them has moved the cursor. No room at all is no mistake. */
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_value(family.cursor, &data, &size, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_cow_map_cursor_next_many(family.cursor, 0, 0, NULL, NULL, NULL, &size, NULL));
  CHECK(size == 0);

  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_cow_map_diff_before(family.diff, &data, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_diff_next(family.diff, NULL, &key, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_diff_next(family.diff, &change, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_next(family.diff, &change, &key, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_diff_before(family.diff, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_diff_after(family.diff, &data, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_after(family.diff, &data, &size, NULL));
  free_cow_map_family(&family);
}

static void check_refused(const stave_cow_map_options* options, const char* part) {
  stave_cow_map* map = (stave_cow_map*)&map;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_create(options, &map, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, part);
  CHECK(map == NULL);
}

static void structs(void) {
  stave_cow_map_options options;
  memset(&options, 0xFF, sizeof options);
  stave_cow_map_options_init(&options);
  CHECK(options.struct_size == sizeof options && options.values == STAVE_VALUES_VARIABLE);
  CHECK(options.value_size == 0 && options.capacity == 0);
  options.struct_size = 25;
  check_refused(&options, "stave_cow_map_options.struct_size");
  options.struct_size = sizeof options;
  options.values = 3;
  check_refused(&options, "values");
  options.values = STAVE_VALUES_FIXED;
  options.value_size = (uint32_t)1 << 31;
  check_refused(&options, "value_size");
  options.value_size = 4;
  options.capacity = ((uint64_t)1 << 32) + 1;
  check_refused(&options, "capacity");
  options.capacity = 0;
  options.reserved[3] = 1;
  check_refused(&options, "reserved");

  /* An older header: what it does not know takes the defaults. */
  options.reserved[3] = 0;
  memset((char*)&options + 16, 0xFF, sizeof options - 16);
  options.struct_size = 16;
  stave_cow_map* map;
  CHECK_STATUS(STAVE_OK, stave_cow_map_create(&options, &map, &error));
  memset(&options, 0xFF, sizeof options);
  options.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_cow_map_options_get(map, &options, &error));
  CHECK(options.value_size == 4 && options.capacity == UINT64_MAX); /* is not written to */
  options.struct_size = sizeof options;
  CHECK_STATUS(STAVE_OK, stave_cow_map_options_get(map, &options, &error));
  CHECK(options.values == STAVE_VALUES_FIXED && options.capacity == 0);
  /* Statistics likewise. */
  stave_cow_map_stats stats;
  memset(&stats, 0xFF, sizeof stats);
  stats.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_cow_map_stats_get(map, &stats, &error));
  CHECK(stats.entries == 0 && stats.own_bytes == UINT64_MAX);
  stats.struct_size = 0;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_cow_map_stats_get(map, &stats, &error));
  close_cow_map(map);
}

int main(void) {
  stave_cow_map* map = create_cow_map("");
  null_handles();
  wrong_kinds();
  wrong_values(map);
  wrong_arrays(map);
  conditions(map);
  wrong_buffers(map);
  one_buffer_for_both(map);
  null_outputs(map);
  null_outputs_of_children();
  check_cow_map(map, STAVE_OK);
  close_cow_map(map);
  structs();
  CHECK(stave_live_handles() == 0);
  return 0;
}
