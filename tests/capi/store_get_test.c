/* Gets of a store whose segments are mapped, which mostly take a way of their own: while the
 * process has one thread, beside another one, and in what a callback may do. Every answer is that
 * of get_pin, which goes the long way. */
#include "tests/capi/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { keys = 3000, longest_key = 65535, longest_value = 9000 };

/* Of all sizes, the first ones of the most usual. */
static size_t key_size_of(uint32_t number) {
  static const size_t sizes[] = {16, 8, 1, 4, 9, 17, 31, 240, 241, 3000};
  if (number == 77) return longest_key;
  return number < 200 ? 16 : sizes[number % 10] + (number % 10 < 4 ? 4 : 0);
}
static void make_key(uint32_t number, unsigned char* key) {
  memset(key, (int)number, key_size_of(number));
  memcpy(key, &number, sizeof number);
}
static size_t value_size_of(uint32_t number) {
  static const size_t sizes[] = {100, 0, 1, 8, 17, 128, 241, 4096, longest_value, 99};
  return sizes[number % 10];
}

static unsigned char key[longest_key + 1];
static unsigned char value[longest_value];

static void fill(stave_store* store) {
  for (uint32_t number = 0; number < keys; number++) {
    make_key(number, key);
    memset(value, (int)(number * 7), sizeof value);
    CHECK_STATUS(STAVE_OK, stave_store_put(store, key, key_size_of(number), value,
                                           value_size_of(number), NULL, NULL));
  }
}

/* Into a buffer that grows on its way, and one that never has room. */
static void check_get_buffer(stave_store* store, size_t key_size, stave_buffer* buffer,
                             const void* expected, size_t size) {
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, key, key_size, buffer, NULL));
  CHECK(buffer->size == size && memcmp(buffer->data, expected, size) == 0);
  stave_buffer tight;
  stave_buffer_init(&tight);
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, key, key_size, &tight, NULL));
  CHECK(tight.size == size && (size == 0 || memcmp(tight.data, expected, size) == 0));
  stave_buffer_free(&tight);
}

static void check_gets(stave_store* store) {
  static unsigned char found[longest_value + longest_key];
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  for (uint32_t number = 0; number < keys + 500; number++) {
    const size_t key_size = key_size_of(number);
    const size_t value_size = value_size_of(number);
    size_t size = 99;
    make_key(number, key);
    if (number >= keys) {
      CHECK_STATUS(STAVE_NOT_FOUND,
                   stave_store_get(store, key, key_size, found, sizeof found, &size, NULL));
      CHECK(size == 0);
      CHECK_STATUS(STAVE_NOT_FOUND, stave_store_get_buffer(store, key, key_size, &buffer, NULL));
      CHECK(buffer.size == 0);
      continue;
    }
    stave_pin* pin = NULL;
    CHECK_STATUS(STAVE_OK, stave_store_get_pin(store, key, key_size, &pin, NULL));
    const unsigned char* const expected = stave_pin_data(pin);
    CHECK(stave_pin_size(pin) == value_size);
    CHECK_STATUS(STAVE_OK, stave_store_get(store, key, key_size, found, value_size, &size, NULL));
    CHECK(size == value_size && memcmp(expected, found, size) == 0);
    check_get_buffer(store, key_size, &buffer, expected, value_size);
    /* The value takes the place of its key. */
    make_key(number, found);
    CHECK_STATUS(STAVE_OK,
                 stave_store_get(store, found, key_size, found, sizeof found, &size, NULL));
    CHECK(size == value_size && memcmp(expected, found, size) == 0);
    stave_pin_free(pin);
    if (value_size == 0) continue;
    /* Too little room. */
    stave_error error = {0};
    found[0] = (unsigned char)~found[0];
    const unsigned char before = found[0];
    CHECK_STATUS(STAVE_BUFFER_TOO_SMALL,
                 stave_store_get(store, key, key_size, found, value_size - 1, &size, &error));
    CHECK(size == value_size && found[0] == before);
    CHECK_ERROR(&error, STAVE_BUFFER_TOO_SMALL, "");
    CHECK_STATUS(STAVE_BUFFER_TOO_SMALL,
                 stave_store_get(store, key, key_size, NULL, 0, &size, NULL));
    CHECK(size == value_size);
  }
  stave_buffer_free(&buffer);
}

static void check_arguments(stave_store* store) {
  unsigned char found[200];
  size_t size = 99;
  make_key(0, key);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(NULL, key, 16, found, 200, &size, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, NULL, 16, found, 200, &size, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, key, 16, NULL, 200, &size, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get(store, key, 16, found, 200, NULL, NULL));
  stave_pin* pin = NULL;
  const stave_status of_the_long_way = stave_store_get_pin(store, key, longest_key + 1, &pin, NULL);
  CHECK_STATUS(of_the_long_way,
               stave_store_get(store, key, longest_key + 1, found, 200, &size, NULL));
  CHECK(size == 0);

  stave_buffer buffer;
  stave_buffer_init(&buffer);
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(store, key, 16, &buffer, NULL));
  CHECK_STATUS(of_the_long_way, stave_store_get_buffer(store, key, longest_key + 1, &buffer, NULL));
  CHECK(buffer.size == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(NULL, key, 16, &buffer, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, NULL, 16, &buffer, NULL));
  CHECK(buffer.size == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, key, 16, NULL, NULL));
  stave_buffer broken = {.data = found, .size = 0, .capacity = 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, key, 16, &broken, NULL));
  broken = (stave_buffer){.data = found, .size = 9, .capacity = 8};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_get_buffer(store, key, 16, &broken, NULL));
  stave_buffer_free(&buffer);
}

