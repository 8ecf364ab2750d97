/* store: hooks, which see every change; visiting all records; changing all records.
 *
 * Hooks keep something else in step with the store, a secondary index for example:
 *
 *   stave_store_open(path, NULL, &store, &error);
 *   stave_store_on_write(store, STAVE_HOOK_OLD_VALUE, hook, my_index, &error);
 *   stave_store_on_open(store, hook, my_index, &error);
 */
#ifndef STAVE_STORE_WATCH_H
#define STAVE_STORE_WATCH_H

#include <stave/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Hooks ---------------------------------------------------------------------------------- */

/* One key's part in a commit. The bytes are valid while the hook runs. */
typedef struct stave_change {
  uint32_t struct_size;
  uint32_t namespace_id; /* 0: the store itself */
  uint8_t removed;       /* 1: the key was removed; value is empty */
  uint8_t has_old_value; /* 1: the key was present, and the hook asked for its value */
  uint8_t reserved[6];   /* zero */
  const void *key;
  size_t key_size;
  const void *value; /* the new value */
  size_t value_size;
  const void *old_value; /* empty unless has_old_value */
  size_t old_value_size;
  uint64_t expires_at; /* Unix time in milliseconds; 0: never */
  uint64_t version;    /* of the commit */
} stave_change;

/* Any status but STAVE_OK makes the write that called the hook HOOK_FAILED; its change stands. */
typedef stave_status (*stave_hook)(void *context, const stave_change *change);

/* Flags of stave_store_on_write. */
enum {
  STAVE_HOOK_OLD_VALUE = 1 /* wants old values, which costs each write a read */
};

/* Calls the hook for every change of a key that is committed from now on until the store is closed:
 * by single writes, batches, atomic, clear and migrate, not by expiry. Each call comes after the
 * change is visible and before the write returns, in the writing thread and outside all locks. Calls
 * of all threads come one after the other, in the order of the versions, so a slow hook slows all
 * writes down; those of one batch come in no particular order. A change that is not visible after a
 * failed sync is not seen. The hook may read from the store, where writes are BUSY. Several hooks
 * are called in the order in which they were added, also after one of them has failed. `context`
 * stays in use until stave_store_close, or free, returns. A damaged old value makes the write
 * CORRUPTION. READ_ONLY. Waits for running writes. */
STAVE_API stave_status stave_store_on_write(stave_store *store, uint32_t flags, stave_hook hook,
                                            void *context, stave_error *error);

/* Calls the hook for every record, with its version and without an old value, in no particular order:
 * to build what hooks then keep in step. HOOK_FAILED: the first call that fails ends the visit.
 * Meant to be called after opening and before others write. Beside writers a record is visited as
 * by a cursor: add the hook for writes first, and let the larger version count. Errors of reads.
 * O(bytes in the store). */
STAVE_API stave_status stave_store_on_open(stave_store *store, stave_hook hook, void *context,
                                           stave_error *error);

/* ---- Changing all records -------------------------------------------------------------------- */

enum {
  STAVE_MIGRATE_KEEP = 0,   /* the record stays as it is */
  STAVE_MIGRATE_UPDATE = 1, /* the content of the buffer becomes the value */
  STAVE_MIGRATE_REMOVE = 2  /* the key is removed */
};

/* Decides about a record: *action, which is STAVE_MIGRATE_KEEP before the call. `value` has a private
 * copy of the value, and may be changed as in a stave_edit. Any status but STAVE_OK ends the
 * migration, which returns it. */
typedef stave_status (*stave_migration)(void *context, const void *key, size_t key_size,
                                        stave_buffer *value, uint32_t *action);

/* Called with the context of the migration after every commit of it, and at the end: this call has
 * visited `done` records, of about `total` in the store; `token` says where to go on. Any status but STAVE_OK ends the
 * migration, which returns it. */
typedef stave_status (*stave_migrate_progress)(void *context, uint64_t done, uint64_t total,
                                               const void *token, size_t token_size);

/* Visits each record that existed when the migration began exactly once, beside any traffic, and does
 * what the callback decides; expiry stays as it was. Records are committed some hundred at a time;
 * one that another writer replaces or removes after the callback has seen it is left to that writer.
 * An interrupted migration, also one that a crash interrupted, goes on from the last `token` that
 * its progress was called with: what came before is as durable as `options` asked for, and what
 * came after, for which the callback is called again, was not committed. A token of size 0 begins.
 * *changed (may be NULL) is the number of records that this call has updated or removed, also after
 * an error. `progress` may be NULL. The callbacks run outside all locks; they may read from the
 * store, where writes are BUSY. INVALID_ARGUMENT for a token, as stave_store_cursor_token says.
 * O(bytes in the store). */
STAVE_API stave_status stave_store_migrate(stave_store *store, stave_migration migration,
                                           stave_migrate_progress progress, void *context,
                                           const void *token, size_t token_size, uint64_t *changed,
                                           const stave_write_options *options, stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_STORE_WATCH_H */
