#include "tests/capi/memtable_calls.h"

/* ---- Any table ----------------------------------------------------------------------------------
 */

static stave_status call_size(void* table, stave_error* error) {
  uint64_t size = 99;
  const stave_status status = stave_memtable_size(table, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_size_bytes(void* table, stave_error* error) {
  uint64_t size = 99;
  const stave_status status = stave_memtable_size_bytes(table, &size, error);
  CHECK(status == STAVE_OK || size == 0);
  return status;
}
static stave_status call_is_empty(void* table, stave_error* error) {
  uint8_t empty = 99;
  const stave_status status = stave_memtable_is_empty(table, &empty, error);
  CHECK(status == STAVE_OK || empty == 0);
  return status;
}
static stave_status call_options_get(void* table, stave_error* error) {
  stave_memtable_options options;
  stave_memtable_options_init(&options);
  return stave_memtable_options_get(table, &options, error);
}
static stave_status call_stats_get(void* table, stave_error* error) {
  stave_memtable_stats stats;
  stave_memtable_stats_init(&stats);
  return stave_memtable_stats_get(table, &stats, error);
}
static stave_status call_prune(void* table, stave_error* error) {
  uint64_t pruned = 99;
  const stave_status status = stave_memtable_prune(table, 0, &pruned, error);
  CHECK(pruned == 0);
  return status;
}
static stave_status call_clear(void* table, stave_error* error) {
  return stave_memtable_clear(table, error);
}

static const handle_call common[] = {
    {"size", call_size},           {"size_bytes", call_size_bytes},
    {"is_empty", call_is_empty},   {"options_get", call_options_get},
    {"stats_get", call_stats_get}, {"prune", call_prune},
    {"clear", call_clear},
};
const handle_calls memtable_common = {"memtable", common, sizeof common / sizeof *common};

/* ---- Managed ------------------------------------------------------------------------------------
 */

static stave_status call_begin(void* table, stave_error* error) {
  stave_memtable_transaction* transaction = (stave_memtable_transaction*)&transaction;
  const stave_status status = stave_memtable_begin(table, &transaction, error);
  CHECK((status == STAVE_OK) == (transaction != NULL));
  stave_memtable_transaction_free(transaction);
  return status;
}
static stave_status call_snapshot_open(void* table, stave_error* error) {
  stave_memtable_snapshot* snapshot = (stave_memtable_snapshot*)&snapshot;
  const stave_status status = stave_memtable_snapshot_open(table, &snapshot, error);
  CHECK((status == STAVE_OK) == (snapshot != NULL));
  stave_memtable_snapshot_free(snapshot);
  return status;
}

static const handle_call managed[] = {
    {"begin", call_begin},
    {"snapshot_open", call_snapshot_open},
};
const handle_calls memtable_managed = {"memtable", managed, sizeof managed / sizeof *managed};

/* ---- Explicit: transaction 1 writes and commits at 10, transaction 2 is taken back --------------
 */

static const uint32_t two_sizes[2] = {2, 2};
static const uint64_t two_values[2] = {1, STAVE_TOMBSTONE};

static stave_status call_write(void* table, stave_error* error) {
  return stave_memtable_write(table, "key", 3, "value", 5, 1, error);
}
static stave_status call_write_tombstone(void* table, stave_error* error) {
  return stave_memtable_write_tombstone(table, "gone", 4, 1, error);
}
static stave_status call_multi_write(void* table, stave_error* error) {
  size_t written = 99;
  const stave_status status =
      stave_memtable_multi_write(table, "m1m2", two_sizes, "1", two_values, 2, 1, &written, error);
  CHECK(written == (status == STAVE_OK ? 2 : 0));
  return status;
}
static stave_status call_has_write_conflict(void* table, stave_error* error) {
  uint8_t conflict = 99;
  const stave_status status =
      stave_memtable_has_write_conflict(table, "key", 3, 2, &conflict, error);
  CHECK(conflict == (status == STAVE_OK));
  return status;
}
static stave_status call_commit(void* table, stave_error* error) {
  static const uint32_t sizes[4] = {3, 4, 2, 2};
  return stave_memtable_commit(table, 1, 10, "keygonem1m2", sizes, 4, error);
}
static stave_status call_abort(void* table, stave_error* error) {
  static const uint32_t size = 3;
  return stave_memtable_abort(table, 2, "key", &size, 1, error);
}
static stave_status call_read(void* table, stave_error* error) {
  char data[8];
  size_t size = 99;
  uint8_t deleted = 99;
  const stave_status status =
      stave_memtable_read(table, "key", 3, 11, 0, data, sizeof data, &size, &deleted, error);
  CHECK(size == (status == STAVE_OK ? 5 : 0) && deleted == 0);
  return status;
}
static stave_status call_read_buffer(void* table, stave_error* error) {
  stave_buffer value = {NULL, 0, 0};
  const stave_status status =
      stave_memtable_read_buffer(table, "key", 3, 11, 0, &value, NULL, error);
  CHECK(value.size == (status == STAVE_OK ? 5 : 0));
  stave_buffer_free(&value);
  return status;
}
static stave_status call_read_pin(void* table, stave_error* error) {
  stave_pin* pin = (stave_pin*)&pin;
  const stave_status status = stave_memtable_read_pin(table, "key", 3, 11, 0, &pin, NULL, error);
  CHECK((status == STAVE_OK) == (pin != NULL));
  stave_pin_free(pin);
  return status;
}
static stave_status five_bytes(void* context, const void* value, size_t size) {
  CHECK(size == 5 && memcmp(value, "value", 5) == 0);
  ++*(int*)context;
  return STAVE_OK;
}
static stave_status call_read_with(void* table, stave_error* error) {
  int runs = 0;
  const stave_status status =
      stave_memtable_read_with(table, "key", 3, 11, 0, five_bytes, &runs, NULL, error);
  CHECK(runs == (status == STAVE_OK));
  return status;
}
static stave_status call_multi_read(void* table, stave_error* error) {
  stave_buffer values = {NULL, 0, 0};
  uint64_t sizes[2];
  const stave_status status =
      stave_memtable_multi_read(table, "m1m2", two_sizes, 2, 11, 0, &values, sizes, error);
  if (status == STAVE_OK) CHECK(sizes[0] == 1 && sizes[1] == STAVE_TOMBSTONE);
  stave_buffer_free(&values);
  return status;
}
static stave_status call_cursor_open(void* table, stave_error* error) {
  stave_memtable_cursor* cursor = (stave_memtable_cursor*)&cursor;
  const stave_status status = stave_memtable_cursor_open(table, 11, 0, NULL, &cursor, error);
  CHECK((status == STAVE_OK) == (cursor != NULL));
  stave_memtable_cursor_free(cursor);
  return status;
}

static const handle_call explicit_calls[] = {
    {"write", call_write},
    {"write_tombstone", call_write_tombstone},
    {"multi_write", call_multi_write},
    {"has_write_conflict", call_has_write_conflict},
    {"abort", call_abort},
    {"commit", call_commit},
    {"read", call_read},
    {"read_buffer", call_read_buffer},
    {"read_pin", call_read_pin},
    {"read_with", call_read_with},
    {"multi_read", call_multi_read},
    {"cursor_open", call_cursor_open},
};
const handle_calls memtable_explicit = {"memtable", explicit_calls,
                                        sizeof explicit_calls / sizeof *explicit_calls};

/* ---- Transactions and snapshots -----------------------------------------------------------------
 */

/* The reads that both have, as functions that take either. */
#define READS(type)                                                                                \
  static stave_status type##_get(void* handle, stave_error* error) {                               \
    char data[8];                                                                                  \
    size_t size = 99;                                                                              \
    const stave_status status =                                                                    \
        stave_memtable_##type##_get(handle, "key", 3, data, sizeof data, &size, error);            \
    CHECK(size == (status == STAVE_OK ? 5 : 0));                                                   \
    return status;                                                                                 \
  }                                                                                                \
  static stave_status type##_get_buffer(void* handle, stave_error* error) {                        \
    stave_buffer value = {NULL, 0, 0};                                                             \
    const stave_status status =                                                                    \
        stave_memtable_##type##_get_buffer(handle, "key", 3, &value, error);                       \
    CHECK(value.size == (status == STAVE_OK ? 5 : 0));                                             \
    stave_buffer_free(&value);                                                                     \
    return status;                                                                                 \
  }                                                                                                \
  static stave_status type##_get_pin(void* handle, stave_error* error) {                           \
    stave_pin* pin = (stave_pin*)&pin;                                                             \
    const stave_status status = stave_memtable_##type##_get_pin(handle, "key", 3, &pin, error);    \
    CHECK((status == STAVE_OK) == (pin != NULL));                                                  \
    stave_pin_free(pin);                                                                           \
    return status;                                                                                 \
  }                                                                                                \
  static stave_status type##_contains(void* handle, stave_error* error) {                          \
    return stave_memtable_##type##_contains(handle, "key", 3, error);                              \
  }                                                                                                \
  static stave_status type##_multi_get(void* handle, stave_error* error) {                         \
    static const uint32_t key_sizes[2] = {3, 4};                                                   \
    stave_buffer values = {NULL, 0, 0};                                                            \
    uint64_t sizes[2];                                                                             \
    const stave_status status =                                                                    \
        stave_memtable_##type##_multi_get(handle, "keynone", key_sizes, 2, &values, sizes, error); \
    if (status == STAVE_OK) CHECK(sizes[0] == 5 && sizes[1] == STAVE_ABSENT);                      \
    stave_buffer_free(&values);                                                                    \
    return status;                                                                                 \
  }                                                                                                \
  static stave_status type##_cursor(void* handle, stave_error* error) {                            \
    stave_memtable_cursor* cursor = (stave_memtable_cursor*)&cursor;                               \
    const stave_status status = stave_memtable_##type##_cursor(handle, NULL, &cursor, error);      \
    CHECK((status == STAVE_OK) == (cursor != NULL));                                               \
    stave_memtable_cursor_free(cursor);                                                            \
    return status;                                                                                 \
  }

