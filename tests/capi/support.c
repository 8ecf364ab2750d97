/* nftw and mkdtemp. */
#define _XOPEN_SOURCE 700
#include "tests/capi/support.h"

#include <ftw.h>
#include <unistd.h>

void check_status(const char* file, int line, const char* call, stave_status expected,
                  stave_status actual) {
  if (actual == expected) return;
  fprintf(stderr, "%s:%d: %s: %s instead of %s\n", file, line, call, stave_status_name(actual),
          stave_status_name(expected));
  abort();
}

void check_error(const char* file, int line, const stave_error* error, stave_status expected,
                 const char* part) {
  if (error->status == expected && strstr(error->message, part) != NULL) return;
  fprintf(stderr, "%s:%d: error %s with message '%s' instead of %s with '%s'\n", file, line,
          stave_status_name(error->status), error->message, stave_status_name(expected), part);
  abort();
}

static char directory[256];
static pid_t directory_owner;

static int remove_entry(const char* path, const struct stat* info, int type, struct FTW* place) {
  (void)info;
  (void)type;
  (void)place;
  return remove(path);
}

static void remove_directory(void) {
  if (getpid() == directory_owner) nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char* fresh_path(void) {
  static int count = 0;
  if (count++ == 0) {
    const char* parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/stave-capi-XXXXXX", parent != NULL ? parent : "/tmp");
    CHECK(mkdtemp(directory) != NULL);
    directory_owner = getpid();
    atexit(remove_directory);
  }
  const size_t size = sizeof directory + 16;
  char* path = malloc(size);
  CHECK(path != NULL);
  snprintf(path, size, "%s/%d", directory, count);
  return path;
}

stave_store* open_store(const char* path, const char* options_text) {
  stave_error error;
  stave_store_options options;
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_store_options_set(&options, options_text, &error));
  stave_store* store = NULL;
  const stave_status status = stave_store_open(path, &options, &store, &error);
  if (status != STAVE_OK) fprintf(stderr, "open '%s': %s\n", path, error.message);
  CHECK(status == STAVE_OK && store != NULL);
  return store;
}

void close_store(stave_store* store) {
  CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
  stave_store_free(store);
}

void put_text(stave_store* store, const char* key, const char* value) {
  CHECK_STATUS(STAVE_OK,
               stave_store_put(store, key, strlen(key), value, strlen(value), NULL, NULL));
}

void check_value(stave_store* store, const char* key, const char* value) {
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, key, strlen(key), &buffer, NULL));
  CHECK(buffer.size == strlen(value));
  CHECK(buffer.size == 0 || memcmp(buffer.data, value, buffer.size) == 0);
  stave_buffer_free(&buffer);
}

/* ---- Every function that takes a store ----------------------------------------------------------
 */

