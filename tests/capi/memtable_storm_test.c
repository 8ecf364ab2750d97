/* Close in one thread while others are inside calls of a memtable and its children: each call
 * either does its work or answers CLOSED. Before that, transactions that move amounts between
 * accounts: every snapshot finds the same sum. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/memtable_calls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { callers = 4, closers = 2, accounts = 8, transfers = 2000, first_balance = 100 };

typedef struct storm {
  stave_memtable* table;
  stave_memtable_snapshot* snapshot; /* used by all, closed by anybody */
  stave_memtable_cursor* cursor;     /* used by caller 0 alone, closed by anybody */
  atomic_uint started;
  atomic_uint committed;
} storm;

typedef struct caller {
  storm* storm;
  unsigned number;
} caller;

static int64_t balance(stave_memtable_transaction* transaction, unsigned account) {
  int64_t amount = 0;
  size_t size;
  CHECK_STATUS(STAVE_OK, stave_memtable_transaction_get(transaction, &account, sizeof account,
                                                        &amount, sizeof amount, &size, NULL));
  CHECK(size == sizeof amount);
  return amount;
}

/* False after a conflict: nothing is changed. */
static int transfer(stave_memtable* table, unsigned from, unsigned to) {
  stave_memtable_transaction* transaction;
  CHECK_STATUS(STAVE_OK, stave_memtable_begin(table, &transaction, NULL));
  const int64_t less = balance(transaction, from) - 1;
  const int64_t more = balance(transaction, to) + 1;
  stave_status status =
      stave_memtable_transaction_put(transaction, &from, sizeof from, &less, sizeof less, NULL);
  if (status == STAVE_OK)
    status = stave_memtable_transaction_put(transaction, &to, sizeof to, &more, sizeof more, NULL);
  CHECK(status == STAVE_OK || status == STAVE_CONFLICT);
  if (status == STAVE_OK)
    CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, NULL, NULL));
  /* Freed without commit it is rolled back. */
  stave_memtable_transaction_free(transaction);
  return status == STAVE_OK;
}

static void check_sum(stave_memtable* table) {
  stave_memtable_snapshot* snapshot;
  stave_buffer values = {NULL, 0, 0};
  unsigned keys[accounts];
  uint32_t sizes[accounts];
  uint64_t value_sizes[accounts];
  for (unsigned i = 0; i < accounts; i++) {
    keys[i] = i;
    sizes[i] = sizeof *keys;
  }
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(table, &snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_multi_get(snapshot, keys, sizes, accounts, &values,
                                                           value_sizes, NULL));
  int64_t sum = 0;
  CHECK(values.size == accounts * sizeof sum);
  for (unsigned i = 0; i < accounts; i++) {
    int64_t amount;
    memcpy(&amount, (const char*)values.data + i * sizeof amount, sizeof amount);
    sum += amount;
  }
  CHECK(sum == accounts * first_balance);
  stave_buffer_free(&values);
  stave_memtable_snapshot_free(snapshot);
}

static void* count(void* argument) {
  const caller* self = argument;
  for (unsigned i = 0; i < transfers; i++) {
    const unsigned from = (i * 7 + self->number) % accounts;
    if (transfer(self->storm->table, from, (from + 1 + i % (accounts - 1)) % accounts))
      atomic_fetch_add(&self->storm->committed, 1);
    if (i % 8 == 0) check_sum(self->storm->table);
  }
  return NULL;
}

/* Whether the call was let in; any outcome but CLOSED must be a good one. */
static int let_in(stave_status status) {
  CHECK(status >= STAVE_OK || status == STAVE_CLOSED);
  return status != STAVE_CLOSED;
}

