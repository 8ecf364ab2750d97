/* memtable: a multi-version table in memory.
 *
 * Bytes -> bytes, with the versions of each key that somebody may still read. Readers see one moment
 * and take no lock; the first writer of a key wins; a commit of any number of keys is visible as a
 * whole or not at all. There are two ways to use it, chosen when the table is created:
 *
 *   managed    The table keeps the time. Transactions read at the moment of their begin and see
 *              their own writes; snapshots read at the moment of theirs. Old versions are freed when
 *              no open transaction, snapshot or cursor can see them. This is what most programs want.
 *   explicit   The caller brings the timestamps: transactions are numbers, reads and commits say at
 *              which timestamp, and only stave_memtable_prune frees. For engines with a clock of
 *              their own, for example above a store on disk.
 *
 *   stave_memtable *table;
 *   stave_memtable_transaction *transaction;
 *   stave_memtable_create(NULL, &table, &error);
 *   stave_memtable_begin(table, &transaction, &error);
 *   stave_memtable_transaction_put(transaction, "key", 3, "value", 5, &error);
 *   stave_memtable_transaction_commit(transaction, NULL, &error);
 *   stave_memtable_transaction_free(transaction);
 *
 * Visibility
 *   A version is visible to a snapshot with timestamp s iff it is committed at a timestamp below s;
 *   the newest such one counts. A transaction sees its own uncommitted write of a key first. A
 *   removed key has a version too, a tombstone, so that the removal can be seen or not be seen.
 *
 * Conflicts
 *   A write is STAVE_CONFLICT, and changes nothing, while another transaction has an uncommitted
 *   write of the key; in a managed table also if a version of the key was committed after the
 *   transaction began. It is never too late to write other keys. To try again, roll back and begin
 *   anew. This is snapshot isolation: no lost updates, no reads of uncommitted or changing data;
 *   two transactions that each write what the other only reads (write skew) can both commit.
 *
 * Limits
 *   key 0 to 65,535 bytes; value 0 to 1 GiB: beyond, STAVE_TOO_LARGE and nothing is written. A commit
 *   timestamp is from 1 to 2^63-1. Values up to 56 bytes lie with their version.
 *
 * Threads and callbacks
 *   A table, and every function that takes one, may be used by any number of threads, which may come
 *   and go. Transactions and cursors: one thread at a time. A callback of stave_memtable_read_with
 *   may call every function of the table but its close.
 *
 * Errors of every function
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size, an explicit function of a managed
 *   table or the other way round), CLOSED, FORKED, BUSY (as said below), NO_MEMORY (nothing is
 *   changed). They are not repeated below.
 */
#ifndef STAVE_MEMTABLE_H
#define STAVE_MEMTABLE_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Creating ------------------------------------------------------------------------------ */

typedef struct stave_memtable stave_memtable;

enum {
  STAVE_TIMESTAMPS_MANAGED = 1, /* by the table */
  STAVE_TIMESTAMPS_EXPLICIT = 2 /* by the caller */
};

/* Also settable as text, "name=value", with the member's name. */
typedef struct stave_memtable_options {
  uint32_t struct_size;
  uint32_t timestamps; /* managed or explicit; default managed */
  uint64_t capacity;   /* room for this many keys is made at once; default 0. No limit: tables grow
                          piece by piece */
  uint8_t background;  /* default 1: what commits leave to be freed may be freed by the library's
                          background thread, within a second. With 0 later commits do it, and
                          stave_memtable_prune. Explicit tables never use the thread */
  uint8_t reserved[7]; /* zero */
} stave_memtable_options;

/* Fills in struct_size and the defaults. NULL is ignored. Since 0.1. */
STAVE_API void stave_memtable_options_init(stave_memtable_options *options);

/* Sets members from text: "timestamps=explicit capacity=1000000". As stave_store_options_set.
 * Since 0.1. */
STAVE_API stave_status stave_memtable_options_set(stave_memtable_options *options, const char *text,
                                                  stave_error *error);

/* All options with type, default and meaning, one a line, as UTF-8 text for people. Since 0.1. */
STAVE_API stave_status stave_memtable_options_describe(stave_buffer *text, stave_error *error);

/* Makes an empty table. `options` may be NULL: the defaults. Since 0.1. */
STAVE_API stave_status stave_memtable_create(const stave_memtable_options *options,
                                             stave_memtable **table, stave_error *error);

/* The options in force. options->struct_size says how much may be written. Since 0.1. */
STAVE_API stave_status stave_memtable_options_get(stave_memtable *table,
                                                  stave_memtable_options *options,
                                                  stave_error *error);

