/* A program's own threads that call Stave for the first time and find no memory: the call does its
 * work or answers NO_MEMORY, the program lives, and what a thread took it has given back when it
 * ends. Each operation runs in threads that have done nothing else, with each of its allocations
 * failing, alone and with all that follow, and where the system also cannot note that the thread
 * has something to give back. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "tests/capi/failing_malloc.h"
#include "tests/capi/support.h"

/* In place of the system's, which says so for the keys behind the first 32 when it has no memory:
 * the library's calls come here, too. */
static atomic_int keys_are_refused; /* so many times more */
static atomic_long refused;
static int (*set_key)(pthread_key_t, const void*);
int pthread_setspecific(pthread_key_t key, const void* value) {
  if (atomic_load(&keys_are_refused) > 0) {
    atomic_fetch_sub(&keys_are_refused, 1);
    atomic_fetch_add(&refused, 1);
    return ENOMEM;
  }
  if (set_key == NULL) *(void**)&set_key = dlsym(RTLD_NEXT, "pthread_setspecific");
  return set_key(key, value);
}

/* ---- What is tried ------------------------------------------------------------------------------
 */

static stave_index* table;
static stave_cow_map* map;
static stave_memtable* versions;
static stave_disk_index* file;
static stave_store* store;
static const uint64_t disk_key[2] = {1, 2};

static stave_status index_create(void) {
  stave_index* made;
  const stave_status status = stave_index_create(NULL, NULL, &made, NULL);
  stave_index_free(made);
  return status;
}
static stave_status index_put(void) {
  return stave_index_put(table, "key", 3, 7, NULL, NULL, NULL);
}
static stave_status index_get(void) {
  uint64_t value = 0;
  const stave_status status = stave_index_get(table, "key", 3, &value, NULL);
  CHECK(status != STAVE_OK || value == 7);
  return status;
}
static stave_status index_change(void) {
  char key[40];
  stave_status status = STAVE_OK;
  memset(key, 'k', sizeof key);
  for (key[0] = 0; key[0] < 30 && status == STAVE_OK; key[0]++) {
    status = stave_index_put(table, key, sizeof key, 1, NULL, NULL, NULL);
    if (status == STAVE_OK) status = stave_index_remove(table, key, sizeof key, NULL, NULL);
  }
  return status;
}
static stave_status map_create(void) {
  stave_cow_map* made;
  stave_status status = stave_cow_map_create(NULL, &made, NULL);
  if (status == STAVE_OK) status = stave_cow_map_put(made, 1, "value", 5, NULL, NULL, NULL);
  stave_cow_map_free(made);
  return status;
}
static stave_status map_insert(void) {
  return stave_cow_map_put(map, 1, "value", 5, NULL, NULL, NULL);
}
static stave_status map_get(void) {
  char value[8];
  size_t size;
  return stave_cow_map_get(map, 1, value, sizeof value, &size, NULL);
}
static stave_status map_change(void) {
  stave_cow_map* copy;
  stave_status status = stave_cow_map_clone(map, &copy, NULL);
  for (int64_t key = 2; key < 100 && status == STAVE_OK; key++)
    status = stave_cow_map_put(copy, key << 16, "value", 5, NULL, NULL, NULL);
  for (int64_t key = 2; key < 100 && status == STAVE_OK; key++)
    status = stave_cow_map_remove(copy, key << 16, NULL, NULL);
  stave_cow_map_free(copy);
  return status;
}
static stave_status memtable_put(void) {
  stave_memtable_transaction* transaction;
  stave_status status = stave_memtable_begin(versions, &transaction, NULL);
  if (status == STAVE_OK)
    status = stave_memtable_transaction_put(transaction, "key", 3, "value", 5, NULL);
  if (status == STAVE_OK) status = stave_memtable_transaction_commit(transaction, NULL, NULL);
  stave_memtable_transaction_free(transaction);
  return status;
}
static stave_status memtable_get(void) {
  stave_memtable_snapshot* snapshot;
  char value[8];
  size_t size;
  stave_status status = stave_memtable_snapshot_open(versions, &snapshot, NULL);
  if (status == STAVE_OK)
    status = stave_memtable_snapshot_get(snapshot, "key", 3, value, sizeof value, &size, NULL);
  stave_memtable_snapshot_free(snapshot);
  return status;
}
static stave_status disk_index_put(void) {
  return stave_disk_index_put(file, disk_key, sizeof disk_key, "valuable", 8, NULL);
}
static stave_status disk_index_get(void) {
  char value[8];
  return stave_disk_index_get(file, disk_key, sizeof disk_key, value, sizeof value, NULL);
}
static stave_status store_put(void) {
  return stave_store_put(store, "key", 3, "value", 5, NULL, NULL);
}
static stave_status store_get(void) {
  char value[8];
  size_t size;
  return stave_store_get(store, "key", 3, value, sizeof value, &size, NULL);
}

