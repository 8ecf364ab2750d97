/* store: writes that rest on what is there, of one key and of several.
 *
 *   static stave_status count(void *context, stave_buffer *value) {
 *     uint64_t number;
 *     memcpy(&number, value->data, sizeof number);
 *     number++;
 *     memcpy(value->data, &number, sizeof number);
 *     return STAVE_OK;
 *   }
 *   stave_store_update(store, "visits", 6, count, NULL, NULL, NULL, &error);
 */
#ifndef STAVE_STORE_UPDATE_H
#define STAVE_STORE_UPDATE_H

#include <stave/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- One key -------------------------------------------------------------------------------- */

/* Each is one step: no other write comes between finding out the value and replacing it. Where the
 * answer rests on a write of another thread that is not visible yet, the call waits for it. They
 * read the value: also the errors of reads. */

/* Replaces the value by `desired` if it is `expected` now: OK, NOT_FOUND, or MISMATCH if it is
 * another value. */
STAVE_API stave_status stave_store_compare_and_swap(stave_store *store, const void *key,
                                                    size_t key_size, const void *expected,
                                                    size_t expected_size, const void *desired,
                                                    size_t desired_size,
                                                    const stave_write_options *options,
                                                    stave_error *error);

/* Lets the callback change the value of a key (stave_edit). It runs at most once, under the lock of
 * the key's shard, so it should be short; it may read from the same store, where writes are BUSY.
 * NOT_FOUND, without a callback, when the key is absent. `updated` receives the new value; it may be
 * NULL, and is empty after a failure. */
STAVE_API stave_status stave_store_update(stave_store *store, const void *key, size_t key_size,
                                          stave_edit edit, void *context, stave_buffer *updated,
                                          const stave_write_options *options, stave_error *error);

/* Like stave_store_update, but `previous` receives the value that there was. */
STAVE_API stave_status stave_store_fetch_update(stave_store *store, const void *key,
                                                size_t key_size, stave_edit edit, void *context,
                                                stave_buffer *previous,
                                                const stave_write_options *options,
                                                stave_error *error);

/* Inserts or replaces the value. `previous` receives the value that there was, and *existed is 1;
 * where there was none, the buffer is empty and *existed is 0, as after a failure. Both may be
 * NULL. */
STAVE_API stave_status stave_store_exchange(stave_store *store, const void *key, size_t key_size,
                                            const void *value, size_t value_size,
                                            stave_buffer *previous, uint8_t *existed,
                                            const stave_write_options *options, stave_error *error);

/* Sets *shard to the number of the key's shard, from 0 to the option `shards`. Writes to keys of
 * one shard exclude each other. O(size of key). */
STAVE_API stave_status stave_store_shard_for(stave_store *store, const void *key, size_t key_size,
                                             uint32_t *shard, stave_error *error);

/* ---- Several keys of one shard -------------------------------------------------------------- */

/* The keys of one shard, inside of stave_store_atomic. Valid while the callback runs, in its thread;
 * there is nothing to close. */
typedef struct stave_atomic stave_atomic;

/* Reads and writes through `atomic`. STAVE_OK commits; any other status (STAVE_CANCELLED is meant for
 * this) undoes all that was written, and is returned by the call, positive ones and numbers of its
 * own included, in `error` too. */
typedef stave_status (*stave_atomic_callback)(void *context, stave_atomic *atomic);

/* Runs the callback once, under the lock of the shard that `shard_key` (which need not exist) lies
 * in: it sees that shard's keys as no other write can change them, and what it has written itself.
 * All of its writes become visible together, survive a crash together and cost one sync; those of a
 * key count as one change. It should be short, and may also read from the store itself, where it
 * does not see its own writes. Keys of one shard: with the option shard_prefix_bits those with a
 * common prefix; else equal numbers of stave_store_shard_for. `options` are those of all writes
 * inside. *version (may be NULL) is the commit's version, or 0 when nothing was written. */
STAVE_API stave_status stave_store_atomic(stave_store *store, const void *shard_key,
                                          size_t shard_key_size, stave_atomic_callback callback,
                                          void *context, uint64_t *version,
                                          const stave_write_options *options, stave_error *error);

/* The calls inside. Each returns what the store's call of the same name would, and SHARD_MISMATCH for
 * a key of another shard. An error does not end the callback: what went before still counts. */
STAVE_API stave_status stave_atomic_get(stave_atomic *atomic, const void *key, size_t key_size,
                                        stave_buffer *value, stave_error *error);
STAVE_API stave_status stave_atomic_contains(stave_atomic *atomic, const void *key, size_t key_size,
                                             stave_error *error);
STAVE_API stave_status stave_atomic_put(stave_atomic *atomic, const void *key, size_t key_size,
                                        const void *value, size_t value_size, stave_error *error);
STAVE_API stave_status stave_atomic_insert(stave_atomic *atomic, const void *key, size_t key_size,
                                           const void *value, size_t value_size,
                                           stave_error *error);
STAVE_API stave_status stave_atomic_replace(stave_atomic *atomic, const void *key, size_t key_size,
                                            const void *value, size_t value_size,
                                            stave_error *error);
STAVE_API stave_status stave_atomic_remove(stave_atomic *atomic, const void *key, size_t key_size,
                                           stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_STORE_UPDATE_H */