/* Ends the table; uncommitted writes are lost. A second close is STAVE_OK. BUSY from inside a
 * callback of this table. The memory goes with the last handle: the table's own or that of a
 * transaction, snapshot or cursor. O(keys). Since 0.1. */
STAVE_API stave_status stave_memtable_close(stave_memtable *table, stave_error *error);

/* Closes if need be and gives the handle back. Pins stay valid. Since 0.1. */
STAVE_API void stave_memtable_free(stave_memtable *table);

/* ---- Managed: transactions ----------------------------------------------------------------- */

/* One thread at a time, its cursors included. Commit and rollback end a transaction: all later calls but close and free
 * are CLOSED, those on its cursors too. One that is closed or freed without commit is rolled back. */
typedef struct stave_memtable_transaction stave_memtable_transaction;

/* Begins a transaction that reads at this moment. O(1). Since 0.1, as are all functions below. */
STAVE_API stave_status stave_memtable_begin(stave_memtable *table,
                                            stave_memtable_transaction **transaction,
                                            stave_error *error);

/* Its number, which no other transaction of the table has or had. */
STAVE_API stave_status stave_memtable_transaction_id(stave_memtable_transaction *transaction,
                                                     uint64_t *id, stave_error *error);
/* The timestamp it reads at: it sees the commits with lower ones. */
STAVE_API stave_status stave_memtable_transaction_snapshot(stave_memtable_transaction *transaction,
                                                           uint64_t *timestamp, stave_error *error);

/* Writes the key, whether or not it exists. CONFLICT (see above), TOO_LARGE. O(size). */
STAVE_API stave_status stave_memtable_transaction_put(stave_memtable_transaction *transaction,
                                                      const void *key, size_t key_size,
                                                      const void *value, size_t value_size,
                                                      stave_error *error);
/* Removes the key; an absent one too, which is a write like any other. CONFLICT. */
STAVE_API stave_status stave_memtable_transaction_remove(stave_memtable_transaction *transaction,
                                                         const void *key, size_t key_size,
                                                         stave_error *error);

/* Reads, the three ways of stave_store_get, stave_store_get_buffer and stave_store_get_pin, and with
 * their rules for the out-parameters. NOT_FOUND; BUFFER_TOO_SMALL of the first. O(size + log
 * versions of the key). */
STAVE_API stave_status stave_memtable_transaction_get(stave_memtable_transaction *transaction,
                                                      const void *key, size_t key_size, void *data,
                                                      size_t capacity, size_t *size,
                                                      stave_error *error);
STAVE_API stave_status
stave_memtable_transaction_get_buffer(stave_memtable_transaction *transaction, const void *key,
                                      size_t key_size, stave_buffer *value, stave_error *error);
/* Values above 56 bytes are not copied. */
STAVE_API stave_status stave_memtable_transaction_get_pin(stave_memtable_transaction *transaction,
                                                          const void *key, size_t key_size,
                                                          stave_pin **pin, stave_error *error);
/* STAVE_OK when the key exists, else NOT_FOUND. */
STAVE_API stave_status stave_memtable_transaction_contains(stave_memtable_transaction *transaction,
                                                           const void *key, size_t key_size,
                                                           stave_error *error);

/* In an array of sizes of values: a tombstone, the key is removed. */
#define STAVE_TOMBSTONE (UINT64_MAX - 1)

/* Reads `count` keys at the transaction's one moment. `keys` holds them one behind the other,
 * key_sizes their sizes. `values` receives the values of those that exist, one behind the other in
 * the same order; value_sizes[i] is the size, or STAVE_ABSENT. What several keys need of memory is
 * fetched together: in a large table a key costs half of a get. */
STAVE_API stave_status stave_memtable_transaction_multi_get(
    stave_memtable_transaction *transaction, const void *keys, const uint32_t *key_sizes,
    size_t count, stave_buffer *values, uint64_t *value_sizes, stave_error *error);
/* Writes `count` keys one after the other; a value size of STAVE_TOMBSTONE removes the key. Stops at
 * the first write that fails and returns its status; *written (may be NULL) is the number that were
 * made, which stay. */
STAVE_API stave_status stave_memtable_transaction_multi_write(
    stave_memtable_transaction *transaction, const void *keys, const uint32_t *key_sizes,
    const void *values, const uint64_t *value_sizes, size_t count, size_t *written,
    stave_error *error);

