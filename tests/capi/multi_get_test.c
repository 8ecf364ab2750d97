/* Calls with many keys ask for what they read ahead, in groups: of any number of keys, there or
 * not, the answers are those of a get for each. */
#include "tests/capi/support.h"

/* One way to keep numbers: the value of a number is 8 bytes made of it, padded where values are
 * longer. */
typedef struct keeper {
  const char* name;
  void* (*open)(void);
  void (*put)(void* handle, uint64_t number);
  /* found[i] is 1 and values[i] the first 8 bytes of the value, or 0. */
  void (*get_all)(void* handle, const uint64_t* numbers, size_t count, uint8_t* found,
                  uint64_t* values);
  void (*close)(void* handle);
} keeper;

enum { stored = 20000, most = 1000, key_size = 16, long_value = 40 };

static uint64_t value_of(uint64_t number) {
  return number * 0x9e3779b97f4a7c15u + 1;
}

/* Keys of 16 bytes. */
static void make_key(uint64_t number, unsigned char* key) {
  memset(key, 0, key_size);
  memcpy(key, &number, sizeof number);
  memcpy(key + 8, &number, sizeof number);
}
static unsigned char* make_keys(const uint64_t* numbers, size_t count, uint32_t* sizes) {
  unsigned char* keys = malloc(count * key_size + 1);
  for (size_t i = 0; i < count; i++) {
    make_key(numbers[i], keys + i * key_size);
    sizes[i] = key_size;
  }
  return keys;
}
/* Takes flat values apart. */
static void take_values(const stave_buffer* buffer, const uint64_t* sizes, size_t count,
                        uint64_t absent, size_t value_size, uint8_t* found, uint64_t* values) {
  const unsigned char* at = buffer->data;
  for (size_t i = 0; i < count; i++) {
    found[i] = sizes[i] != absent;
    values[i] = 0;
    if (!found[i]) continue;
    CHECK(sizes[i] == value_size);
    memcpy(&values[i], at, sizeof values[i]);
    at += value_size;
  }
  CHECK(at == (const unsigned char*)buffer->data + buffer->size);
}

/* One call with keys of 16 bytes, and its answer in flat form. */
typedef struct question {
  unsigned char* keys;
  uint32_t key_sizes[most];
  uint64_t sizes[most];
  stave_buffer buffer;
} question;
static void ask_for(question* asked, const uint64_t* numbers, size_t count) {
  asked->keys = make_keys(numbers, count, asked->key_sizes);
  stave_buffer_init(&asked->buffer);
}
static void take_answer(question* asked, size_t count, uint8_t* found, uint64_t* values) {
  take_values(&asked->buffer, asked->sizes, count, STAVE_ABSENT, sizeof(uint64_t), found, values);
  stave_buffer_free(&asked->buffer);
  free(asked->keys);
}

/* ---- The map, with values in its slots and with values outside of them -------------------------
 */

static void* open_map(uint32_t values, uint32_t value_size) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  options.values = values;
  options.value_size = value_size;
  stave_cow_map* map;
  CHECK_STATUS(STAVE_OK, stave_cow_map_create(&options, &map, NULL));
  return map;
}
static void* open_small_map(void) {
  return open_map(STAVE_VALUES_FIXED, sizeof(uint64_t));
}
static void* open_large_map(void) {
  return open_map(STAVE_VALUES_VARIABLE, 0);
}
static void put_sized(void* map, uint64_t number, size_t size) {
  unsigned char value[long_value] = {0};
  const uint64_t first = value_of(number);
  memcpy(value, &first, sizeof first);
  /* Half of them by a call with many keys, where each is there twice: the last one counts. */
  if (number % 2 == 0) {
    const int64_t keys[] = {(int64_t)number, (int64_t)number};
    const uint64_t sizes[] = {size, size};
    unsigned char values[2 * long_value] = {0};
    uint8_t replaced[2];
    memcpy(values + size, value, size);
    CHECK_STATUS(STAVE_OK,
                 stave_cow_map_multi_put(map, keys, values, sizes, 2, replaced, NULL, NULL));
    CHECK(replaced[0] == 0 && replaced[1] == 1);
    return;
  }
  CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, (int64_t)number, value, size, NULL, NULL, NULL));
}
static void put_small(void* map, uint64_t number) {
  put_sized(map, number, sizeof(uint64_t));
}
static void put_large(void* map, uint64_t number) {
  put_sized(map, number, long_value);
}
static void get_sized(void* map, const uint64_t* numbers, size_t count, size_t size, uint8_t* found,
                      uint64_t* values) {
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  uint64_t sizes[most];
  CHECK_STATUS(STAVE_OK,
               stave_cow_map_multi_get(map, (const int64_t*)numbers, count, &buffer, sizes, NULL));
  take_values(&buffer, sizes, count, STAVE_ABSENT, size, found, values);
  stave_buffer_free(&buffer);
}
static void get_small(void* map, const uint64_t* numbers, size_t count, uint8_t* found,
                      uint64_t* values) {
  get_sized(map, numbers, count, sizeof(uint64_t), found, values);
}
static void get_large(void* map, const uint64_t* numbers, size_t count, uint8_t* found,
                      uint64_t* values) {
  get_sized(map, numbers, count, long_value, found, values);
}
static void close_map(void* map) {
  stave_cow_map_free(map);
}

