/* Accounts: what they hold, transfers between them, and who lives where.
 *
 *   accounts STORE open NAME CITY AMOUNT
 *   accounts STORE deposit NAME AMOUNT
 *   accounts STORE transfer FROM TO AMOUNT
 *   accounts STORE move NAME CITY
 *   accounts STORE city CITY                 prints the names of those who live there
 *
 * Keys are "balance/NAME" for a number of 8 bytes and "city/NAME" for a city.
 */
#include <inttypes.h>
#include <stave/stave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE_MAX = 256, ACCOUNTS_MAX = 1000 };

static stave_error error;

/* Ends the program on an error; expected outcomes (not found, ...) go to the caller. */
static stave_status check(stave_status status) {
  if (status >= 0) return status;
  fprintf(stderr, "accounts: %s\n", error.message);
  exit(EXIT_FAILURE);
}

static size_t make_key(char key[KEY_SIZE_MAX], const char* kind, const char* name) {
  int size = snprintf(key, KEY_SIZE_MAX, "%s/%s", kind, name);
  if (size > 0 && size < KEY_SIZE_MAX) return (size_t)size;
  fprintf(stderr, "accounts: the name '%s' is too long\n", name);
  exit(EXIT_FAILURE);
}

/* ---- A counter: update ---------------------------------------------------------------------- */

static stave_status add(void* context, stave_buffer* value) {
  int64_t balance;
  memcpy(&balance, value->data, sizeof balance);
  balance += *(const int64_t*)context;
  memcpy(value->data, &balance, sizeof balance);
  return STAVE_OK;
}

/* No addition is lost, whatever other threads do meanwhile. */
static void deposit(stave_store* store, const char* name, int64_t amount) {
  char key[KEY_SIZE_MAX];
  size_t key_size = make_key(key, "balance", name);
  stave_buffer updated;
  stave_buffer_init(&updated);
  if (check(stave_store_update(store, key, key_size, add, &amount, &updated, NULL, &error)) ==
      STAVE_NOT_FOUND) {
    printf("no account\n");
  } else {
    int64_t balance;
    memcpy(&balance, updated.data, sizeof balance);
    printf("%" PRId64 "\n", balance);
  }
  stave_buffer_free(&updated);
}

/* ---- Two keys in one step: atomic ----------------------------------------------------------- */

enum { NOT_ENOUGH = 1000 }; /* a status of our own, which stave_store_atomic returns as it is */

struct transfer {
  const char* names[2];
  int64_t changes[2];
  const char* refused; /* whose account was the reason */
};

static stave_status move_money(void* context, stave_atomic* atomic) {
  struct transfer* transfer = context;
  stave_status status = STAVE_OK;
  stave_buffer value;
  stave_buffer_init(&value);
  for (int i = 0; i < 2 && status == STAVE_OK; i++) {
    char key[KEY_SIZE_MAX];
    size_t key_size = make_key(key, "balance", transfer->names[i]);
    transfer->refused = transfer->names[i];
    status = stave_atomic_get(atomic, key, key_size, &value, &error);
    if (status == STAVE_NOT_FOUND) status = NOT_ENOUGH;
    if (status != STAVE_OK) break;
    add(&transfer->changes[i], &value);
    int64_t balance;
    memcpy(&balance, value.data, sizeof balance);
    status = balance < 0 ? NOT_ENOUGH
                         : stave_atomic_put(atomic, key, key_size, value.data, value.size, &error);
  }
  stave_buffer_free(&value);
  return status;
}

/* Both balances change, or none: any status but STAVE_OK undoes what was written. */
static void transfer(stave_store* store, const char* giver, const char* taker, int64_t amount) {
  struct transfer transfer = {{giver, taker}, {-amount, amount}, NULL};
  if (check(stave_store_atomic(store, "balance/", strlen("balance/"), move_money, &transfer, NULL,
                               NULL, &error)) == NOT_ENOUGH)
    printf("%s has not enough, or no account\n", transfer.refused);
  else
    printf("done\n");
}

/* ---- A secondary index, in memory: on_open builds it, on_write keeps it --------------------- */

struct resident {
  char name[KEY_SIZE_MAX];
  char city[KEY_SIZE_MAX];
};

