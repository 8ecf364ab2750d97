/* Close apart from free; a memtable, its transactions, snapshots and cursors that go in every
 * order; calls from inside a reader; handles of a parent process. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/memtable_calls.h"

#include <sys/wait.h>
#include <unistd.h>

static void closed_handles(void) {
  memtable_family family = create_family();
  CHECK(stave_live_handles() == 5);
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(STAVE_OK, stave_memtable_close(family.table, NULL));
    check_family(&family, STAVE_CLOSED);
  }
  CHECK(stave_live_handles() == 5);
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_close(family.of_snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_close(family.of_snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_close(family.snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_close(family.transaction, NULL));
  check_family(&family, STAVE_CLOSED);
  stave_memtable_cursor_free(family.of_transaction);
  stave_memtable_cursor_free(family.of_snapshot);
  stave_memtable_snapshot_free(family.snapshot);
  stave_memtable_transaction_free(family.transaction);
  stave_memtable_free(family.table);
  CHECK(stave_live_handles() == 0);
}

/* What ends a transaction ends its cursors, and what it has written is taken back or is there. */
static void ended_transactions(void) {
  for (int how = 0; how < 3; how++) {
    memtable_family family = create_family();
    check_calls(&memtable_of_transaction, family.transaction, STAVE_OK);
    CHECK_STATUS(STAVE_OK,
                 stave_memtable_transaction_put(family.transaction, "new", 3, "n", 1, NULL));
    if (how == 0)
      CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(family.transaction, NULL, NULL));
    if (how == 1)
      CHECK_STATUS(STAVE_OK, stave_memtable_transaction_rollback(family.transaction, NULL));
    if (how == 2)
      CHECK_STATUS(STAVE_OK, stave_memtable_transaction_close(family.transaction, NULL));
    check_calls(&memtable_of_transaction, family.transaction, STAVE_CLOSED);
    check_calls(&memtable_transaction_ends, family.transaction, STAVE_CLOSED);
    check_calls(&memtable_of_cursor, family.of_transaction, STAVE_CLOSED);
    CHECK_STATUS(STAVE_OK, stave_memtable_transaction_close(family.transaction, NULL));
    stave_memtable_transaction_free(family.transaction);
    /* A closed transaction whose cursor is open lets go of its writes when that goes. */
    stave_memtable_cursor_free(family.of_transaction);
    check_committed(family.table, "new", how == 0 ? "n" : NULL);
    /* The others do not mind. */
    check_calls(&memtable_of_snapshot, family.snapshot, STAVE_OK);
    CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_close(family.snapshot, NULL));
    check_calls(&memtable_of_cursor, family.of_snapshot, STAVE_CLOSED);
    stave_memtable_cursor_free(family.of_snapshot);
    stave_memtable_snapshot_free(family.snapshot);
    close_memtable(family.table);
    CHECK(stave_live_handles() == 0);
  }
}

/* Frees all five in the order of `order`, one handle after the other. */
static void free_order(const int order[5], int close_first) {
  memtable_family family = create_family();
  stave_pin* pin;
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_get_pin(family.snapshot, "key", 3, &pin, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_transaction_put(family.transaction, "new", 3, "n", 1, NULL));
  if (close_first) CHECK_STATUS(STAVE_OK, stave_memtable_close(family.table, NULL));
  for (int i = 0; i < 5; i++) {
    if (order[i] == 0) stave_memtable_free(family.table);
    if (order[i] == 1) stave_memtable_transaction_free(family.transaction);
    if (order[i] == 2) stave_memtable_snapshot_free(family.snapshot);
    if (order[i] == 3) stave_memtable_cursor_free(family.of_transaction);
    if (order[i] == 4) stave_memtable_cursor_free(family.of_snapshot);
  }
  CHECK(stave_live_handles() == 1);
  CHECK(stave_pin_size(pin) == 5 && memcmp(stave_pin_data(pin), "value", 5) == 0);
  stave_pin_free(pin);
  CHECK(stave_live_handles() == 0);
}

/* Every permutation of what stands from `from` on. */
static void free_orders(int order[5], int from) {
  if (from == 5) {
    free_order(order, 0);
    free_order(order, 1);
    return;
  }
  for (int i = from; i < 5; i++) {
    const int other = order[i];
    order[i] = order[from];
    order[from] = other;
    free_orders(order, from + 1);
    order[from] = order[i];
    order[i] = other;
  }
}

/* ---- Calls from inside --------------------------------------------------------------------------
 */

typedef struct reading {
  stave_memtable* table;
  int depth;
  int runs;
  int commits;
} reading;