/* ---- The memtable
 * -------------------------------------------------------------------------------- */

static void* open_memtable(void) {
  stave_memtable* table;
  CHECK_STATUS(STAVE_OK, stave_memtable_create(NULL, &table, NULL));
  return table;
}
static void put_in_memtable(void* table, uint64_t number) {
  unsigned char key[key_size];
  make_key(number, key);
  const uint64_t value = value_of(number);
  stave_memtable_transaction* transaction;
  CHECK_STATUS(STAVE_OK, stave_memtable_begin(table, &transaction, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_put(transaction, key, sizeof key, &value,
                                                        sizeof value, NULL));
  uint64_t timestamp;
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, &timestamp, NULL));
  stave_memtable_transaction_free(transaction);
}
static void get_from_memtable(void* table, const uint64_t* numbers, size_t count, uint8_t* found,
                              uint64_t* values) {
  question asked;
  ask_for(&asked, numbers, count);
  stave_memtable_snapshot* snapshot;
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(table, &snapshot, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_snapshot_multi_get(snapshot, asked.keys, asked.key_sizes, count,
                                                 &asked.buffer, asked.sizes, NULL));
  stave_memtable_snapshot_free(snapshot);
  take_answer(&asked, count, found, values);
  if (count == 0) return;
  /* A transaction gets the same, but for what it has written itself. */
  const uint64_t own = 7;
  ask_for(&asked, numbers, count);
  stave_memtable_transaction* transaction;
  CHECK_STATUS(STAVE_OK, stave_memtable_begin(table, &transaction, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_put(transaction, asked.keys, key_size, &own,
                                                        sizeof own, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_memtable_transaction_multi_get(transaction, asked.keys, asked.key_sizes, count,
                                                    &asked.buffer, asked.sizes, NULL));
  stave_memtable_transaction_free(transaction);
  uint8_t found_too[most];
  uint64_t values_too[most];
  take_answer(&asked, count, found_too, values_too);
  for (size_t i = 0; i < count; i++) {
    const int is_own = numbers[i] == numbers[0];
    CHECK(found_too[i] == (is_own ? 1 : found[i]));
    CHECK(values_too[i] == (is_own ? own : values[i]));
  }
}
static void close_memtable(void* table) {
  stave_memtable_free(table);
}

/* ---- The disk index
 * ------------------------------------------------------------------------------ */

static void* open_disk_index(void) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = sizeof(uint64_t);
  char* path = fresh_path();
  stave_disk_index* index;
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(path, &options, &index, NULL));
  free(path);
  return index;
}
static void put_on_disk(void* index, uint64_t number) {
  unsigned char key[key_size];
  make_key(number, key);
  const uint64_t value = value_of(number);
  CHECK_STATUS(STAVE_OK, stave_disk_index_put(index, key, sizeof key, &value, sizeof value, NULL));
}
static void get_from_disk(void* index, const uint64_t* numbers, size_t count, uint8_t* found,
                          uint64_t* values) {
  uint32_t key_sizes[most];
  unsigned char* keys = make_keys(numbers, count, key_sizes);
  memset(values, 0, count * sizeof values[0]);
  CHECK_STATUS(STAVE_OK, stave_disk_index_multi_get(index, keys, count, values, sizeof values[0],
                                                    found, NULL));
  free(keys);
}
static void close_disk_index(void* index) {
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(index, NULL));
  stave_disk_index_free(index);
}