struct index {
  struct resident residents[ACCOUNTS_MAX]; /* those who left have an empty name */
  size_t count;
};

static stave_status keep_index(void* context, const stave_change* change) {
  static const char prefix[] = "city/";
  const size_t prefix_size = sizeof prefix - 1;
  struct index* index = context;
  if (change->key_size < prefix_size || memcmp(change->key, prefix, prefix_size) != 0)
    return STAVE_OK;
  const char* name = (const char*)change->key + prefix_size;
  const int name_size = (int)(change->key_size - prefix_size);
  size_t i = 0;
  while (i < index->count && (strncmp(index->residents[i].name, name, (size_t)name_size) != 0 ||
                              index->residents[i].name[name_size] != '\0'))
    i++;
  if (i == ACCOUNTS_MAX) return STAVE_TOO_LARGE; /* the write fails, but its change stands */
  if (i == index->count) index->count++;
  struct resident* resident = &index->residents[i];
  snprintf(resident->name, sizeof resident->name, "%.*s", change->removed ? 0 : name_size, name);
  snprintf(resident->city, sizeof resident->city, "%.*s", (int)change->value_size,
           (const char*)change->value);
  return STAVE_OK;
}

static void print_city(const struct index* index, const char* city) {
  for (size_t i = 0; i < index->count; i++)
    if (index->residents[i].name[0] && strcmp(index->residents[i].city, city) == 0)
      printf("%s\n", index->residents[i].name);
}

/* ---- The program ---------------------------------------------------------------------------- */

/* One batch: there is never an account without a city. */
static void open_account(stave_store* store, const char* name, const char* city, int64_t amount) {
  char key[KEY_SIZE_MAX];
  size_t key_size = make_key(key, "balance", name);
  stave_batch* batch;
  check(stave_batch_create(&batch, &error));
  check(stave_batch_require(batch, key, key_size, STAVE_REQUIRE_ABSENT, NULL, 0, &error));
  check(stave_batch_put(batch, key, key_size, &amount, sizeof amount, &error));
  key_size = make_key(key, "city", name);
  check(stave_batch_put(batch, key, key_size, city, strlen(city), &error));
  const stave_status status = check(stave_store_write(store, batch, NULL, NULL, NULL, &error));
  printf(status == STAVE_MISMATCH ? "exists\n" : "opened\n");
  stave_batch_free(batch);
}

static void move(stave_store* store, const char* name, const char* city) {
  char key[KEY_SIZE_MAX];
  size_t key_size = make_key(key, "city", name);
  if (check(stave_store_replace(store, key, key_size, city, strlen(city), NULL, &error)) ==
      STAVE_NOT_FOUND)
    printf("no account\n");
  else
    printf("moved\n");
}

int main(int argc, char** argv) {
  static struct index index; /* in use until the store is closed */
  stave_store_options options;
  stave_store* store;
  if (argc < 4) {
    fprintf(stderr, "usage: accounts STORE open|deposit|transfer|move|city ...\n");
    return 2;
  }
  const char* command = argv[2];
  stave_store_options_init(&options);
  /* All keys that begin with "balance/" lie in one shard, so that atomic may change several. */
  options.shard_prefix_bits = 8 * strlen("balance/");
  check(stave_store_open(argv[1], &options, &store, &error));
  check(stave_store_on_open(store, keep_index, &index, &error));
  check(stave_store_on_write(store, 0, keep_index, &index, &error));
  if (strcmp(command, "open") == 0 && argc == 6)
    open_account(store, argv[3], argv[4], strtoll(argv[5], NULL, 10));
  else if (strcmp(command, "deposit") == 0 && argc == 5)
    deposit(store, argv[3], strtoll(argv[4], NULL, 10));
  else if (strcmp(command, "transfer") == 0 && argc == 6)
    transfer(store, argv[3], argv[4], strtoll(argv[5], NULL, 10));
  else if (strcmp(command, "move") == 0 && argc == 5)
    move(store, argv[3], argv[4]);
  else if (strcmp(command, "city") == 0 && argc == 4)
    print_city(&index, argv[3]);
  else
    fprintf(stderr, "accounts: no such command\n");
  check(stave_store_close(store, &error));
  stave_store_free(store);
  return EXIT_SUCCESS;
}
