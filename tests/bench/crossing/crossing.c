/* The calls that the packages for other languages are compared with, in C: nanoseconds per call.
 *
 *   crossing DIRECTORY     prints lines "NAME NANOSECONDS"
 *
 * Each program of this benchmark does the same: 1,000 keys of 16 bytes with values of 100 bytes,
 * durability `memory`, mapped files; rounds of 50,000 calls, or of 5,000 that read 100 keys each;
 * the best of 16 rounds, in time of the thread. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <stave/stave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 1000, KEY_SIZE = 16, VALUE_SIZE = 100, CALLS = 50000, ROUNDS = 16, MANY = 100 };

static char keys[KEYS][KEY_SIZE + 1];
static char value[VALUE_SIZE];
static stave_store* store;
static stave_index* entries;
static stave_cow_map* map;
static stave_memtable* table;
static stave_memtable_transaction* transaction;
static stave_memtable_snapshot* snapshot;
static stave_error error;
static stave_buffer values;

static void check(stave_status status) {
  if (status == STAVE_OK) return;
  fprintf(stderr, "%s\n", error.message);
  exit(1);
}

static void put(int i) {
  check(stave_store_put(store, keys[i % KEYS], KEY_SIZE, value, VALUE_SIZE, NULL, &error));
}

/* Crosses with what a put crosses with, and writes nothing: without the noise of fresh pages. */
static void insert_refused(int i) {
  const stave_status status =
      stave_store_insert(store, keys[i % KEYS], KEY_SIZE, value, VALUE_SIZE, NULL, &error);
  if (status != STAVE_EXISTS) exit(1);
}

static void get_into_buffer(int i) {
  char target[VALUE_SIZE];
  size_t size;
  check(stave_store_get(store, keys[i % KEYS], KEY_SIZE, target, sizeof target, &size, &error));
}

/* What a program in C does that wants a value of its own. */
static void get_fresh(int i) {
  stave_buffer fresh;
  stave_buffer_init(&fresh);
  check(stave_store_get_buffer(store, keys[i % KEYS], KEY_SIZE, &fresh, &error));
  stave_buffer_free(&fresh);
}

static void multi_get(int i) {
  char joined[MANY * KEY_SIZE];
  uint32_t key_sizes[MANY];
  uint64_t value_sizes[MANY];
  for (int j = 0; j < MANY; j++) {
    memcpy(joined + j * KEY_SIZE, keys[(i + j) % KEYS], KEY_SIZE);
    key_sizes[j] = KEY_SIZE;
  }
  check(stave_store_multi_get(store, joined, key_sizes, MANY, &values, value_sizes, &error));
}

static void index_put(int i) {
  uint64_t previous;
  uint8_t existed;
  check(
      stave_index_put(entries, keys[i % KEYS], KEY_SIZE, (uint64_t)i, &previous, &existed, &error));
}

static void index_get(int i) {
  uint64_t number;
  check(stave_index_get(entries, keys[i % KEYS], KEY_SIZE, &number, &error));
}

static void index_multi_get(int i) {
  char joined[MANY * KEY_SIZE];
  uint32_t key_sizes[MANY];
  uint64_t numbers[MANY];
  uint8_t found[MANY];
  for (int j = 0; j < MANY; j++) {
    memcpy(joined + j * KEY_SIZE, keys[(i + j) % KEYS], KEY_SIZE);
    key_sizes[j] = KEY_SIZE;
  }
  check(stave_index_multi_get(entries, joined, key_sizes, MANY, numbers, found, &error));
}

static void cow_map_put(int i) {
  uint8_t replaced;
  check(stave_cow_map_put(map, i % KEYS, value, VALUE_SIZE, &replaced, NULL, &error));
}

static void cow_map_get(int i) {
  char target[VALUE_SIZE];
  size_t size;
  check(stave_cow_map_get(map, i % KEYS, target, sizeof target, &size, &error));
}

static void cow_map_multi_get(int i) {
  int64_t numbers[MANY];
  uint64_t value_sizes[MANY];
  for (int j = 0; j < MANY; j++) numbers[j] = (i + j) % KEYS;
  check(stave_cow_map_multi_get(map, numbers, MANY, &values, value_sizes, &error));
}

static void memtable_put(int i) {
  check(stave_memtable_transaction_put(transaction, keys[i % KEYS], KEY_SIZE, value, VALUE_SIZE,
                                       &error));
}

static void memtable_get(int i) {
  char target[VALUE_SIZE];
  size_t size;
  check(stave_memtable_snapshot_get(snapshot, keys[i % KEYS], KEY_SIZE, target, sizeof target,
                                    &size, &error));
}

static void memtable_multi_get(int i) {
  char joined[MANY * KEY_SIZE];
  uint32_t key_sizes[MANY];
  uint64_t value_sizes[MANY];
  for (int j = 0; j < MANY; j++) {
    memcpy(joined + j * KEY_SIZE, keys[(i + j) % KEYS], KEY_SIZE);
    key_sizes[j] = KEY_SIZE;
  }
  check(stave_memtable_snapshot_multi_get(snapshot, joined, key_sizes, MANY, &values, value_sizes,
                                          &error));
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void measure(const char* name, int calls, int keys_per_call, void (*call)(int)) {
  double best = 0;
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (int i = 0; i < calls; i++) call(i);
    const double each = (now() - start) / calls / keys_per_call;
    if (round == 0 || each < best) best = each;
  }
  printf("%s %.1f\n", name, best);
}

static void measure_memtable(void) {
  check(stave_memtable_create(NULL, &table, &error));
  check(stave_memtable_begin(table, &transaction, &error));
  measure("memtable_put", CALLS, 1, memtable_put);
  check(stave_memtable_transaction_commit(transaction, NULL, &error));
  stave_memtable_transaction_free(transaction);
  check(stave_memtable_snapshot_open(table, &snapshot, &error));
  measure("memtable_get", CALLS, 1, memtable_get);
  measure("memtable_many_100_per_key", CALLS / 10, MANY, memtable_multi_get);
  stave_memtable_snapshot_free(snapshot);
  stave_memtable_free(table);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  stave_store_options options;
  stave_store_options_init(&options);
  options.durability = STAVE_DURABILITY_MEMORY;
  options.io = STAVE_IO_MMAP;
  check(stave_store_open(argv[1], &options, &store, &error));
  for (int i = 0; i < KEYS; i++) {
    snprintf(keys[i], sizeof keys[i], "key-%012d", i);
    put(i);
  }
  measure("get_into_buffer", CALLS, 1, get_into_buffer);
  measure("get_fresh", CALLS, 1, get_fresh);
  measure("multi_get_100_per_key", CALLS / 10, MANY, multi_get);
  measure("put", CALLS, 1, put);
  measure("insert_refused", CALLS, 1, insert_refused);
  check(stave_index_create(NULL, NULL, &entries, &error));
  measure("index_put", CALLS, 1, index_put);
  measure("index_get", CALLS, 1, index_get);
  measure("index_many_100_per_key", CALLS / 10, MANY, index_multi_get);
  stave_index_free(entries);
  check(stave_cow_map_create(NULL, &map, &error));
  measure("cow_map_put", CALLS, 1, cow_map_put);
  measure("cow_map_get", CALLS, 1, cow_map_get);
  measure("cow_map_many_100_per_key", CALLS / 10, MANY, cow_map_multi_get);
  stave_cow_map_free(map);
  measure_memtable();
  stave_buffer_free(&values);
  check(stave_store_close(store, &error));
  stave_store_free(store);
  return 0;
}
