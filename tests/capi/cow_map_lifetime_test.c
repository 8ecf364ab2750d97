/* Close apart from free; maps, clones, cursors, diffs and pins that go in every order; calls from
 * inside callbacks; handles of a parent process. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/cow_map_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void closed_handles(void) {
  cow_map_family family = create_cow_map_family();
  CHECK(stave_live_handles() == 4);
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_next(family.cursor, NULL));
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(STAVE_OK, stave_cow_map_close(family.map, NULL));
    check_cow_map(family.map, STAVE_CLOSED);
    check_calls(&cow_map_of_cursor, family.cursor, STAVE_CLOSED);
    check_calls(&cow_map_of_diff, family.diff, STAVE_CLOSED);
  }
  CHECK(stave_live_handles() == 4);
  /* The clone is nobody's child. */
  check_entry(family.clone, 107, "other");
  check_cow_map(family.clone, STAVE_OK);
  for (int i = 0; i < 2; i++) {
    CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(family.cursor, NULL));
    CHECK_STATUS(STAVE_OK, stave_cow_map_diff_close(family.diff, NULL));
  }
  stave_cow_map_free(family.map);
  check_calls(&cow_map_of_cursor, family.cursor, STAVE_CLOSED);
  check_calls(&cow_map_of_diff, family.diff, STAVE_CLOSED);
  stave_cow_map_cursor_free(family.cursor);
  stave_cow_map_diff_free(family.diff);
  close_cow_map(family.clone);
  CHECK(stave_live_handles() == 0);
}

/* Children that are closed while their maps go on; a diff is closed with its second map, too. */
static void closed_children(void) {
  cow_map_family family = create_cow_map_family();
  stave_cow_map_cursor* other;
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_open(family.map, &other, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(family.cursor, NULL));
  check_calls(&cow_map_of_cursor, family.cursor, STAVE_CLOSED);
  check_calls(&cow_map_of_cursor, other, STAVE_OK);
  check_calls(&cow_map_of_diff, family.diff, STAVE_OK);
  CHECK_STATUS(STAVE_OK, stave_cow_map_close(family.clone, NULL));
  check_calls(&cow_map_of_diff, family.diff, STAVE_CLOSED);
  check_calls(&cow_map_of_cursor, other, STAVE_OK);
  check_cow_map(family.map, STAVE_OK);
  stave_cow_map_cursor_free(other);
  free_cow_map_family(&family);
}

/* ---- Every order --------------------------------------------------------------------------------
 */

/* Frees a map, its clone, a cursor, a diff and a pin in this order. What the others show, and the
 * bytes that the cursor and the diff stand on, stay what they are until they are freed themselves.
 */