/* Makes all writes visible at once. *timestamp (may be NULL) becomes the commit timestamp, 0 when
 * nothing was written. Cannot conflict: conflicts show at the write. O(keys written); each that has
 * an older version looks at every open snapshot and transaction, which takes about a nanosecond. */
STAVE_API stave_status stave_memtable_transaction_commit(stave_memtable_transaction *transaction,
                                                         uint64_t *timestamp, stave_error *error);
/* Takes all writes back. O(keys written). */
STAVE_API stave_status stave_memtable_transaction_rollback(stave_memtable_transaction *transaction,
                                                           stave_error *error);
/* As stave_memtable_close and stave_memtable_free. */
STAVE_API stave_status stave_memtable_transaction_close(stave_memtable_transaction *transaction,
                                                        stave_error *error);
STAVE_API void stave_memtable_transaction_free(stave_memtable_transaction *transaction);

/* ---- Managed: snapshots -------------------------------------------------------------------- */

/* Reads at one moment, for as long as it is open; any number of threads. An open snapshot costs at
 * most one version more of each key that changes, and blocks nobody. */
typedef struct stave_memtable_snapshot stave_memtable_snapshot;

STAVE_API stave_status stave_memtable_snapshot_open(stave_memtable *table,
                                                    stave_memtable_snapshot **snapshot,
                                                    stave_error *error);
/* The timestamp it reads at. */
STAVE_API stave_status stave_memtable_snapshot_timestamp(stave_memtable_snapshot *snapshot,
                                                         uint64_t *timestamp, stave_error *error);
/* As the transaction's reads. */
STAVE_API stave_status stave_memtable_snapshot_get(stave_memtable_snapshot *snapshot,
                                                   const void *key, size_t key_size, void *data,
                                                   size_t capacity, size_t *size,
                                                   stave_error *error);
STAVE_API stave_status stave_memtable_snapshot_get_buffer(stave_memtable_snapshot *snapshot,
                                                          const void *key, size_t key_size,
                                                          stave_buffer *value, stave_error *error);
STAVE_API stave_status stave_memtable_snapshot_get_pin(stave_memtable_snapshot *snapshot,
                                                       const void *key, size_t key_size,
                                                       stave_pin **pin, stave_error *error);
STAVE_API stave_status stave_memtable_snapshot_contains(stave_memtable_snapshot *snapshot,
                                                        const void *key, size_t key_size,
                                                        stave_error *error);
STAVE_API stave_status stave_memtable_snapshot_multi_get(stave_memtable_snapshot *snapshot,
                                                         const void *keys,
                                                         const uint32_t *key_sizes, size_t count,
                                                         stave_buffer *values,
                                                         uint64_t *value_sizes, stave_error *error);
/* As stave_memtable_close and stave_memtable_free. */
STAVE_API stave_status stave_memtable_snapshot_close(stave_memtable_snapshot *snapshot,
                                                     stave_error *error);
STAVE_API void stave_memtable_snapshot_free(stave_memtable_snapshot *snapshot);

/* ---- Explicit timestamps ------------------------------------------------------------------- */

/* A transaction is a number of the caller's that is not 0: it exists from its first write to its
 * commit, or to the abort of its last key; then the number is free again. Several threads may write
 * for one. The caller chooses snapshot timestamps that no later commit stays below, where moments
 * must not change. Commits may come in any order of timestamps. */

/* The value visible at `snapshot` (any number), or the write of `transaction` (0: none). NOT_FOUND
 * when there is none: then *deleted (may be NULL) tells a removed key (1) from an absent one (0),
 * which levels below need to know. Otherwise as stave_store_get. TOO_OLD below what
 * stave_memtable_prune was told to keep. */
STAVE_API stave_status stave_memtable_read(stave_memtable *table, const void *key, size_t key_size,
                                           uint64_t snapshot, uint64_t transaction, void *data,
                                           size_t capacity, size_t *size, uint8_t *deleted,
                                           stave_error *error);
STAVE_API stave_status stave_memtable_read_buffer(stave_memtable *table, const void *key,
                                                  size_t key_size, uint64_t snapshot,
                                                  uint64_t transaction, stave_buffer *value,
                                                  uint8_t *deleted, stave_error *error);
STAVE_API stave_status stave_memtable_read_pin(stave_memtable *table, const void *key,
                                               size_t key_size, uint64_t snapshot,
                                               uint64_t transaction, stave_pin **pin,
                                               uint8_t *deleted, stave_error *error);

/* Is given the value, which is valid until it returns. The call that runs it returns its status;
 * if that is negative `error` is filled with it. It may use the table, and read_with inside itself:
 * it runs while no lock and no version is held, so it may also take its time. */
