/* Close in one thread while others are inside calls of a map: each call either does its work or
 * answers CLOSED, and the clones that were made before go on. Before that, many threads on few
 * keys: what they are told adds up, in every clone that is made meanwhile too. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/cow_map_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { callers = 4, closers = 2, shared_keys = 16, increments = 1000, clones = 8 };

typedef struct storm {
  stave_cow_map* map;
  stave_cow_map_cursor* cursor; /* used by caller 0 alone, closed by anybody */
  stave_cow_map_diff* diff;     /* likewise */
  atomic_uint calls;
} storm;

typedef struct caller {
  storm* storm;
  unsigned number;
  stave_cow_map* clones[clones];
  uint64_t sums[clones]; /* of the clone when it was made */
} caller;

/* Whether the call was let in; any outcome but CLOSED must be a good one. */
static int let_in(stave_status status) {
  CHECK(status >= STAVE_OK || status == STAVE_CLOSED);
  return status != STAVE_CLOSED;
}

/* ---- What threads are told adds up --------------------------------------------------------------
 */

static stave_status add_one(void* context, stave_buffer* value) {
  uint64_t* was = context;
  CHECK(value->size == sizeof *was);
  memcpy(was, value->data, sizeof *was);
  const uint64_t more = *was + 1;
  memcpy(value->data, &more, sizeof more);
  return STAVE_OK;
}

/* The sum of the shared counters, at one moment if the map is a clone of the caller's own. */
static uint64_t sum_of(stave_cow_map* map) {
  uint64_t sum = 0;
  for (int64_t key = 0; key < shared_keys; key++) {
    uint64_t value = 0;
    size_t size;
    const stave_status status = stave_cow_map_get(map, key, &value, sizeof value, &size, NULL);
    CHECK(status == STAVE_OK || status == STAVE_NOT_FOUND);
    sum += value;
  }
  return sum;
}

static void* count(void* argument) {
  caller* self = argument;
  stave_cow_map* map = self->storm->map;
  uint64_t last = 0;
  for (unsigned i = 0; i < increments; i++) {
    const int64_t key = i % shared_keys;
    const uint64_t one = 1;
    uint64_t was = 0;
    CHECK(let_in(
        stave_cow_map_update_or_insert(map, key, add_one, &was, &one, sizeof one, NULL, NULL)));
    /* And keys of its own, which make the map grow, and shrink. */
    const int64_t own = (int64_t)(1 + self->number) << 32 | i;
    CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, own, "own", 3, NULL, NULL, NULL));
    if (i % 2 == 1) CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, own - 1, NULL, NULL));
    if (i % (increments / clones) != 0) continue;
    stave_cow_map** clone = &self->clones[i / (increments / clones)];
    CHECK_STATUS(STAVE_OK, stave_cow_map_clone(map, clone, NULL));
    const uint64_t sum = sum_of(*clone);
    CHECK(sum > last); /* this thread has added since */
    last = sum;
    self->sums[i / (increments / clones)] = sum;
  }
  return NULL;
}

static void count_all(storm* all, caller each[callers]) {
  pthread_t threads[callers];
  for (unsigned i = 0; i < callers; i++)
    CHECK(pthread_create(&threads[i], NULL, count, &each[i]) == 0);
  for (unsigned i = 0; i < callers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(sum_of(all->map) == (uint64_t)callers * increments);
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_cow_map_size(all->map, &size, NULL));
  CHECK(size == shared_keys + (uint64_t)callers * increments / 2);
}

/* ---- Close beside callers -----------------------------------------------------------------------
 */

static void* call(void* argument) {
  caller* self = argument;
  storm* all = self->storm;
  for (int64_t i = 0;; i++) {
    const int64_t own = (int64_t)(1 + self->number) << 40 | i;
    if (!let_in(stave_cow_map_put(all->map, own, &i, sizeof i, NULL, NULL, NULL))) break;
    atomic_fetch_add(&all->calls, 1);
    int64_t value = -1;
    size_t size;
    const stave_status read = stave_cow_map_get(all->map, own, &value, sizeof value, &size, NULL);
    if (!let_in(read)) break;
    CHECK(read == STAVE_OK && value == i);
    stave_pin* pin = NULL;
    if (i % 8 == 0 && !let_in(stave_cow_map_get_pin(all->map, own, &pin, NULL))) break;
    if (pin != NULL) CHECK(memcmp(stave_pin_data(pin), &i, sizeof i) == 0);
    stave_pin_free(pin);
    stave_cow_map* clone = NULL;
    if (i % 16 == 0 && !let_in(stave_cow_map_clone(all->map, &clone, NULL))) break;
    stave_cow_map_free(clone);
    if (i % 256 == 0 && !let_in(stave_cow_map_shrink_to_fit(all->map, NULL))) break;
    if (self->number == 0) {
      uint32_t change;
      int64_t key;
      let_in(stave_cow_map_cursor_next(all->cursor, NULL));
      let_in(stave_cow_map_diff_next(all->diff, &change, &key, NULL));
    }
  }
  check_cow_map(all->map, STAVE_CLOSED);
  return NULL;
}

static void* close_all(void* argument) {
  storm* all = argument;
  while (atomic_load(&all->calls) < 1000) nanosleep(&(struct timespec){0, 100000}, NULL);
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_close(all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_close(all->diff, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_close(all->map, NULL));
  /* Whoever closes, it is closed when the call returns. */
  check_cow_map(all->map, STAVE_CLOSED);
  check_calls(&cow_map_of_cursor, all->cursor, STAVE_CLOSED);
  check_calls(&cow_map_of_diff, all->diff, STAVE_CLOSED);
  return NULL;
}

static void close_beside(storm* all, caller each[callers]) {
  pthread_t threads[callers + closers];
  CHECK_STATUS(STAVE_OK, stave_cow_map_cursor_open(all->map, &all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_diff_open(each[0].clones[1], all->map, &all->diff, NULL));
  for (unsigned i = 0; i < callers; i++)
    CHECK(pthread_create(&threads[i], NULL, call, &each[i]) == 0);
  for (unsigned i = 0; i < closers; i++)
    CHECK(pthread_create(&threads[callers + i], NULL, close_all, all) == 0);
  for (unsigned i = 0; i < callers + closers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void run(void) {
  storm all;
  caller each[callers];
  memset(&all, 0, sizeof all);
  memset(each, 0, sizeof each);
  all.map = create_cow_map("");
  for (unsigned i = 0; i < callers; i++) {
    each[i].storm = &all;
    each[i].number = i;
  }
  count_all(&all, each);
  close_beside(&all, each);
  stave_cow_map_free(all.map);
  stave_cow_map_cursor_free(all.cursor);
  stave_cow_map_diff_free(all.diff);
  for (unsigned i = 0; i < callers; i++) {
    for (unsigned j = 0; j < clones; j++) {
      CHECK(sum_of(each[i].clones[j]) == each[i].sums[j]);
      close_cow_map(each[i].clones[j]);
    }
  }
}

int main(void) {
  const char* scale = getenv("STAVE_TEST_SCALE");
  const int percent = scale != NULL ? atoi(scale) : 10;
  const int rounds = percent > 0 ? 2 * percent : 1;
  for (int i = 0; i < rounds; i++) run();
  CHECK(stave_live_handles() == 0);
  printf("%d storms of %d callers and %d closers\n", rounds, callers, closers);
  return 0;
}