READS(transaction)
READS(snapshot)

static stave_status call_id(void* transaction, stave_error* error) {
  uint64_t id = 99;
  const stave_status status = stave_memtable_transaction_id(transaction, &id, error);
  CHECK((status == STAVE_OK) == (id != 0));
  return status;
}
static stave_status call_snapshot(void* transaction, stave_error* error) {
  uint64_t timestamp = 99;
  const stave_status status = stave_memtable_transaction_snapshot(transaction, &timestamp, error);
  CHECK((status == STAVE_OK) == (timestamp != 0));
  return status;
}
static stave_status call_put(void* transaction, stave_error* error) {
  return stave_memtable_transaction_put(transaction, "put", 3, "value", 5, error);
}
static stave_status call_delete(void* transaction, stave_error* error) {
  return stave_memtable_transaction_remove(transaction, "put", 3, error);
}
static stave_status call_transaction_multi_write(void* transaction, stave_error* error) {
  size_t written = 99;
  const stave_status status = stave_memtable_transaction_multi_write(
      transaction, "m1m2", two_sizes, "1", two_values, 2, &written, error);
  CHECK(written == (status == STAVE_OK ? 2 : 0));
  return status;
}
static stave_status call_transaction_commit(void* transaction, stave_error* error) {
  uint64_t timestamp = 99;
  const stave_status status = stave_memtable_transaction_commit(transaction, &timestamp, error);
  CHECK((status == STAVE_OK) == (timestamp != 0));
  return status;
}
static stave_status call_rollback(void* transaction, stave_error* error) {
  return stave_memtable_transaction_rollback(transaction, error);
}
static stave_status call_timestamp(void* snapshot, stave_error* error) {
  uint64_t timestamp = 99;
  const stave_status status = stave_memtable_snapshot_timestamp(snapshot, &timestamp, error);
  CHECK((status == STAVE_OK) == (timestamp != 0));
  return status;
}

