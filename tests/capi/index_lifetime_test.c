/* Close apart from free; indexes and cursors that go in every order; the resolver: what it may
 * call, what its answers do, when its context goes; handles of a parent process. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/index_calls.h"

#include <sys/wait.h>
#include <unistd.h>

static void closed_handles(const char* options) {
  stave_index* index = create_index(options);
  put_number(index, "key", 1);
  stave_index_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_next(cursor, NULL));
  CHECK(stave_live_handles() == 2);
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(STAVE_OK, stave_index_close(index, NULL));
    check_index(index, STAVE_CLOSED);
    check_calls(&index_of_cursor, cursor, STAVE_CLOSED);
  }
  CHECK(stave_live_handles() == 2);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_close(cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_close(cursor, NULL));
  stave_index_free(index);
  check_calls(&index_of_cursor, cursor, STAVE_CLOSED);
  stave_index_cursor_free(cursor);
  CHECK(stave_live_handles() == 0);
}

/* Frees the index and three cursors in the order that `order` names. The bytes of the key that the
 * first one stands on stay what they are until it is freed. */
static void free_order(const char* order, int close_first) {
  static const char key[] = "a key that does not fit into an entry";
  stave_index* index = create_index("");
  stave_index_cursor* cursors[3];
  const void* data;
  size_t size;
  put_number(index, key, 1);
  for (int i = 0; i < 3; i++)
    CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursors[i], NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_next(cursors[0], NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_key(cursors[0], &data, &size, NULL));
  if (close_first) CHECK_STATUS(STAVE_OK, stave_index_close(index, NULL));
  for (; *order != '\0'; order++) {
    if (cursors[0] != NULL) CHECK(size == sizeof key - 1 && memcmp(data, key, size) == 0);
    if (*order == 'i') {
      stave_index_free(index);
    } else {
      stave_index_cursor_free(cursors[*order - '0']);
      cursors[*order - '0'] = NULL;
    }
  }
  CHECK(stave_live_handles() == 0);
}

static void free_orders(void) {
  static const char* const orders[] = {"i012", "0i12", "01i2", "012i", "i210", "2i10", "1i02"};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    free_order(orders[i], 0);
    free_order(orders[i], 1);
  }
}

/* Entries that are there throughout are met once, whatever grows, shrinks and goes meanwhile. */
static void cursor_beside_writes(void) {
  enum { kept = 500, others = 20000 };
  stave_index* index = create_index("shards=4");
  static uint8_t met[kept];
  stave_index_cursor* cursor;
  stave_status status;
  for (uint32_t i = 0; i < kept; i++)
    CHECK_STATUS(STAVE_OK, stave_index_put(index, &i, sizeof i, i, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursor, NULL));
  for (uint32_t step = 0; (status = stave_index_cursor_next(cursor, NULL)) == STAVE_OK; step++) {
    uint64_t value;
    CHECK_STATUS(STAVE_OK, stave_index_cursor_value(cursor, &value, NULL));
    if (value < kept) CHECK(met[value]++ == 0);
    if (step == 50) {
      for (uint32_t i = kept; i < others; i++)
        CHECK_STATUS(STAVE_OK, stave_index_put(index, &i, sizeof i, i, NULL, NULL, NULL));
    }
    if (step == 100) {
      for (uint32_t i = kept; i < others; i++)
        CHECK_STATUS(STAVE_OK, stave_index_remove(index, &i, sizeof i, NULL, NULL));
      CHECK_STATUS(STAVE_OK, stave_index_shrink_to_fit(index, NULL));
    }
  }
  CHECK(status == STAVE_DONE);
  for (uint32_t i = 0; i < kept; i++) CHECK(met[i] == 1);
  stave_index_stats stats;
  stave_index_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_index_stats_get(index, &stats, NULL));
  CHECK(stats.entries == kept && stats.splits_max <= 2 && stats.entries <= stats.capacity);
  stave_index_cursor_free(cursor);
  close_index(index);
}

/* ---- The resolver -------------------------------------------------------------------------------
 */

typedef struct resolver_state {
  stave_index* index;
  stave_index_cursor* cursor;
  stave_status answer; /* to a value that is not 1 */
  int calls_back;      /* makes every call on the index */
  int calls;
  int destroyed;
} resolver_state;

