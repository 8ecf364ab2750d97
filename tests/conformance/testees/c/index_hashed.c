/* Verbs of indexes with a hash from the script. */
#include "tests/conformance/testees/c/index.h"

/* ---- Replies, of the verbs without a hash too ------------------------------------------------ */

void reply_in_the_way(stave_status status, const char* what, uint64_t value) {
  if (status == STAVE_EXISTS || status == STAVE_MISMATCH)
    printf("  %s %llu\n", what, (unsigned long long)value);
  reply(status);
}

void reply_previous(stave_status status, uint64_t previous, uint8_t existed) {
  if (status == STAVE_OK && !existed)
    puts("ok absent");
  else
    reply_number(status, previous);
}

/* ---- One key whose hash is known ------------------------------------------------------------ */

static void index_hash(void) {
  const struct word* key = bytes(0);
  uint64_t hash = 0;
  const stave_status status =
      stave_index_hash(index_of_self(), key->data, key->size, &hash, &error);
  stave_index_options options;
  stave_index_options_init(&options);
  if (status == STAVE_OK && stave_index_options_get(index_of_self(), &options, NULL) == STAVE_OK &&
      stave_index_hash_with_seed(options.seed, key->data, key->size) != hash)
    die("two hashes of one key");
  reply_number(status, hash);
}

static void index_put_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t previous = 0;
  uint8_t existed = 0;
  const stave_status status = stave_index_put_hashed(
      index_of_self(), key->data, key->size, number(1), number(2), &previous, &existed, &error);
  reply_previous(status, previous, existed);
}

static void index_insert_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t existing = 0;
  const stave_status status = stave_index_insert_hashed(index_of_self(), key->data, key->size,
                                                        number(1), number(2), &existing, &error);
  reply_in_the_way(status, "existing", existing);
}

static void index_compare_and_swap_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t actual = 0;
  const stave_status status = stave_index_compare_and_swap_hashed(
      index_of_self(), key->data, key->size, number(1), number(2), number(3), &actual, &error);
  reply_in_the_way(status, "actual", actual);
}

static void index_get_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t value = 0;
  const stave_status status =
      stave_index_get_hashed(index_of_self(), key->data, key->size, number(1), &value, &error);
  reply_number(status, value);
}

static void index_contains_hashed(void) {
  const struct word* key = bytes(0);
  reply(stave_index_contains_hashed(index_of_self(), key->data, key->size, number(1), &error));
}

static void index_remove_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t previous = 0;
  const stave_status status = stave_index_remove_hashed(index_of_self(), key->data, key->size,
                                                        number(1), &previous, &error);
  reply_number(status, previous);
}

static void index_remove_if_hashed(void) {
  const struct word* key = bytes(0);
  uint64_t actual = 0;
  const stave_status status = stave_index_remove_if_hashed(index_of_self(), key->data, key->size,
                                                           number(1), number(2), &actual, &error);
  reply_in_the_way(status, "actual", actual);
}

const struct verb index_hashed_verbs[] = {
    {KIND_INDEX, KIND_NONE, "hash", index_hash},
    {KIND_INDEX, KIND_NONE, "put_hashed", index_put_hashed},
    {KIND_INDEX, KIND_NONE, "insert_hashed", index_insert_hashed},
    {KIND_INDEX, KIND_NONE, "compare_and_swap_hashed", index_compare_and_swap_hashed},
    {KIND_INDEX, KIND_NONE, "get_hashed", index_get_hashed},
    {KIND_INDEX, KIND_NONE, "contains_hashed", index_contains_hashed},
    {KIND_INDEX, KIND_NONE, "remove_hashed", index_remove_hashed},
    {KIND_INDEX, KIND_NONE, "remove_if_hashed", index_remove_if_hashed},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