static const handle_call of_transaction[] = {
    {"id", call_id},
    {"snapshot", call_snapshot},
    {"put", call_put},
    {"delete", call_delete},
    {"multi_write", call_transaction_multi_write},
    {"get", transaction_get},
    {"get_buffer", transaction_get_buffer},
    {"get_pin", transaction_get_pin},
    {"contains", transaction_contains},
    {"multi_get", transaction_multi_get},
    {"cursor", transaction_cursor},
};
const handle_calls memtable_of_transaction = {"transaction", of_transaction,
                                              sizeof of_transaction / sizeof *of_transaction};
static const handle_call ends[] = {
    {"commit", call_transaction_commit},
    {"rollback", call_rollback},
};
const handle_calls memtable_transaction_ends = {"transaction", ends, sizeof ends / sizeof *ends};

static const handle_call of_snapshot[] = {
    {"timestamp", call_timestamp},       {"get", snapshot_get},
    {"get_buffer", snapshot_get_buffer}, {"get_pin", snapshot_get_pin},
    {"contains", snapshot_contains},     {"multi_get", snapshot_multi_get},
    {"cursor", snapshot_cursor},
};
const handle_calls memtable_of_snapshot = {"snapshot", of_snapshot,
                                           sizeof of_snapshot / sizeof *of_snapshot};

/* ---- Cursors ------------------------------------------------------------------------------------
 */