static void free_order(const int order[5], int close_first) {
  cow_map_family family = create_cow_map_family();
  stave_pin* pin;
  const void *of_cursor, *of_diff;
  size_t size;
  uint32_t change;
  int64_t key;
  put_entry(family.map, 1, "a value of more than eight bytes");
  CHECK_STATUS(STAVE_OK, stave_cow_map_get_pin(family.map, 1, &pin, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_next(family.cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_value(family.cursor, &of_cursor, &size, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_next(family.diff, &change, &key, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_after(family.diff, &of_diff, &size, NULL));
  if (close_first) CHECK_STATUS(STAVE_OK, stave_cow_map_close(family.map, NULL));
  int there[5] = {1, 1, 1, 1, 1};
  for (int i = 0; i < 5; i++) {
    if (there[0] && !close_first) check_entry(family.map, 1, "a value of more than eight bytes");
    if (there[1]) check_entry(family.clone, 101, "other");
    if (there[2]) CHECK(memcmp(of_cursor, "value", 5) == 0);
    if (there[3]) CHECK(memcmp(of_diff, "other", 5) == 0);
    if (there[4])
      CHECK(memcmp(stave_pin_data(pin), "a value of more than eight bytes", stave_pin_size(pin)) ==
            0);
    there[order[i]] = 0;
    if (order[i] == 0) stave_cow_map_free(family.map);
    if (order[i] == 1) stave_cow_map_free(family.clone);
    if (order[i] == 2) stave_cow_map_cursor_free(family.cursor);
    if (order[i] == 3) stave_cow_map_diff_free(family.diff);
    if (order[i] == 4) stave_pin_free(pin);
    CHECK(stave_live_handles() == (uint64_t)(4 - i));
  }
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

/* A chain of clones, of which each is made of the one before and changed: freed from the middle on.
 */
static void clones_of_clones(void) {
  enum { length = 64 };
  stave_cow_map* maps[length] = {create_cow_map("")};
  char text[16];
  for (int64_t key = 0; key < 1000; key++) put_entry(maps[0], key, "value");
  for (int i = 1; i < length; i++) {
    CHECK_STATUS(STAVE_OK, stave_cow_map_clone(maps[i - 1], &maps[i], NULL));
    snprintf(text, sizeof text, "of %d", i);
    put_entry(maps[i], i, text);
  }
  for (int step = 0; step < length; step++) {
    const int freed =
        (step * 29 + length / 2) % length; /* each once: 29 and 64 have no factor in common */
    stave_cow_map_free(maps[freed]);
    maps[freed] = NULL;
    for (int i = 1; i < length; i++) {
      if (maps[i] == NULL) continue;
      snprintf(text, sizeof text, "of %d", i);
      check_entry(maps[i], i, text);
      check_entry(maps[i], 999, "value");
      if (i + 1 < length) check_entry(maps[i], i + 1, "value");
    }
  }
  CHECK(stave_live_handles() == 0);
}

/* ---- Calls from inside --------------------------------------------------------------------------
 */

typedef struct editing {
  stave_cow_map* map;
  stave_cow_map* other;
  int runs;
} editing;

static stave_status use_the_maps(void* context, stave_buffer* value) {
  editing* state = context;
  state->runs++;
  check_calls(&cow_map_copies, state->map, STAVE_BUSY);
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_put(state->map, 1, "new", 3, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_remove(state->map, 1, NULL, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_modify(state->map, 1, use_the_maps, state, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_get_or_insert(state->map, 1, "new", 3, NULL, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_clear(state->map, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_shrink_to_fit(state->map, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_cow_map_close(state->map, NULL));
  stave_cow_map_free(state->map); /* does nothing here */
  /* The map is read as it was, and all others can be used. */
  CHECK(((char*)value->data)[0] == 'v');
  ((char*)value->data)[0] = 'w';
  check_entry(state->map, 1, "value");
  check_cow_map(state->other, STAVE_OK);
  return STAVE_OK;
}

static stave_status fail(void* context, stave_buffer* value) {
  value->size = 0;
  return *(const stave_status*)context;
}

static void calls_from_inside(void) {
  static const stave_status answers[] = {STAVE_IO, STAVE_CANCELLED, -999, STAVE_DONE, STAVE_EXISTS};
  editing state = {create_cow_map(""), create_cow_map(""), 0};
  stave_error error;
  put_entry(state.map, 1, "value");
  CHECK_STATUS(STAVE_OK, stave_cow_map_modify(state.map, 1, use_the_maps, &state, NULL));
  CHECK(state.runs == 1);
  check_entry(state.map, 1, "walue");
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    stave_status answer = answers[i];
    error.status = STAVE_OK;
    CHECK_STATUS(answer, stave_cow_map_modify(state.map, 1, fail, &answer, &error));
    CHECK_ERROR(&error, answer, "callback");
    CHECK_STATUS(answer, stave_cow_map_get_or_insert_with(state.map, 2, fail, &answer, NULL, NULL));
  }
  check_entry(state.map, 1, "walue");
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(state.map, 2, NULL));
  close_cow_map(state.map);
  close_cow_map(state.other);
}

/* ---- Closes beside callbacks --------------------------------------------------------------------
 */

/* A callback runs; then this many threads begin calls of the map that wait for its end. */
typedef struct held_map {
  stave_cow_map* map;
  stave_cow_map_cursor* cursor;
  stave_store* store;
  atomic_int in_callback;
  atomic_int begun;
  int begun_min;
} held_map;

static void sleep_ms(long ms) {
  nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}
static void await_calls(held_map* state) {
  atomic_store(&state->in_callback, 1);
  while (atomic_load(&state->begun) < state->begun_min) sleep_ms(1);
  sleep_ms(50); /* now they most likely wait */
}
static void await_callback(held_map* state) {
  while (!atomic_load(&state->in_callback)) sleep_ms(1);
}

static void* close_map(void* argument) {
  held_map* state = argument;
  await_callback(state);
  atomic_fetch_add(&state->begun, 1);
  CHECK_STATUS(STAVE_OK, stave_cow_map_close(state->map, NULL));
  return NULL;
}
static void* close_cursor_of_closing_map(void* argument) {
  held_map* state = argument;
  uint64_t size;
  await_callback(state);
  while (stave_cow_map_size(state->map, &size, NULL) != STAVE_CLOSED) sleep_ms(1);
  atomic_fetch_add(&state->begun, 1);
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(state->cursor, NULL));
  return NULL;
}
static stave_status close_cursor(void* context, stave_buffer* value) {
  held_map* state = context;
  (void)value;
  await_calls(state);
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(state->cursor, NULL));
  return STAVE_OK;
}

/* A callback's close of a cursor waits for no thread that waits for the callback. */
static void closes_of_a_cursor_from_inside_and_outside(void) {
  held_map state = {.map = create_cow_map(""), .begun_min = 2};
  pthread_t closers[2];
  put_entry(state.map, 1, "value");
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_open(state.map, &state.cursor, NULL));
  CHECK(pthread_create(&closers[0], NULL, close_map, &state) == 0);
  CHECK(pthread_create(&closers[1], NULL, close_cursor_of_closing_map, &state) == 0);
  CHECK_STATUS(STAVE_OK, stave_cow_map_modify(state.map, 1, close_cursor, &state, NULL));
  for (int i = 0; i < 2; i++) CHECK(pthread_join(closers[i], NULL) == 0);
  stave_cow_map_free(state.map);
  stave_cow_map_cursor_free(state.cursor);
  CHECK(stave_live_handles() == 0);
}

static void* copy_map(void* argument) {
  held_map* state = argument;
  stave_cow_map* clone;
  await_callback(state);
  atomic_fetch_add(&state->begun, 1);
  CHECK_STATUS(STAVE_OK, stave_cow_map_clone(state->map, &clone, NULL));
  close_cow_map(clone);
  return NULL;
}
static void* ask_for_stats(void* argument) {
  held_map* state = argument;
  stave_cow_map_stats stats;
  stave_cow_map_stats_init(&stats);
  await_callback(state);
  atomic_fetch_add(&state->begun, 1);
  CHECK_STATUS(STAVE_OK, stave_cow_map_stats_get(state->map, &stats, NULL));
  return NULL;
}
static stave_status close_a_store(void* context, stave_buffer* value) {
  held_map* state = context;
  (void)value;
  await_calls(state);
  close_store(state->store);
  return STAVE_OK;
}

/* What waits for a callback does not hold up what the callback waits for: the end of a store waits
 * for calls that are under way in the whole process. */
static void a_store_closed_from_inside(void) {
  static void* (*const waiting[])(void*) = {copy_map, ask_for_stats};
  for (int i = 0; i < 2; i++) {
    char* const path = fresh_path();
    held_map state = {.map = create_cow_map(""), .store = open_store(path, ""), .begun_min = 1};
    pthread_t thread;
    put_entry(state.map, 1, "value");
    put_text(state.store, "key", "value");
    CHECK(pthread_create(&thread, NULL, waiting[i], &state) == 0);
    CHECK_STATUS(STAVE_OK, stave_cow_map_modify(state.map, 1, close_a_store, &state, NULL));
    CHECK(pthread_join(thread, NULL) == 0);
    close_cow_map(state.map);
    free(path);
  }
}

/* ---- A child process ----------------------------------------------------------------------------
 */

static void in_child(void (*child)(cow_map_family* of_parent), cow_map_family* of_parent) {
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

static void use_handles(cow_map_family* of_parent) {
  check_cow_map(of_parent->map, STAVE_FORKED);
  check_cow_map(of_parent->clone, STAVE_FORKED);
  check_calls(&cow_map_of_cursor, of_parent->cursor, STAVE_FORKED);
  check_calls(&cow_map_of_diff, of_parent->diff, STAVE_FORKED);
  CHECK_STATUS(STAVE_FORKED, stave_cow_map_close(of_parent->map, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_cow_map_cursor_close(of_parent->cursor, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_cow_map_diff_close(of_parent->diff, NULL));
  /* Maps of its own work. */
  cow_map_family own = create_cow_map_family();
  check_calls(&cow_map_of_cursor, own.cursor, STAVE_OK);
  check_calls(&cow_map_of_diff, own.diff, STAVE_OK);
  check_cow_map(own.map, STAVE_OK);
  free_cow_map_family(&own);
}

static void free_handles(cow_map_family* of_parent) {
  const uint64_t handles = stave_live_handles(); /* a thread of the parent may have had some */
  stave_cow_map_free(of_parent->map);
  stave_cow_map_cursor_free(of_parent->cursor);
  stave_cow_map_free(of_parent->clone);
  stave_cow_map_diff_free(of_parent->diff);
  CHECK(stave_live_handles() == handles - 4);
  /* A second use shows that they are gone. */
  check_cow_map(of_parent->map, STAVE_INVALID_ARGUMENT);
  check_calls(&cow_map_of_cursor, of_parent->cursor, STAVE_INVALID_ARGUMENT);
}

/* Writes, copies and frees until it is told to stop, so that a fork finds it in the middle of
 * something. */
typedef struct writer {
  stave_cow_map* map;
  atomic_int stop;
} writer;

static void* write_on(void* argument) {
  writer* self = argument;
  for (int64_t i = 0; !atomic_load(&self->stop); i++) {
    put_entry(self->map, i % 1000, "value");
    if (i % 64 == 0) check_calls(&cow_map_copies, self->map, STAVE_OK);
  }
  return NULL;
}

static void forked(void) {
  cow_map_family family = create_cow_map_family();
  in_child(use_handles, &family);
  in_child(free_handles, &family);
  check_calls(&cow_map_of_cursor, family.cursor, STAVE_OK);
  check_calls(&cow_map_of_diff, family.diff, STAVE_OK);
  check_entry(family.map, 103, "value");
  check_entry(family.clone, 103, "other");
  /* Whatever another thread is in the middle of: it does not go on in the child. */
  writer other = {family.map, 0};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, write_on, &other) == 0);
  for (int i = 0; i < 20; i++) in_child(free_handles, &family);
  atomic_store(&other.stop, 1);
  CHECK(pthread_join(thread, NULL) == 0);
  free_cow_map_family(&family);
}

int main(void) {
  int order[5] = {0, 1, 2, 3, 4};
  closed_handles();
  closed_children();
  free_orders(order, 0);
  clones_of_clones();
  calls_from_inside();
  closes_of_a_cursor_from_inside_and_outside();
  a_store_closed_from_inside();
  forked();
  CHECK(stave_live_handles() == 0);
  return 0;
}