/* ---- The store
 * ----------------------------------------------------------------------------------- */

static void* open_with(const char* options) {
  char* path = fresh_path();
  stave_store* store = open_store(path, options);
  free(path);
  return store;
}
static void* open_mapped(void) {
  return open_with("durability=os io=mmap");
}
static void* open_buffered(void) {
  return open_with("durability=os io=buffered");
}
static void* open_on_disk(void) {
  return open_with("durability=os io=mmap keydir=disk");
}
static void put_in_store(void* store, uint64_t number) {
  /* Half of them by a call with many keys, where each is there twice: the last one counts. */
  const uint64_t numbers[] = {number, number};
  const uint64_t contents[] = {0, value_of(number)};
  const uint64_t value_sizes[] = {sizeof contents[0], sizeof contents[1]};
  uint32_t key_sizes[2];
  unsigned char* keys = make_keys(numbers, 2, key_sizes);
  if (number % 2 == 0)
    CHECK_STATUS(STAVE_OK, stave_store_multi_put(store, keys, key_sizes, contents, value_sizes, 2,
                                                 NULL, NULL));
  else
    CHECK_STATUS(STAVE_OK, stave_store_put(store, keys, key_size, &contents[1], sizeof contents[1],
                                           NULL, NULL));
  free(keys);
}
static void get_from_store(void* store, const uint64_t* numbers, size_t count, uint8_t* found,
                           uint64_t* values) {
  question asked;
  ask_for(&asked, numbers, count);
  CHECK_STATUS(STAVE_OK, stave_store_multi_get(store, asked.keys, asked.key_sizes, count,
                                               &asked.buffer, asked.sizes, NULL));
  take_answer(&asked, count, found, values);
}
static void close_any_store(void* store) {
  close_store(store);
}

static const keeper keepers[] = {
    {"map of words", open_small_map, put_small, get_small, close_map},
    {"map of blocks", open_large_map, put_large, get_large, close_map},
    {"memtable", open_memtable, put_in_memtable, get_from_memtable, close_memtable},
    {"disk index", open_disk_index, put_on_disk, get_from_disk, close_disk_index},
    {"mapped store", open_mapped, put_in_store, get_from_store, close_any_store},
    {"buffered store", open_buffered, put_in_store, get_from_store, close_any_store},
    {"store with keys on disk", open_on_disk, put_in_store, get_from_store, close_any_store},
};

static uint64_t random_state = 88172645463325252u;
static uint64_t random_below(uint64_t bound) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % bound;
}

/* Numbers below `end` are there. */
static void check_answers(const keeper* by, void* handle, uint64_t end) {
  static const size_t counts[] = {0, 1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100, most};
  for (size_t round = 0; round < sizeof counts / sizeof counts[0]; round++) {
    const size_t count = counts[round];
    uint64_t numbers[most];
    uint64_t values[most];
    uint8_t found[most];
    for (size_t i = 0; i < count; i++)
      numbers[i] = i % 5 == 4 ? numbers[i - 1] : random_below(2 * end + 1);
    by->get_all(handle, numbers, count, found, values);
    for (size_t i = 0; i < count; i++) {
      CHECK(found[i] == (numbers[i] < end));
      CHECK(values[i] == (found[i] ? value_of(numbers[i]) : 0));
    }
  }
}

int main(void) {
  for (size_t i = 0; i < sizeof keepers / sizeof keepers[0]; i++) {
    const keeper* by = &keepers[i];
    void* handle = by->open();
    check_answers(by, handle, 0);
    uint64_t end = 0;
    while (end < stored) {
      const uint64_t next = end < 100 ? end + 1 + random_below(9) : end + 1 + random_below(end);
      for (; end < next && end < stored; end++) by->put(handle, end);
      check_answers(by, handle, end);
    }
    by->close(handle);
  }
  return 0;
}
