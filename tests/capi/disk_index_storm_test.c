/* Close in one thread while others are inside calls of a disk index: each call either does its work
 * or answers CLOSED, and what was put before is there when the file is opened again. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/disk_index_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { callers = 4, closers = 2, rivals = 64, puts_at_least = 500 };

typedef struct storm {
  stave_disk_index* index;
  stave_disk_index_cursor* cursor; /* used by caller 0 alone, closed by anybody */
  atomic_uint puts;
  atomic_uint won[rivals]; /* insertions of a key that all try */
} storm;

typedef struct caller {
  storm* storm;
  unsigned number;
  unsigned stored; /* records under keys of its own */
} caller;

/* Whether the call was let in; any outcome but CLOSED must be a good one. */
static int let_in(stave_status status) {
  CHECK(status >= STAVE_OK || status == STAVE_CLOSED);
  return status != STAVE_CLOSED;
}

static void* call(void* argument) {
  caller* self = argument;
  storm* all = self->storm;
  stave_disk_index_stats stats;
  stave_disk_index_stats_init(&stats);
  for (unsigned i = 0;; i++) {
    const disk_index_key own = {i, self->number};
    const uint64_t record = i;
    uint64_t found = ~record;
    if (!let_in(stave_disk_index_put(all->index, &own, sizeof own, &record, sizeof record, NULL)))
      break;
    self->stored = i + 1;
    atomic_fetch_add(&all->puts, 1);
    const stave_status read =
        stave_disk_index_get(all->index, &own, sizeof own, &found, sizeof found, NULL);
    if (!let_in(read)) break;
    CHECK(read == STAVE_OK && found == record);
    const disk_index_key rival = {i % rivals, callers};
    const stave_status inserted =
        stave_disk_index_insert(all->index, &rival, sizeof rival, &record, sizeof record, NULL);
    if (!let_in(inserted)) break;
    if (inserted == STAVE_OK) atomic_fetch_add(&all->won[i % rivals], 1);
    if (self->number == 0) let_in(stave_disk_index_cursor_next(all->cursor, NULL));
    if (i % 64 == 63 && !let_in(stave_disk_index_save(all->index, i, NULL))) break;
    if (i % 64 == 32 && !let_in(stave_disk_index_stats_get(all->index, &stats, NULL))) break;
    if (i % 128 == 127 && !let_in(stave_disk_index_shrink_to_fit(all->index, NULL))) break;
  }
  check_disk_index(all->index, STAVE_CLOSED);
  return NULL;
}

static void* close_all(void* argument) {
  storm* all = argument;
  while (atomic_load(&all->puts) < puts_at_least) nanosleep(&(struct timespec){0, 100000}, NULL);
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_close(all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(all->index, NULL));
  /* Whoever closes, it is closed when the call returns. */
  check_disk_index(all->index, STAVE_CLOSED);
  check_calls(&disk_index_of_cursor, all->cursor, STAVE_CLOSED);
  return NULL;
}

static unsigned run(int background) {
  storm all;
  memset(&all, 0, sizeof all);
  char* path = fresh_path();
  all.index = open_disk_index(path, background ? "" : "background=no");
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(all.index, &all.cursor, NULL));
  pthread_t threads[callers + closers];
  caller each[callers];
  for (unsigned i = 0; i < callers; i++) {
    each[i] = (caller){&all, i, 0};
    CHECK(pthread_create(&threads[i], NULL, call, &each[i]) == 0);
  }
  for (unsigned i = 0; i < closers; i++)
    CHECK(pthread_create(&threads[callers + i], NULL, close_all, &all) == 0);
  for (unsigned i = 0; i < callers + closers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  stave_disk_index_free(all.index);
  stave_disk_index_cursor_free(all.cursor);

  unsigned stored = 0;
  all.index = open_disk_index(path, "");
  for (unsigned number = 0; number < callers; number++) {
    for (unsigned i = 0; i < each[number].stored; i++) {
      const disk_index_key own = {i, number};
      uint64_t found;
      CHECK_STATUS(STAVE_OK,
                   stave_disk_index_get(all.index, &own, sizeof own, &found, sizeof found, NULL));
      CHECK(found == i);
    }
    stored += each[number].stored;
  }
  unsigned inserted = 0;
  for (unsigned i = 0; i < rivals; i++) {
    CHECK(all.won[i] <= 1);
    inserted += all.won[i];
  }
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(all.index, &size, NULL));
  CHECK(size == stored + inserted);
  CHECK_STATUS(STAVE_OK, stave_disk_index_verify(all.index, NULL, NULL, NULL));
  close_disk_index(all.index);
  free(path);
  return stored;
}

int main(void) {
  const char* scale = getenv("STAVE_TEST_SCALE");
  const int percent = scale != NULL ? atoi(scale) : 10;
  const int rounds = percent > 0 ? 2 * percent : 1;
  unsigned stored = 0;
  for (int i = 0; i < rounds; i++) stored += run(i % 2);
  CHECK(stave_live_handles() == 0 && stored > 0);
  printf("%d storms of %d callers and %d closers, %u records\n", rounds, callers, closers, stored);
  return 0;
}
