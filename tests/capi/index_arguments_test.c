/* Arguments that no function of indexes accepts: an error that names the argument, and nothing else
 * happens. Options and structs of other sizes. */
#include "tests/capi/index_calls.h"

static stave_error error;

static void null_handles(void) {
  check_index(NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&index_of_cursor, NULL, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_clear(NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "index is NULL");
  /* What ends things accepts NULL. */
  CHECK_STATUS(STAVE_OK, stave_index_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_close(NULL, NULL));
  stave_index_free(NULL);
  stave_index_cursor_free(NULL);
  stave_index_options_init(NULL);
  stave_index_resolver_init(NULL);
  stave_index_stats_init(NULL);
  stave_index_shard_stats_init(NULL);
}

static void wrong_kinds(stave_index* index) {
  stave_batch* batch;
  stave_index_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursor, NULL));
  check_index((stave_index*)(void*)batch, STAVE_INVALID_ARGUMENT);
  check_index((stave_index*)(void*)cursor, STAVE_INVALID_ARGUMENT);
  check_calls(&index_of_cursor, index, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_flush((stave_store*)(void*)index, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_close((stave_index*)(void*)batch, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_cursor_close((stave_index_cursor*)(void*)index, NULL));
  /* Nothing in memory that is no handle is followed: here the place of a pointer. */
  uint64_t no_handle[64];
  for (size_t i = 0; i < 64; i++) no_handle[i] = UINT64_MAX;
  check_index((stave_index*)(void*)no_handle, STAVE_INVALID_ARGUMENT);
  /* To free the wrong kind does nothing. */
  const uint64_t handles = stave_live_handles();
  stave_index_free((stave_index*)(void*)cursor);
  stave_index_cursor_free((stave_index_cursor*)(void*)index);
  CHECK(stave_live_handles() == handles);
  stave_index_cursor_free(cursor);
  stave_batch_free(batch);
}

/* NULL with a size. */
static void null_keys(stave_index* index) {
  uint64_t number;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_put(index, NULL, 1, 1, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "key is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_insert(index, NULL, 1, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_compare_and_swap(index, NULL, 1, 1, 2, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_get(index, NULL, 1, &number, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_contains(index, NULL, 1, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_remove(index, NULL, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_remove_if(index, NULL, 1, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_hash(index, NULL, 1, &number, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_put_hashed(index, NULL, 1, 7, 1, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_get_hashed(index, NULL, 65536, 7, &number, &error));
  /* NULL without a size is the empty key, and results that are not wanted are no mistake. */
  CHECK_STATUS(STAVE_OK, stave_index_put(index, NULL, 0, 3, NULL, NULL, NULL));
  check_number(index, "", 3);
  CHECK_STATUS(STAVE_EXISTS, stave_index_insert(index, "", 0, 4, NULL, NULL));
  CHECK_STATUS(STAVE_MISMATCH, stave_index_compare_and_swap(index, NULL, 0, 4, 5, NULL, NULL));
  CHECK_STATUS(STAVE_MISMATCH, stave_index_remove_if(index, NULL, 0, 4, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_remove(index, NULL, 0, NULL, NULL));
}

static void null_outputs(stave_index* index) {
  stave_buffer buffer = {NULL, 0, 0};
  stave_index_cursor* cursor;
  const void* data;
  size_t size;
  uint64_t value;
  uint32_t key_size;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_create(NULL, NULL, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "index is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_get(index, "key", 3, NULL, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "value is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_hash(index, "key", 3, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_size(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_is_empty(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_capacity(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_stats_get(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_shard_stats_get(index, 0, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_options_get(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_options_set(NULL, "", &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_options_describe(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_collect_values(index, &buffer, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_collect_values(index, NULL, &value, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_cursor_open(index, NULL, &error));

  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_next(cursor, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_cursor_value(cursor, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_cursor_key(cursor, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_cursor_key(cursor, &data, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_cursor_next_many(cursor, 1, NULL, 0, NULL, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_cursor_next_many(cursor, 1, &value, 0, &buffer, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_cursor_next_many(cursor, 1, &value, 0, NULL, &key_size, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_cursor_next_many(cursor, 1, &value, 0, NULL, NULL, NULL, &error));
  /* None of them has moved the cursor. No room at all is no mistake. */
  CHECK_STATUS(STAVE_OK, stave_index_cursor_key(cursor, &data, &size, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_next_many(cursor, 0, NULL, 0, NULL, NULL, &size, NULL));
  CHECK(size == 0);
  stave_index_cursor_free(cursor);
}

/* A result may go where the key is: `stave_index_get(index, &x, 8, &x, ...)` replaces a key by its
 * value. Results were set to 0 before the key was read wherever a call could not be done at once,
 * and the operation was done on another key. */
static void results_in_keys(const char* options) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  static const size_t sizes[] = {5, 8, 16, 20};
  stave_index* index = create_index(options);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const size_t size = sizes[i];
    union {
      char bytes[32];
      uint64_t number;
      uint8_t flag;
    } key;
    uint64_t hash;
#define FILL_KEY() memcpy(key.bytes, letters, size)
    CHECK_STATUS(STAVE_OK, stave_index_hash(index, letters, size, &hash, NULL));
    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_hash(index, key.bytes, size, &key.number, NULL));
    CHECK(key.number == hash);

    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_put(index, key.bytes, size, 7, &key.number, NULL, NULL));
    CHECK(key.number == 0);
    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_put(index, key.bytes, size, 7, NULL, &key.flag, NULL));
    CHECK(key.flag == 1);
    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_get(index, key.bytes, size, &key.number, NULL));
    CHECK(key.number == 7);
    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_get_hashed(index, key.bytes, size, hash, &key.number, NULL));
    CHECK(key.number == 7);
    FILL_KEY();
    CHECK_STATUS(STAVE_EXISTS, stave_index_insert(index, key.bytes, size, 9, &key.number, NULL));
    CHECK(key.number == 7);
    FILL_KEY();
    CHECK_STATUS(STAVE_MISMATCH,
                 stave_index_compare_and_swap(index, key.bytes, size, 9, 10, &key.number, NULL));
    CHECK(key.number == 7);
    FILL_KEY();
    CHECK_STATUS(STAVE_OK,
                 stave_index_put_hashed(index, key.bytes, size, hash, 9, &key.number, NULL, NULL));
    CHECK(key.number == 7);
    FILL_KEY();
    CHECK_STATUS(STAVE_MISMATCH,
                 stave_index_remove_if(index, key.bytes, size, 7, &key.number, NULL));
    CHECK(key.number == 9);
    FILL_KEY();
    CHECK_STATUS(STAVE_OK, stave_index_remove(index, key.bytes, size, &key.number, NULL));
    CHECK(key.number == 9);
    /* Nothing but the one key has come and gone; what finds nothing says 0. */
    uint64_t entries;
    CHECK_STATUS(STAVE_OK, stave_index_size(index, &entries, NULL));
    CHECK(entries == 0);
    FILL_KEY();
    CHECK_STATUS(STAVE_NOT_FOUND, stave_index_get(index, key.bytes, size, &key.number, NULL));
    CHECK(key.number == 0);
#undef FILL_KEY
  }
  close_index(index);
}

static void flat_arrays(stave_index* index) {
  const uint32_t sizes[2] = {1, 1};
  uint64_t values[2] = {1, 2};
  uint8_t found[2];
  size_t done = 99;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_get(index, NULL, sizes, 2, values, found, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_get(index, "kl", NULL, 2, values, found, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_get(index, "kl", sizes, 2, NULL, found, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_get(index, "kl", sizes, 2, values, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_put(index, NULL, sizes, 2, values, NULL, NULL, &done, &error));
  CHECK(done == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_index_multi_put(index, "kl", sizes, 2, NULL, NULL, NULL, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_index_multi_get(index, NULL, NULL, 0, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_multi_put(index, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_index_multi_put(index, "kl", sizes, 2, values, NULL, NULL, NULL, NULL));
}

/* What was put before a key that fails stays, and is counted, also in later groups of keys. */
static void multi_put_stops(stave_index* index) {
  enum { count = 300, bad = 200 };
  static char keys[count * 4 + 65536];
  static uint32_t sizes[count];
  static uint64_t values[count];
  char* key = keys;
  size_t done = 0;
  for (uint32_t i = 0; i < count; i++) {
    sizes[i] = i == bad ? 65536 : 4;
    values[i] = i;
    memcpy(key, &i, sizeof i);
    key += sizes[i];
  }
  CHECK_STATUS(STAVE_TOO_LARGE,
               stave_index_multi_put(index, keys, sizes, count, values, NULL, NULL, &done, &error));
  CHECK(done == bad);
  for (uint32_t i = 0; i < count; i++)
    CHECK_STATUS(i < bad ? STAVE_OK : STAVE_NOT_FOUND, stave_index_contains(index, &i, 4, NULL));
}

static stave_status equal(void* context, uint64_t value, const void* key, size_t key_size) {
  (void)context;
  (void)value;
  (void)key;
  (void)key_size;
  return STAVE_OK;
}

static void check_refused(const stave_index_options* options, const stave_index_resolver* resolver,
                          const char* part) {
  stave_index* index = (stave_index*)&index;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_create(options, resolver, &index, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, part);
  CHECK(index == NULL);
}

static void resolvers(void) {
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  resolver.compare = equal;
  check_refused(NULL, &resolver, "key_mode is owned");
  options.key_mode = STAVE_KEYS_RESOLVED;
  check_refused(&options, NULL, "resolver is NULL");
  resolver.reserved = 1;
  check_refused(&options, &resolver, "reserved");
  resolver.reserved = 0;
  resolver.struct_size = 0;
  check_refused(&options, &resolver, "stave_index_resolver.struct_size");
  resolver.struct_size = sizeof resolver;
  resolver.compare = NULL;
  check_refused(&options, &resolver, "compare is NULL");
  resolver.compare = equal;
  options.value_bits = 44;
  check_refused(&options, &resolver, "hash is NULL");
  options.value_bits = 64;
  stave_index* index;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &index, &error));
  close_index(index);
}

static void options_structs(void) {
  stave_index_options options;
  memset(&options, 0xFF, sizeof options);
  stave_index_options_init(&options);
  CHECK(options.struct_size == sizeof options && options.key_mode == STAVE_KEYS_OWNED);
  CHECK(options.value_bits == 64 && options.shards == 0);
  CHECK(options.capacity == 0 && options.seed == 0);
  options.struct_size = 33;
  check_refused(&options, NULL, "stave_index_options.struct_size");
  options.struct_size = sizeof options;
  options.value_bits = 45;
  check_refused(&options, NULL, "value_bits");
  options.value_bits = 64;
  options.key_mode = 4;
  check_refused(&options, NULL, "key_mode");

  /* An older header: what it does not know takes the defaults. */
  stave_index_options_init(&options);
  options.value_bits = 44;
  memset((char*)&options + 16, 0xFF, sizeof options - 16);
  options.struct_size = 16;
  stave_index* index;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, NULL, &index, &error));
  CHECK_STATUS(STAVE_OK, stave_index_options_get(index, &options, &error));
  CHECK(options.value_bits == 44 && options.seed == UINT64_MAX); /* the seed is not written to */
  options.struct_size = sizeof options;
  CHECK_STATUS(STAVE_OK, stave_index_options_get(index, &options, &error));
  CHECK(options.seed != 0 && options.seed != UINT64_MAX && options.capacity == 0);
  /* Statistics likewise. */
  stave_index_stats stats;
  memset(&stats, 0xFF, sizeof stats);
  stats.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_index_stats_get(index, &stats, &error));
  CHECK(stats.entries == 0 && stats.bytes == UINT64_MAX && stats.shards == options.shards);
  stats.struct_size = 0;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_stats_get(index, &stats, &error));
  close_index(index);
}

/* Two indexes that nobody gave a seed have different ones. */
static void random_seeds(void) {
  stave_index* one = create_index("");
  stave_index* two = create_index("");
  uint64_t hash_of_one, hash_of_two;
  CHECK_STATUS(STAVE_OK, stave_index_hash(one, "key", 3, &hash_of_one, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_hash(two, "key", 3, &hash_of_two, NULL));
  CHECK(hash_of_one != hash_of_two);
  stave_index_options options;
  stave_index_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_index_options_get(one, &options, NULL));
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  for (size_t size = 0; size < sizeof letters; size++) {
    CHECK_STATUS(STAVE_OK, stave_index_hash(one, letters, size, &hash_of_one, NULL));
    CHECK(stave_index_hash_with_seed(options.seed, letters, size) == hash_of_one);
  }
  close_index(one);
  close_index(two);
}

/* The same in puts of new keys, one in three of which finds its bucket full. One went on with a
 * result in the place of its key, in another bucket, and left its own locked. */
static void results_in_new_keys(const char* options, size_t key_size) {
  enum { keys = 20000 };
  stave_index* index = create_index(options);
  for (unsigned i = 0; i < keys; i++) {
    uint64_t key[2] = {i + 1, i};
    const size_t last = key_size / 8 - 1;
    CHECK_STATUS(STAVE_OK, stave_index_put(index, key, key_size, i, &key[last], NULL, &error));
    CHECK(key[last] == 0);
    key[last] = i + (last == 0 ? 1 : 0);
    uint64_t value = 0;
    CHECK_STATUS(STAVE_OK, stave_index_get(index, key, key_size, &value, &error));
    CHECK(value == i);
  }
  uint64_t size = 0;
  CHECK_STATUS(STAVE_OK, stave_index_size(index, &size, &error));
  CHECK(size == keys);
  close_index(index);
}

int main(void) {
  stave_index* index = create_index("");
  check_index(index, STAVE_OK);
  null_handles();
  wrong_kinds(index);
  null_keys(index);
  null_outputs(index);
  results_in_keys("");
  results_in_keys("key_mode=owned16");
  results_in_keys("value_bits=44");
  results_in_new_keys("", 8);
  results_in_new_keys("key_mode=owned16", 16);
  flat_arrays(index);
  multi_put_stops(index);
  check_number(index, "key", 1);
  close_index(index);
  resolvers();
  options_structs();
  random_seeds();
  CHECK(stave_live_handles() == 0);
  return 0;
}