typedef stave_status (*stave_memtable_reader)(void *context, const void *value, size_t size);

/* Hands the value to `reader` in place (values up to 56 bytes from a copy on the stack). */
STAVE_API stave_status stave_memtable_read_with(stave_memtable *table, const void *key,
                                                size_t key_size, uint64_t snapshot,
                                                uint64_t transaction, stave_memtable_reader reader,
                                                void *context, uint8_t *deleted,
                                                stave_error *error);
/* As stave_memtable_transaction_multi_get; value_sizes[i] is STAVE_TOMBSTONE for a removed key. */
STAVE_API stave_status stave_memtable_multi_read(stave_memtable *table, const void *keys,
                                                 const uint32_t *key_sizes, size_t count,
                                                 uint64_t snapshot, uint64_t transaction,
                                                 stave_buffer *values, uint64_t *value_sizes,
                                                 stave_error *error);

/* Writes for the transaction; replaces what it wrote to the key before. CONFLICT, TOO_LARGE. */
STAVE_API stave_status stave_memtable_write(stave_memtable *table, const void *key, size_t key_size,
                                            const void *value, size_t value_size,
                                            uint64_t transaction, stave_error *error);
/* The same for the removal of the key. */
STAVE_API stave_status stave_memtable_write_tombstone(stave_memtable *table, const void *key,
                                                      size_t key_size, uint64_t transaction,
                                                      stave_error *error);
/* As stave_memtable_transaction_multi_write. */
STAVE_API stave_status stave_memtable_multi_write(stave_memtable *table, const void *keys,
                                                  const uint32_t *key_sizes, const void *values,
                                                  const uint64_t *value_sizes, size_t count,
                                                  uint64_t transaction, size_t *written,
                                                  stave_error *error);

/* Makes the transaction's writes visible at once, at the commit timestamp. The keys must be all that
 * it wrote and no others (one may come twice). INVALID_ARGUMENT, and nothing changes, if they are
 * not, if the timestamp is 0 or above 2^63-1, or if one of the keys has a version with this
 * timestamp already. O(keys). */
STAVE_API stave_status stave_memtable_commit(stave_memtable *table, uint64_t transaction,
                                             uint64_t timestamp, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             stave_error *error);
/* Takes back the transaction's writes to these keys; others stay. Keys that it has not written are
 * ignored. O(keys). */
STAVE_API stave_status stave_memtable_abort(stave_memtable *table, uint64_t transaction,
                                            const void *keys, const uint32_t *key_sizes,
                                            size_t count, stave_error *error);
