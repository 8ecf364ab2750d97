/* Fails every allocation once: each call answers NO_MEMORY or does its work, nothing is left behind
 * in memory or in the store, and the store goes on working. */
#include "tests/capi/allocation_failure.h"

/* ---- What is tried ------------------------------------------------------------------------------
 */

static char path[256];
static stave_store* store;
static stave_store_options options;

static stave_status put(stave_error* error) {
  return stave_store_put(store, "new", 3, "value", 5, NULL, error);
}
static stave_status insert(stave_error* error) {
  const stave_status status = stave_store_insert(store, "inserted", 8, "value", 5, NULL, error);
  return status == STAVE_EXISTS ? STAVE_OK : status;
}
static stave_status overwrite(stave_error* error) {
  return stave_store_replace(store, "key", 3, "value", 5, NULL, error);
}
static stave_status erase(stave_error* error) {
  const stave_status status = stave_store_remove(store, "new", 3, NULL, error);
  return status == STAVE_NOT_FOUND ? STAVE_OK : status;
}
static stave_status get(stave_error* error) {
  char data[8];
  size_t size;
  return stave_store_get(store, "key", 3, data, sizeof data, &size, error);
}
static stave_status get_buffer(stave_error* error) {
  stave_buffer buffer = {NULL, 0, 0};
  const stave_status status = stave_store_get_buffer(store, "key", 3, &buffer, error);
  if (status == STAVE_OK) CHECK(buffer.size == 5 && memcmp(buffer.data, "value", 5) == 0);
  stave_buffer_free(&buffer);
  return status;
}
static stave_status get_pin(stave_error* error) {
  stave_pin* pin;
  const stave_status status = stave_store_get_pin(store, "key", 3, &pin, error);
  CHECK((status == STAVE_OK) == (pin != NULL));
  if (status == STAVE_OK) CHECK(memcmp(stave_pin_data(pin), "value", 5) == 0);
  stave_pin_free(pin);
  return status;
}
static stave_status multi_get(stave_error* error) {
  const uint32_t key_sizes[3] = {3, 4, 3};
  uint64_t value_sizes[3];
  stave_buffer values = {NULL, 0, 0};
  const stave_status status =
      stave_store_multi_get(store, "keynonekey", key_sizes, 3, &values, value_sizes, error);
  if (status == STAVE_OK) CHECK(values.size == 10 && value_sizes[1] == STAVE_ABSENT);
  stave_buffer_free(&values);
  return status;
}
/* All or nothing, also without memory. */
static void check_together(void) {
  CHECK(stave_store_contains(store, "m1", 2, NULL) == stave_store_contains(store, "m2", 2, NULL));
}
static stave_status multi_put(stave_error* error) {
  const uint32_t key_sizes[2] = {2, 2};
  const uint64_t value_sizes[2] = {1, 1};
  const stave_status status =
      stave_store_multi_put(store, "m1m2", key_sizes, "xy", value_sizes, 2, NULL, error);
  check_together();
  return status;
}
static stave_status multi_delete(stave_error* error) {
  const uint32_t key_sizes[2] = {2, 2};
  uint64_t deleted;
  const stave_status status =
      stave_store_multi_remove(store, "m1m2", key_sizes, 2, &deleted, NULL, error);
  check_together();
  return status;
}
static stave_status batch(stave_error* error) {
  stave_batch* made;
  stave_status status = stave_batch_create(&made, error);
  if (status == STAVE_OK) status = stave_batch_put(made, "m1", 2, "value", 5, error);
  if (status == STAVE_OK) status = stave_batch_put(made, "m2", 2, "value", 5, error);
  if (status == STAVE_OK)
    status = stave_batch_require(made, "key", 3, STAVE_REQUIRE_EQUAL, "value", 5, error);
  if (status == STAVE_OK) status = stave_store_write(store, made, NULL, NULL, NULL, error);
  stave_batch_free(made);
  check_together();
  return status;
}
static stave_status keep_value(void* context, stave_buffer* value) {
  (void)context;
  return stave_buffer_resize(value, value->size, NULL);
}
static stave_status update(stave_error* error) {
  stave_buffer updated = {NULL, 0, 0};
  const stave_status status =
      stave_store_update(store, "key", 3, keep_value, NULL, &updated, NULL, error);
  CHECK(updated.size == (status == STAVE_OK ? 5 : 0));
  stave_buffer_free(&updated);
  return status;
}
static stave_status exchange(stave_error* error) {
  stave_buffer previous = {NULL, 0, 0};
  uint8_t existed;
  const stave_status status =
      stave_store_exchange(store, "key", 3, "value", 5, &previous, &existed, NULL, error);
  CHECK(previous.size == (status == STAVE_OK ? 5 : 0));
  stave_buffer_free(&previous);
  return status;
}
static stave_status compare_and_swap(stave_error* error) {
  return stave_store_compare_and_swap(store, "key", 3, "value", 5, "value", 5, NULL, error);
}
static stave_status expire(stave_error* error) {
  return stave_store_expire(store, "key", 3, 4102444800000, NULL, error);
}
static stave_status remove_expired(stave_error* error) {
  return stave_store_remove_expired(store, NULL, error);
}
/* Keys of one shard, which change together. */
static stave_status write_inside(void* context, stave_atomic* atomic) {
  stave_buffer value = {NULL, 0, 0};
  (void)context;
  stave_status status = stave_atomic_get(atomic, "key", 3, &value, NULL);
  if (status == STAVE_OK) status = stave_atomic_put(atomic, "key", 3, "value", 5, NULL);
  if (status == STAVE_OK) status = stave_atomic_contains(atomic, "key", 3, NULL);
  stave_buffer_free(&value);
  return status;
}
static stave_status write_atomic(stave_error* error) {
  uint64_t version;
  const stave_status status =
      stave_store_atomic(store, "key", 3, write_inside, NULL, &version, NULL, error);
  CHECK((status == STAVE_OK) == (version != 0));
  return status;
}
static stave_status rewrite(void* context, const void* key, size_t key_size, stave_buffer* value,
                            uint32_t* action) {
  (void)context;
  const int is_key = key_size == 3 && memcmp(key, "key", 3) == 0;
  *action = is_key ? STAVE_MIGRATE_UPDATE : STAVE_MIGRATE_KEEP;
  return stave_buffer_resize(value, value->size, NULL);
}
static stave_status migrate(stave_error* error) {
  uint64_t changed;
  const stave_status status =
      stave_store_migrate(store, rewrite, NULL, NULL, NULL, 0, &changed, NULL, error);
  CHECK(status != STAVE_OK || changed == 1);
  return status;
}
static stave_status see(void* context, const stave_change* change) {
  (void)context;
  CHECK(change->key_size != 0);
  return STAVE_OK;
}
/* From here on the writes of the other operations call it, too. */
static stave_status on_write(stave_error* error) {
  return stave_store_on_write(store, STAVE_HOOK_OLD_VALUE, see, NULL, error);
}
static stave_status on_open(stave_error* error) {
  return stave_store_on_open(store, see, NULL, error);
}
static stave_status scan_on(stave_error* error) {
  stave_buffer token = {NULL, 0, 0};
  stave_store_cursor* cursor;
  stave_store_cursor_options from_token;
  stave_status status = stave_store_cursor_open(store, NULL, &cursor, error);
  if (status == STAVE_OK) status = stave_store_cursor_next(cursor, error);
  if (status == STAVE_OK) status = stave_store_cursor_token(cursor, &token, error);
  stave_store_cursor_free(cursor);
  cursor = NULL;
  stave_store_cursor_options_init(&from_token);
  from_token.token = token.data;
  from_token.token_size = token.size;
  if (status == STAVE_OK) status = stave_store_cursor_open(store, &from_token, &cursor, error);
  if (status == STAVE_OK) status = stave_store_cursor_next(cursor, error);
  stave_store_cursor_free(cursor);
  stave_buffer_free(&token);
  return status;
}
/* The record of a failed read is passed over, which its error says; no other is. */
static stave_status scan(stave_error* error) {
  stave_store_cursor* cursor;
  stave_status failure = stave_store_cursor_open(store, NULL, &cursor, error);
  if (failure != STAVE_OK) return failure;
  size_t records = 0;
  stave_status status;
  while ((status = stave_store_cursor_next(cursor, error)) != STAVE_DONE) {
    if (status == STAVE_OK)
      records++;
    else
      failure = status;
  }
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_store_size(store, &size, NULL));
  CHECK(records + (failure != STAVE_OK) >= size);
  stave_store_cursor_free(cursor);
  return failure;
}
static stave_status scan_many(stave_error* error) {
  stave_store_cursor* cursor;
  stave_status failure = stave_store_cursor_open(store, NULL, &cursor, error);
  if (failure != STAVE_OK) return failure;
  stave_buffer found = {NULL, 0, 0};
  uint64_t sizes[2 * 5];
  size_t records = 0;
  size_t count;
  stave_status status;
  while ((status = stave_store_cursor_next_many(cursor, 5, 1000, &found, sizes, &count, error)) !=
         STAVE_DONE) {
    if (status == STAVE_OK)
      records += count;
    else
      failure = status;
  }
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_store_size(store, &size, NULL));
  CHECK(records + (failure != STAVE_OK) >= size);
  stave_buffer_free(&found);
  stave_store_cursor_free(cursor);
  return failure;
}
static stave_status verify(stave_error* error) {
  return stave_store_verify(store, NULL, NULL, error);
}
static stave_status sync_all(stave_error* error) {
  return stave_store_sync(store, error);
}
static stave_status options_text(stave_error* error) {
  stave_store_options set;
  stave_store_options_init(&set);
  return stave_store_options_set(&set, "durability=os shards=4", error);
}
static stave_status describe(stave_error* error) {
  stave_buffer text = {NULL, 0, 0};
  const stave_status status = stave_store_options_describe(&text, error);
  stave_buffer_free(&text);
  return status;
}
/* Closing reports what went wrong and closes all the same; what was acknowledged is there. */
static stave_status close_and_open(stave_error* error) {
  const stave_status closed = stave_store_close(store, error);
  CHECK_STATUS(STAVE_CLOSED, stave_store_flush(store, NULL));
  stave_store_free(store);
  store = NULL;
  const stave_status opened = stave_store_open(path, &options, &store, error);
  CHECK((opened == STAVE_OK) == (store != NULL));
  if (opened == STAVE_OK) return closed;
  const long number = atomic_exchange(&failing, -1);
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &options, &store, NULL));
  atomic_store(&failing, number);
  return opened;
}
/* The same for the close alone, after a write, which gives it something to do. It unlocks the
 * directory also while a cursor keeps the closed store's memory. */
