/* Verbs of indexes. */
#include "tests/conformance/testees/c/index.h"

#include <stdlib.h>
#include <string.h>

stave_index* index_of_self(void) {
  return ((const struct scripted_index*)self->pointer)->index;
}

/* ---- Options and lifetime ------------------------------------------------------------------- */

static void print_options(const stave_index_options* options) {
  static const char* const key_modes[] = {"default", "owned", "resolved", "owned16"};
  printf("  key_mode=%s\n  value_bits=%u\n  shards=%u\n  capacity=%llu\n  seed=%llu\n",
         key_modes[options->key_mode], options->value_bits, options->shards,
         (unsigned long long)options->capacity, (unsigned long long)options->seed);
}

static void options_of_text(void) {
  stave_index_options options;
  stave_index_options_init(&options);
  const stave_status status = stave_index_options_set(&options, bytes(0)->data, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void options_describe(void) {
  stave_buffer text;
  stave_buffer_init(&text);
  const stave_status status = stave_index_options_describe(&text, &error);
  if (status == STAVE_OK) print_names(&text);
  reply(status);
  stave_buffer_free(&text);
}

static void index_create(void) {
  struct scripted_index* scripted = calloc(1, sizeof *scripted);
  stave_index_options options;
  stave_index_resolver resolver;
  stave_index_resolver_init(&resolver);
  resolver.compare = resolve_compare;
  resolver.hash = resolve_hash;
  resolver.destroy = resolve_destroy;
  resolver.context = scripted;
  stave_index_options_init(&options);
  stave_status status = stave_index_options_set(&options, option_text(0), &error);
  if (status == STAVE_OK) {
    scripted->is_resolved = options.key_mode == STAVE_KEYS_RESOLVED;
    status = stave_index_create(word_count ? &options : NULL,
                                scripted->is_resolved ? &resolver : NULL, &scripted->index, &error);
  }
  if (status == STAVE_OK)
    made = scripted;
  else
    free(scripted);
  reply(status);
}

static void index_options(void) {
  stave_index_options options;
  stave_index_options_init(&options);
  const stave_status status = stave_index_options_get(index_of_self(), &options, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void index_close(void) {
  reply(stave_index_close(index_of_self(), &error));
}

static void index_free(void) {
  struct scripted_index* scripted = self->pointer;
  stave_index_free(scripted->index);
  if (scripted->was_destroyed != scripted->is_resolved) die("the resolver is not destroyed");
  free(scripted);
  reply_freed();
}

/* ---- One key -------------------------------------------------------------------------------- */

static void index_put(void) {
  const struct word* key = bytes(0);
  uint64_t previous = 0;
  uint8_t existed = 0;
  const stave_status status = stave_index_put(index_of_self(), key->data, key->size, number(1),
                                              &previous, &existed, &error);
  reply_previous(status, previous, existed);
}

static void index_insert(void) {
  const struct word* key = bytes(0);
  uint64_t existing = 0;
  const stave_status status =
      stave_index_insert(index_of_self(), key->data, key->size, number(1), &existing, &error);
  reply_in_the_way(status, "existing", existing);
}

static void index_compare_and_swap(void) {
  const struct word* key = bytes(0);
  uint64_t actual = 0;
  const stave_status status = stave_index_compare_and_swap(index_of_self(), key->data, key->size,
                                                           number(1), number(2), &actual, &error);
  reply_in_the_way(status, "actual", actual);
}

static void index_get(void) {
  const struct word* key = bytes(0);
  uint64_t value = 0;
  const stave_status status =
      stave_index_get(index_of_self(), key->data, key->size, &value, &error);
  reply_number(status, value);
}

static void index_contains(void) {
  const struct word* key = bytes(0);
  reply(stave_index_contains(index_of_self(), key->data, key->size, &error));
}

static void index_remove(void) {
  const struct word* key = bytes(0);
  uint64_t previous = 0;
  const stave_status status =
      stave_index_remove(index_of_self(), key->data, key->size, &previous, &error);
  reply_number(status, previous);
}

static void index_remove_if(void) {
  const struct word* key = bytes(0);
  uint64_t actual = 0;
  const stave_status status =
      stave_index_remove_if(index_of_self(), key->data, key->size, number(1), &actual, &error);
  reply_in_the_way(status, "actual", actual);
}

/* ---- Many keys ------------------------------------------------------------------------------ */

static void print_values(stave_status status, const uint64_t* values, const uint8_t* found,
                         size_t count) {
  for (size_t i = 0; status == STAVE_OK && i < count; ++i) {
    if (found[i])
      printf("  %llu\n", (unsigned long long)values[i]);
    else
      puts("  absent");
  }
  reply(status);
}

static void index_multi_get(void) {
  uint64_t values[WORDS_MAX];
  uint8_t found[WORDS_MAX];
  struct flat keys = flatten(0, 1);
  const stave_status status = stave_index_multi_get(index_of_self(), keys.data, keys.sizes32,
                                                    keys.count, values, found, &error);
  print_values(status, values, found, keys.count);
  free(keys.data);
}

static void index_multi_put(void) {
  uint64_t values[WORDS_MAX], previous[WORDS_MAX];
  uint8_t existed[WORDS_MAX];
  size_t done = 0;
  struct flat keys = flatten(0, 2);
  for (size_t i = 0; i < keys.count; ++i) values[i] = number(2 * i + 1);
  const stave_status status =
      stave_index_multi_put(index_of_self(), keys.data, keys.sizes32, keys.count, values, previous,
                            existed, &done, &error);
  if (status == STAVE_OK && done != keys.count) die("not all were put");
  print_values(status, previous, existed, keys.count);
  free(keys.data);
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void index_size(void) {
  uint64_t size = 0;
  const stave_status status = stave_index_size(index_of_self(), &size, &error);
  reply_number(status, size);
}

static void index_is_empty(void) {
  uint8_t is_empty = 0;
  const stave_status status = stave_index_is_empty(index_of_self(), &is_empty, &error);
  reply_number(status, is_empty);
}

static void index_capacity(void) {
  uint64_t capacity = 0;
  const stave_status status = stave_index_capacity(index_of_self(), &capacity, &error);
  reply_number(status, capacity >= number(0));
}

static void index_clear(void) {
  reply(stave_index_clear(index_of_self(), &error));
}

static void index_reserve(void) {
  reply(stave_index_reserve(index_of_self(), number(0), &error));
}

static void index_shrink_to_fit(void) {
  reply(stave_index_shrink_to_fit(index_of_self(), &error));
}

static void index_stats(void) {
  stave_index_stats stats;
  stave_index_stats_init(&stats);
  const stave_status status = stave_index_stats_get(index_of_self(), &stats, &error);
  const struct member members[] = {
      {"shards", stats.shards},
      {"entries", stats.entries},
      {"capacity", stats.capacity},
      {"bytes", stats.bytes},
      {"key_bytes", stats.key_bytes},
      {"buckets", stats.buckets},
      {"slots", stats.slots},
      {"overflow_nodes", stats.overflow_nodes},
      {"splits", stats.splits},
      {"splits_max", stats.splits_max},
      {"probe_samples", stats.probe_samples},
      {"probe_sum", stats.probe_sum},
      {"probe_max", stats.probe_max},
      {NULL, 0},
  };
  reply_members(status, members, 0);
}

static void index_shard_stats(void) {
  stave_index_shard_stats stats;
  stave_index_shard_stats_init(&stats);
  const stave_status status =
      stave_index_shard_stats_get(index_of_self(), (uint32_t)number(0), &stats, &error);
  const struct member members[] = {
      {"entries", stats.entries}, {"buckets", stats.buckets}, {"bytes", stats.bytes}, {NULL, 0}};
  reply_members(status, members, 1);
}

static void index_collect_values(void) {
  uint64_t count = 0;
  const stave_status status = stave_index_collect_values(index_of_self(), reused, &count, &error);
  const uint64_t* values = reused->data;
  for (uint64_t i = 0; status == STAVE_OK && i < count; ++i)
    printf("  %llu\n", (unsigned long long)values[i]);
  reply_number(status, count);
}

const struct verb index_verbs[] = {
    {KIND_NONE, KIND_NONE, "index_options", options_of_text},
    {KIND_NONE, KIND_NONE, "index_options_describe", options_describe},
    {KIND_NONE, KIND_INDEX, "index.create", index_create},
    {KIND_INDEX, KIND_NONE, "options", index_options},
    {KIND_INDEX, KIND_NONE, "close", index_close},
    {KIND_INDEX, KIND_NONE, "free", index_free},
    {KIND_INDEX, KIND_NONE, "put", index_put},
    {KIND_INDEX, KIND_NONE, "insert", index_insert},
    {KIND_INDEX, KIND_NONE, "compare_and_swap", index_compare_and_swap},
    {KIND_INDEX, KIND_NONE, "get", index_get},
    {KIND_INDEX, KIND_NONE, "contains", index_contains},
    {KIND_INDEX, KIND_NONE, "remove", index_remove},
    {KIND_INDEX, KIND_NONE, "remove_if", index_remove_if},
    {KIND_INDEX, KIND_NONE, "multi_get", index_multi_get},
    {KIND_INDEX, KIND_NONE, "multi_put", index_multi_put},
    {KIND_INDEX, KIND_NONE, "size", index_size},
    {KIND_INDEX, KIND_NONE, "is_empty", index_is_empty},
    {KIND_INDEX, KIND_NONE, "capacity", index_capacity},
    {KIND_INDEX, KIND_NONE, "clear", index_clear},
    {KIND_INDEX, KIND_NONE, "reserve", index_reserve},
    {KIND_INDEX, KIND_NONE, "shrink_to_fit", index_shrink_to_fit},
    {KIND_INDEX, KIND_NONE, "stats", index_stats},
    {KIND_INDEX, KIND_NONE, "shard_stats", index_shard_stats},
    {KIND_INDEX, KIND_NONE, "collect_values", index_collect_values},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
