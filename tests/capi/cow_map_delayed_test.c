/* Inserts into a large map whose caller does not ask what was there before: every call sees them,
 * and so do threads that are created when some have just been made, and a process that forks. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/support.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { many = 20000 };

static stave_cow_map* create_map(void) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  options.values = STAVE_VALUES_FIXED;
  options.value_size = sizeof(uint64_t);
  stave_cow_map* map;
  CHECK_STATUS(STAVE_OK, stave_cow_map_create(&options, &map, NULL));
  return map;
}
static void insert(stave_cow_map* map, int64_t first, int64_t end) {
  for (int64_t key = first; key < end; key++) {
    const uint64_t value = (uint64_t)key + 1;
    CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, key, &value, sizeof value, NULL, NULL, NULL));
  }
}
static void check_keys(stave_cow_map* map, int64_t first, int64_t end) {
  for (int64_t key = first; key < end; key++) {
    uint64_t value = 0;
    size_t size = 0;
    CHECK_STATUS(STAVE_OK, stave_cow_map_get(map, key, &value, sizeof value, &size, NULL));
    CHECK(size == sizeof value && value == (uint64_t)key + 1);
  }
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, end, NULL));
}

static void each_call(void) {
  stave_cow_map* map = create_map();
  insert(map, 0, many);
  int64_t end = many;
  for (int round = 0; round < 200; round++) {
    const int64_t before = end;
    end += 1 + round % 70;
    insert(map, before, end);
    uint64_t value = 0;
    size_t size = 0;
    uint8_t replaced = 0;
    uint64_t entries = 0;
    stave_cow_map* clone;
    switch (round % 6) {
      case 0:
        CHECK_STATUS(STAVE_OK, stave_cow_map_get(map, end - 1, &value, sizeof value, &size, NULL));
        CHECK(value == (uint64_t)end);
        break;
      case 1:
        CHECK_STATUS(STAVE_OK, stave_cow_map_contains(map, end - 1, NULL));
        break;
      case 2:
        CHECK_STATUS(STAVE_OK, stave_cow_map_size(map, &entries, NULL));
        CHECK(entries == (uint64_t)end);
        break;
      case 3:
        CHECK_STATUS(STAVE_OK, stave_cow_map_clone(map, &clone, NULL));
        check_keys(clone, before, end);
        stave_cow_map_free(clone);
        break;
      case 4:
        value = (uint64_t)end;
        CHECK_STATUS(STAVE_OK,
                     stave_cow_map_put(map, end - 1, &value, sizeof value, &replaced, NULL, NULL));
        CHECK(replaced == 1);
        break;
      default:
        CHECK_STATUS(STAVE_OK, stave_cow_map_remove(map, end - 1, NULL, NULL));
        CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, end - 1, NULL));
        insert(map, end - 1, end);
    }
  }
  check_keys(map, 0, end);
  insert(map, end, end + 10);
  stave_cow_map_free(map);
}

/* The child may use no map of its parent, and ends without a trace in it. */
static void forked(void) {
  stave_cow_map* map = create_map();
  insert(map, 0, many);
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    const uint64_t value = 1;
    CHECK_STATUS(STAVE_FORKED, stave_cow_map_put(map, 1, &value, sizeof value, NULL, NULL, NULL));
    CHECK_STATUS(STAVE_FORKED, stave_cow_map_contains(map, 1, NULL));
    stave_cow_map_free(map);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  check_keys(map, 0, many);
  stave_cow_map_free(map);
}

static void* read_all(void* map) {
  uint64_t entries = 0;
  check_keys(map, many - 100, many);
  CHECK_STATUS(STAVE_OK, stave_cow_map_size(map, &entries, NULL));
  CHECK(entries == many);
  check_keys(map, 0, many);
  return NULL;
}
static void* write_more(void* map) {
  insert(map, many - 100, many);
  return NULL;
}

static void seen_by_new_threads(void) {
  stave_cow_map* map = create_map();
  insert(map, 0, many);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    CHECK(pthread_create(&threads[i], NULL, i == 0 ? write_more : read_all, map) == 0);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  stave_cow_map_free(map);
}

int main(void) {
  each_call();
  forked();
  /* The last one: from then on the process may have more than one thread. */
  seen_by_new_threads();
  CHECK(stave_live_handles() == 0);
  return 0;
}