static stave_status close_alone(stave_error* error) {
  const long number = atomic_exchange(&failing, -1);
  stave_store_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, NULL, &cursor, NULL));
  put_text(store, "key", "value");
  atomic_store(&allocations, 0);
  atomic_store(&failing, number);
  const stave_status closed = stave_store_close(store, error);
  atomic_store(&failing, -1);
  const long made = atomic_load(&allocations);
  stave_store_free(store);
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &options, &store, NULL));
  stave_store_cursor_free(cursor);
  atomic_store(&allocations, made);
  return closed;
}

static const operation operations[] = {
    {"put", put},
    {"delete", erase},
    {"insert", insert},
    {"replace", overwrite},
    {"get", get},
    {"get_buffer", get_buffer},
    {"get_pin", get_pin},
    {"multi_get", multi_get},
    {"multi_put", multi_put},
    {"multi_delete", multi_delete},
    {"batch", batch},
    {"update", update},
    {"exchange", exchange},
    {"compare_and_swap", compare_and_swap},
    {"expire", expire},
    {"remove_expired", remove_expired},
    {"atomic", write_atomic},
    {"migrate", migrate},
    {"on_open", on_open},
    {"on_write", on_write},
    {"put with a hook", put},
    {"batch with a hook", batch},
    {"atomic with a hook", write_atomic},
    {"migrate with a hook", migrate},
    {"cursor from a token", scan_on},
    {"cursor", scan},
    {"next_many", scan_many},
    {"verify", verify},
    {"sync", sync_all},
    {"options text", options_text},
    {"options description", describe},
    {"close and open", close_and_open},
    {"close", close_alone},
};

