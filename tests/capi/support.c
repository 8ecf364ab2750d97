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

static stave_status call_cursor_token(void* cursor, stave_error* error) {
  stave_buffer token = {NULL, 0, 0};
  const stave_status status = stave_store_cursor_token(cursor, &token, error);
  CHECK((status == STAVE_OK) == (token.size != 0));
  stave_buffer_free(&token);
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},          {"key", call_key},
    {"value", call_value},        {"next_many", call_next_many},
    {"token", call_cursor_token},
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
