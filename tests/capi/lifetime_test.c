/* Close apart from free; parents and children that go in every order; pins that outlive it all;
 * calls from inside a callback; the lock. */
#include "tests/capi/support.h"

#include <unistd.h>

static char* path;

static void closed_handles(void) {
  stave_store* store = open_store(path, "durability=os");
  put_text(store, "key", "value");
  stave_store_cursor* cursor;
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, NULL, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next(cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK(stave_live_handles() == 3);
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
    check_store_calls(store, STAVE_CLOSED);
    check_calls(&cursor_calls, cursor, STAVE_CLOSED);
  }
  CHECK(stave_live_handles() == 3);
  /* A batch is no child of a store. */
  check_calls(&batch_calls, batch, STAVE_OK);
  CHECK_STATUS(STAVE_OK, stave_batch_close(batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_close(batch, NULL));
  check_calls(&batch_calls, batch, STAVE_CLOSED);
  CHECK_STATUS(STAVE_OK, stave_store_cursor_close(cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_close(cursor, NULL));
  stave_store_free(store);
  check_calls(&cursor_calls, cursor, STAVE_CLOSED);
  stave_store_cursor_free(cursor);
  stave_batch_free(batch);
  CHECK(stave_live_handles() == 0);
}

static void closed_batch_is_not_written(void) {
  stave_store* store = open_store(path, "durability=os");
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_put(batch, "batch", 5, "x", 1, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_close(batch, NULL));
  CHECK_STATUS(STAVE_CLOSED, stave_store_write(store, batch, NULL, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_contains(store, "batch", 5, NULL));
  stave_batch_free(batch);
  close_store(store);
}

/* A closed cursor beside an open store. */
static void closed_cursor(void) {
  stave_store* store = open_store(path, "durability=os");
  stave_store_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, NULL, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_close(cursor, NULL));
  check_calls(&cursor_calls, cursor, STAVE_CLOSED);
  check_store_calls(store, STAVE_OK);
  stave_store_cursor_free(cursor);
  close_store(store);
}

/* Frees the store, a cursor that stands on a record, and a pin in the order that `order` names,
 * with and without closing first. The bytes stay what they are until their owner goes. */
static void free_order(const char* order, int close_first) {
  stave_store* store = open_store(path, "durability=os");
  put_text(store, "key", "value");
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  options.prefix = "key";
  options.prefix_size = 3;
  stave_store_cursor* cursor;
  stave_pin* pin;
  const void* data;
  size_t size;
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(store, &options, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next(cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_cursor_value(cursor, &data, &size, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_get_pin(store, "key", 3, &pin, NULL));
  if (close_first) CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
  for (; *order != '\0'; order++) {
    if (pin != NULL) {
      CHECK(stave_pin_size(pin) == 5 && memcmp(stave_pin_data(pin), "value", 5) == 0);
    }
    if (cursor != NULL) CHECK(size == 5 && memcmp(data, "value", 5) == 0);
    switch (*order) {
      case 's':
        stave_store_free(store);
        break;
      case 'c':
        stave_store_cursor_free(cursor);
        cursor = NULL;
        break;
      default:
        stave_pin_free(pin);
        pin = NULL;
    }
  }
  CHECK(stave_live_handles() == 0);
}

static void free_orders(void) {
  static const char* const orders[] = {"scp", "spc", "csp", "cps", "psc", "pcs"};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    free_order(orders[i], 0);
    free_order(orders[i], 1);
  }
}

/* Free closes: what was written is there, and the directory is not locked any more. */
static void free_closes(void) {
  stave_store* store = open_store(path, "durability=memory");
  put_text(store, "freed", "yes");
  stave_store_free(store);
  store = open_store(path, "");
  check_value(store, "freed", "yes");
  stave_store_stats stats;
  stave_store_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_store_stats_get(store, &stats, NULL));
  CHECK(stats.recovered == 0);
  close_store(store);
}

static void pins_of_empty_values(void) {
  stave_store* store = open_store(path, "durability=os");
  put_text(store, "empty", "");
  stave_pin* pin;
  CHECK_STATUS(STAVE_OK, stave_store_get_pin(store, "empty", 5, &pin, NULL));
  CHECK(stave_pin_data(pin) != NULL && stave_pin_size(pin) == 0);
  close_store(store);
  CHECK(stave_pin_data(pin) != NULL && stave_pin_size(pin) == 0);
  CHECK(stave_live_handles() == 1);
  stave_pin_free(pin);
}

/* ---- Callbacks ---------------------------------------------------------------------------------
 */

typedef struct callback_state {
  stave_store* store;
  stave_store_cursor* cursor;
  stave_store* other;
  stave_status answer;
  int calls;
  uint64_t done;
  uint64_t total;
} callback_state;

static stave_status call_everything(void* context, uint64_t done, uint64_t total) {
  callback_state* state = context;
  state->calls++;
  state->done = done;
  state->total = total;
  check_calls(&store_others, state->store, STAVE_BUSY);
  check_calls(&store_reads, state->store, STAVE_OK);
  check_calls(&cursor_calls, state->cursor, STAVE_BUSY);
  CHECK_STATUS(STAVE_BUSY, stave_store_close(state->store, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_store_cursor_close(state->cursor, NULL));
  stave_store_free(state->store); /* does nothing here */
  check_store_calls(state->other, STAVE_OK);
  return state->answer;
}

static void callbacks(void) {
  stave_error error = {0, 0, ""};
  char* other_path = fresh_path();
  callback_state state = {NULL, NULL, NULL, STAVE_OK, 0, 0, 0};
  state.store = open_store(path, "durability=os");
  state.other = open_store(other_path, "durability=os");
  put_text(state.store, "k", "v");
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(state.store, NULL, &state.cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_verify(state.store, call_everything, &state, &error));
  CHECK(state.calls > 0 && state.done == state.total && state.total > 0);
  /* Whatever it answers comes out, numbers that Stave does not know included. */
  static const stave_status answers[] = {STAVE_CANCELLED, STAVE_IO, STAVE_DONE, -999, 77};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    state.calls = 0;
    state.answer = answers[i];
    CHECK_STATUS(answers[i], stave_store_verify(state.store, call_everything, &state, &error));
    CHECK_ERROR(&error, answers[i], "callback");
    CHECK(state.calls == 1);
  }
  check_store_calls(state.store, STAVE_OK);
  stave_store_cursor_free(state.cursor);
  close_store(state.store);
  close_store(state.other);
  free(other_path);
}

/* ---- The lock ----------------------------------------------------------------------------------
 */

static void locked(void) {
  stave_error error;
  char process[32];
  snprintf(process, sizeof process, "process");
  stave_store* store = open_store(path, "durability=os");
  stave_store* second = (stave_store*)&second;
  CHECK_STATUS(STAVE_LOCKED, stave_store_open(path, NULL, &second, &error));
  CHECK_ERROR(&error, STAVE_LOCKED, process);
  CHECK_ERROR(&error, STAVE_LOCKED, path);
  CHECK(second == NULL);
  CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
  /* Closed is enough, it need not be freed. */
  second = open_store(path, "durability=os");
  close_store(second);
  stave_store_free(store);
}

static void open_outcomes(void) {
  stave_error error;
  stave_store* store = (stave_store*)&store;
  stave_store_options options;
  stave_store_options_init(&options);
  options.error_if_exists = 1;
  CHECK_STATUS(STAVE_EXISTS, stave_store_open(path, &options, &store, &error));
  CHECK_ERROR(&error, STAVE_EXISTS, path);
  CHECK(store == NULL);
  char* missing = fresh_path();
  stave_store_options_init(&options);
  options.create_if_missing = 0;
  CHECK_STATUS(STAVE_NOT_FOUND, stave_store_open(missing, &options, &store, &error));
  CHECK_ERROR(&error, STAVE_NOT_FOUND, missing);
  free(missing);
}

int main(void) {
  path = fresh_path();
  closed_handles();
  closed_batch_is_not_written();
  closed_cursor();
  free_orders();
  free_closes();
  pins_of_empty_values();
  callbacks();
  locked();
  open_outcomes();
  CHECK(stave_live_handles() == 0);
  free(path);
  return 0;
}