/* All keys begin with 'k', and the value says how many bytes they have. */
static stave_status compare(void* context, uint64_t value, const void* key, size_t key_size) {
  resolver_state* state = context;
  state->calls++;
  CHECK(key != NULL);
  if (state->calls_back) {
    state->calls_back = 0; /* what is called asks again */
    uint64_t found;
    CHECK_STATUS(STAVE_OK, stave_index_get(state->index, "k", 1, &found, NULL));
    CHECK_STATUS(STAVE_OK, stave_index_hash(state->index, "k", 1, &found, NULL));
    CHECK_STATUS(STAVE_OK, stave_index_size(state->index, &found, NULL));
    check_calls(&index_writes, state->index, STAVE_BUSY);
    check_calls(&index_of_cursor, state->cursor, STAVE_BUSY);
    CHECK_STATUS(STAVE_BUSY, stave_index_cursor_close(state->cursor, NULL));
    CHECK_STATUS(STAVE_BUSY, stave_index_close(state->index, NULL));
    stave_index_free(state->index); /* does nothing here */
  }
  if (value != 1) return state->answer;
  return key_size == 1 && memcmp(key, "k", 1) == 0 ? STAVE_OK : STAVE_MISMATCH;
}

static stave_status hash(void* context, uint64_t value, uint64_t* hash_of_key) {
  resolver_state* state = context;
  CHECK(value == 1);
  return stave_index_hash(state->index, "k", 1, hash_of_key, NULL);
}

static void destroy(void* context) {
  resolver_state* state = context;
  state->destroyed++;
  /* Nothing uses it any more, and the index is closed. */
  check_index(state->index, STAVE_CLOSED);
  CHECK_STATUS(STAVE_OK, stave_index_close(state->index, NULL));
}

static void create_resolved(resolver_state* state) {
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  memset(state, 0, sizeof *state);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.value_bits = 44;
  resolver.compare = compare;
  resolver.hash = hash;
  resolver.destroy = destroy;
  resolver.context = state;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &state->index, NULL));
}

static void calls_from_inside(void) {
  resolver_state state;
  uint64_t value;
  create_resolved(&state);
  put_number(state.index, "k", 1);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(state.index, &state.cursor, NULL));
  state.calls_back = 1;
  CHECK_STATUS(STAVE_OK, stave_index_get(state.index, "k", 1, &value, NULL));
  CHECK(value == 1 && state.calls > 0);
  state.calls_back = 1;
  CHECK_STATUS(STAVE_OK, stave_index_put(state.index, "k", 1, 1, &value, NULL, NULL));
  CHECK(value == 1);
  stave_index_cursor_free(state.cursor);
  CHECK_STATUS(STAVE_OK, stave_index_close(state.index, NULL));
  CHECK(state.destroyed == 1);
  CHECK_STATUS(STAVE_OK, stave_index_close(state.index, NULL));
  stave_index_free(state.index);
  CHECK(state.destroyed == 1);
}

/* ---- A cursor that is freed by the resolver that it asks ----------------------------------------
 */

static uint64_t scattered(uint64_t number) {
  return (number + 1) * 0x9E3779B97F4A7C15U;
}

typedef struct cursor_state {
  stave_index_cursor* moved; /* its call asks */
  stave_index_cursor* other;
  int asked;
} cursor_state;

static stave_status is_own_number(void* context, uint64_t value, const void* key, size_t key_size) {
  (void)context;
  return key_size == sizeof value && memcmp(key, &value, sizeof value) == 0 ? STAVE_OK
                                                                            : STAVE_MISMATCH;
}

static stave_status free_and_hash(void* context, uint64_t value, uint64_t* hash_of_key) {
  cursor_state* state = context;
  if (state->moved != NULL) {
    const uint64_t handles = stave_live_handles();
    state->asked++;
    stave_index_cursor_free(state->moved);
    CHECK(stave_live_handles() == handles); /* nothing has happened */
    if (state->other != NULL) {
      CHECK_STATUS(STAVE_BUSY, stave_index_cursor_close(state->other, NULL));
      stave_index_cursor_free(state->other);
      CHECK(stave_live_handles() == handles - 1);
      state->other = NULL;
    }
  }
  *hash_of_key = scattered(value);
  return STAVE_OK;
}

/* A cursor's call that ran a resolver which freed this very cursor waited for itself, for ever. The
 * index is one of 2^20 buckets that are gone when the cursors, which stand in the midst of them, go
 * on: then an entry of 44-bit values does not say on which side of the cursor it was. */