static const struct operation {
  const char* name;
  stave_status (*run)(void);
} operations[] = {
    {"index put", index_put},           {"index get", index_get},
    {"index change", index_change},     {"index create", index_create},
    {"cow_map insert", map_insert},     {"cow_map get", map_get},
    {"cow_map change", map_change},     {"cow_map create", map_create},
    {"memtable put", memtable_put},     {"memtable get", memtable_get},
    {"disk_index put", disk_index_put}, {"disk_index get", disk_index_get},
    {"store put", store_put},           {"store get", store_get},
};
enum { operation_count = sizeof operations / sizeof *operations };

/* ---- How ----------------------------------------------------------------------------------------
 */

typedef struct first_call {
  const struct operation* tried;
  long failing; /* -1: there is memory */
  int failing_on;
  int keys_are_refused;
  int fired;
} first_call;

static void* call(void* context) {
  first_call* const first = context;
  atomic_store(&keys_are_refused, first->keys_are_refused ? INT_MAX : 0);
  atomic_store(&allocations, 0);
  atomic_store(&failing_on, first->failing_on);
  atomic_store(&failing, first->failing);
  const stave_status status = first->tried->run();
  atomic_store(&failing, -1);
  atomic_store(&keys_are_refused, 0);
  first->fired = first->failing >= 0 && atomic_load(&allocations) > first->failing;
  if (status != STAVE_OK && (status != STAVE_NO_MEMORY || !first->fired)) {
    fprintf(stderr, "%s, allocation %ld: %s\n", first->tried->name, first->failing,
            stave_status_name(status));
    abort();
  }
  return NULL;
}
static void in_a_thread(first_call* first) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, call, first) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

static long fail_each(const struct operation* tried, int on, int keys) {
  for (long number = 0;; number++) {
    first_call first = {tried, number, on, keys, 0};
    in_a_thread(&first);
    if (!first.fired) return number;
  }
}

/* Many threads, one after the other, grow nothing. */
static void come_and_go(const struct operation* tried, int keys) {
  enum { warm_up = 50, threads = 500 };
  long before = 0;
  for (int i = 0; i < warm_up + threads; i++) {
    first_call first = {tried, -1, 0, keys, 0};
    if (i == warm_up) before = atomic_load(&blocks);
    in_a_thread(&first);
  }
  const long after = atomic_load(&blocks);
  if (after > before + threads / 4) {
    fprintf(stderr, "%s, keys refused: %d: %ld blocks, and %ld after %d threads\n", tried->name,
            keys, before, after, threads);
    abort();
  }
}

/* ---- A call from inside the first ---------------------------------------------------------------
 */

static stave_index* resolved;
static int compared;

static stave_status compare(void* context, uint64_t value, const void* key, size_t key_size) {
  (void)context, (void)value, (void)key, (void)key_size;
  compared++;
  CHECK_STATUS(STAVE_BUSY, stave_index_put(resolved, "key", 3, 8, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_BUSY, stave_index_close(resolved, NULL));
  return STAVE_OK;
}
static void* get_resolved(void* times_refused) {
  uint64_t value = 0;
  atomic_store(&keys_are_refused, *(const int*)times_refused);
  CHECK_STATUS(STAVE_OK, stave_index_get(resolved, "key", 3, &value, NULL));
  atomic_store(&keys_are_refused, 0);
  return NULL;
}

/* A call from inside the resolver is found out, too, when the memory that the thread lacked at
 * first is there a little later. */
static void memory_comes_back_within_a_call(void) {
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  options.key_mode = STAVE_KEYS_RESOLVED;
  resolver.compare = compare;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &resolved, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_put(resolved, "key", 3, 7, NULL, NULL, NULL));
  for (int times_refused = 0; times_refused < 10; times_refused++) {
    pthread_t thread;
    compared = 0;
    CHECK(pthread_create(&thread, NULL, get_resolved, &times_refused) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(compared == 1);
  }
  stave_index_free(resolved);
}

int main(void) {
  char* const store_path = fresh_path();
  char* const file_path = fresh_path();
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = 8;
  CHECK_STATUS(STAVE_OK, stave_index_create(NULL, NULL, &table, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_create(NULL, &map, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_create(NULL, &versions, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(file_path, &options, &file, NULL));
  store = open_store(store_path, "durability=os");
  for (int i = 0; i < operation_count; i++) CHECK_STATUS(STAVE_OK, operations[i].run());

  long failed = 0;
  for (int i = 0; i < operation_count; i++) {
    long of_this = 0;
    for (int keys = 0; keys <= 1; keys++) {
      const long refused_before = atomic_load(&refused);
      for (int on = 0; on <= 1; on++) of_this += fail_each(&operations[i], on, keys);
      come_and_go(&operations[i], keys);
      /* Every thread has something to give back. */
      CHECK(!keys || atomic_load(&refused) > refused_before + 500);
    }
    printf("%16s: %ld\n", operations[i].name, of_this);
    failed += of_this;
  }
  CHECK(failed > 100);
  for (int i = 0; i < operation_count; i++) CHECK_STATUS(STAVE_OK, operations[i].run());

  memory_comes_back_within_a_call();
  stave_index_free(table);
  stave_cow_map_free(map);
  stave_memtable_free(versions);
  stave_disk_index_free(file);
  close_store(store);
  CHECK(stave_live_handles() == 0);
  free(store_path);
  free(file_path);
  return 0;
}
