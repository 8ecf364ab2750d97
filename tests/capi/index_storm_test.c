/* Close in one thread while others are inside calls of an index: each call either does its work or
 * answers CLOSED. Before that, many threads on few keys: what they are told adds up. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/index_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { callers = 4, closers = 2, shared_keys = 16, increments = 2000 };

typedef struct storm {
  stave_index* index;
  stave_index_cursor* cursor; /* used by caller 0 alone, closed by anybody */
  atomic_uint started;
} storm;

typedef struct caller {
  storm* storm;
  unsigned number;
} caller;

/* Of the keys that the callers have for themselves: as many bytes as fit into an entry. */
static size_t own_key_size;

/* Whether the call was let in; any outcome but CLOSED must be a good one. */
static int let_in(stave_status status) {
  CHECK(status >= STAVE_OK || status == STAVE_CLOSED || status == STAVE_INVALID_ARGUMENT);
  return status != STAVE_CLOSED;
}

/* Adds one to a counter that all threads share; the retries of a compare-and-swap get it there. */
static void increment(stave_index* index, unsigned key) {
  uint64_t value = 0;
  stave_status status = stave_index_insert(index, &key, sizeof key, 1, &value, NULL);
  if (status == STAVE_OK) return;
  CHECK(status == STAVE_EXISTS);
  do {
    const uint64_t expected = value;
    status =
        stave_index_compare_and_swap(index, &key, sizeof key, expected, expected + 1, &value, NULL);
  } while (status == STAVE_MISMATCH);
  CHECK(status == STAVE_OK);
}

static void* count(void* argument) {
  const caller* self = argument;
  for (unsigned i = 0; i < increments; i++) {
    increment(self->storm->index, (i + self->number) % shared_keys);
    /* Keys of its own beside them make the index grow. */
    const unsigned own[4] = {self->number, i};
    CHECK_STATUS(STAVE_OK,
                 stave_index_put(self->storm->index, own, own_key_size, i, NULL, NULL, NULL));
  }
  return NULL;
}

static void* call(void* argument) {
  const caller* self = argument;
  storm* all = self->storm;
  atomic_fetch_add(&all->started, 1);
  for (unsigned i = 0;; i++) {
    const unsigned own[4] = {self->number, i, i, i};
    const size_t size = i % 2 == 0 ? sizeof own : 8;
    if (!let_in(stave_index_put(all->index, own, size, i, NULL, NULL, NULL))) break;
    uint64_t value;
    const stave_status read = stave_index_get(all->index, own, size, &value, NULL);
    if (!let_in(read)) break;
    CHECK(read == STAVE_OK && value == i);
    stave_index_stats stats;
    stave_index_stats_init(&stats);
    if (i % 64 == 0 && !let_in(stave_index_stats_get(all->index, &stats, NULL))) break;
    if (i % 256 == 0 && !let_in(stave_index_shrink_to_fit(all->index, NULL))) break;
    if (self->number == 0) let_in(stave_index_cursor_next(all->cursor, NULL));
  }
  check_index(all->index, STAVE_CLOSED);
  return NULL;
}

static void* close_all(void* argument) {
  storm* all = argument;
  while (atomic_load(&all->started) < callers) nanosleep(&(struct timespec){0, 100000}, NULL);
  nanosleep(&(struct timespec){0, 1000000}, NULL);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_close(all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_close(all->index, NULL));
  /* Whoever closes, it is closed when the call returns. */
  check_index(all->index, STAVE_CLOSED);
  check_calls(&index_of_cursor, all->cursor, STAVE_CLOSED);
  return NULL;
}

static void run(const char* options) {
  storm all;
  memset(&all, 0, sizeof all);
  all.index = create_index(options);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(all.index, &all.cursor, NULL));
  pthread_t threads[callers + closers];
  caller each[callers];
  for (unsigned i = 0; i < callers; i++) {
    each[i] = (caller){&all, i};
    CHECK(pthread_create(&threads[i], NULL, count, &each[i]) == 0);
  }
  for (unsigned i = 0; i < callers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  uint64_t sum = 0;
  for (unsigned key = 0; key < shared_keys; key++) {
    uint64_t value;
    CHECK_STATUS(STAVE_OK, stave_index_get(all.index, &key, sizeof key, &value, NULL));
    sum += value;
  }
  CHECK(sum == callers * increments);
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_index_size(all.index, &size, NULL));
  CHECK(size == shared_keys + callers * increments);

  for (unsigned i = 0; i < callers; i++)
    CHECK(pthread_create(&threads[i], NULL, call, &each[i]) == 0);
  for (unsigned i = 0; i < closers; i++)
    CHECK(pthread_create(&threads[callers + i], NULL, close_all, &all) == 0);
  for (unsigned i = 0; i < callers + closers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  stave_index_free(all.index);
  stave_index_cursor_free(all.cursor);
}

int main(void) {
  const char* scale = getenv("STAVE_TEST_SCALE");
  const int percent = scale != NULL ? atoi(scale) : 10;
  const int rounds = percent > 0 ? 2 * percent : 1;
  for (int i = 0; i < rounds; i++) {
    own_key_size = i % 2 == 0 ? 8 : 16;
    run(i % 2 == 0 ? "" : "key_mode=owned16");
  }
  CHECK(stave_live_handles() == 0);
  printf("%d storms of %d callers and %d closers\n", rounds, callers, closers);
  return 0;
}
