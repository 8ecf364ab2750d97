/* Fails every allocation of every operation on a map once: the call answers NO_MEMORY and has
 * changed nothing, or does its work, and the map and its copy go on working. */
#include <stave/cow_map.h>

#include "tests/capi/allocation_failure.h"

enum { entries = 400 };

static stave_cow_map *map, *copy;

/* Values of 0 to 19 bytes. */
static size_t value_of(int64_t key, char value[20]) {
  memset(value, 'a' + (int)(key % 26), 20);
  return (size_t)(key % 20);
}
static uint64_t size_of(stave_cow_map* of) {
  uint64_t size;
  CHECK_STATUS(STAVE_OK, stave_cow_map_size(of, &size, NULL));
  return size;
}
/* All of them have their values, or none is there. */
static void check_entries(stave_cow_map* of, int there) {
  char value[20], got[20];
  for (int64_t key = 1; key <= entries; key++) {
    const size_t size = value_of(key, value);
    size_t got_size;
    const stave_status status = stave_cow_map_get(of, key << 32, got, sizeof got, &got_size, NULL);
    CHECK_STATUS(there ? STAVE_OK : STAVE_NOT_FOUND, status);
    CHECK(!there || (got_size == size && memcmp(got, value, size) == 0));
  }
}

static stave_status fill(stave_error* error) {
  char value[20];
  for (int64_t key = 1; key <= entries; key++) {
    const size_t size = value_of(key, value);
    const uint64_t before = size_of(map);
    uint8_t replaced;
    const stave_status status =
        stave_cow_map_put(map, key << 32, value, size, &replaced, NULL, error);
    CHECK(size_of(map) == before + (status == STAVE_OK && !replaced));
    if (status != STAVE_OK) return status;
  }
  check_entries(map, 1);
  return STAVE_OK;
}
/* A call that fails has stored what it says. */
static stave_status fill_at_once(stave_error* error) {
  static int64_t keys[entries];
  static uint64_t sizes[entries];
  static uint8_t replaced[entries];
  static char values[entries * 20];
  size_t flat_size = 0;
  for (int64_t key = 1; key <= entries; key++) {
    char value[20];
    keys[key - 1] = key << 32;
    sizes[key - 1] = value_of(key, value);
    memcpy(values + flat_size, value, sizes[key - 1]);
    flat_size += sizes[key - 1];
  }
  const uint64_t before = size_of(map);
  size_t done = 0;
  const stave_status status =
      stave_cow_map_multi_put(map, keys, values, sizes, entries, replaced, &done, error);
  CHECK((done == entries) == (status == STAVE_OK));
  uint64_t added = 0;
  for (size_t i = 0; i < done; i++) added += replaced[i] ? 0 : 1;
  CHECK(size_of(map) == before + added);
  if (status == STAVE_OK) check_entries(map, 1);
  return status;
}
static stave_status empty(stave_error* error) {
  stave_buffer removed = {NULL, 0, 0};
  char value[20];
  stave_status status = STAVE_OK;
  for (int64_t key = 1; key <= entries && status >= 0; key++) {
    const uint64_t before = size_of(map);
    status = stave_cow_map_remove(map, key << 32, &removed, error);
    CHECK(size_of(map) == before - (status == STAVE_OK));
    if (status == STAVE_OK)
      CHECK(removed.size == value_of(key, value) &&
            (removed.size == 0 || memcmp(removed.data, value, removed.size) == 0));
  }
  stave_buffer_free(&removed);
  return status < 0 ? status : STAVE_OK;
}
static stave_status append(void* context, stave_buffer* value) {
  return stave_buffer_resize(value, value->size + *(const size_t*)context, NULL);
}
/* Each call changes one entry, which is put back. */
static stave_status edit(stave_error* error) {
  size_t more = 100;
  stave_buffer now = {NULL, 0, 0};
  stave_status status = stave_cow_map_modify(map, 1, append, &more, error);
  if (status == STAVE_OK) status = stave_cow_map_put(map, 1, "1", 1, NULL, &now, error);
  if (status == STAVE_OK) {
    CHECK(now.size == 101);
    status = stave_cow_map_get_or_insert_with(map, 2, append, &more, &now, error);
  }
  if (status == STAVE_OK) {
    CHECK(now.size == 100);
    status = stave_cow_map_update_or_insert(map, 2, append, &more, "", 0, &now, error);
    CHECK(status == STAVE_NO_MEMORY || (status == STAVE_EXISTS && now.size == 200));
  }
  stave_buffer_free(&now);
  const long number = atomic_exchange(&failing, -1);
  CHECK(stave_cow_map_remove(map, 2, NULL, NULL) >= 0);
  CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, 1, "1", 1, NULL, NULL, NULL));
  atomic_store(&failing, number);
  return status == STAVE_EXISTS ? STAVE_OK : status;
}
static stave_status copies(stave_error* error) {
  stave_cow_map* made = (stave_cow_map*)&made;
  stave_status status = stave_cow_map_clone(map, &made, error);
  CHECK((status == STAVE_OK) == (made != NULL));
  if (status != STAVE_OK) return status;
  status = stave_cow_map_put(made, 7, "seven", 5, NULL, NULL, error);
  if (status == STAVE_OK) status = stave_cow_map_remove(made, 1, NULL, error);
  CHECK_STATUS(STAVE_NOT_FOUND, stave_cow_map_contains(map, 7, NULL));
  stave_cow_map_free(made);
  return status;
}
static stave_status scan(stave_error* error) {
  stave_cow_map_cursor* cursor;
  stave_status failure = stave_cow_map_cursor_open(map, &cursor, error);
  if (failure != STAVE_OK) return failure;
  stave_buffer values = {NULL, 0, 0};
  int64_t keys[7];
  uint64_t sizes[7];
  uint64_t met = 0;
  size_t count;
  stave_status status;
  while ((status = stave_cow_map_cursor_next_many(cursor, 7, 1000, keys, &values, sizes, &count,
                                                  error)) != STAVE_DONE) {
    if (status == STAVE_OK)
      met += count;
    else
      failure = status;
  }
  CHECK(met == size_of(map)); /* a call that failed is made up for by the next one */
  stave_buffer_free(&values);
  stave_cow_map_cursor_free(cursor);
  return failure;
}
static stave_status compare(stave_error* error) {
  stave_cow_map_diff* diff;
  stave_status failure = stave_cow_map_diff_open(copy, map, &diff, error);
  if (failure != STAVE_OK) return failure;
  uint64_t added = 0;
  uint32_t change;
  int64_t key;
  stave_status status;
  while ((status = stave_cow_map_diff_next(diff, &change, &key, error)) != STAVE_DONE) {
    if (status != STAVE_OK) {
      failure = status;
      continue;
    }
    CHECK(change == STAVE_CHANGE_ADDED);
    added++;
  }
  CHECK(added == size_of(map) - size_of(copy));
  stave_cow_map_diff_free(diff);
  return failure;
}
static stave_status read(stave_error* error) {
  stave_buffer value = {NULL, 0, 0};
  stave_pin* pin = NULL;
  const int64_t keys[3] = {1, (int64_t)19 << 32, 1};
  uint64_t sizes[3];
  stave_status status = stave_cow_map_get_buffer(map, 1, &value, error);
  if (status == STAVE_OK) status = stave_cow_map_multi_get(map, keys, 3, &value, sizes, error);
  if (status == STAVE_OK) status = stave_cow_map_get_pin(map, 1, &pin, error);
  CHECK((status == STAVE_OK) == (pin != NULL));
  stave_pin_free(pin);
  stave_buffer_free(&value);
  return status;
}
static stave_status shrink(stave_error* error) {
  return stave_cow_map_shrink_to_fit(map, error);
}
static stave_status clear(stave_error* error) {
  const stave_status status = stave_cow_map_clear(map, error);
  const long number = atomic_exchange(&failing, -1);
  /* What every operation leaves. */
  if (status == STAVE_OK)
    CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, 1, "1", 1, NULL, NULL, NULL));
  atomic_store(&failing, number);
  return status;
}
static stave_status another(stave_error* error) {
  stave_cow_map_options options;
  stave_cow_map_options_init(&options);
  options.capacity = 10000;
  stave_cow_map* made = (stave_cow_map*)&made;
  const stave_status status = stave_cow_map_create(&options, &made, error);
  CHECK((status == STAVE_OK) == (made != NULL));
  stave_cow_map_free(made);
  return status;
}

static const operation operations[] = {
    {"put", fill},
    {"put again", fill},
    {"edit", edit},
    {"copies", copies},
    {"cursor", scan},
    {"diff", compare},
    {"read", read},
    {"shrink_to_fit", shrink},
    {"remove", empty},
    {"multi_put", fill_at_once},
    {"multi_put again", fill_at_once},
    {"shrink_to_fit", shrink},
    {"clear", clear},
    {"create", another},
};

static void check_maps(void) {
  CHECK_STATUS(STAVE_OK, stave_cow_map_contains(map, 1, NULL));
  CHECK(size_of(copy) == 1);
}

int main(void) {
  printf("every allocation of each operation failed once\n");
  CHECK_STATUS(STAVE_OK, stave_cow_map_create(NULL, &map, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_put(map, 1, "1", 1, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_cow_map_clone(map, &copy, NULL));
  const long points =
      fail_each_allocation(operations, sizeof operations / sizeof *operations, check_maps);
  CHECK(points > 100);
  check_entries(copy, 0);
  stave_cow_map_free(map);
  stave_cow_map_free(copy);
  CHECK(stave_live_handles() == 0);
  return 0;
}