static void check_key(void) {
  check_value(store, "key", "value");
}

static void open_and_fill(void) {
  char key[16];
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &options, &store, NULL));
  put_text(store, "key", "value");
  for (int i = 0; i < 50; i++) {
    snprintf(key, sizeof key, "fill%d", i);
    put_text(store, key, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  }
}

int main(void) {
  char* fresh = fresh_path();
  snprintf(path, sizeof path, "%s", fresh);
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_OK,
               stave_store_options_set(&options, "durability=os shards=4 segment_size=4KiB", NULL));
  printf("every allocation of each operation failed once\n");
  long blocks_at_first = 0;
  for (int round = 0; round < 2; round++) {
    /* What is allocated once and for all, is in the first round. */
    if (round == 1) blocks_at_first = atomic_load(&blocks);
    open_and_fill();
    fail_each_allocation(operations, sizeof operations / sizeof *operations, check_key);
    CHECK_STATUS(STAVE_OK, stave_store_verify(store, NULL, NULL, NULL));
    close_store(store);
    CHECK(stave_live_handles() == 0);
    if (round == 1) {
      const long left = atomic_load(&blocks) - blocks_at_first;
      if (left != 0) fprintf(stderr, "%ld blocks are left behind\n", left);
      CHECK(left == 0);
    }
  }
  free(fresh);
  return 0;
}
