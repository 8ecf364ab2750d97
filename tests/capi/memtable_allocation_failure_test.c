/* Fails every allocation of every operation on a memtable once: the call answers NO_MEMORY and has
 * changed nothing, or does its work, and the table goes on working. */
#include "tests/capi/allocation_failure.h"
#include "tests/capi/memtable_calls.h"

enum { keys = 40 };

static stave_memtable* table; /* of the operation's sort; "key" is "value" in it, at timestamp 10 */
static int explicit_timestamps;

/* Inline and above. */
static const char* value_of(unsigned number, size_t* size) {
  static char text[300];
  memset(text, 'v', sizeof text);
  *size = number % 3 == 2 ? sizeof text : number % 3 * 56;
  return text;
}

/* ---- Managed ------------------------------------------------------------------------------------
 */

/* All keys in one transaction. What the commit shows is all of them or, after a failure, none. */
static stave_status write_all(stave_error* error) {
  stave_memtable_transaction* transaction;
  uint64_t before, after;
  CHECK_STATUS(STAVE_OK, stave_memtable_size(table, &before, NULL));
  stave_status status = stave_memtable_begin(table, &transaction, error);
  if (status != STAVE_OK) return status;
  for (unsigned i = 0; i < keys && status == STAVE_OK; i++) {
    size_t size;
    const char* value = value_of(i, &size);
    status = stave_memtable_transaction_put(transaction, &i, sizeof i, value, size, error);
  }
  if (status == STAVE_OK) status = stave_memtable_transaction_commit(transaction, NULL, error);
  stave_memtable_transaction_free(transaction);
  CHECK_STATUS(STAVE_OK, stave_memtable_size(table, &after, NULL));
  CHECK(status == STAVE_OK ? after == keys + 1 : after == before);
  return status;
}
/* A write that fails leaves the transaction as it was: it can be made again, and commits. */
static stave_status write_again(stave_error* error) {
  stave_memtable_transaction* transaction;
  stave_status failure = STAVE_OK;
  const stave_status begun = stave_memtable_begin(table, &transaction, error);
  if (begun != STAVE_OK) return begun;
  for (unsigned i = 0; i < keys; i++) {
    size_t size;
    const char* value = value_of(i + 1, &size);
    const stave_status status =
        stave_memtable_transaction_put(transaction, &i, sizeof i, value, size, error);
    if (status == STAVE_OK) continue;
    failure = status;
    CHECK_STATUS(STAVE_OK,
                 stave_memtable_transaction_put(transaction, &i, sizeof i, value, size, NULL));
  }
  /* A commit never fails. */
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, NULL, NULL));
  stave_memtable_transaction_free(transaction);
  return failure;
}
static stave_status hold_while_writing(stave_error* error) {
  stave_memtable_snapshot* snapshots[12] = {NULL};
  stave_status status = STAVE_OK;
  for (unsigned i = 0; i < 12 && status == STAVE_OK; i++) {
    status = stave_memtable_snapshot_open(table, &snapshots[i], error);
    if (status == STAVE_OK) status = write_again(error);
  }
  for (unsigned i = 0; i < 12; i++) stave_memtable_snapshot_free(snapshots[i]);
  CHECK_STATUS(STAVE_OK, stave_memtable_prune(table, 0, NULL, NULL));
  stave_memtable_stats stats;
  stave_memtable_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_memtable_stats_get(table, &stats, NULL));
  CHECK(stats.versions == stats.keys && stats.snapshots == 0);
  return status;
}
static stave_status read_ways(stave_error* error) {
  stave_memtable_snapshot* snapshot;
  stave_buffer value = {NULL, 0, 0};
  stave_pin* pin;
  uint64_t sizes[2];
  static const uint32_t key_sizes[2] = {3, 4};
  stave_status status = stave_memtable_snapshot_open(table, &snapshot, error);
  if (status != STAVE_OK) return status;
  for (unsigned i = 0; i < 3 && status == STAVE_OK; i++) {
    status = stave_memtable_snapshot_get_buffer(snapshot, &i, sizeof i, &value, error);
    if (status == STAVE_OK)
      status = stave_memtable_snapshot_get_pin(snapshot, &i, sizeof i, &pin, error);
    if (status == STAVE_OK) stave_pin_free(pin);
  }
  if (status == STAVE_OK)
    status =
        stave_memtable_snapshot_multi_get(snapshot, "keynone", key_sizes, 2, &value, sizes, error);
  stave_buffer_free(&value);
  stave_memtable_snapshot_free(snapshot);
  return status;
}
/* A move that fails is made up for by the next one. */
static stave_status scan(stave_error* error) {
  stave_memtable_snapshot* snapshot;
  stave_memtable_cursor* cursor = NULL;
  stave_buffer records = {NULL, 0, 0};
  uint64_t sizes[14], met = 0, size;
  size_t count;
  stave_status failure = stave_memtable_snapshot_open(table, &snapshot, error);
  if (failure != STAVE_OK) return failure;
  failure = stave_memtable_snapshot_cursor(snapshot, NULL, &cursor, error);
  for (stave_status status = failure; cursor != NULL && status != STAVE_DONE;) {
    status = stave_memtable_cursor_next(cursor, error);
    if (status == STAVE_OK) {
      met++;
      status = stave_memtable_cursor_next_many(cursor, 7, 1000, &records, sizes, &count, error);
      met += count;
    }
    if (status < 0) failure = status;
  }
  CHECK_STATUS(STAVE_OK, stave_memtable_size(table, &size, NULL));
  CHECK(cursor == NULL || met == size);
  stave_buffer_free(&records);
  stave_memtable_cursor_free(cursor);
  stave_memtable_snapshot_free(snapshot);
  return failure;
}
static stave_status remove_all(stave_error* error) {
  stave_memtable_transaction* transaction;
  stave_status status = stave_memtable_begin(table, &transaction, error);
  if (status != STAVE_OK) return status;
  for (unsigned i = 0; i < keys && status == STAVE_OK; i++)
    status = stave_memtable_transaction_remove(transaction, &i, sizeof i, error);
  if (status == STAVE_OK)
    CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, NULL, NULL));
  stave_memtable_transaction_free(transaction);
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_memtable_size(table, &size, NULL));
  CHECK(size == (status == STAVE_OK ? 1 : keys + 1));
  return status;
}
static stave_status another(stave_error* error) {
  stave_memtable_options options;
  stave_memtable* made = NULL;
  stave_memtable_options_init(&options);
  options.background = 0;
  options.capacity = 10000;
  const stave_status status = stave_memtable_create(&options, &made, error);
  CHECK((status == STAVE_OK) == (made != NULL));
  stave_memtable_free(made);
  return status;
}

