/* Fails every allocation of every operation on an index once: the call answers NO_MEMORY and has
 * changed nothing, or does its work, and the index goes on working. */
#include "tests/capi/allocation_failure.h"
#include "tests/capi/index_calls.h"

enum { entries = 300 };

static stave_index* index;
static unsigned key_size; /* of the fillers: kept in the entry or behind it */

static void make_key(unsigned number, char key[32]) {
  memset(key, 'f', 32);
  memcpy(key, &number, sizeof number);
}

/* Enough of them to split buckets and to fill pages of keys. */
static stave_status fill(stave_error* error) {
  char key[32];
  for (unsigned i = 0; i < entries; i++) {
    make_key(i, key);
    uint64_t before, after;
    CHECK_STATUS(STAVE_OK, stave_index_size(index, &before, NULL));
    uint8_t existed = 0;
    const stave_status status = stave_index_put(index, key, key_size, i, NULL, &existed, error);
    CHECK_STATUS(STAVE_OK, stave_index_size(index, &after, NULL));
    CHECK(after == before + (status == STAVE_OK && !existed));
    if (status != STAVE_OK) return status;
  }
  return STAVE_OK;
}
static stave_status empty(stave_error* error) {
  char key[32];
  for (unsigned i = 0; i < entries; i++) {
    make_key(i, key);
    const stave_status status = stave_index_remove(index, key, key_size, NULL, error);
    if (status != STAVE_OK && status != STAVE_NOT_FOUND) return status;
  }
  return STAVE_OK;
}
static stave_status equal_hashes(stave_error* error) {
  char key[32];
  stave_status status = STAVE_OK;
  unsigned put = 0;
  for (; put < entries && status == STAVE_OK; put++) {
    make_key(put, key);
    status = stave_index_put_hashed(index, key, key_size, 7, put, NULL, NULL, error);
  }
  if (status != STAVE_OK) put--;
  for (unsigned i = 0; i < put; i++) {
    make_key(i, key);
    uint64_t value;
    const stave_status removed = stave_index_remove_hashed(index, key, key_size, 7, &value, error);
    if (removed != STAVE_OK) {
      /* Once more, with memory: it must be there still. */
      const long number = atomic_exchange(&failing, -1);
      CHECK_STATUS(STAVE_OK, stave_index_remove_hashed(index, key, key_size, 7, &value, NULL));
      atomic_store(&failing, number);
      status = removed;
    }
    CHECK(value == i);
  }
  return status;
}
static stave_status many(stave_error* error) {
  const uint32_t sizes[3] = {3, 30, 2};
  const uint64_t values[3] = {1, 2, 3};
  uint64_t found_values[3];
  uint8_t found[3];
  size_t done = 99;
  static const char keys[] = "key-a-key-of-thirty-bytes-and-so-k2";
  const stave_status status =
      stave_index_multi_put(index, keys, sizes, 3, values, NULL, NULL, &done, error);
  CHECK((status == STAVE_OK) == (done == 3));
  const stave_status read =
      stave_index_multi_get(index, keys, sizes, 3, found_values, found, error);
  if (read == STAVE_OK) {
    for (size_t i = 0; i < done; i++) CHECK(found[i] == 1 && found_values[i] == values[i]);
  }
  return status != STAVE_OK ? status : read;
}
static stave_status scan(stave_error* error) {
  stave_index_cursor* cursor;
  stave_status failure = stave_index_cursor_open(index, &cursor, error);
  if (failure != STAVE_OK) return failure;
  uint64_t met = 0;
  stave_status status;
  while ((status = stave_index_cursor_next(cursor, error)) != STAVE_DONE) {
    if (status == STAVE_OK)
      met++;
    else
      failure = status;
  }
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_index_size(index, &size, NULL));
  CHECK(met == size); /* a move that failed is made up for by the next one */
  stave_index_cursor_free(cursor);
  return failure;
}
static stave_status scan_many(stave_error* error) {
  stave_index_cursor* cursor;
  stave_status failure = stave_index_cursor_open(index, &cursor, error);
  if (failure != STAVE_OK) return failure;
  stave_buffer keys = {NULL, 0, 0};
  uint64_t values[7];
  uint32_t sizes[7];
  uint64_t met = 0;
  size_t count;
  stave_status status;
  while ((status = stave_index_cursor_next_many(cursor, 7, values, 1000, &keys, sizes, &count,
                                                error)) != STAVE_DONE) {
    if (status == STAVE_OK)
      met += count;
    else
      failure = status;
  }
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_index_size(index, &size, NULL));
  CHECK(met == size);
  stave_buffer_free(&keys);
  stave_index_cursor_free(cursor);
  return failure;
}
static stave_status collect(stave_error* error) {
  stave_buffer values = {NULL, 0, 0};
  uint64_t count, size;
  const stave_status status = stave_index_collect_values(index, &values, &count, error);
  CHECK_STATUS(STAVE_OK, stave_index_size(index, &size, NULL));
  CHECK(count == (status == STAVE_OK ? size : 0));
  stave_buffer_free(&values);
  return status;
}
static stave_status reserve(stave_error* error) {
  return stave_index_reserve(index, 20000, error);
}
static stave_status shrink(stave_error* error) {
  return stave_index_shrink_to_fit(index, error);
}
static stave_status clear(stave_error* error) {
  const stave_status status = stave_index_clear(index, error);
  if (status == STAVE_OK) {
    /* What every operation leaves. */
    const long number = atomic_exchange(&failing, -1);
    put_number(index, "key", 1);
    atomic_store(&failing, number);
  }
  return status;
}
static stave_status tell(stave_error* error) {
  stave_index_stats stats;
  stave_index_shard_stats shard_stats;
  stave_index_options options;
  stave_index_stats_init(&stats);
  stave_index_shard_stats_init(&shard_stats);
  stave_index_options_init(&options);
  stave_status status = stave_index_stats_get(index, &stats, error);
  if (status == STAVE_OK) status = stave_index_shard_stats_get(index, 1, &shard_stats, error);
  if (status == STAVE_OK) status = stave_index_options_get(index, &options, error);
  return status;
}
static stave_status another(stave_error* error) {
  stave_index* made = (stave_index*)&made;
  const stave_status status = stave_index_create(NULL, NULL, &made, error);
  CHECK((status == STAVE_OK) == (made != NULL));
  stave_index_free(made);
  return status;
}

static const operation operations[] = {
    {"put", fill},
    {"equal hashes", equal_hashes},
    {"many keys", many},
    {"cursor", scan},
    {"next_many", scan_many},
    {"collect_values", collect},
    {"remove", empty},
    {"reserve", reserve},
    {"put again", fill},
    {"shrink_to_fit", shrink},
    {"statistics", tell},
    {"clear", clear},
    {"create", another},
};

static void check_key(void) {
  check_number(index, "key", 1);
}

static void run_all(const char* options) {
  index = create_index(options);
  put_number(index, "key", 1);
  fail_each_allocation(operations, sizeof operations / sizeof *operations, check_key);
  close_index(index);
  CHECK(stave_live_handles() == 0);
}

int main(void) {
  printf("every allocation of each operation failed once\n");
  for (key_size = 8; key_size <= 32; key_size += 24) run_all("shards=2");
  key_size = 16;
  run_all("shards=2 key_mode=owned16");
  return 0;
}
