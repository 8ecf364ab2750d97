/* Arguments that no function accepts: an error that names the argument, and nothing else happens.
 */
#include "tests/capi/support.h"

static stave_error error;

static void null_handles(void) {
  check_store_calls(NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&batch_calls, NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&cursor_calls, NULL, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_size(NULL, &(uint64_t){0}, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "store is NULL");
  /* What ends things accepts NULL. */
  CHECK_STATUS(STAVE_OK, stave_store_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_close(NULL, NULL));
  stave_store_free(NULL);
  stave_batch_free(NULL);
  stave_store_cursor_free(NULL);
  stave_pin_free(NULL);
  stave_buffer_free(NULL);
  stave_buffer_init(NULL);
  stave_store_options_init(NULL);
  stave_write_options_init(NULL);
  stave_store_cursor_options_init(NULL);
  stave_store_stats_init(NULL);
  CHECK(stave_pin_data(NULL) == NULL);
  CHECK(stave_pin_size(NULL) == 0);
}

static void wrong_kinds(stave_store* store) {
  stave_batch* batch;
  stave_store_cursor* cursor;
  stave_pin* pin;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, NULL, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_get_pin(store, "key", 3, &pin, NULL));

  check_store_calls(batch, STAVE_INVALID_ARGUMENT);
  check_store_calls(pin, STAVE_INVALID_ARGUMENT);
  check_calls(&batch_calls, store, STAVE_INVALID_ARGUMENT);
  check_calls(&cursor_calls, store, STAVE_INVALID_ARGUMENT);
  char zeros[64] = {0};
  check_store_calls(zeros, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_write(store, (stave_batch*)(void*)cursor, NULL, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_close((stave_store*)(void*)batch, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_close((stave_batch*)(void*)store, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_close((stave_store_cursor*)(void*)store, NULL));
  CHECK(stave_pin_data((stave_pin*)(void*)store) == NULL);
  /* To free the wrong kind does nothing. */
  const uint64_t handles = stave_live_handles();
  stave_store_free((stave_store*)(void*)batch);
  stave_batch_free((stave_batch*)(void*)cursor);
  stave_store_cursor_free((stave_store_cursor*)(void*)pin);
  stave_pin_free((stave_pin*)(void*)store);
  CHECK(stave_live_handles() == handles);

  stave_pin_free(pin);
  stave_store_cursor_free(cursor);
  stave_batch_free(batch);
}

/* The same of writes that rest on the present value. */
static void null_bytes_of_changes(stave_store* store) {
  const struct {
    const char* what;
    const void *key, *expected, *desired;
  } swaps[] = {{"key", NULL, "v", "v"}, {"expected", "k", NULL, "v"}, {"desired", "k", "v", NULL}};
  for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_store_compare_and_swap(store, swaps[i].key, 1, swaps[i].expected, 1,
                                              swaps[i].desired, 1, NULL, &error));
    CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, swaps[i].what);
  }
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_update(store, "k", 1, NULL, NULL, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "edit is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_fetch_update(store, "k", 1, NULL, NULL, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_exchange(store, NULL, 1, "v", 1, NULL, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_exchange(store, "k", 1, NULL, 1, NULL, NULL, NULL, &error));
  stave_buffer unset;
  memset(&unset, 0xFF, sizeof unset);
  unset.capacity = 1;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_exchange(store, "k", 1, "v", 1, &unset, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "previous");
}

/* NULL with a size, for each pair of pointer and size. */
static void null_bytes(stave_store* store) {
  char data[8];
  size_t size;
  uint64_t number;
  stave_buffer buffer = {NULL, 0, 0};
  stave_pin* pin;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_put(store, NULL, 1, "v", 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "key is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_put(store, "k", 1, NULL, 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "value is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_insert(store, NULL, 1, "v", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_replace(store, NULL, 1, "v", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_remove(store, NULL, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, NULL, 1, data, 8, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, "k", 1, NULL, 8, &size, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "data is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, NULL, 1, &buffer, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_pin(store, NULL, 1, &pin, &error));
  CHECK(pin == NULL);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_contains(store, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_value_size(store, NULL, 1, &size, &error));
  CHECK(size == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_shard_for(store, NULL, 1, &(uint32_t){0}, &error));
  null_bytes_of_changes(store);
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_put(batch, NULL, 1, "v", 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_put(batch, "k", 1, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_remove(batch, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_batch_require(batch, NULL, 1, STAVE_REQUIRE_ABSENT, NULL, 0, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_batch_require(batch, "k", 1, STAVE_REQUIRE_EQUAL, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_require(batch, "k", 1, 0, NULL, 0, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "condition is 0");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_require(batch, "k", 1, 4, NULL, 0, &error));
  CHECK_STATUS(STAVE_OK, stave_batch_count(batch, &number, NULL));
  CHECK(number == 0);
  stave_batch_free(batch);
  stave_store_cursor_options cursor_options;
  stave_store_cursor* cursor;
  stave_store_cursor_options_init(&cursor_options);
  cursor_options.prefix_size = 1;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_open(store, &cursor_options, &cursor, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "prefix is NULL");
  CHECK(cursor == NULL);
}

static void null_outputs(stave_store* store) {
  char data[8];
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open("x", NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "store is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, "k", 1, data, 8, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "size is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, "k", 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "value is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_pin(store, "k", 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "pin is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_size(store, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_value_size(store, "k", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_shard_for(store, "k", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_get(store, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_stats_get(store, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_open(store, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_create(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_describe(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(NULL, "", &error));
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_batch_count(batch, NULL, &error));
  stave_batch_free(batch);

  stave_store_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, NULL, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next(cursor, NULL));
  const void* bytes;
  size_t size;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_key(cursor, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_cursor_value(cursor, &bytes, NULL, &error));
  stave_buffer records = {NULL, 0, 0};
  uint64_t sizes[2];
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_next_many(cursor, 1, 1, NULL, sizes, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_next_many(cursor, 1, 1, &records, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_next_many(cursor, 1, 1, &records, sizes, NULL, &error));
  stave_store_cursor_free(cursor);
}

static void flat_arrays(stave_store* store) {
  const uint32_t key_sizes[2] = {1, 1};
  uint64_t value_sizes[2] = {1, 1};
  const uint64_t endless[2] = {UINT64_MAX / 2, UINT64_MAX / 2};
  stave_buffer values = {NULL, 0, 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_get(store, NULL, key_sizes, 2, &values, value_sizes, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_get(store, "kl", NULL, 2, &values, value_sizes, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_get(store, "kl", key_sizes, 2, NULL, value_sizes, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_get(store, "kl", key_sizes, 2, &values, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_put(store, "kl", key_sizes, NULL, value_sizes, 2, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_put(store, "kl", key_sizes, "vw", NULL, 2, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_put(store, "kl", key_sizes, "vw", endless, 2, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "more than memory can hold");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_multi_remove(store, NULL, key_sizes, 2, NULL, NULL, &error));
  /* Nothing at all is fine, and so are keys without bytes. */
  CHECK_STATUS(STAVE_OK, stave_store_multi_get(store, NULL, NULL, 0, &values, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_multi_put(store, NULL, NULL, NULL, NULL, 0, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_multi_remove(store, NULL, NULL, 0, NULL, NULL, NULL));
  const uint32_t empty = 0;
  CHECK_STATUS(STAVE_OK, stave_store_multi_get(store, NULL, &empty, 1, &values, value_sizes, NULL));
  CHECK(value_sizes[0] == STAVE_ABSENT);
}

/* A buffer that was never initialised, as far as that shows. */
static void wild_buffers(stave_store* store) {
  char byte;
  stave_buffer no_data = {NULL, 0, 8};
  stave_buffer no_capacity = {&byte, 0, 0};
  stave_buffer too_full = {&byte, 2, 1};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, "k", 1, &no_data, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "not been initialized");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, "k", 1, &no_capacity, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_describe(&too_full, NULL));
}

static void paths(void) {
  stave_store* store = (stave_store*)&store;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open(NULL, NULL, &store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "path is NULL");
  CHECK(store == NULL);
  store = (stave_store*)&store;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open("", NULL, &store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "path is empty");
  CHECK(store == NULL);
}

/* A size may go where the key is. It was set to 0 before the key was read. */
static void size_in_key(stave_store* store) {
  union {
    char bytes[16];
    size_t size;
  } key = {"key in place"};
  char value[8];
  put_text(store, key.bytes, "value");
  CHECK_STATUS(STAVE_OK, stave_store_get(store, key.bytes, strlen(key.bytes), value, sizeof value,
                                         &key.size, NULL));
  CHECK(key.size == 5 && memcmp(value, "value", 5) == 0);
}

int main(void) {
  char* path = fresh_path();
  stave_store* store = open_store(path, "durability=os");
  put_text(store, "key", "value");
  check_store_calls(store, STAVE_OK);
  null_handles();
  wrong_kinds(store);
  null_bytes(store);
  null_outputs(store);
  size_in_key(store);
  flat_arrays(store);
  wild_buffers(store);
  paths();
  check_value(store, "key", "value");
  close_store(store);
  CHECK(stave_live_handles() == 0);
  free(path);
  return 0;
}
