/* Verbs of the store. */
#include "tests/conformance/testees/c/protocol.h"

#include <stdlib.h>
#include <string.h>

/* ---- Options -------------------------------------------------------------------------------- */

static void print_options(const stave_store_options* options) {
  static const char* const durability[] = {"default", "memory", "os", "device"};
  static const char* const io[] = {"default", "buffered", "mmap"};
  static const char* const keydir[] = {"stored", "memory", "disk"};
  printf("  durability=%s\n  io=%s\n  shards=%u\n  segment_size=%llu\n",
         durability[options->durability], io[options->io], options->shards,
         (unsigned long long)options->segment_size);
  printf("  read_only=%u\n  create_if_missing=%u\n  error_if_exists=%u\n", options->read_only,
         options->create_if_missing, options->error_if_exists);
  printf("  background=%u\n  keydir=%s\n  checkpoint_interval=%llu\n", options->background,
         keydir[options->keydir], (unsigned long long)options->checkpoint_interval);
  printf("  default_ttl=%llu\n  shard_prefix_bits=%u\n", (unsigned long long)options->default_ttl,
         options->shard_prefix_bits);
}

static void options(void) {
  stave_store_options options;
  stave_store_options_init(&options);
  const stave_status status = stave_store_options_set(&options, bytes(0)->data, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void options_describe(void) {
  stave_buffer text;
  stave_buffer_init(&text);
  const stave_status status = stave_store_options_describe(&text, &error);
  if (status == STAVE_OK) print_names(&text);
  reply(status);
  stave_buffer_free(&text);
}

/* The value of the last argument if that is a bare `name`...; it is taken from the arguments. */
static const char* take_option(const char* name) {
  const size_t size = strlen(name);
  if (word_count == 0 || words[word_count - 1].is_quoted) return NULL;
  const char* const text = words[word_count - 1].data;
  if (strncmp(text, name, size) != 0) return NULL;
  --word_count;
  return text + size;
}

const stave_write_options* write_options(void) {
  static stave_write_options options;
  static const char* const names[] = {"", "memory", "os", "device"};
  const char* const expiry = take_option("expires_at=");
  const char* const wanted = take_option("durability=");
  if (!expiry && !wanted) return NULL;
  stave_write_options_init(&options);
  if (expiry)
    options.expires_at =
        strcmp(expiry, "never") == 0 ? STAVE_NEVER_EXPIRES : strtoull(expiry, NULL, 10);
  for (uint32_t durability = 1; wanted && durability < 4; ++durability)
    if (strcmp(wanted, names[durability]) == 0) options.durability = durability;
  return &options;
}

/* ---- Verbs ---------------------------------------------------------------------------------- */

static void store_open(void) {
  stave_store_options options;
  stave_store* store;
  stave_status status = STAVE_OK;
  stave_store_options_init(&options);
  if (word_count > 1) status = stave_store_options_set(&options, option_text(1), &error);
  if (status == STAVE_OK)
    status = stave_store_open(bytes(0)->data, word_count > 1 ? &options : NULL, &store, &error);
  if (status == STAVE_OK) made = store;
  reply(status);
}

static void store_options(void) {
  stave_store_options options;
  stave_store_options_init(&options);
  const stave_status status = stave_store_options_get(self->pointer, &options, &error);
  if (status == STAVE_OK) print_options(&options);
  reply(status);
}

static void store_close(void) {
  reply(stave_store_close(self->pointer, &error));
}

typedef stave_status (*put_function)(stave_store*, const void*, size_t, const void*, size_t,
                                     const stave_write_options*, stave_error*);

static void put_with(put_function put) {
  const stave_write_options* options = write_options();
  const struct word *key = bytes(0), *value = bytes(1);
  reply(put(self->pointer, key->data, key->size, value->data, value->size, options, &error));
}

static void store_put(void) {
  put_with(stave_store_put);
}
static void store_insert(void) {
  put_with(stave_store_insert);
}
static void store_replace(void) {
  put_with(stave_store_replace);
}

static void store_remove(void) {
  const stave_write_options* options = write_options();
  const struct word* key = bytes(0);
  reply(stave_store_remove(self->pointer, key->data, key->size, options, &error));
}

static void store_expire(void) {
  const stave_write_options* options = write_options();
  const struct word* key = bytes(0);
  reply(stave_store_expire(self->pointer, key->data, key->size, number(1), options, &error));
}

static void store_expires_at(void) {
  uint64_t expires_at = 0;
  const struct word* key = bytes(0);
  const stave_status status =
      stave_store_expires_at(self->pointer, key->data, key->size, &expires_at, &error);
  reply_number(status, expires_at);
}

static void store_clear(void) {
  uint64_t removed = 0;
  const stave_write_options* options = write_options();
  const stave_status status = stave_store_clear(self->pointer, &removed, options, &error);
  reply_number(status, removed);
}

static void store_remove_expired(void) {
  uint64_t removed = 0;
  const stave_status status = stave_store_remove_expired(self->pointer, &removed, &error);
  reply_number(status, removed);
}

static void store_compare_and_swap(void) {
  const stave_write_options* options = write_options();
  const struct word *key = bytes(0), *expected = bytes(1), *desired = bytes(2);
  reply(stave_store_compare_and_swap(self->pointer, key->data, key->size, expected->data,
                                     expected->size, desired->data, desired->size, options,
                                     &error));
}

/* What a callback does: the words "append V", "set V", "cancel", "size", "put" or "close". */
static stave_status edit(void* context, stave_buffer* value) {
  const struct word* action = context;
  uint64_t size;
  if (strcmp(action->data, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(action->data, "size") == 0) return stave_store_size(self->pointer, &size, NULL);
  if (strcmp(action->data, "close") == 0) return stave_store_close(self->pointer, NULL);
  if (strcmp(action->data, "put") == 0)
    return stave_store_put(self->pointer, "k", 1, "", 0, NULL, NULL);
  return edit_bytes(action, value);
}

typedef stave_status (*update_function)(stave_store*, const void*, size_t, stave_edit, void*,
                                        stave_buffer*, const stave_write_options*, stave_error*);

static void update_with(update_function update) {
  const stave_write_options* options = write_options();
  const struct word* key = bytes(0);
  argument(1);
  const stave_status status =
      update(self->pointer, key->data, key->size, edit, &words[1], reused, options, &error);
  reply_bytes(status, reused->data, reused->size);
}

static void store_update(void) {
  update_with(stave_store_update);
}
static void store_fetch_update(void) {
  update_with(stave_store_fetch_update);
}

static void store_exchange(void) {
  uint8_t existed = 0;
  const stave_write_options* options = write_options();
  const struct word *key = bytes(0), *value = bytes(1);
  const stave_status status = stave_store_exchange(self->pointer, key->data, key->size, value->data,
                                                   value->size, reused, &existed, options, &error);
  if (status == STAVE_OK && existed)
    reply_bytes(status, reused->data, reused->size);
  else
    reply(status);
}

static void store_shard_for(void) {
  uint32_t shard = 0;
  const struct word* key = bytes(0);
  const stave_status status =
      stave_store_shard_for(self->pointer, key->data, key->size, &shard, &error);
  reply_number(status, shard);
}

static void store_value_size(void) {
  size_t size = 0;
  const struct word* key = bytes(0);
  const stave_status status =
      stave_store_value_size(self->pointer, key->data, key->size, &size, &error);
  reply_number(status, size);
}

static void store_get(void) {
  const struct word* key = bytes(0);
  const stave_status status =
      stave_store_get_buffer(self->pointer, key->data, key->size, reused, &error);
  reply_bytes(status, reused->data, reused->size);
}

static void store_get_into(void) {
  const struct word* key = bytes(0);
  const size_t capacity = (size_t)number(1);
  size_t size = 0;
  void* data = capacity ? malloc(capacity) : NULL;
  const stave_status status =
      stave_store_get(self->pointer, key->data, key->size, data, capacity, &size, &error);
  if (status == STAVE_BUFFER_TOO_SMALL) printf("  needed %zu\n", size);
  reply_bytes(status, data, size);
  free(data);
}

static void store_get_pin(void) {
  stave_pin* pin;
  const struct word* key = bytes(0);
  const stave_status status =
      stave_store_get_pin(self->pointer, key->data, key->size, &pin, &error);
  if (status == STAVE_OK) made = pin;
  reply(status);
}

static void store_contains(void) {
  const struct word* key = bytes(0);
  reply(stave_store_contains(self->pointer, key->data, key->size, &error));
}

static void store_size(void) {
  uint64_t size = 0;
  const stave_status status = stave_store_size(self->pointer, &size, &error);
  reply_number(status, size);
}

static void store_multi_get(void) {
  uint64_t sizes[WORDS_MAX];
  struct flat keys = flatten(0, 1);
  const stave_status status = stave_store_multi_get(self->pointer, keys.data, keys.sizes32,
                                                    keys.count, reused, sizes, &error);
  if (status == STAVE_OK) print_many_values(reused->data, sizes, keys.count);
  reply(status);
  free(keys.data);
}

static void store_multi_put(void) {
  const stave_write_options* options = write_options();
  struct flat keys = flatten(0, 2), values = flatten(1, 2);
  if (keys.count != values.count) die("a value is missing");
  reply(stave_store_multi_put(self->pointer, keys.data, keys.sizes32, values.data, values.sizes64,
                              keys.count, options, &error));
  free(keys.data);
  free(values.data);
}

static void store_multi_remove(void) {
  uint64_t deleted = 0;
  const stave_write_options* options = write_options();
  struct flat keys = flatten(0, 1);
  const stave_status status = stave_store_multi_remove(self->pointer, keys.data, keys.sizes32,
                                                       keys.count, &deleted, options, &error);
  reply_number(status, deleted);
  free(keys.data);
}

static void store_flush(void) {
  reply(stave_store_flush(self->pointer, &error));
}

static void store_checkpoint(void) {
  reply(stave_store_checkpoint(self->pointer, &error));
}

static void store_sync(void) {
  reply(stave_store_sync(self->pointer, &error));
}

static void store_stats(void) {
  stave_store_stats stats;
  stave_store_stats_init(&stats);
  const stave_status status = stave_store_stats_get(self->pointer, &stats, &error);
  const struct member members[] = {
      {"recovered", stats.recovered},
      {"writes_refused", stats.writes_refused},
      {"keys", stats.keys},
      {"segments", stats.segments},
      {"log_bytes", stats.log_bytes},
      {"live_bytes", stats.live_bytes},
      {"disk_bytes", stats.disk_bytes},
      {"version", stats.version},
      {"durable_version", stats.durable_version},
      {"commits", stats.commits},
      {"bytes_written", stats.bytes_written},
      {"syncs", stats.syncs},
      {"reads", stats.reads},
      {"recovered_commits", stats.recovered_commits},
      {"recovered_cut_bytes", stats.recovered_cut_bytes},
      {NULL, 0},
  };
  reply_members(status, members, 0);
}

struct progress {
  const char* what; /* cancel, size, close, or empty */
  int is_complete;
};

static stave_status on_progress(void* context, uint64_t done, uint64_t total) {
  struct progress* progress = context;
  uint64_t size;
  progress->is_complete = done == total;
  if (strcmp(progress->what, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(progress->what, "size") == 0) return stave_store_size(self->pointer, &size, NULL);
  if (strcmp(progress->what, "close") == 0) return stave_store_close(self->pointer, NULL);
  return STAVE_OK;
}

static void store_verify(void) {
  struct progress progress = {word_count ? words[0].data : "", 0};
  const stave_status status = stave_store_verify(self->pointer, on_progress, &progress, &error);
  reply_number(status, (uint64_t)progress.is_complete);
}

static stave_status write_batch(uint64_t* version) {
  uint64_t failed = 0;
  const stave_write_options* options = write_options();
  const struct handle* batch = find_handle(argument(0)->data);
  if (!batch || batch->kind != KIND_BATCH) die("expected a batch");
  const stave_status status =
      stave_store_write(self->pointer, batch->pointer, &failed, version, options, &error);
  if (status == STAVE_MISMATCH) printf("  failed %llu\n", (unsigned long long)failed);
  return status;
}

static void store_write(void) {
  reply(write_batch(NULL));
}

static void store_write_version(void) {
  uint64_t version = 0;
  const stave_status status = write_batch(&version);
  reply_number(status, version);
}

static void store_free(void) {
  stave_store_free(self->pointer);
  reply_freed();
}

const struct verb store_verbs[] = {
    {KIND_NONE, KIND_NONE, "options", options},
    {KIND_NONE, KIND_NONE, "options_describe", options_describe},
    {KIND_NONE, KIND_STORE, "store.open", store_open},
    {KIND_STORE, KIND_NONE, "options", store_options},
    {KIND_STORE, KIND_NONE, "close", store_close},
    {KIND_STORE, KIND_NONE, "free", store_free},
    {KIND_STORE, KIND_NONE, "put", store_put},
    {KIND_STORE, KIND_NONE, "insert", store_insert},
    {KIND_STORE, KIND_NONE, "replace", store_replace},
    {KIND_STORE, KIND_NONE, "remove", store_remove},
    {KIND_STORE, KIND_NONE, "expire", store_expire},
    {KIND_STORE, KIND_NONE, "expires_at", store_expires_at},
    {KIND_STORE, KIND_NONE, "clear", store_clear},
    {KIND_STORE, KIND_NONE, "remove_expired", store_remove_expired},
    {KIND_STORE, KIND_NONE, "compare_and_swap", store_compare_and_swap},
    {KIND_STORE, KIND_NONE, "update", store_update},
    {KIND_STORE, KIND_NONE, "fetch_update", store_fetch_update},
    {KIND_STORE, KIND_NONE, "exchange", store_exchange},
    {KIND_STORE, KIND_NONE, "shard_for", store_shard_for},
    {KIND_STORE, KIND_NONE, "value_size", store_value_size},
    {KIND_STORE, KIND_NONE, "get", store_get},
    {KIND_STORE, KIND_NONE, "get_into", store_get_into},
    {KIND_STORE, KIND_PIN, "get_pin", store_get_pin},
    {KIND_STORE, KIND_NONE, "contains", store_contains},
    {KIND_STORE, KIND_NONE, "size", store_size},
    {KIND_STORE, KIND_NONE, "multi_get", store_multi_get},
    {KIND_STORE, KIND_NONE, "multi_put", store_multi_put},
    {KIND_STORE, KIND_NONE, "multi_remove", store_multi_remove},
    {KIND_STORE, KIND_NONE, "write", store_write},
    {KIND_STORE, KIND_NONE, "write_version", store_write_version},
    {KIND_STORE, KIND_NONE, "flush", store_flush},
    {KIND_STORE, KIND_NONE, "sync", store_sync},
    {KIND_STORE, KIND_NONE, "checkpoint", store_checkpoint},
    {KIND_STORE, KIND_NONE, "stats", store_stats},
    {KIND_STORE, KIND_NONE, "verify", store_verify},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
