/* Every function that takes a store, by what may be done in a callback of the same store. */
#include "tests/capi/support.h"

/* ---- Reads -------------------------------------------------------------------------------------
 */

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
static stave_status call_expires_at(void* store, stave_error* error) {
  uint64_t expires_at = 9;
  const stave_status status = stave_store_expires_at(store, "k", 1, &expires_at, error);
  CHECK(expires_at == 0);
  return status;
}

/* On a store that works they find the key "k". */
static const handle_call reads[] = {
    {"get", call_get},
    {"get_buffer", call_get_buffer},
    {"get_pin", call_get_pin},
    {"shard_for", call_shard_for},
    {"value_size", call_value_size},
    {"expires_at", call_expires_at},
    {"contains", call_contains},
    {"size", call_size},
    {"multi_get", call_multi_get},
};
const handle_calls store_reads = {"store", reads, sizeof reads / sizeof *reads};

/* ---- Everything else ---------------------------------------------------------------------------
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
  const stave_status status = stave_store_write(store, batch, NULL, NULL, NULL, error);
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

static stave_status call_expire(void* store, stave_error* error) {
  return stave_store_expire(store, "k", 1, STAVE_NEVER_EXPIRES, NULL, error);
}
static stave_status call_clear(void* store, stave_error* error) {
  uint64_t removed = 9;
  const stave_status status = stave_store_clear(store, &removed, NULL, error);
  CHECK(status == STAVE_OK || removed == 0);
  return status;
}
static stave_status call_remove_expired(void* store, stave_error* error) {
  uint64_t removed = 9;
  const stave_status status = stave_store_remove_expired(store, &removed, error);
  CHECK(removed == 0);
  return status;
}
static stave_status put_inside(void* context, stave_atomic* atomic) {
  (void)context;
  return stave_atomic_put(atomic, "k", 1, "v", 1, NULL);
}
static stave_status call_atomic(void* store, stave_error* error) {
  uint64_t version = 9;
  const stave_status status =
      stave_store_atomic(store, "k", 1, put_inside, NULL, &version, NULL, error);
  CHECK((status == STAVE_OK) == (version != 0));
  return status;
}
static stave_status see(void* context, const stave_change* change) {
  (void)context;
  CHECK(change->struct_size == sizeof *change && change->key != NULL);
  return STAVE_OK;
}
static stave_status call_on_write(void* store, stave_error* error) {
  return stave_store_on_write(store, STAVE_HOOK_OLD_VALUE, see, NULL, error);
}
static stave_status call_on_open(void* store, stave_error* error) {
  return stave_store_on_open(store, see, NULL, error);
}
static stave_status migrate_nothing(void* context, const void* key, size_t key_size,
                                    stave_buffer* value, uint32_t* action) {
  (void)context;
  (void)value;
  CHECK(key != NULL && key_size <= 65535 && *action == STAVE_MIGRATE_KEEP);
  return STAVE_OK;
}
static stave_status call_migrate(void* store, stave_error* error) {
  uint64_t changed = 9;
  const stave_status status =
      stave_store_migrate(store, migrate_nothing, NULL, NULL, NULL, 0, &changed, NULL, error);
  CHECK(changed == 0);
  return status;
}

/* On a store that works all of them are ok in this order, and leave the key "k". */
static const handle_call others[] = {
    {"put", call_put},
    {"delete", call_delete},
    {"insert", call_insert},
    {"replace", call_replace},
    {"compare_and_swap", call_compare_and_swap},
    {"update", call_update},
    {"fetch_update", call_fetch_update},
    {"exchange", call_exchange},
    {"expire", call_expire},
    {"remove_expired", call_remove_expired},
    {"atomic", call_atomic},
    {"on_write", call_on_write},
    {"on_open", call_on_open},
    {"migrate", call_migrate},
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
const handle_calls store_others = {"store", others, sizeof others / sizeof *others};

void check_store_calls(void* store, stave_status expected) {
  check_calls(&store_others, store, expected);
  check_calls(&store_reads, store, expected);
  /* On a store that works it would take away what the tests have put there. */
  if (expected != STAVE_OK) CHECK_STATUS(expected, call_clear(store, NULL));
}
