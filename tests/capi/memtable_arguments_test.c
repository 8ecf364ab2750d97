/* Arguments that no function of memtables accepts: an error that names the argument, and nothing
 * else happens. Options and structs of other sizes. */
#include "tests/capi/memtable_calls.h"

static stave_error error;

static void null_handles(void) {
  static const handle_calls* const all[] = {&memtable_common,           &memtable_managed,
                                            &memtable_explicit,         &memtable_of_transaction,
                                            &memtable_transaction_ends, &memtable_of_snapshot,
                                            &memtable_of_cursor};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    check_calls(all[i], NULL, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_clear(NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "memtable is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_transaction_rollback(NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "transaction is NULL");
  /* What ends things accepts NULL. */
  CHECK_STATUS(STAVE_OK, stave_memtable_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_close(NULL, NULL));
  stave_memtable_free(NULL);
  stave_memtable_transaction_free(NULL);
  stave_memtable_snapshot_free(NULL);
  stave_memtable_cursor_free(NULL);
  stave_memtable_options_init(NULL);
  stave_memtable_cursor_options_init(NULL);
  stave_memtable_stats_init(NULL);
}

static void wrong_kinds(void) {
  memtable_family family = create_family();
  check_calls(&memtable_common, family.transaction, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_managed, family.snapshot, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_explicit, family.of_snapshot, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_of_transaction, family.snapshot, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_transaction_ends, family.table, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_of_snapshot, family.transaction, STAVE_INVALID_ARGUMENT);
  check_calls(&memtable_of_cursor, family.table, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_close((stave_memtable*)(void*)family.snapshot, NULL));
  /* To free the wrong kind does nothing. */
  const uint64_t handles = stave_live_handles();
  stave_memtable_free((stave_memtable*)(void*)family.snapshot);
  stave_memtable_transaction_free((stave_memtable_transaction*)(void*)family.table);
  stave_memtable_snapshot_free((stave_memtable_snapshot*)(void*)family.transaction);
  stave_memtable_cursor_free((stave_memtable_cursor*)(void*)family.table);
  CHECK(stave_live_handles() == handles);
  /* Nor do functions of the other sort of timestamps. */
  check_calls(&memtable_explicit, family.table, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_prune(family.table, 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "oldest must be 0");
  stave_memtable* numbered = create_memtable("timestamps=explicit");
  check_calls(&memtable_managed, numbered, STAVE_INVALID_ARGUMENT);
  close_memtable(numbered);

  check_calls(&memtable_of_cursor, family.of_transaction, STAVE_OK);
  check_calls(&memtable_of_cursor, family.of_snapshot, STAVE_OK);
  stave_memtable_cursor_free(family.of_transaction);
  stave_memtable_cursor_free(family.of_snapshot);
  stave_memtable_snapshot_free(family.snapshot);
  stave_memtable_transaction_free(family.transaction);
  close_memtable(family.table);
}

/* NULL with a size, and numbers that are none. */
static void null_bytes(stave_memtable* table) {
  uint8_t flag;
  size_t size;
  stave_pin* pin;
  stave_buffer buffer = {NULL, 0, 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_write(table, NULL, 1, "v", 1, 1, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "key is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_write(table, "k", 1, NULL, 1, 1, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "value is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_write(table, "k", 1, "v", 1, 0, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "transaction is 0");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_write_tombstone(table, NULL, 1, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_write_tombstone(table, "k", 1, 0, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read(table, NULL, 1, 1, 0, NULL, 0, &size, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read(table, "k", 1, 1, 0, NULL, 1, &size, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "data is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read_buffer(table, NULL, 1, 1, 0, &buffer, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read_pin(table, NULL, 1, 1, 0, &pin, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read_with(table, "k", 1, 1, 0, NULL, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "reader is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_has_write_conflict(table, NULL, 1, 1, &flag, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_has_write_conflict(table, "k", 1, 0, &flag, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_commit(table, 0, 1, NULL, NULL, 0, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_commit(table, 1, 0, NULL, NULL, 0, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_commit(table, 1, (uint64_t)INT64_MAX + 1, NULL, NULL, 0, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_abort(table, 0, NULL, NULL, 0, &error));
  /* Too large: nothing is written. */
  static char large[65536];
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_memtable_write(table, large, sizeof large, "v", 1, 1, &error));
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_memtable_write(table, "k", 1, large, ((size_t)1 << 30) + 1, 1, &error));
  CHECK_STATUS(STAVE_OK, stave_memtable_is_empty(table, &flag, NULL));
  CHECK(flag == 1);
  /* NULL without a size is the empty key. */
  CHECK_STATUS(STAVE_OK, stave_memtable_write(table, NULL, 0, NULL, 0, 1, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_read(table, "", 0, 1, 1, NULL, 0, &size, NULL, NULL));
  CHECK(size == 0);
  CHECK_STATUS(STAVE_OK, stave_memtable_abort(table, 1, NULL, &(uint32_t){0}, 1, NULL));
}

static void null_outputs(stave_memtable* table) {
  char data[8];
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_create(NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "table is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read(table, "k", 1, 1, 0, data, 8, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read_buffer(table, "k", 1, 1, 0, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_read_pin(table, "k", 1, 1, 0, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_has_write_conflict(table, "k", 1, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_cursor_open(table, 1, 0, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_size(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_size_bytes(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_is_empty(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_stats_get(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_options_get(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_options_set(NULL, "", &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_options_describe(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_begin(table, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_snapshot_open(table, NULL, &error));
}

static void null_outputs_of_children(void) {
  memtable_family family = create_family();
  const void* data;
  size_t size;
  uint64_t sizes[2];
  stave_buffer buffer = {NULL, 0, 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_transaction_id(family.transaction, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_transaction_snapshot(family.transaction, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_transaction_get(family.transaction, "k", 1, NULL, 0, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_transaction_put(family.transaction, NULL, 1, "v", 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_transaction_remove(family.transaction, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_snapshot_timestamp(family.snapshot, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_snapshot_get_buffer(family.snapshot, "k", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_snapshot_get_pin(family.snapshot, "k", 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_snapshot_contains(family.snapshot, NULL, 1, &error));
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_next(family.of_snapshot, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_cursor_key(family.of_snapshot, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_cursor_value(family.of_snapshot, &data, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_cursor_deleted(family.of_snapshot, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_cursor_next_many(family.of_snapshot, 1, 1,
                                                                       NULL, sizes, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_cursor_next_many(
                                           family.of_snapshot, 1, 1, &buffer, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_cursor_next_many(
                                           family.of_snapshot, 1, 1, &buffer, sizes, NULL, &error));
  /* None of them has moved the cursor. */
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_key(family.of_snapshot, &data, &size, NULL));
  stave_memtable_cursor_free(family.of_transaction);
  stave_memtable_cursor_free(family.of_snapshot);
  stave_memtable_snapshot_free(family.snapshot);
  stave_memtable_transaction_free(family.transaction);
  close_memtable(family.table);
}

static void flat_arrays(stave_memtable* table) {
  const uint32_t key_sizes[2] = {1, 1};
  uint64_t value_sizes[2] = {1, 1};
  const uint64_t endless[2] = {UINT64_MAX / 2, UINT64_MAX / 2};
  const uint64_t tombstones[2] = {STAVE_TOMBSTONE, STAVE_TOMBSTONE};
  stave_buffer values = {NULL, 0, 0};
  size_t written = 99;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_multi_read(table, NULL, key_sizes, 2, 1, 0,
                                                                 &values, value_sizes, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_multi_read(table, "kl", NULL, 2, 1, 0, &values, value_sizes, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_multi_read(table, "kl", key_sizes, 2, 1, 0, &values, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_multi_read(table, "kl", key_sizes, 2, 1, 0,
                                                                 NULL, value_sizes, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_multi_write(table, "kl", key_sizes, NULL, value_sizes, 2, 1, &written,
                                          &error));
  CHECK(written == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_multi_write(table, "kl", key_sizes, "vw",
                                                                  endless, 2, 1, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "more than memory can hold");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_commit(table, 1, 1, NULL, key_sizes, 2, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_abort(table, 1, "kl", NULL, 2, &error));
  /* Tombstones have no bytes, and nothing at all is fine. */
  CHECK_STATUS(STAVE_OK, stave_memtable_multi_write(table, "kl", key_sizes, NULL, tombstones, 2, 1,
                                                    &written, NULL));
  CHECK(written == 2);
  CHECK_STATUS(STAVE_OK, stave_memtable_abort(table, 1, "kl", key_sizes, 2, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_multi_read(table, NULL, NULL, 0, 1, 0, &values, NULL, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_multi_write(table, NULL, NULL, NULL, NULL, 0, 1, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_commit(table, 1, 1, NULL, NULL, 0, NULL));
}

static void check_refused(const stave_memtable_options* options, const char* part) {
  stave_memtable* table = (stave_memtable*)&table;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_create(options, &table, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, part);
  CHECK(table == NULL);
}

static void options_structs(void) {
  stave_memtable_options options;
  memset(&options, 0xFF, sizeof options);
  stave_memtable_options_init(&options);
  CHECK(options.struct_size == sizeof options && options.background == 1);
  CHECK(options.timestamps == STAVE_TIMESTAMPS_MANAGED && options.capacity == 0);
  options.struct_size = 25;
  check_refused(&options, "stave_memtable_options.struct_size");
  options.struct_size = sizeof options;
  options.timestamps = 3;
  check_refused(&options, "timestamps");
  options.timestamps = STAVE_TIMESTAMPS_EXPLICIT;
  options.background = 2;
  check_refused(&options, "background");
  options.background = 1;
  options.reserved[6] = 1;
  check_refused(&options, "reserved");

  /* An older header: what it does not know takes the defaults. */
  memset((char*)&options + 16, 0xFF, sizeof options - 16);
  options.struct_size = 16;
  stave_memtable* table;
  CHECK_STATUS(STAVE_OK, stave_memtable_create(&options, &table, &error));
  options.struct_size = sizeof options;
  CHECK_STATUS(STAVE_OK, stave_memtable_options_get(table, &options, &error));
  CHECK(options.timestamps == STAVE_TIMESTAMPS_EXPLICIT && options.background == 1);
  /* Statistics likewise. */
  stave_memtable_stats stats;
  memset(&stats, 0xFF, sizeof stats);
  stats.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_memtable_stats_get(table, &stats, &error));
  CHECK(stats.keys == 0 && stats.rows == UINT64_MAX);
  stats.struct_size = 0;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_memtable_stats_get(table, &stats, &error));

  stave_memtable_cursor_options wanted;
  stave_memtable_cursor* cursor;
  stave_memtable_cursor_options_init(&wanted);
  wanted.prefix_size = 1;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_memtable_cursor_open(table, 1, 0, &wanted, &cursor, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "prefix is NULL");
  CHECK(cursor == NULL);
  close_memtable(table);
}

static stave_status do_nothing(void* context, const void* value, size_t size) {
  (void)context;
  (void)value;
  (void)size;
  return STAVE_OK;
}

/* So may a flag: of a removed key, and of one that another transaction has written. */
static void flag_in_key(void) {
  stave_memtable* table = create_memtable("timestamps=explicit");
  stave_buffer value;
  stave_pin* pin;
  const uint32_t key_size = 1;
  uint8_t key = 'k';
  stave_buffer_init(&value);
  CHECK_STATUS(STAVE_OK, stave_memtable_write_tombstone(table, "k", 1, 7, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_has_write_conflict(table, &key, 1, 8, &key, NULL));
  CHECK(key == 1);
  CHECK_STATUS(STAVE_OK, stave_memtable_commit(table, 7, 1, "k", &key_size, 1, NULL));
  key = 'k';
  CHECK_STATUS(STAVE_NOT_FOUND,
               stave_memtable_read_buffer(table, &key, 1, 2, 0, &value, &key, NULL));
  CHECK(key == 1);
  key = 'k';
  CHECK_STATUS(STAVE_NOT_FOUND, stave_memtable_read_pin(table, &key, 1, 2, 0, &pin, &key, NULL));
  CHECK(key == 1);
  key = 'k';
  CHECK_STATUS(STAVE_NOT_FOUND,
               stave_memtable_read_with(table, &key, 1, 2, 0, do_nothing, NULL, &key, NULL));
  CHECK(key == 1);
  stave_buffer_free(&value);
  close_memtable(table);
}

/* A size may go where the key is. It was set to 0 before the key was read. */
static void size_in_key(void) {
  typedef union {
    char bytes[16];
    size_t size;
  } key_and_size;
  static const key_and_size filled = {"key in place"};
  const size_t key_size = strlen(filled.bytes);
  key_and_size key = filled;
  char value[8];

  stave_memtable* table = create_memtable("");
  stave_memtable_snapshot* snapshot;
  put_committed(table, key.bytes, "value");
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(table, &snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_get(snapshot, key.bytes, key_size, value,
                                                     sizeof value, &key.size, NULL));
  CHECK(key.size == 5 && memcmp(value, "value", 5) == 0);
  stave_memtable_snapshot_free(snapshot);
  close_memtable(table);

  table = create_memtable("timestamps=explicit");
  key = filled;
  CHECK_STATUS(STAVE_OK, stave_memtable_write(table, key.bytes, key_size, "value", 5, 7, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_read(table, key.bytes, key_size, 1, 7, value, sizeof value,
                                             &key.size, NULL, NULL));
  CHECK(key.size == 5 && memcmp(value, "value", 5) == 0);
  close_memtable(table);
}

int main(void) {
  stave_memtable* table = create_memtable("timestamps=explicit");
  null_bytes(table);
  null_outputs(table);
  flat_arrays(table);
  check_calls(&memtable_explicit, table, STAVE_OK);
  check_calls(&memtable_common, table, STAVE_OK);
  close_memtable(table);
  null_handles();
  wrong_kinds();
  size_in_key();
  flag_in_key();
  null_outputs_of_children();
  options_structs();
  CHECK(stave_live_handles() == 0);
  return 0;
}