static stave_status call_put(void* store, stave_error* error) {
  return stave_store_put(store, "k", 1, "v", 1, NULL, error);
}
static stave_status call_insert(void* store, stave_error* error) {
  return stave_store_insert(store, "k", 1, "v", 1, NULL, error);
}
static stave_status call_replace(void* store, stave_error* error) {
  return stave_store_replace(store, "k", 1, "v", 1, NULL, error);
}
static stave_status call_delete(void* store, stave_error* error) {
  return stave_store_remove(store, "k", 1, NULL, error);
}
static stave_status call_get(void* store, stave_error* error) {
  char data[16];
  size_t size = 99;
  const stave_status status = stave_store_get(store, "k", 1, data, sizeof data, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_get_buffer(void* store, stave_error* error) {
  stave_buffer buffer = {NULL, 0, 0};
  const stave_status status = stave_store_get_buffer(store, "k", 1, &buffer, error);
  stave_buffer_free(&buffer);
  return status;
}
static stave_status call_get_pin(void* store, stave_error* error) {
  stave_pin* pin = (stave_pin*)&pin;
  const stave_status status = stave_store_get_pin(store, "k", 1, &pin, error);
  CHECK((status == STAVE_OK) == (pin != NULL));
  stave_pin_free(pin);
  return status;
}
static stave_status keep(void* context, stave_buffer* value) {
  (void)context;
  (void)value;
  return STAVE_OK;
}
static stave_status call_compare_and_swap(void* store, stave_error* error) {
  return stave_store_compare_and_swap(store, "k", 1, "v", 1, "v", 1, NULL, error);
}
static stave_status call_update(void* store, stave_error* error) {
  return stave_store_update(store, "k", 1, keep, NULL, NULL, NULL, error);
}
static stave_status call_fetch_update(void* store, stave_error* error) {
  return stave_store_fetch_update(store, "k", 1, keep, NULL, NULL, NULL, error);
}
static stave_status call_exchange(void* store, stave_error* error) {
  uint8_t existed = 9;
  const stave_status status =
      stave_store_exchange(store, "k", 1, "v", 1, NULL, &existed, NULL, error);
  CHECK(status == STAVE_OK || existed == 0);
  return status;
}
static stave_status call_shard_for(void* store, stave_error* error) {
  uint32_t shard = 9;
  return stave_store_shard_for(store, "k", 1, &shard, error);
}
static stave_status call_value_size(void* store, stave_error* error) {
  size_t size = 99;
  const stave_status status = stave_store_value_size(store, "k", 1, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_contains(void* store, stave_error* error) {
  return stave_store_contains(store, "k", 1, error);
}
static stave_status call_size(void* store, stave_error* error) {
  uint64_t size;
  return stave_store_size(store, &size, error);
}
static stave_status call_multi_get(void* store, stave_error* error) {
  const uint32_t key_sizes[2] = {1, 1};
  uint64_t value_sizes[2];
  stave_buffer values = {NULL, 0, 0};
  const stave_status status =
      stave_store_multi_get(store, "kl", key_sizes, 2, &values, value_sizes, error);
  stave_buffer_free(&values);
  return status;
}
static stave_status call_multi_put(void* store, stave_error* error) {
  const uint32_t key_sizes[2] = {1, 1};
  const uint64_t value_sizes[2] = {1, 1};
  return stave_store_multi_put(store, "kl", key_sizes, "vw", value_sizes, 2, NULL, error);
}
static stave_status call_multi_delete(void* store, stave_error* error) {
  const uint32_t key_size = 1;
  uint64_t deleted;
  return stave_store_multi_remove(store, "l", &key_size, 1, &deleted, NULL, error);
}
static stave_status call_write(void* store, stave_error* error) {
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_put(batch, "k", 1, "v", 1, NULL));
  const stave_status status = stave_store_write(store, batch, NULL, NULL, error);
  stave_batch_free(batch);
  return status;
}
static stave_status call_cursor_open(void* store, stave_error* error) {
  stave_store_cursor* cursor = (stave_store_cursor*)&cursor;
  const stave_status status = stave_store_cursor_open(store, NULL, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_store_cursor_free(cursor);
  return status;
}
static stave_status call_flush(void* store, stave_error* error) {
  return stave_store_flush(store, error);
}
static stave_status call_sync(void* store, stave_error* error) {
  return stave_store_sync(store, error);
}
static stave_status call_stats(void* store, stave_error* error) {
  stave_store_stats stats;
  stave_store_stats_init(&stats);
  return stave_store_stats_get(store, &stats, error);
}
static stave_status call_verify(void* store, stave_error* error) {
  return stave_store_verify(store, NULL, NULL, error);
}
static stave_status call_options_get(void* store, stave_error* error) {
  stave_store_options options;
  stave_store_options_init(&options);
  return stave_store_options_get(store, &options, error);
}

/* The put comes first, so that on a store that works all of them are ok in this order. */
static const handle_call of_store[] = {
    {"put", call_put},
    {"delete", call_delete},
    {"insert", call_insert},
    {"replace", call_replace},
    {"get", call_get},
    {"get_buffer", call_get_buffer},
    {"get_pin", call_get_pin},
    {"compare_and_swap", call_compare_and_swap},
    {"update", call_update},
    {"fetch_update", call_fetch_update},
    {"exchange", call_exchange},
    {"shard_for", call_shard_for},
    {"value_size", call_value_size},
    {"contains", call_contains},
    {"size", call_size},
    {"multi_get", call_multi_get},
    {"multi_put", call_multi_put},
    {"multi_delete", call_multi_delete},
    {"write", call_write},
    {"cursor_open", call_cursor_open},
    {"flush", call_flush},
    {"sync", call_sync},
    {"stats_get", call_stats},
    {"verify", call_verify},
    {"options_get", call_options_get},
};
const handle_calls store_calls = {"store", of_store, sizeof of_store / sizeof *of_store};

/* ---- Every function that takes a batch, a cursor ------------------------------------------------
 */

static stave_status call_batch_put(void* batch, stave_error* error) {
  return stave_batch_put(batch, "k", 1, "v", 1, error);
}
static stave_status call_batch_delete(void* batch, stave_error* error) {
  return stave_batch_remove(batch, "k", 1, error);
}
static stave_status call_batch_require(void* batch, stave_error* error) {
  return stave_batch_require(batch, "k", 1, STAVE_REQUIRE_EQUAL, "v", 1, error);
}
static stave_status call_batch_count(void* batch, stave_error* error) {
  uint64_t count;
  return stave_batch_count(batch, &count, error);
}
static stave_status call_batch_clear(void* batch, stave_error* error) {
  return stave_batch_clear(batch, error);
}

static const handle_call of_batch[] = {
    {"put", call_batch_put},     {"delete", call_batch_delete}, {"require", call_batch_require},
    {"count", call_batch_count}, {"clear", call_batch_clear},
};
const handle_calls batch_calls = {"batch", of_batch, sizeof of_batch / sizeof *of_batch};

static stave_status call_next(void* cursor, stave_error* error) {
  return stave_store_cursor_next(cursor, error);
}
static stave_status call_key(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_store_cursor_key(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_value(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_store_cursor_value(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_next_many(void* cursor, stave_error* error) {
  stave_buffer records = {NULL, 0, 0};
  uint64_t sizes[2];
  size_t count = 99;
  const stave_status status =
      stave_store_cursor_next_many(cursor, 1, 100, &records, sizes, &count, error);
  CHECK(status == STAVE_OK || count == 0);
  stave_buffer_free(&records);
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},
    {"key", call_key},
    {"value", call_value},
    {"next_many", call_next_many},
};
const handle_calls cursor_calls = {"cursor", of_cursor, sizeof of_cursor / sizeof *of_cursor};

/* ---- All of them at once ------------------------------------------------------------------------
 */

void check_calls(const handle_calls* calls, void* handle, stave_status expected) {
  for (size_t i = 0; i < calls->count; i++) {
    stave_error error = {0, 0, ""};
    const stave_status status = calls->calls[i].call(handle, &error);
    if (status == expected &&
        (status >= 0 || (error.status == expected && error.message[0] != '\0')))
      continue;
    fprintf(stderr, "%s %s: %s (message '%s') instead of %s\n", calls->kind, calls->calls[i].name,
            stave_status_name(status), error.message, stave_status_name(expected));
    abort();
  }
}
