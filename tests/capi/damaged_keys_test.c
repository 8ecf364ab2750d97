/* A damaged key directory on disk, and no memory for the message that says so: an answer, not the
 * end of the process. (A get that was to be quick promised to throw nothing, and put a message
 * together.) */
#include "tests/capi/failing_malloc.h"
#include "tests/capi/support.h"

enum { stored = 5000, asked = 100, page_size = 4096, allocations_max = 20 };

static void make_key(int number, char* key) {
  snprintf(key, 16, "key %08d", number);
}

/* A bit of each of the first pages with keys; an open does not read them. */
static void damage(const char* path) {
  FILE* file = fopen(path, "r+b");
  CHECK(file != NULL);
  for (long page = 8; page < 100; page++) {
    const long at = page * page_size + 2000;
    CHECK(fseek(file, at, SEEK_SET) == 0);
    const int byte = fgetc(file);
    CHECK(byte != EOF);
    CHECK(fseek(file, at, SEEK_SET) == 0);
    CHECK(fputc(byte ^ 0x40, file) != EOF);
  }
  CHECK(fclose(file) == 0);
}

static stave_status get(stave_store* store, const char* key) {
  char value[64];
  size_t size = 0;
  return stave_store_get(store, key, strlen(key), value, sizeof value, &size, NULL);
}
static stave_status contains(stave_store* store, const char* key) {
  return stave_store_contains(store, key, strlen(key), NULL);
}
static stave_status multi_get(stave_store* store, const char* key) {
  char keys[32];
  const uint32_t size = (uint32_t)strlen(key);
  snprintf(keys, sizeof keys, "%s%s", key, key);
  const uint32_t key_sizes[] = {size, size};
  uint64_t value_sizes[2];
  stave_buffer values;
  stave_buffer_init(&values);
  const stave_status status =
      stave_store_multi_get(store, keys, key_sizes, 2, &values, value_sizes, NULL);
  stave_buffer_free(&values);
  return status;
}

static void check_call(stave_store* store, stave_status (*call)(stave_store*, const char*)) {
  int damaged = 0;
  int without_memory = 0;
  for (int number = 0; number < asked; number++) {
    char key[16];
    make_key(number, key);
    for (long nth = -1; nth < allocations_max; nth++) {
      allocations = 0;
      failing = nth;
      const stave_status status = call(store, key);
      failing = -1;
      CHECK(status == STAVE_OK || status == STAVE_CORRUPTION || status == STAVE_NO_MEMORY);
      damaged += status == STAVE_CORRUPTION;
      without_memory += status == STAVE_NO_MEMORY;
    }
  }
  CHECK(damaged > 0 && without_memory > 0);
}

static void check_store(const char* options) {
  char* path = fresh_path();
  stave_store* store = open_store(path, options);
  for (int number = 0; number < stored; number++) {
    char key[16];
    make_key(number, key);
    put_text(store, key, "value");
  }
  close_store(store);
  char file[4096];
  snprintf(file, sizeof file, "%s/KEYS", path);
  damage(file);
  store = open_store(path, options);
  check_call(store, get);
  check_call(store, contains);
  check_call(store, multi_get);
  /* What was damaged stays so: closing may say it, too. */
  stave_store_free(store);
  free(path);
}

int main(void) {
  check_store("durability=os io=mmap keydir=disk");
  check_store("durability=os io=buffered keydir=disk");
  return 0;
}
