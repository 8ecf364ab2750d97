/* An index in a process of one thread, where nothing is locked, and what becomes of it when threads
 * come and go: in the middle of a sequence of calls, and in the middle of one call, from its
 * resolver. Each case has a process of its own, since the C library may remember for ever that
 * there have been threads. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/index_calls.h"

#include <pthread.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <unistd.h>

enum { callers = 4, own_keys = 5000, shared_keys = 64, rounds = 2000 };

/* ---- Keys ---------------------------------------------------------------------------------------
 */

static size_t key_size; /* 8 to 24 */

typedef struct key_bytes {
  uint64_t words[3];
} key_bytes;

static key_bytes key_of(uint64_t number) {
  const key_bytes key = {{number, ~number, number * 3}};
  return key;
}
static stave_status put(stave_index* index, uint64_t number, uint64_t value, uint8_t* existed) {
  const key_bytes key = key_of(number);
  return stave_index_put(index, &key, key_size, value, NULL, existed, NULL);
}
static stave_status get(stave_index* index, uint64_t number, uint64_t* value) {
  const key_bytes key = key_of(number);
  return stave_index_get(index, &key, key_size, value, NULL);
}
static stave_status take(stave_index* index, uint64_t number, uint64_t* value) {
  const key_bytes key = key_of(number);
  return stave_index_remove(index, &key, key_size, value, NULL);
}
static void check_size(stave_index* index, uint64_t expected) {
  uint64_t size = 0;
  CHECK_STATUS(STAVE_OK, stave_index_size(index, &size, NULL));
  CHECK(size == expected);
}

/* Of a resolved index: a value is its key's number. */
static void (*in_resolver)(void); /* called once */

static stave_status compare(void* context, uint64_t value, const void* bytes, size_t size) {
  void (*const call)(void) = in_resolver;
  (void)context;
  if (call != NULL) {
    in_resolver = NULL;
    call();
  }
  const key_bytes key = key_of(value);
  return size == key_size && memcmp(&key, bytes, size) == 0 ? STAVE_OK : STAVE_MISMATCH;
}
static stave_status hash(void* context, uint64_t value, uint64_t* hash_of_key) {
  const key_bytes key = key_of(value);
  return stave_index_hash(*(stave_index**)context, &key, key_size, hash_of_key, NULL);
}
static stave_index* resolved;

static void create_resolved(void) {
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.value_bits = 44;
  options.shards = 1;
  resolver.compare = compare;
  resolver.hash = hash;
  resolver.context = &resolved;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &resolved, NULL));
}

/* ---- Calls --------------------------------------------------------------------------------------
 */

static void check_alone(void) {
#if !defined(__SANITIZE_THREAD__)
  CHECK(__libc_single_threaded);
#endif
}

/* Inserts keys, changes them in every way, removes half of them. */
static void own_part(stave_index* index, uint64_t first) {
  uint64_t value = 0;
  uint8_t existed = 0;
  for (uint64_t i = first; i < first + own_keys; i++) {
    const key_bytes key = key_of(i);
    CHECK_STATUS(STAVE_OK, put(index, i, i, &existed));
    CHECK(!existed);
    CHECK_STATUS(STAVE_OK, put(index, i, i, &existed));
    CHECK(existed);
    CHECK_STATUS(STAVE_EXISTS, stave_index_insert(index, &key, key_size, i, &value, NULL));
    CHECK_STATUS(STAVE_OK, stave_index_compare_and_swap(index, &key, key_size, i, i, &value, NULL));
    if (i % 2 == 0) continue;
    CHECK_STATUS(STAVE_OK, take(index, i, &value));
    CHECK(value == i);
    CHECK_STATUS(STAVE_NOT_FOUND, take(index, i, &value));
    CHECK_STATUS(STAVE_OK, stave_index_insert(index, &key, key_size, i, &value, NULL));
    CHECK_STATUS(STAVE_OK, stave_index_remove_if(index, &key, key_size, i, &value, NULL));
    CHECK_STATUS(STAVE_NOT_FOUND, get(index, i, &value));
  }
  for (uint64_t i = first; i < first + own_keys; i++)
    CHECK_STATUS(i % 2 == 0 ? STAVE_OK : STAVE_NOT_FOUND, get(index, i, &value));
}
/* Removes what is left. */
static void end_part(stave_index* index, uint64_t first) {
  uint64_t value = 0;
  for (uint64_t i = first; i < first + own_keys; i += 2) {
    CHECK_STATUS(STAVE_OK, take(index, i, &value));
    CHECK(value == i);
  }
}

/* Keys that all callers insert and remove: each is there as often as it has come and not gone. */
static uint64_t shared_part(stave_index* index) {
  uint64_t more = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    uint64_t value = 0;
    uint8_t existed = 0;
    CHECK_STATUS(STAVE_OK, put(index, i % shared_keys, i % shared_keys, &existed));
    if (!existed) more++;
    const stave_status gone = take(index, i * 7 % shared_keys, &value);
    CHECK(gone == STAVE_OK || gone == STAVE_NOT_FOUND);
    if (gone == STAVE_OK) more--;
  }
  return more;
}

typedef struct caller {
  stave_index* index;
  uint64_t number;
  uint64_t more; /* of the shared keys */
  pthread_t thread;
} caller;