static stave_status call_next(void* cursor, stave_error* error) {
  return stave_memtable_cursor_next(cursor, error);
}
static stave_status call_key(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_memtable_cursor_key(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_value(void* cursor, stave_error* error) {
  const void* data = "";
  size_t size = 99;
  const stave_status status = stave_memtable_cursor_value(cursor, &data, &size, error);
  CHECK(status == STAVE_OK || (data == NULL && size == 0));
  return status;
}
static stave_status call_deleted(void* cursor, stave_error* error) {
  uint8_t deleted = 99;
  const stave_status status = stave_memtable_cursor_deleted(cursor, &deleted, error);
  CHECK(deleted == 0);
  return status;
}
static stave_status call_next_many(void* cursor, stave_error* error) {
  stave_buffer records = {NULL, 0, 0};
  uint64_t sizes[2];
  size_t count = 99;
  const stave_status status =
      stave_memtable_cursor_next_many(cursor, 1, 100, &records, sizes, &count, error);
  CHECK(count == (status == STAVE_OK ? 1 : 0));
  stave_buffer_free(&records);
  return status;
}

static const handle_call of_cursor[] = {
    {"next", call_next},           {"key", call_key},
    {"value", call_value},         {"deleted", call_deleted},
    {"next_many", call_next_many},
};
const handle_calls memtable_of_cursor = {"cursor", of_cursor, sizeof of_cursor / sizeof *of_cursor};

/* ---- All of them at once ------------------------------------------------------------------------
 */

memtable_family create_family(void) {
  memtable_family family = {create_memtable(""), NULL, NULL, NULL, NULL};
  put_committed(family.table, "key", "value");
  put_committed(family.table, "other", "value");
  CHECK_STATUS(STAVE_OK, stave_memtable_begin(family.table, &family.transaction, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(family.table, &family.snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_cursor(family.transaction, NULL,
                                                           &family.of_transaction, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_snapshot_cursor(family.snapshot, NULL, &family.of_snapshot, NULL));
  return family;
}

void check_family(const memtable_family* family, stave_status expected) {
  if (family->table != NULL) {
    check_calls(&memtable_common, family->table, expected);
    check_calls(&memtable_managed, family->table, expected);
    check_calls(&memtable_explicit, family->table, expected);
  }
  if (family->transaction != NULL) {
    check_calls(&memtable_of_transaction, family->transaction, expected);
    check_calls(&memtable_transaction_ends, family->transaction, expected);
  }
  if (family->snapshot != NULL) check_calls(&memtable_of_snapshot, family->snapshot, expected);
  if (family->of_transaction != NULL)
    check_calls(&memtable_of_cursor, family->of_transaction, expected);
  if (family->of_snapshot != NULL) check_calls(&memtable_of_cursor, family->of_snapshot, expected);
}

/* ---- What tests begin and end with --------------------------------------------------------------
 */

stave_memtable* create_memtable(const char* options_text) {
  stave_error error;
  stave_memtable_options options;
  stave_memtable_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_memtable_options_set(&options, options_text, &error));
  stave_memtable* table = NULL;
  const stave_status status = stave_memtable_create(&options, &table, &error);
  if (status != STAVE_OK) fprintf(stderr, "create: %s\n", error.message);
  CHECK(status == STAVE_OK && table != NULL);
  return table;
}

void close_memtable(stave_memtable* table) {
  CHECK_STATUS(STAVE_OK, stave_memtable_close(table, NULL));
  stave_memtable_free(table);
}

void put_committed(stave_memtable* table, const char* key, const char* value) {
  stave_memtable_transaction* transaction;
  CHECK_STATUS(STAVE_OK, stave_memtable_begin(table, &transaction, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_put(transaction, key, strlen(key), value,
                                                        strlen(value), NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, NULL, NULL));
  stave_memtable_transaction_free(transaction);
}

void check_committed(stave_memtable* table, const char* key, const char* value) {
  stave_memtable_snapshot* snapshot;
  stave_buffer found = {NULL, 0, 0};
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(table, &snapshot, NULL));
  CHECK_STATUS(value != NULL ? STAVE_OK : STAVE_NOT_FOUND,
               stave_memtable_snapshot_get_buffer(snapshot, key, strlen(key), &found, NULL));
  const size_t size = value != NULL ? strlen(value) : 0;
  CHECK(found.size == size && (size == 0 || memcmp(found.data, value, size) == 0));
  stave_buffer_free(&found);
  stave_memtable_snapshot_free(snapshot);
}
