/* Verbs of the store that run callbacks, other than update: atomic, hooks, migrate. */
#define _POSIX_C_SOURCE 200809L

#include "tests/conformance/testees/c/protocol.h"

#include <stdlib.h>
#include <string.h>

static int is_word(size_t position, const char* text) {
  return position < word_count && !words[position].is_quoted &&
         strcmp(words[position].data, text) == 0;
}

/* ---- Atomic --------------------------------------------------------------------------------- */

static void print_step(stave_status status) {
  printf("  %s%s\n", status < 0 ? "error " : "", stave_status_name(status));
}

/* Runs the step whose word stands at *position, which moves to the next one. False: the callback
 * ends, with *answer. */
static int run_step(stave_atomic* atomic, size_t* position, stave_status* answer) {
  const char* step = argument((*position)++)->data;
  *answer = STAVE_CANCELLED;
  if (strcmp(step, "cancel") == 0) return 0;
  if (strcmp(step, "store.put") == 0) {
    *answer = stave_store_put(self->pointer, "k", 1, "", 0, NULL, NULL);
    return 0;
  }
  const struct word* key = bytes((*position)++);
  if (strcmp(step, "get") == 0 || strcmp(step, "store.get") == 0) {
    const stave_status status =
        step[0] == 'g' ? stave_atomic_get(atomic, key->data, key->size, reused, NULL)
                       : stave_store_get_buffer(self->pointer, key->data, key->size, reused, NULL);
    if (status != STAVE_OK) {
      print_step(status);
    } else {
      printf("  ok ");
      print_bytes(reused->data, reused->size);
      printf("\n");
    }
  } else if (strcmp(step, "contains") == 0) {
    print_step(stave_atomic_contains(atomic, key->data, key->size, NULL));
  } else if (strcmp(step, "remove") == 0) {
    print_step(stave_atomic_remove(atomic, key->data, key->size, NULL));
  } else {
    const struct word* value = bytes((*position)++);
    stave_status (*const put)(stave_atomic*, const void*, size_t, const void*, size_t,
                              stave_error*) = strcmp(step, "put") == 0      ? stave_atomic_put
                                              : strcmp(step, "insert") == 0 ? stave_atomic_insert
                                                                            : stave_atomic_replace;
    print_step(put(atomic, key->data, key->size, value->data, value->size, NULL));
  }
  return 1;
}

static stave_status run_steps(void* context, stave_atomic* atomic) {
  stave_status answer = STAVE_OK;
  size_t position = 1;
  (void)context;
  while (position < word_count)
    if (!run_step(atomic, &position, &answer)) return answer;
  return STAVE_OK;
}

static void store_atomic(void) {
  uint64_t version = 0;
  const stave_write_options* options = write_options();
  const struct word* shard_key = bytes(0);
  const stave_status status = stave_store_atomic(self->pointer, shard_key->data, shard_key->size,
                                                 run_steps, NULL, &version, options, &error);
  reply_number(status, version);
}

/* ---- Hooks ---------------------------------------------------------------------------------- */

/* What hooks were shown since `events` was asked last: the lines of its reply. */
static char* events;
static size_t events_size;
static FILE* events_file;

enum hook_action { HOOK_RECORD, HOOK_FAIL, HOOK_GET, HOOK_PUT };

struct hook {
  enum hook_action action;
  void* store;
};
static struct hook hooks[16];
static size_t hook_count;