/* ---- Explicit -----------------------------------------------------------------------------------
 */

static uint64_t last_timestamp = 10;

/* Writes, and commits or takes everything back. */
static stave_status numbered(stave_error* error) {
  static unsigned numbers[keys];
  static uint32_t sizes[keys];
  stave_status status = STAVE_OK;
  unsigned written = 0;
  for (; written < keys && status == STAVE_OK; written++) {
    size_t size;
    const char* value = value_of(written, &size);
    numbers[written] = written;
    sizes[written] = sizeof *numbers;
    status = stave_memtable_write(table, &written, sizeof written, value, size, 5, error);
  }
  if (status != STAVE_OK) written--;
  const uint64_t timestamp = last_timestamp + 1;
  if (status == STAVE_OK)
    status = stave_memtable_commit(table, 5, timestamp, numbers, sizes, written, error);
  if (status == STAVE_OK) {
    last_timestamp = timestamp;
  } else {
    /* Taking back needs memory for the list of the keys: when that is what fails, once more. */
    const long number = atomic_exchange(&failing, -1);
    CHECK_STATUS(STAVE_OK, stave_memtable_abort(table, 5, numbers, sizes, written, NULL));
    atomic_store(&failing, number);
  }
  stave_memtable_stats stats;
  stave_memtable_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_memtable_stats_get(table, &stats, NULL));
  CHECK(stats.transactions == 0);
  return status;
}
static stave_status take_back(stave_error* error) {
  static const uint32_t size = 3;
  stave_status status = stave_memtable_write(table, "key", 3, "other", 5, 6, error);
  if (status != STAVE_OK) return status;
  status = stave_memtable_abort(table, 6, "key", &size, 1, error);
  if (status != STAVE_OK)
    CHECK_STATUS(STAVE_OK, stave_memtable_abort(table, 6, "key", &size, 1, NULL));
  return status;
}
static stave_status ignore_value(void* context, const void* value, size_t size) {
  (void)context;
  (void)value;
  (void)size;
  return STAVE_OK;
}
static stave_status read_numbered(stave_error* error) {
  stave_memtable_cursor* cursor;
  const unsigned large = 2;
  stave_pin* pin;
  stave_status status =
      stave_memtable_read_with(table, "key", 3, 11, 0, ignore_value, NULL, NULL, error);
  if (status != STAVE_OK) return status;
  status = stave_memtable_read_pin(table, &large, sizeof large, UINT64_MAX, 0, &pin, NULL, error);
  if (status != STAVE_OK) return status;
  stave_pin_free(pin);
  status = stave_memtable_cursor_open(table, UINT64_MAX, 0, NULL, &cursor, error);
  if (status != STAVE_OK) return status;
  status = stave_memtable_cursor_next(cursor, error);
  stave_memtable_cursor_free(cursor);
  return status;
}
static stave_status prune(stave_error* error) {
  return stave_memtable_prune(table, 11, NULL, error);
}

static const operation managed_operations[] = {
    {"create", another},          {"write", write_all},
    {"write again", write_again}, {"hold and write", hold_while_writing},
    {"read", read_ways},          {"scan", scan},
    {"remove", remove_all},
};
static const operation explicit_operations[] = {
    {"numbered", numbered},
    {"read numbered", read_numbered},
    {"take back", take_back},
    {"prune", prune},
};

static void check_key(void) {
  stave_buffer value = {NULL, 0, 0};
  if (!explicit_timestamps) {
    check_committed(table, "key", "value");
    return;
  }
  CHECK_STATUS(STAVE_OK, stave_memtable_read_buffer(table, "key", 3, 11, 0, &value, NULL, NULL));
  CHECK(value.size == 5 && memcmp(value.data, "value", 5) == 0);
  stave_buffer_free(&value);
}

static void run_all(int is_explicit) {
  explicit_timestamps = is_explicit;
  /* The background thread's allocations would be counted with the operation's. */
  table = create_memtable(is_explicit ? "timestamps=explicit" : "background=0");
  if (is_explicit) {
    check_calls(&memtable_explicit, table, STAVE_OK);
    fail_each_allocation(explicit_operations,
                         sizeof explicit_operations / sizeof *explicit_operations, check_key);
  } else {
    put_committed(table, "key", "value");
    fail_each_allocation(managed_operations, sizeof managed_operations / sizeof *managed_operations,
                         check_key);
  }
  close_memtable(table);
  CHECK(stave_live_handles() == 0);
}

int main(void) {
  printf("every allocation of each operation failed once\n");
  run_all(0);
  run_all(1);
  return 0;
}