static stave_status use_the_table(void* context, const void* value, size_t size) {
  reading* state = context;
  state->runs++;
  CHECK(size == 5 && memcmp(value, "value", 5) == 0);
  if (state->depth-- > 0)
    CHECK_STATUS(STAVE_OK, stave_memtable_read_with(state->table, "key", 3, 11, 0, use_the_table,
                                                    state, NULL, NULL));
  static const uint32_t sizes[2] = {3, 3};
  const uint64_t timestamp = 20 + (uint64_t)state->commits++;
  CHECK_STATUS(STAVE_OK, stave_memtable_write(state->table, "key", 3, "later", 5, 7, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_write(state->table, "new", 3, value, size, 7, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_commit(state->table, 7, timestamp, "keynew", sizes, 2, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_prune(state->table, timestamp, NULL, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_memtable_close(state->table, NULL));
  stave_memtable_free(state->table); /* does nothing here */
  /* Whatever was pruned: the value stays what it was. */
  CHECK(memcmp(value, "value", 5) == 0);
  return STAVE_OK;
}

static stave_status fail(void* context, const void* value, size_t size) {
  (void)value;
  (void)size;
  return *(const stave_status*)context;
}

static void calls_from_inside(void) {
  static const stave_status answers[] = {STAVE_IO, STAVE_CANCELLED, -999, STAVE_DONE, STAVE_EXISTS};
  reading state = {create_memtable("timestamps=explicit"), 3, 0, 0};
  stave_error error;
  check_calls(&memtable_explicit, state.table, STAVE_OK);
  CHECK_STATUS(STAVE_OK, stave_memtable_read_with(state.table, "key", 3, 11, 0, use_the_table,
                                                  &state, NULL, NULL));
  CHECK(state.runs == 4);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    stave_status answer = answers[i];
    error.status = STAVE_OK;
    CHECK_STATUS(answer, stave_memtable_read_with(state.table, "key", 3, UINT64_MAX, 0, fail,
                                                  &answer, NULL, &error));
    if (answer < 0) CHECK_ERROR(&error, answer, "reader");
  }
  close_memtable(state.table);
}

/* ---- A child process ----------------------------------------------------------------------------
 */

static void in_child(void (*child)(memtable_family* of_parent), memtable_family* of_parent) {
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    child(of_parent);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

/* ThreadSanitizer ends a child of a process with threads that starts a thread. */
#if defined(__SANITIZE_THREAD__)
static const char child_options[] = "background=0";
#else
static const char child_options[] = "";
#endif

static void use_handles(memtable_family* of_parent) {
  check_family(of_parent, STAVE_FORKED);
  CHECK_STATUS(STAVE_FORKED, stave_memtable_close(of_parent->table, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_memtable_transaction_close(of_parent->transaction, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_memtable_snapshot_close(of_parent->snapshot, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_memtable_cursor_close(of_parent->of_snapshot, NULL));
  /* One of its own works, and has a background thread of its own. */
  stave_memtable* own = create_memtable(child_options);
  stave_memtable_snapshot* held;
  put_committed(own, "key", "value");
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(own, &held, NULL));
  for (int i = 0; i < 1000; i++) put_committed(own, "key", "other");
  stave_memtable_snapshot_free(held);
  check_committed(own, "key", "other");
  close_memtable(own);
}

static void free_handles(memtable_family* of_parent) {
  stave_memtable_free(of_parent->table);
  stave_memtable_transaction_free(of_parent->transaction);
  stave_memtable_snapshot_free(of_parent->snapshot);
  stave_memtable_cursor_free(of_parent->of_transaction);
  stave_memtable_cursor_free(of_parent->of_snapshot);
  CHECK(stave_live_handles() == 0);
}

static void forked(void) {
  memtable_family family = create_family();
  /* So that the parent has a background thread. */
  for (int i = 0; i < 1000; i++) put_committed(family.table, "key", "value");
  in_child(use_handles, &family);
  in_child(free_handles, &family);
  check_calls(&memtable_of_cursor, family.of_snapshot, STAVE_OK);
  check_committed(family.table, "key", "value");
  stave_memtable_cursor_free(family.of_transaction);
  stave_memtable_cursor_free(family.of_snapshot);
  stave_memtable_snapshot_free(family.snapshot);
  stave_memtable_transaction_free(family.transaction);
  close_memtable(family.table);
}

int main(void) {
  int order[5] = {0, 1, 2, 3, 4};
  closed_handles();
  ended_transactions();
  free_orders(order, 0);
  calls_from_inside();
  forked();
  CHECK(stave_live_handles() == 0);
  return 0;
}