/* Counted once, whichever way they go. */
static void check_counts(stave_store* store) {
  stave_store_stats before;
  stave_store_stats after;
  unsigned char found[longest_value];
  size_t size = 0;
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  stave_store_stats_init(&before);
  stave_store_stats_init(&after);
  CHECK_STATUS(STAVE_OK, stave_store_stats_get(store, &before, NULL));
  for (uint32_t number = 0; number < keys + 500; number++) {
    make_key(number, key);
    CHECK(stave_store_get(store, key, key_size_of(number), found, sizeof found, &size, NULL) >= 0);
    CHECK(stave_store_get_buffer(store, key, key_size_of(number), &buffer, NULL) >= 0);
  }
  stave_buffer_free(&buffer);
  CHECK_STATUS(STAVE_OK, stave_store_stats_get(store, &after, NULL));
  CHECK(after.reads == before.reads + 2 * (keys + 500));
}

/* From inside a callback of the store it may be read, and not be closed. */
static stave_status get_in_callback(void* context, uint64_t done, uint64_t total) {
  unsigned char found[longest_value];
  size_t size = 99;
  (void)done;
  (void)total;
  make_key(0, key);
  CHECK_STATUS(STAVE_OK, stave_store_get(context, key, 16, found, sizeof found, &size, NULL));
  stave_buffer buffer = {.data = NULL, .size = 0, .capacity = 0};
  CHECK_STATUS(STAVE_OK, stave_store_get_buffer(context, key, 16, &buffer, NULL));
  CHECK(buffer.size == size && memcmp(buffer.data, found, size) == 0);
  stave_buffer_free(&buffer);
  CHECK_STATUS(STAVE_BUSY, stave_store_close(context, NULL));
  return STAVE_OK;
}

static void check_all(stave_store* store) {
  check_gets(store);
  check_arguments(store);
  check_counts(store);
  CHECK_STATUS(STAVE_OK, stave_store_verify(store, get_in_callback, store, NULL));
  /* As before the close that was refused. */
  check_gets(store);
}

static void check_closed(stave_store* store) {
  size_t size = 99;
  make_key(0, key);
  CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
  CHECK_STATUS(STAVE_CLOSED, stave_store_get(store, key, 16, value, sizeof value, &size, NULL));
  CHECK(size == 0);
  stave_store_free(store);
}

/* ---- Beside another thread ----------------------------------------------------------------------
 */

static atomic_bool done_reading;

static void* change(void* context) {
  stave_store* const store = context;
  unsigned char own_key[longest_key];
  unsigned char own_value[longest_value];
  for (uint32_t round = 0; !atomic_load(&done_reading); round++) {
    const uint32_t number = round % 1000;
    make_key(number, own_key);
    memset(own_value, (int)(number * 7), sizeof own_value);
    /* The same again, and a key that comes and goes beside it. */
    CHECK_STATUS(STAVE_OK, stave_store_put(store, own_key, key_size_of(number), own_value,
                                           value_size_of(number), NULL, NULL));
    const uint32_t other = 0x80000000u + round % 5000;
    CHECK_STATUS(STAVE_OK, stave_store_put(store, &other, sizeof other, "x", 1, NULL, NULL));
    if (round % 3 == 0)
      CHECK_STATUS(STAVE_OK, stave_store_remove(store, &other, sizeof other, NULL, NULL));
  }
  return NULL;
}

static void* get_until_closed(void* context) {
  unsigned char own_key[16] = {0};
  unsigned char found[200];
  for (;;) {
    size_t size = 0;
    const stave_status status = stave_store_get(context, own_key, 16, found, 200, &size, NULL);
    if (status == STAVE_CLOSED) return NULL;
    CHECK(status == STAVE_OK && size == 100 && found[0] == 0 && found[99] == 0);
  }
}

int main(void) {
  char* const path = fresh_path();
  stave_store* store = open_store(path, "io=mmap durability=os segment_size=4194304");
  fill(store);
  check_all(store);
  close_store(store);
  store = open_store(path, "io=mmap read_only=1");
  check_all(store);
  check_closed(store);

  store = open_store(path, "io=mmap durability=os segment_size=4194304");
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, change, store) == 0);
  for (int round = 0; round < 10; round++) check_gets(store);
  atomic_store(&done_reading, true);
  CHECK(pthread_join(thread, NULL) == 0);
  check_arguments(store);
  check_counts(store);
  CHECK_STATUS(STAVE_OK, stave_store_verify(store, get_in_callback, store, NULL));

  pthread_t readers[2];
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&readers[i], NULL, get_until_closed, store) == 0);
  check_gets(store);
  /* The readers find the store closed, and are gone before it is freed. */
  CHECK_STATUS(STAVE_OK, stave_store_close(store, NULL));
  for (int i = 0; i < 2; i++) CHECK(pthread_join(readers[i], NULL) == 0);
  check_closed(store);
  free(path);
  return 0;
}