static stave_status on_change(void* context, const stave_change* change) {
  const struct hook* hook = context;
  stave_buffer value;
  stave_status status = STAVE_OK;
  if (!events_file) events_file = open_memstream(&events, &events_size);
  fprintf(events_file, "  %llu ", (unsigned long long)change->version);
  write_bytes(events_file, change->key, change->key_size);
  if (change->removed) {
    fprintf(events_file, " removed");
  } else {
    fprintf(events_file, " = ");
    write_bytes(events_file, change->value, change->value_size);
  }
  if (change->expires_at)
    fprintf(events_file, " expires %llu", (unsigned long long)change->expires_at);
  if (change->has_old_value) {
    fprintf(events_file, " was ");
    write_bytes(events_file, change->old_value, change->old_value_size);
  }
  stave_buffer_init(&value);
  if (hook->action == HOOK_FAIL) {
    status = STAVE_IO;
  } else if (hook->action == HOOK_GET) {
    fprintf(events_file, " sees %s",
            stave_status_name(
                stave_store_get_buffer(hook->store, change->key, change->key_size, &value, NULL)));
  } else if (hook->action == HOOK_PUT) {
    status = stave_store_put(hook->store, "k", 1, "", 0, NULL, NULL);
    fprintf(events_file, " puts %s", stave_status_name(status));
  }
  stave_buffer_free(&value);
  fprintf(events_file, "\n");
  return status;
}

/* The hook that the first word asks for. */
static struct hook* new_hook(void) {
  struct hook* hook = &hooks[hook_count++ % (sizeof hooks / sizeof hooks[0])];
  hook->store = self->pointer;
  hook->action = is_word(0, "fail")  ? HOOK_FAIL
                 : is_word(0, "get") ? HOOK_GET
                 : is_word(0, "put") ? HOOK_PUT
                                     : HOOK_RECORD;
  return hook;
}

static void store_on_write(void) {
  const uint32_t flags = is_word(word_count - 1, "old_value") ? STAVE_HOOK_OLD_VALUE : 0;
  reply(stave_store_on_write(self->pointer, flags, on_change, new_hook(), &error));
}

static void store_on_open(void) {
  reply(stave_store_on_open(self->pointer, on_change, new_hook(), &error));
}

static void store_events(void) {
  if (events_file) {
    fclose(events_file);
    fwrite(events, 1, events_size, stdout);
    free(events);
  }
  events_file = NULL;
  reply(STAVE_OK);
}

/* ---- Migrate -------------------------------------------------------------------------------- */

/* The arguments are a prefix of keys, what is done with their records, and perhaps `stop`. */
static stave_status decide(void* context, const void* key, size_t key_size, stave_buffer* value,
                           uint32_t* action) {
  const struct word *prefix = bytes(0), *step = argument(1);
  (void)context;
  if (key_size < prefix->size || memcmp(key, prefix->data, prefix->size) != 0) return STAVE_OK;
  if (strcmp(step->data, "cancel") == 0) return STAVE_CANCELLED;
  if (strcmp(step->data, "put") == 0)
    return stave_store_put(self->pointer, "k", 1, "", 0, NULL, NULL);
  if (strcmp(step->data, "keep") == 0) return STAVE_OK;
  *action = strcmp(step->data, "remove") == 0 ? STAVE_MIGRATE_REMOVE : STAVE_MIGRATE_UPDATE;
  return *action == STAVE_MIGRATE_UPDATE ? edit_bytes(step, value) : STAVE_OK;
}

static stave_status on_migrated(void* context, uint64_t done, uint64_t total, const void* token,
                                size_t token_size) {
  (void)context;
  if (done > total) die("a migration says that it has done more than all");
  keep_token(token, token_size);
  return is_word(word_count - 1, "stop") ? STAVE_CANCELLED : STAVE_OK;
}

static void migrate_from(const void* token, size_t token_size) {
  uint64_t changed = 0;
  const stave_write_options* options = write_options();
  const stave_status status = stave_store_migrate(self->pointer, decide, on_migrated, NULL, token,
                                                  token_size, &changed, options, &error);
  reply_number(status, changed);
}

static void store_migrate(void) {
  migrate_from(NULL, 0);
}

static void store_migrate_on(void) {
  migrate_from(kept_token.data, kept_token.size);
}

const struct verb store_watch_verbs[] = {
    {KIND_STORE, KIND_NONE, "atomic", store_atomic},
    {KIND_STORE, KIND_NONE, "on_write", store_on_write},
    {KIND_STORE, KIND_NONE, "on_open", store_on_open},
    {KIND_STORE, KIND_NONE, "events", store_events},
    {KIND_STORE, KIND_NONE, "migrate", store_migrate},
    {KIND_STORE, KIND_NONE, "migrate_on", store_migrate_on},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