static void free_from_inside(void) {
  enum { keys = 8, grown = 5600000 };
  cursor_state state = {NULL, NULL, 0};
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index* index;
  stave_index_cursor* cursors[keys];
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.value_bits = 44;
  options.shards = 1;
  resolver.compare = is_own_number;
  resolver.hash = free_and_hash;
  resolver.context = &state;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &index, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_shrink_to_fit(index, NULL));
  for (uint64_t i = 0; i < keys; i++)
    CHECK_STATUS(STAVE_OK,
                 stave_index_put_hashed(index, &i, sizeof i, scattered(i), i, NULL, NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_reserve(index, grown, NULL));
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &state.other, NULL));
  for (size_t i = 0; i < keys; i++) {
    CHECK_STATUS(STAVE_OK, stave_index_cursor_open(index, &cursors[i], NULL));
    for (size_t step = 0; step <= i; step++)
      CHECK_STATUS(STAVE_OK, stave_index_cursor_next(cursors[i], NULL));
  }
  CHECK_STATUS(STAVE_OK, stave_index_shrink_to_fit(index, NULL));
  for (size_t i = 0; i < keys; i++) {
    state.moved = cursors[i];
    for (size_t left = keys - 1 - i; left != 0; left--)
      CHECK_STATUS(STAVE_OK, stave_index_cursor_next(cursors[i], NULL));
    CHECK_STATUS(STAVE_DONE, stave_index_cursor_next(cursors[i], NULL));
    state.moved = NULL;
    stave_index_cursor_free(cursors[i]);
  }
  CHECK(state.asked > 0 && state.other == NULL);
  close_index(index);
}

/* Whatever is no answer comes out as an error and changes nothing. */
static void answers(void) {
  static const struct {
    stave_status answer, expected;
  } cases[] = {
      {STAVE_IO, STAVE_IO},           {STAVE_CORRUPTION, STAVE_CORRUPTION}, {-999, -999},
      {STAVE_EXISTS, STAVE_INTERNAL}, {STAVE_DONE, STAVE_INTERNAL},         {77, STAVE_INTERNAL}};
  resolver_state state;
  stave_error error;
  uint64_t value;
  create_resolved(&state);
  state.answer = STAVE_MISMATCH;
  CHECK_STATUS(STAVE_OK, stave_index_put_hashed(state.index, "a", 1, 7, 2, NULL, NULL, NULL));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const stave_status expected = cases[i].expected;
    state.answer = cases[i].answer;
    CHECK_STATUS(expected, stave_index_get_hashed(state.index, "a", 1, 7, &value, &error));
    CHECK_ERROR(&error, expected, "resolver");
    CHECK_STATUS(expected, stave_index_put_hashed(state.index, "a", 1, 7, 3, NULL, NULL, &error));
    CHECK_ERROR(&error, expected, "resolver");
    CHECK_STATUS(expected, stave_index_remove_hashed(state.index, "a", 1, 7, NULL, &error));
  }
  state.answer = STAVE_OK;
  CHECK_STATUS(STAVE_OK, stave_index_get_hashed(state.index, "a", 1, 7, &value, &error));
  CHECK(value == 2);
  /* Free closes, too. */
  stave_index_free(state.index);
  CHECK(state.destroyed == 1);
}

/* A context that the index did not take is not destroyed. */
static void failed_create(void) {
  resolver_state state = {NULL, NULL, 0, 0, 0, 0};
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.shards = 3;
  resolver.compare = compare;
  resolver.hash = hash;
  resolver.destroy = destroy;
  resolver.context = &state;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_index_create(&options, &resolver, &state.index, NULL));
  CHECK(state.destroyed == 0);
}

/* ---- A child process ----------------------------------------------------------------------------
 */

static void in_child(void (*child)(resolver_state* of_parent), resolver_state* of_parent) {
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    child(of_parent);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static void use_handles(resolver_state* of_parent) {
  check_index(of_parent->index, STAVE_FORKED);
  check_calls(&index_of_cursor, of_parent->cursor, STAVE_FORKED);
  CHECK_STATUS(STAVE_FORKED, stave_index_close(of_parent->index, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_index_cursor_close(of_parent->cursor, NULL));
  /* One of its own works. */
  stave_index* own = create_index("");
  check_index(own, STAVE_OK);
  close_index(own);
}

static void free_handles(resolver_state* of_parent) {
  stave_index_free(of_parent->index);
  stave_index_cursor_free(of_parent->cursor);
  CHECK(stave_live_handles() == 0);
  /* The context is the parent's. */
  CHECK(of_parent->destroyed == 0);
}

static void forked(void) {
  resolver_state state;
  create_resolved(&state);
  put_number(state.index, "k", 1);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_open(state.index, &state.cursor, NULL));
  in_child(use_handles, &state);
  in_child(free_handles, &state);
  CHECK_STATUS(STAVE_OK, stave_index_cursor_next(state.cursor, NULL));
  check_number(state.index, "k", 1);
  stave_index_cursor_free(state.cursor);
  close_index(state.index);
  CHECK(state.destroyed == 1);
}

int main(void) {
  closed_handles("");
  closed_handles("key_mode=owned16");
  free_orders();
  cursor_beside_writes();
  calls_from_inside();
  free_from_inside();
  answers();
  failed_create();
  forked();
  CHECK(stave_live_handles() == 0);
  return 0;
}
