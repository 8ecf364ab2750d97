/* What a resolver is asked to bring near, and when. */
#include <stave/index.h>

#include <stddef.h>
#include <string.h>

#include "tests/capi/support.h"

enum { records = 100, at_once = 32 };

static uint64_t keys[records];
static int prefetched;
static int compared;
static int prefetched_before_first_comparison;

static stave_status compare(void* context, uint64_t value, const void* key, size_t size) {
  (void)context;
  if (compared++ == 0) prefetched_before_first_comparison = prefetched;
  return size == sizeof keys[0] && memcmp(&keys[value], key, size) == 0 ? STAVE_OK : STAVE_MISMATCH;
}
static stave_status hash(void* context, uint64_t value, uint64_t* hash_of_key) {
  return stave_index_hash(*(stave_index**)context, &keys[value], sizeof keys[0], hash_of_key, NULL);
}
static void prefetch(void* context, uint64_t value) {
  CHECK(*(stave_index**)context != NULL);
  CHECK(value < records);
  prefetched++;
}
static void forget(void) {
  prefetched = compared = prefetched_before_first_comparison = 0;
}

static void check_all(stave_index* index) {
  uint32_t sizes[records];
  uint64_t values[records];
  uint8_t found[records];
  for (int i = 0; i < records; i++) sizes[i] = sizeof keys[0];
  CHECK_STATUS(STAVE_OK, stave_index_multi_get(index, keys, sizes, records, values, found, NULL));
  for (uint64_t i = 0; i < records; i++) CHECK(found[i] == 1 && values[i] == i);
}

static void with_values_of(uint32_t value_bits) {
  stave_index* index = NULL;
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_options_init(&options);
  stave_index_resolver_init(&resolver);
  CHECK(resolver.prefetch == NULL);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.value_bits = value_bits;
  resolver.compare = compare;
  resolver.hash = hash;
  resolver.context = &index;
  resolver.prefetch = prefetch;
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &index, NULL));
  for (uint64_t i = 0; i < records; i++) {
    CHECK_STATUS(STAVE_OK, stave_index_put(index, &keys[i], sizeof keys[i], i, NULL, NULL, NULL));
  }

  /* One key is compared at once. */
  forget();
  uint64_t value;
  CHECK_STATUS(STAVE_OK, stave_index_get(index, &keys[7], sizeof keys[7], &value, NULL));
  CHECK(value == 7 && compared > 0 && prefetched == 0);

  /* Of many, as many records are asked for together as the index takes at a time. (One in some is
   * behind its bucket, and is not asked for.) */
  forget();
  check_all(index);
  CHECK(prefetched_before_first_comparison > at_once / 2);
  CHECK(prefetched_before_first_comparison <= at_once);
  CHECK(prefetched > records / 2 && prefetched <= records);
  stave_index_free(index);

  /* A program that was built before there was a prefetch. */
  resolver.struct_size = offsetof(stave_index_resolver, prefetch);
  CHECK_STATUS(STAVE_OK, stave_index_create(&options, &resolver, &index, NULL));
  for (uint64_t i = 0; i < records; i++) {
    CHECK_STATUS(STAVE_OK, stave_index_put(index, &keys[i], sizeof keys[i], i, NULL, NULL, NULL));
  }
  forget();
  check_all(index);
  CHECK(compared >= records && prefetched == 0);
  stave_index_free(index);
}

int main(void) {
  for (uint64_t i = 0; i < records; i++) keys[i] = i * 1000003;
  with_values_of(64);
  with_values_of(44);
  CHECK(stave_live_handles() == 0);
  return 0;
}