static void* call(void* argument) {
  const caller* self = argument;
  storm* all = self->storm;
  stave_memtable_transaction* transaction = NULL;
  atomic_fetch_add(&all->started, 1);
  for (unsigned i = 0;; i++) {
    const unsigned own[2] = {self->number, i % 100};
    if (!let_in(stave_memtable_begin(all->table, &transaction, NULL))) break;
    if (!let_in(stave_memtable_transaction_put(transaction, own, sizeof own, &i, sizeof i, NULL)))
      break;
    unsigned value;
    size_t size;
    const stave_status read = stave_memtable_transaction_get(transaction, own, sizeof own, &value,
                                                             sizeof value, &size, NULL);
    if (!let_in(read)) break;
    CHECK(read == STAVE_OK && value == i);
    if (i % 3 != 0 && !let_in(stave_memtable_transaction_commit(transaction, NULL, NULL))) break;
    stave_memtable_transaction_free(transaction);
    transaction = NULL;
    let_in(stave_memtable_snapshot_contains(all->snapshot, own, sizeof own, NULL));
    if (self->number == 0) let_in(stave_memtable_cursor_next(all->cursor, NULL));
    if (i % 64 == 0 && !let_in(stave_memtable_prune(all->table, 0, NULL, NULL))) break;
  }
  if (transaction != NULL) check_calls(&memtable_of_transaction, transaction, STAVE_CLOSED);
  stave_memtable_transaction_free(transaction);
  check_calls(&memtable_managed, all->table, STAVE_CLOSED);
  return NULL;
}

static void* close_all(void* argument) {
  storm* all = argument;
  while (atomic_load(&all->started) < callers) nanosleep(&(struct timespec){0, 100000}, NULL);
  nanosleep(&(struct timespec){0, 1000000}, NULL);
  CHECK_STATUS(STAVE_OK, stave_memtable_cursor_close(all->cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_close(all->snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_close(all->table, NULL));
  /* Whoever closes, it is closed when the call returns. */
  check_calls(&memtable_common, all->table, STAVE_CLOSED);
  check_calls(&memtable_of_snapshot, all->snapshot, STAVE_CLOSED);
  check_calls(&memtable_of_cursor, all->cursor, STAVE_CLOSED);
  return NULL;
}

static unsigned run(void) {
  storm all;
  memset(&all, 0, sizeof all);
  all.table = create_memtable("");
  for (unsigned account = 0; account < accounts; account++) {
    const int64_t amount = first_balance;
    stave_memtable_transaction* transaction;
    CHECK_STATUS(STAVE_OK, stave_memtable_begin(all.table, &transaction, NULL));
    CHECK_STATUS(STAVE_OK, stave_memtable_transaction_put(transaction, &account, sizeof account,
                                                          &amount, sizeof amount, NULL));
    CHECK_STATUS(STAVE_OK, stave_memtable_transaction_commit(transaction, NULL, NULL));
    stave_memtable_transaction_free(transaction);
  }
  pthread_t threads[callers + closers];
  caller each[callers];
  for (unsigned i = 0; i < callers; i++) {
    each[i] = (caller){&all, i};
    CHECK(pthread_create(&threads[i], NULL, count, &each[i]) == 0);
  }
  for (unsigned i = 0; i < callers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  check_sum(all.table);

  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_open(all.table, &all.snapshot, NULL));
  CHECK_STATUS(STAVE_OK, stave_memtable_snapshot_cursor(all.snapshot, NULL, &all.cursor, NULL));
  for (unsigned i = 0; i < callers; i++)
    CHECK(pthread_create(&threads[i], NULL, call, &each[i]) == 0);
  for (unsigned i = 0; i < closers; i++)
    CHECK(pthread_create(&threads[callers + i], NULL, close_all, &all) == 0);
  for (unsigned i = 0; i < callers + closers; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  stave_memtable_free(all.table);
  stave_memtable_snapshot_free(all.snapshot);
  stave_memtable_cursor_free(all.cursor);
  return atomic_load(&all.committed);
}

int main(void) {
  const char* scale = getenv("STAVE_TEST_SCALE");
  const int percent = scale != NULL ? atoi(scale) : 10;
  const int rounds = percent > 0 ? 2 * percent : 1;
  unsigned committed = 0;
  for (int i = 0; i < rounds; i++) committed += run();
  CHECK(stave_live_handles() == 0);
  CHECK(committed > 0);
  printf("%d storms of %d callers and %d closers, %u of %u transfers\n", rounds, callers, closers,
         committed, (unsigned)(rounds * callers * transfers));
  return 0;
}
