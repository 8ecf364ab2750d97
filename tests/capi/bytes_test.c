/* Bytes out in their three ways, buffers that are reused, flat calls, batches and cursors. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>

#include "tests/capi/support.h"

static stave_store* store;

static void into_own_memory(void) {
  char data[8] = "........";
  size_t size = 99;
  put_text(store, "key", "value");
  CHECK_STATUS(STAVE_OK, stave_store_get(store, "key", 3, data, sizeof data, &size, NULL));
  CHECK(size == 5 && memcmp(data, "value...", 8) == 0);
  CHECK_STATUS(STAVE_OK, stave_store_get(store, "key", 3, data, 5, &size, NULL));
  stave_error error = {0, 0, ""};
  memset(data, '.', sizeof data);
  CHECK_STATUS(STAVE_BUFFER_TOO_SMALL, stave_store_get(store, "key", 3, data, 4, &size, &error));
  CHECK_ERROR(&error, STAVE_BUFFER_TOO_SMALL, "buffer");
  CHECK(size == 5 && memcmp(data, "........", 8) == 0);
  size = 99;
  CHECK_STATUS(STAVE_BUFFER_TOO_SMALL, stave_store_get(store, "key", 3, NULL, 0, &size, NULL));
  CHECK(size == 5);
  /* An expected outcome leaves the error alone. */
  error.status = 1234;
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_get(store, "none", 4, data, 8, &size, &error));
  CHECK(size == 0 && error.status == 1234);
  put_text(store, "empty", "");
  size = 99;
  CHECK_STATUS(STAVE_OK, stave_store_get(store, "empty", 5, NULL, 0, &size, NULL));
  CHECK(size == 0);
}

static void buffers(void) {
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  CHECK(buffer.data == NULL && buffer.size == 0 && buffer.capacity == 0);
  put_text(store, "key", "value");
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, "key", 3, &buffer, NULL));
  CHECK(buffer.size == 5 && buffer.capacity >= 5 && memcmp(buffer.data, "value", 5) == 0);
  /* What fits does not move. */
  const void* data = buffer.data;
  const size_t capacity = buffer.capacity;
  put_text(store, "key", "v");
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, "key", 3, &buffer, NULL));
  CHECK(buffer.size == 1 && buffer.data == data && buffer.capacity == capacity);
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_get_buffer(store, "none", 4, &buffer, NULL));
  CHECK(buffer.size == 0 && buffer.data == data);

  /* A big value takes as much as it needs. */
  const size_t big = 1000003;
  char* value = malloc(big);
  CHECK(value != NULL);
  for (size_t i = 0; i < big; i++) value[i] = (char)(i % 251);
  CHECK_STATUS(STAVE_OK, stave_store_put(store, "big", 3, value, big, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, "big", 3, &buffer, NULL));
  CHECK(buffer.size == big && buffer.capacity == big && memcmp(buffer.data, value, big) == 0);
  stave_pin* pin;
  CHECK_STATUS(STAVE_OK, stave_store_get_pin(store, "big", 3, &pin, NULL));
  CHECK(stave_pin_size(pin) == big && memcmp(stave_pin_data(pin), value, big) == 0);
  /* A pin is not moved by what happens to the key. */
  put_text(store, "big", "small");
  CHECK(memcmp(stave_pin_data(pin), value, big) == 0);
  stave_pin_free(pin);
  free(value);
  stave_buffer_free(&buffer);
  CHECK(buffer.data == NULL && buffer.size == 0 && buffer.capacity == 0);
  stave_buffer_free(&buffer);
}

static void flat_calls(void) {
  const uint32_t key_sizes[4] = {1, 2, 0, 1};
  const uint64_t value_sizes[4] = {3, 0, 2, 1};
  CHECK_STATUS(STAVE_OK, stave_store_multi_put(store, "abba", key_sizes, "onezzx", value_sizes, 4,
                                               NULL, NULL));
  check_value(store, "bb", "");
  check_value(store, "", "zz");
  check_value(store, "a", "x"); /* twice: the later one */
  const uint32_t wanted[5] = {1, 4, 2, 0, 1};
  uint64_t sizes[5];
  stave_buffer values = {NULL, 0, 0};
  CHECK_STATUS(STAVE_OK, stave_store_multi_get(store, "anonebba", wanted, 5, &values, sizes, NULL));
  CHECK(sizes[0] == 1 && sizes[1] == STAVE_ABSENT && sizes[2] == 0 && sizes[3] == 2);
  CHECK(sizes[4] == 1);
  CHECK(values.size == 4 && memcmp(values.data, "xzzx", 4) == 0);
  uint64_t deleted = 99;
  CHECK_STATUS(STAVE_OK,
               stave_store_multi_remove(store, "anonebb", wanted, 3, &deleted, NULL, NULL));
  CHECK(deleted == 2);
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_contains(store, "bb", 2, NULL));
  check_value(store, "", "zz");

  /* One entry beyond a limit: nothing of it all is written. */
  char* keys = malloc(1 + 65536);
  CHECK(keys != NULL);
  memset(keys, 'n', 1 + 65536);
  const uint32_t too_large[2] = {1, 65536};
  const uint64_t ones[2] = {1, 1};
  stave_error error;
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_store_multi_put(store, keys, too_large, "xy", ones, 2, NULL, &error));
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_contains(store, "n", 1, NULL));
  free(keys);
  stave_buffer_free(&values);
}