/* *conflict is 1 when a write of the key for this transaction would be CONFLICT now, else 0. */
STAVE_API stave_status stave_memtable_has_write_conflict(stave_memtable *table, const void *key,
                                                         size_t key_size, uint64_t transaction,
                                                         uint8_t *conflict, stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits every key that is visible at its timestamp exactly once, in no particular order, beside any
 * traffic. One thread at a time. A transaction's cursor sees the transaction's own writes too; those
 * made after it was opened may or may not be seen. */
typedef struct stave_memtable_cursor stave_memtable_cursor;

typedef struct stave_memtable_cursor_options {
  uint32_t struct_size;
  uint8_t keys_only;   /* default 0; with 1 values are empty */
  uint8_t tombstones;  /* default 0; with 1 removed keys are visited too (explicit tables only) */
  uint8_t reserved[2]; /* zero */
  const void *prefix;  /* only keys that begin with these bytes; copied by the open */
  size_t prefix_size;  /* default 0: all keys */
} stave_memtable_cursor_options;

/* Fills in struct_size and the defaults. NULL is ignored. */
STAVE_API void stave_memtable_cursor_options_init(stave_memtable_cursor_options *options);
/* At the transaction's moment, at the snapshot's, or (explicit) at `snapshot` with the writes of
 * `transaction` (0: none). `options` may be NULL. The cursor stands before the first record. */
STAVE_API stave_status stave_memtable_transaction_cursor(
    stave_memtable_transaction *transaction, const stave_memtable_cursor_options *options,
    stave_memtable_cursor **cursor, stave_error *error);
STAVE_API stave_status stave_memtable_snapshot_cursor(stave_memtable_snapshot *snapshot,
                                                      const stave_memtable_cursor_options *options,
                                                      stave_memtable_cursor **cursor,
                                                      stave_error *error);
STAVE_API stave_status stave_memtable_cursor_open(stave_memtable *table, uint64_t snapshot,
                                                  uint64_t transaction,
                                                  const stave_memtable_cursor_options *options,
                                                  stave_memtable_cursor **cursor,
                                                  stave_error *error);
/* Moves to the next record: DONE when there is none, then and ever after. TOO_OLD as reads. */
STAVE_API stave_status stave_memtable_cursor_next(stave_memtable_cursor *cursor,
                                                  stave_error *error);
/* The record the cursor stands on. The bytes are the cursor's and valid until it is moved, closed or
 * freed; *data is never NULL. INVALID_ARGUMENT when the cursor stands on no record. */
STAVE_API stave_status stave_memtable_cursor_key(stave_memtable_cursor *cursor, const void **data,
                                                 size_t *size, stave_error *error);
STAVE_API stave_status stave_memtable_cursor_value(stave_memtable_cursor *cursor, const void **data,
                                                   size_t *size, stave_error *error);
/* 1 on a removed key, whose value is empty. */
STAVE_API stave_status stave_memtable_cursor_deleted(stave_memtable_cursor *cursor,
                                                     uint8_t *deleted, stave_error *error);
/* As stave_store_cursor_next_many; a removed key's value size is STAVE_TOMBSTONE. */
STAVE_API stave_status stave_memtable_cursor_next_many(stave_memtable_cursor *cursor,
                                                       size_t count_max, size_t bytes_max,
                                                       stave_buffer *records, uint64_t *sizes,
                                                       size_t *count, stave_error *error);
/* As stave_memtable_close and stave_memtable_free. Once a snapshot is closed, calls on its
 * open cursors are CLOSED; its moment stays alive until they are closed, too. */
STAVE_API stave_status stave_memtable_cursor_close(stave_memtable_cursor *cursor,
                                                   stave_error *error);
STAVE_API void stave_memtable_cursor_free(stave_memtable_cursor *cursor);

/* ---- The whole table ----------------------------------------------------------------------- */

/* The number of keys whose newest committed version is a value. Exact when nobody commits. O(1). */
STAVE_API stave_status stave_memtable_size(stave_memtable *table, uint64_t *size,
                                           stave_error *error);
/* Bytes of memory of keys, versions and values, uncommitted ones included. Exact when nobody writes.
 * O(1). */
STAVE_API stave_status stave_memtable_size_bytes(stave_memtable *table, uint64_t *size_bytes,
                                                 stave_error *error);
/* *empty is 1 when there is no version of any key: no value, no tombstone, no uncommitted write.
 * Exact when nobody writes. O(1). */
STAVE_API stave_status stave_memtable_is_empty(stave_memtable *table, uint8_t *empty,
                                               stave_error *error);

/* Frees versions; *pruned (may be NULL) is how many.
 * Explicit: all that no snapshot with a timestamp of `oldest` or above can see. Each key's newest
 * version below `oldest` stays, be it a tombstone, and everything newer. Reads below `oldest` are
 * TOO_OLD from now on, for ever. O(versions).
 * Managed: `oldest` must be 0. Frees at once what the background thread or later commits would
 * free: all that no open transaction, snapshot or cursor can see. O(versions that some which have
 * ended since the last call could see). */
STAVE_API stave_status stave_memtable_prune(stave_memtable *table, uint64_t oldest,
                                            uint64_t *pruned, stave_error *error);

/* Removes everything at one moment. BUSY while a transaction that has written (managed: any
 * transaction, snapshot or cursor) is open. The table keeps the memory of keys and versions that are
 * gone, here and elsewhere, for those to come; it goes back to the system with the table. O(keys). */
STAVE_API stave_status stave_memtable_clear(stave_memtable *table, stave_error *error);

typedef struct stave_memtable_stats {
  uint32_t struct_size;
  uint32_t reserved;     /* zero */
  uint64_t keys;         /* as stave_memtable_size */
  uint64_t rows;         /* keys with any version */
  uint64_t versions;     /* of all keys, tombstones and uncommitted ones included */
  uint64_t size_bytes;   /* as stave_memtable_size_bytes */
  uint64_t snapshots;    /* moments held open by transactions, snapshots and cursors (managed) */
  uint64_t transactions; /* that have written and not ended (explicit) */
  uint64_t timestamp;    /* what a snapshot opened now would read at (managed) */
} stave_memtable_stats;

/* Fills in struct_size, the rest with zeros. NULL is ignored. */
STAVE_API void stave_memtable_stats_init(stave_memtable_stats *stats);
/* stats->struct_size says how much may be written. O(1). */
STAVE_API stave_status stave_memtable_stats_get(stave_memtable *table, stave_memtable_stats *stats,
                                                stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_MEMTABLE_H */
