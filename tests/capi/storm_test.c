/* Close in one thread while others are inside calls: each call either does its work or answers
 * CLOSED, and what was acknowledged is there afterwards. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { callers = 4, closers = 2 };

typedef struct storm {
  stave_store* store;
  stave_store_cursor* cursor; /* used by caller 0 alone, closed by anybody */
  atomic_uint started;
  atomic_uint acknowledged[callers]; /* puts */
} storm;

typedef struct caller {
  storm* storm;
  unsigned number;
} caller;

/* Whether the call was let in; any outcome but CLOSED must be a good one. */
static int let_in(stave_status status) {
  CHECK(status == STAVE_OK || status == STAVE_NOT_FOUND || status == STAVE_EXISTS ||
        status == STAVE_DONE || status == STAVE_CLOSED);
  return status != STAVE_CLOSED;
}

/* A put of all threads' key is another test's, and hooks would become ever more. */
static int may_storm(const handle_call* call) {
  return strcmp(call->name, "put") != 0 && strcmp(call->name, "on_write") != 0;
}

static void* call(void* argument) {
  const caller* self = argument;
  storm* all = self->storm;
  char key[32];
  for (unsigned i = 0;; i++) {
    const int size = snprintf(key, sizeof key, "%u-%u", self->number, i);
    const stave_status put =
        stave_store_put(all->store, key, (size_t)size, key, (size_t)size, NULL, NULL);
    if (!let_in(put)) break;
    atomic_store(&all->acknowledged[self->number], i + 1);
    if (i == 0) atomic_fetch_add(&all->started, 1);
    const handle_calls* calls = i % 2 ? &store_others : &store_reads;
    const handle_call* other = &calls->calls[i / 2 % calls->count];
    if (may_storm(other) && !let_in(other->call(all->store, NULL))) break;
    if (self->number == 0) {
      const stave_status next = stave_store_cursor_next(all->cursor, NULL);
      if (!let_in(next)) continue; /* the cursor may be closed before the store */
    }
  }
  /* Closed once is closed for good. */
  check_store_calls(all->store, STAVE_CLOSED);
  return NULL;
}

static void* close_all(void* argument) {
  storm* all = argument;
  while (atomic_load(&all->started) < callers) nanosleep(&(struct timespec){0, 100000}, NULL);
  CHECK_STATUS(STAVE_OK, stave_store_cursor_close(all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_close(all->store, NULL));
  /* Whoever closes, it is closed when the call returns. */
  check_store_calls(all->store, STAVE_CLOSED);
  check_calls(&cursor_calls, all->cursor, STAVE_CLOSED);
  return NULL;
}

static void run(const char* path) {
  storm all;
  memset(&all, 0, sizeof all);
  all.store = open_store(path, "durability=os segment_size=64KiB");
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(all.store, NULL, &all.cursor, NULL));
  pthread_t threads[callers + closers];
  caller each[callers];
  for (unsigned i = 0; i < callers; i++) {
    each[i] = (caller){&all, i};
    CHECK(pthread_create(&threads[i], NULL, call, &each[i]) == 0);
  }
  for (unsigned i = 0; i < closers; i++)
    CHECK(pthread_create(&threads[callers + i], NULL, close_all, &all) == 0);
  for (unsigned i = 0; i < callers + closers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  stave_store_free(all.store);
  stave_store_cursor_free(all.cursor);

  stave_store* store = open_store(path, "");
  char key[32];
  for (unsigned i = 0; i < callers; i++) {
    const unsigned count = atomic_load(&all.acknowledged[i]);
    CHECK(count > 0);
    for (unsigned j = 0; j < count; j++) {
      snprintf(key, sizeof key, "%u-%u", i, j);
      check_value(store, key, key);
    }
  }
  close_store(store);
}

int main(void) {
  const char* scale = getenv("STAVE_TEST_SCALE");
  const int percent = scale != NULL ? atoi(scale) : 10;
  const int rounds = percent > 0 ? 2 * percent : 1;
  for (int i = 0; i < rounds; i++) {
    char* path = fresh_path();
    run(path);
    free(path);
  }
  CHECK(stave_live_handles() == 0);
  printf("%d storms of %d callers and %d closers\n", rounds, callers, closers);
  return 0;
}