static void batches(void) {
  stave_batch* batch;
  uint64_t count = 99;
  uint64_t failed = 99;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_write(store, batch, NULL, NULL, NULL, NULL));
  put_text(store, "held", "value");
  CHECK_STATUS(STAVE_OK, stave_batch_put(batch, "b1", 2, "one", 3, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_put(batch, "b1", 2, "two", 3, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_remove(batch, "nothing", 7, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_require(batch, "b1", 2, STAVE_REQUIRE_ABSENT, NULL, 0, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_batch_require(batch, "held", 4, STAVE_REQUIRE_EQUAL, "value", 5, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_count(batch, &count, NULL));
  CHECK(count == 5);
  CHECK_STATUS(STAVE_OK, stave_store_write(store, batch, &failed, NULL, NULL, NULL));
  check_value(store, "b1", "two");
  /* Again: the first condition does not hold any more. */
  stave_error error = {1234, 0, ""};
  CHECK_STATUS(STAVE_MISMATCH, stave_store_write(store, batch, &failed, NULL, NULL, &error));
  CHECK(failed == 3 && error.status == 1234);
  CHECK_STATUS(STAVE_MISMATCH, stave_store_write(store, batch, NULL, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_clear(batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_count(batch, &count, NULL));
  CHECK(count == 0);
  /* A refused entry leaves the batch as it was. */
  char* key = calloc(65536, 1);
  CHECK(key != NULL);
  CHECK_STATUS(STAVE_OK, stave_batch_put(batch, key, 65535, "x", 1, NULL));
  CHECK_STATUS(STAVE_TOO_LARGE, stave_batch_put(batch, key, 65536, "x", 1, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_count(batch, &count, NULL));
  CHECK(count == 1);
  CHECK_STATUS(STAVE_OK, stave_store_write(store, batch, NULL, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_remove(store, key, 65535, NULL, NULL));
  free(key);
  stave_batch_free(batch);
}

static void cursors(void) {
  enum { records = 100 };
  char name[16];
  for (int i = 0; i < records; i++) {
    snprintf(name, sizeof name, "cursor%d", i);
    put_text(store, name, name + 6);
  }
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  options.prefix = "cursor";
  options.prefix_size = 6;
  stave_store_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, &options, &cursor, NULL));
  const void* data;
  size_t size;
  stave_error error;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_key(cursor, &data, &size, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "does not stand on a record");

  /* One by one, then many at a time: each record comes once. */
  int seen[records] = {0};
  stave_buffer many;
  stave_buffer_init(&many);
  uint64_t sizes[2 * 7];
  int total = 0;
  for (int i = 0; i < 3; i++, total++) {
    CHECK_STATUS(STAVE_OK, stave_store_cursor_next(cursor, NULL));
    CHECK_STATUS(STAVE_OK, stave_store_cursor_key(cursor, &data, &size, NULL));
    memcpy(name, data, size);
    name[size] = '\0';
    seen[atoi(name + 6)]++;
    CHECK_STATUS(STAVE_OK, stave_store_cursor_value(cursor, &data, &size, NULL));
    CHECK(size == strlen(name + 6) && memcmp(data, name + 6, size) == 0);
  }
  size_t count = 99;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next_many(cursor, 0, 0, &many, NULL, &count, NULL));
  CHECK(count == 0 && many.size == 0);
  stave_status status;
  while ((status = stave_store_cursor_next_many(cursor, 7, SIZE_MAX, &many, sizes, &count, NULL)) ==
         STAVE_OK) {
    CHECK(count >= 1 && count <= 7);
    const char* next = many.data;
    for (size_t i = 0; i < count; i++, total++) {
      memcpy(name, next, sizes[2 * i]);
      name[sizes[2 * i]] = '\0';
      next += sizes[2 * i];
      CHECK(sizes[2 * i + 1] == strlen(name + 6));
      CHECK(memcmp(next, name + 6, sizes[2 * i + 1]) == 0);
      next += sizes[2 * i + 1];
      seen[atoi(name + 6)]++;
    }
    CHECK(next == (const char*)many.data + many.size);
    CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_value(cursor, &data, &size, NULL));
  }
  CHECK(status == STAVE_DONE && count == 0 && total == records);
  for (int i = 0; i < records; i++) CHECK(seen[i] == 1);
  CHECK_STATUS(STAVE_DONE, stave_store_cursor_next(cursor, NULL));
  CHECK_STATUS(STAVE_DONE, stave_store_cursor_next_many(cursor, 7, 1, &many, sizes, &count, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_key(cursor, &data, &size, NULL));
  stave_store_cursor_free(cursor);

  /* bytes_max is reached, not kept below: at least one record comes. */
  options.keys_only = 1;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, &options, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next_many(cursor, 7, 0, &many, sizes, &count, NULL));
  CHECK(count == 1 && sizes[0] >= 7 && sizes[1] == 0 && many.size == sizes[0]);
  stave_store_cursor_free(cursor);
  stave_buffer_free(&many);
}

/* Inverts the byte behind `marker`, which some file of the directory contains once. */
static void damage(const char* directory, const char* marker) {
  DIR* listing = opendir(directory);
  CHECK(listing != NULL);
  int found = 0;
  const struct dirent* entry;
  while ((entry = readdir(listing)) != NULL) {
    char name[600];
    snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
    FILE* file = fopen(name, "r+b");
    if (file == NULL) continue;
    const size_t length = strlen(marker);
    size_t matched = 0;
    int byte;
    while ((byte = fgetc(file)) != EOF && matched < length)
      matched = byte == marker[matched] ? matched + 1 : byte == marker[0];
    if (matched == length) {
      CHECK(fseek(file, -1, SEEK_CUR) == 0);
      CHECK(fputc(~byte & 0xFF, file) != EOF);
      found++;
    }
    fclose(file);
  }
  closedir(listing);
  CHECK(found == 1);
}

/* A record that cannot be read costs that record alone, whatever stands before it in the answer. */
static void damaged_record(void) {
  enum { records = 20 };
  char* path = fresh_path();
  stave_store* damaged = open_store(path, "durability=os shards=1");
  char key[16];
  for (int i = 0; i < records; i++) {
    snprintf(key, sizeof key, "key%d", i);
    put_text(damaged, key, i == 7 ? "the marker and more" : "value");
  }
  damage(path, "the marker");
  size_t size;
  char data[32];
  stave_error error;
  CHECK_STATUS(STAVE_CORRUPTION,
               stave_store_get(damaged, "key7", 4, data, sizeof data, &size, &error));
  CHECK_ERROR(&error, STAVE_CORRUPTION, path);
  CHECK_ERROR(&error, STAVE_CORRUPTION, "offset");
  CHECK(size == 0);
  stave_store_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(damaged, NULL, &cursor, NULL));
  stave_buffer many = {NULL, 0, 0};
  uint64_t sizes[2 * records];
  size_t count;
  size_t total = 0;
  int failures = 0;
  stave_status status;
  while ((status = stave_store_cursor_next_many(cursor, records, SIZE_MAX, &many, sizes, &count,
                                                &error)) != STAVE_DONE) {
    total += count;
    if (status == STAVE_OK) continue;
    CHECK_ERROR(&error, STAVE_CORRUPTION, "offset");
    CHECK(count == 0);
    failures++;
  }
  CHECK(total == records - 1 && failures == 1);
  stave_store_cursor_free(cursor);
  stave_buffer_free(&many);
  CHECK_STATUS(STAVE_CORRUPTION, stave_store_verify(damaged, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_CORRUPTION, path);
  stave_store_free(damaged);
  free(path);
}

static void statuses(void) {
  CHECK(strcmp(stave_status_name(STAVE_OK), "ok") == 0);
  CHECK(strcmp(stave_status_name(STAVE_BUFFER_TOO_SMALL), "buffer_too_small") == 0);
  CHECK(strcmp(stave_status_name(12345), "unknown") == 0);
  for (stave_status status = -100; status <= 100; status++) {
    CHECK(stave_status_name(status)[0] != '\0');
    CHECK(stave_status_message(status)[0] != '\0');
  }
  const uint32_t version =
      STAVE_VERSION_MAJOR * 1000000u + STAVE_VERSION_MINOR * 1000u + STAVE_VERSION_PATCH;
  CHECK(stave_version() == version);
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", STAVE_VERSION_MAJOR, STAVE_VERSION_MINOR,
           STAVE_VERSION_PATCH);
  CHECK(strcmp(stave_version_text(), text) == 0);
}

int main(void) {
  char* path = fresh_path();
  store = open_store(path, "durability=os");
  into_own_memory();
  buffers();
  flat_calls();
  batches();
  cursors();
  damaged_record();
  statuses();
  close_store(store);
  CHECK(stave_live_handles() == 0);
  free(path);
  return 0;
}
