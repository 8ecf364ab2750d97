/* A system that has no thread to give (EAGAIN, as at a limit of processes) costs an index its
 * thread and nothing else: writers merge in slices, as with background=no, until there is one
 * again. Once every write failed with INTERNAL from the first merge on, and so did save, checkpoint
 * and close, also of stores whose keys are on disk. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/capi/support.h"

static atomic_int has_threads;
static atomic_int refused;
static atomic_int started;

/* In place of the system's: the library's calls come here, too. */
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) {
  if (!atomic_load(&has_threads)) {
    atomic_fetch_add(&refused, 1);
    return EAGAIN;
  }
  atomic_fetch_add(&started, 1);
  int (*create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  *(void**)&create = dlsym(RTLD_NEXT, "pthread_create");
  return create(thread, attributes, run, argument);
}

enum { record_size = 8, small_entries = 20000 };
typedef struct key_type {
  uint64_t low, high;
} key_type;

static stave_disk_index* open_small(const char* path) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = record_size;
  options.delta_memory = 64 << 10; /* merges every 1,536 keys */
  stave_disk_index* opened = NULL;
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(path, &options, &opened, NULL));
  return opened;
}
static stave_disk_index_stats stats_of(stave_disk_index* of) {
  stave_disk_index_stats stats;
  stave_disk_index_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_disk_index_stats_get(of, &stats, NULL));
  return stats;
}
static void put_numbers(stave_disk_index* into, uint64_t first, uint64_t end) {
  for (uint64_t i = first; i < end; i++) {
    const key_type key = {i, 1};
    CHECK_STATUS(STAVE_OK, stave_disk_index_put(into, &key, sizeof key, &i, sizeof i, NULL));
  }
}
static void check_numbers(stave_disk_index* of, uint64_t end) {
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(of, &size, NULL));
  CHECK(size == end);
  for (uint64_t i = 0; i < end; i++) {
    const key_type key = {i, 1};
    uint64_t found = ~i;
    CHECK_STATUS(STAVE_OK, stave_disk_index_get(of, &key, sizeof key, &found, sizeof found, NULL));
    CHECK(found == i);
  }
}

static void index_goes_on(void) {
  char* const path = fresh_path();
  stave_disk_index* of = open_small(path);
  put_numbers(of, 0, small_entries);
  CHECK(atomic_load(&refused) > 0 && atomic_load(&started) == 0);
  /* Nobody but the writers can have done it. */
  CHECK(stats_of(of).merges > 0 && stats_of(of).delta_entries < 4000);
  check_numbers(of, small_entries);
  CHECK_STATUS(STAVE_OK, stave_disk_index_save(of, 1, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_checkpoint(of, 2, NULL));
  CHECK(stats_of(of).delta_entries == 0);
  put_numbers(of, small_entries, small_entries + 5000);
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(of, NULL));
  stave_disk_index_free(of);
  of = open_small(path);
  check_numbers(of, small_entries + 5000);
  /* The next chunks of the log find that there are threads again. */
  atomic_store(&has_threads, 1);
  put_numbers(of, small_entries + 5000, 2 * small_entries);
  CHECK(atomic_load(&started) > 0);
  check_numbers(of, 2 * small_entries);
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(of, NULL));
  stave_disk_index_free(of);
  atomic_store(&has_threads, 0);
  free(path);
}

static void store_goes_on(void) {
  static const char options[] = "keydir=disk,durability=os,checkpoint_interval=1MiB";
  char* const path = fresh_path();
  char key[32];
  stave_store* store = open_store(path, options);
  const int before = atomic_load(&refused);
  for (int i = 0; i < 60000; i++) {
    snprintf(key, sizeof key, "key %d", i);
    put_text(store, key, key);
  }
  CHECK_STATUS(STAVE_OK, stave_store_checkpoint(store, NULL));
  CHECK(atomic_load(&refused) > before);
  close_store(store);
  store = open_store(path, options);
  for (int i = 0; i < 60000; i += 7) {
    snprintf(key, sizeof key, "key %d", i);
    check_value(store, key, key);
  }
  close_store(store);
  free(path);
}

int main(void) {
  index_goes_on();
  store_goes_on();
  CHECK(stave_live_handles() == 0);
  return 0;
}
