/* The resolver of scripts, and verbs over ranges of counters. */
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/testees/c/index.h"

enum { HASH_SAME = 7 };

void counter_key(uint64_t counter, char key[8]) {
  for (int i = 0; i < 8; ++i) key[i] = (char)(counter >> (56 - 8 * i));
}

uint64_t ruled_hash(stave_index* index, const char* rule, uint64_t counter) {
  char key[8];
  uint64_t hash = 0;
  if (strcmp(rule, "equal") == 0) return HASH_SAME;
  if (strcmp(rule, "low") == 0) return counter;
  if (strcmp(rule, "high") == 0) return counter << 48;
  counter_key(counter, key);
  if (stave_index_hash(index, key, sizeof key, &hash, NULL) != STAVE_OK) die("no hash");
  return hash;
}

/* ---- The resolver --------------------------------------------------------------------------- */

static const struct record* find_record(const struct scripted_index* resolved, uint64_t value) {
  for (size_t i = resolved->record_count; i > 0; --i)
    if (resolved->records[i - 1].value == value) return &resolved->records[i - 1];
  return NULL;
}

static stave_status make_call(const struct scripted_index* resolved, const char* calls) {
  uint64_t value;
  if (strcmp(calls, "get") == 0) {
    const stave_status status = stave_index_get(resolved->index, "other", 5, &value, NULL);
    return status == STAVE_NOT_FOUND ? STAVE_OK : status;
  }
  if (strcmp(calls, "put") == 0)
    return stave_index_put(resolved->index, "other", 5, 1, NULL, NULL, NULL);
  if (strcmp(calls, "close") == 0) return stave_index_close(resolved->index, NULL);
  return STAVE_OK;
}

stave_status resolve_compare(void* context, uint64_t value, const void* key, size_t key_size) {
  const struct scripted_index* resolved = context;
  const struct record* record = find_record(resolved, value);
  char counter[8];
  counter_key(value, counter);
  const void* own = record ? record->key : counter;
  const size_t own_size = record ? record->key_size : sizeof counter;
  if (record) {
    const stave_status status = make_call(resolved, record->calls);
    if (status != STAVE_OK) return status;
    if (record->what == RECORD_GONE) return STAVE_NOT_FOUND;
    if (record->what == RECORD_FAILS) return STAVE_IO;
  }
  if (own_size != key_size || memcmp(own, key, key_size) != 0) return STAVE_MISMATCH;
  return STAVE_OK;
}

stave_status resolve_hash(void* context, uint64_t value, uint64_t* hash) {
  const struct scripted_index* resolved = context;
  const struct record* record = find_record(resolved, value);
  if (!record) {
    *hash = ruled_hash(resolved->index, resolved->rule, value);
    return STAVE_OK;
  }
  if (record->what == RECORD_GONE) return STAVE_NOT_FOUND;
  if (record->what == RECORD_FAILS) return STAVE_IO;
  *hash = record->hash;
  if (record->has_hash) return STAVE_OK;
  return stave_index_hash(resolved->index, record->key, record->key_size, hash, NULL);
}

void resolve_destroy(void* context) {
  struct scripted_index* resolved = context;
  if (resolved->was_destroyed) die("the resolver is destroyed twice");
  resolved->was_destroyed = 1;
}

static void index_record(void) {
  struct scripted_index* resolved = self->pointer;
  if (resolved->record_count == RECORDS_OF_INDEX_MAX) die("too many records");
  struct record* record = &resolved->records[resolved->record_count++];
  const struct word* what = argument(1);
  memset(record, 0, sizeof *record);
  record->value = number(0);
  if (!what->is_quoted) {
    record->what = strcmp(what->data, "gone") == 0 ? RECORD_GONE : RECORD_FAILS;
  } else {
    if (what->size > sizeof record->key) die("the key of a record is too long");
    memcpy(record->key, what->data, what->size);
    record->key_size = what->size;
  }
  if (word_count > 2) {
    char* end;
    record->hash = strtoull(words[2].data, &end, 10);
    record->has_hash = *end == '\0';
    if (!record->has_hash) snprintf(record->calls, sizeof record->calls, "%s", words[2].data);
  }
  reply(STAVE_OK);
}

/* ---- Ranges of counters --------------------------------------------------------------------- */

typedef stave_status (*range_step)(stave_index* index, uint64_t counter, int* counts);

static stave_status put_step(stave_index* index, uint64_t counter, int* counts) {
  const char* rule = ((const struct scripted_index*)self->pointer)->rule;
  char key[8];
  uint8_t existed;
  counter_key(counter, key);
  const stave_status status =
      *rule ? stave_index_put_hashed(index, key, sizeof key, ruled_hash(index, rule, counter),
                                     counter, NULL, &existed, &error)
            : stave_index_put(index, key, sizeof key, counter, NULL, &existed, &error);
  *counts = status == STAVE_OK && !existed;
  return status;
}

/* A value that is not the counter's is reported in a data line. */
static stave_status found(stave_status status, uint64_t counter, uint64_t value, int* counts) {
  *counts = status == STAVE_OK;
  if (status == STAVE_OK && value != counter)
    printf("  %llu = %llu\n", (unsigned long long)counter, (unsigned long long)value);
  return status == STAVE_NOT_FOUND ? STAVE_OK : status;
}

static stave_status get_step(stave_index* index, uint64_t counter, int* counts) {
  const char* rule = ((const struct scripted_index*)self->pointer)->rule;
  char key[8];
  uint64_t value = 0;
  counter_key(counter, key);
  const stave_status status =
      *rule ? stave_index_get_hashed(index, key, sizeof key, ruled_hash(index, rule, counter),
                                     &value, &error)
            : stave_index_get(index, key, sizeof key, &value, &error);
  return found(status, counter, value, counts);
}

static stave_status remove_step(stave_index* index, uint64_t counter, int* counts) {
  const char* rule = ((const struct scripted_index*)self->pointer)->rule;
  char key[8];
  uint64_t value = 0;
  counter_key(counter, key);
  const stave_status status =
      *rule ? stave_index_remove_hashed(index, key, sizeof key, ruled_hash(index, rule, counter),
                                        &value, &error)
            : stave_index_remove(index, key, sizeof key, &value, &error);
  return found(status, counter, value, counts);
}

static void for_range(range_step step) {
  struct scripted_index* ranged = self->pointer;
  const uint64_t first = number(0), count = number(1);
  uint64_t counted = 0;
  stave_status status = STAVE_OK;
  snprintf(ranged->rule, sizeof ranged->rule, "%s", word_count > 2 ? words[2].data : "");
  for (uint64_t i = 0; status == STAVE_OK && i < count; ++i) {
    int counts = 0;
    status = step(ranged->index, first + i, &counts);
    counted += (uint64_t)counts;
  }
  reply_number(status, counted);
}

static void index_put_range(void) {
  for_range(put_step);
}
static void index_get_range(void) {
  for_range(get_step);
}
static void index_remove_range(void) {
  for_range(remove_step);
}

const struct verb index_range_verbs[] = {
    {KIND_INDEX, KIND_NONE, "record", index_record},
    {KIND_INDEX, KIND_NONE, "put_range", index_put_range},
    {KIND_INDEX, KIND_NONE, "get_range", index_get_range},
    {KIND_INDEX, KIND_NONE, "remove_range", index_remove_range},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