static uint64_t first_key(uint64_t number) {
  return shared_keys + number * own_keys;
}

static void* work(void* argument) {
  caller* self = argument;
  self->more = shared_part(self->index);
  own_part(self->index, first_key(self->number));
  self->more += shared_part(self->index);
  end_part(self->index, first_key(self->number));
  return NULL;
}

static void start(caller* self, stave_index* index, uint64_t number) {
  self->index = index;
  self->number = number;
  CHECK(pthread_create(&self->thread, NULL, work, self) == 0);
}

/* Alone, beside others, and alone again. */
static void alone_and_not(stave_index* index) {
  caller others[callers];
  check_alone();
  own_part(index, first_key(0));
  check_size(index, own_keys / 2);
  uint64_t shared = shared_part(index);
  check_alone();
  for (uint64_t round = 0; round < 2; round++) {
    for (uint64_t i = 0; i < callers; i++) start(&others[i], index, i + 1);
    shared += shared_part(index);
    for (uint64_t i = 0; i < callers; i++) {
      CHECK(pthread_join(others[i].thread, NULL) == 0);
      shared += others[i].more;
    }
    check_size(index, own_keys / 2 + shared);
    shared += shared_part(index);
    own_part(index, first_key(1));
    end_part(index, first_key(1));
    check_size(index, own_keys / 2 + shared);
  }
  end_part(index, first_key(0));
  check_size(index, shared);
  CHECK_STATUS(STAVE_OK, stave_index_shrink_to_fit(index, NULL));
  check_size(index, shared);
  CHECK_STATUS(STAVE_OK, stave_index_clear(index, NULL));
  check_size(index, 0);
  close_index(index);
}

static void owned(void) {
  key_size = 8;
  alone_and_not(create_index(""));
}
static void owned_with_records(void) {
  key_size = 24;
  alone_and_not(create_index("shards=1"));
}
static void owned16(void) {
  key_size = 16;
  alone_and_not(create_index("key_mode=owned16"));
}
static void no_keys(void) {
  key_size = 8;
  create_resolved();
  alone_and_not(resolved);
}

/* ---- Threads that begin in the middle of a call -------------------------------------------------
 */

static caller beginners[callers];

static void begin_others(void) {
  check_alone();
  for (uint64_t i = 0; i < callers; i++) start(&beginners[i], resolved, i + 1);
}
static void begin_and_await_others(void) {
  begin_others();
  for (uint64_t i = 0; i < callers; i++) CHECK(pthread_join(beginners[i].thread, NULL) == 0);
}

/* The call that asks the resolver goes on beside the threads, or after them: they have changed the
 * very bucket that it had looked at. */
static void from_the_resolver(void (*begin)(void), int awaited) {
  uint64_t value = 0;
  uint8_t existed = 0;
  key_size = 8;
  create_resolved();
  own_part(resolved, first_key(0));
  check_alone();
  in_resolver = begin;
  CHECK_STATUS(STAVE_OK, put(resolved, first_key(0), first_key(0), &existed));
  CHECK(existed && in_resolver == NULL);
  uint64_t shared = shared_part(resolved);
  for (uint64_t i = 0; i < callers; i++) {
    if (!awaited) CHECK(pthread_join(beginners[i].thread, NULL) == 0);
    shared += beginners[i].more;
  }
  check_size(resolved, own_keys / 2 + shared);
  for (uint64_t i = 0; i < shared_keys; i++) {
    if (get(resolved, i, &value) != STAVE_OK) continue;
    CHECK_STATUS(STAVE_OK, take(resolved, i, &value));
    shared--;
  }
  CHECK(shared == 0);
  end_part(resolved, first_key(0));
  check_size(resolved, 0);
  close_index(resolved);
}
static void put_beside_threads(void) {
  from_the_resolver(begin_others, 0);
}
static void put_after_threads(void) {
  from_the_resolver(begin_and_await_others, 1);
}

/* A thread that looks is pinned without a barrier; what it holds is not freed under it by threads
 * that its resolver creates. */
static void get_beside_threads(void) {
  uint64_t value = 0;
  key_size = 8;
  create_resolved();
  own_part(resolved, first_key(0));
  in_resolver = begin_and_await_others;
  CHECK_STATUS(STAVE_OK, get(resolved, first_key(0), &value));
  CHECK(value == first_key(0));
  CHECK_STATUS(STAVE_OK, stave_index_clear(resolved, NULL));
  check_size(resolved, 0);
  close_index(resolved);
}

/* A child of a process that has had threads has one, and its own index works. */
static void child_of_threads(void) {
  owned();
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    key_size = 8;
    stave_index* index = create_index("");
    own_part(index, first_key(0));
    check_size(index, own_keys / 2);
    caller other;
    start(&other, index, 1);
    end_part(index, first_key(0));
    CHECK(pthread_join(other.thread, NULL) == 0);
    check_size(index, other.more);
    close_index(index);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static void in_process(void (*test)(void)) {
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    test();
    CHECK(stave_live_handles() == 0);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

int main(void) {
  in_process(owned);
  in_process(owned_with_records);
  in_process(owned16);
  in_process(no_keys);
  in_process(put_beside_threads);
  in_process(put_after_threads);
  in_process(get_beside_threads);
  in_process(child_of_threads);
  return 0;
}
