/* memtable: a multi-version table in memory.
 *
 * Bytes -> bytes, with the versions of each key that a reader may still see. Readers see one moment
 * and take no lock; the first writer of a key wins; a commit of any number of keys becomes visible
 * atomically. There are two kinds of tables, chosen when a table is created:
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
 *   A version is visible to a snapshot with timestamp s iff it is committed at a timestamp below s
 *   and is the newest such version of its key. A transaction sees its own uncommitted write of a key
 *   instead. The removal of a key is a version too, a tombstone.
 *
 * Conflicts
 *   A write is STAVE_CONFLICT, and changes nothing, while another transaction has an uncommitted
 *   write of the key; in a managed table also if a version of the key was committed after the
 *   transaction began. The transaction may go on with other keys. To try again, roll back and begin
 *   a new one. This is snapshot isolation: no lost updates, no reads of uncommitted or changing data;
 *   two transactions that each write what the other only reads (write skew) can both commit.
 *
 * Limits
 *   A key has 0 to 65,535 bytes, a value 0 to 1 GiB; larger ones are STAVE_TOO_LARGE, and nothing is
 *   written. A commit timestamp is from 1 to 2^63-1. A value of up to 56 bytes needs no allocation of
 *   its own.
 *
 * Threads and callbacks
 *   A table or snapshot may be used by any number of threads at once, a transaction or cursor by one
 *   thread at a time. Threads may come and go in any number. A callback of stave_memtable_read_with
 *   may call every function of the table except its close.
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

/* Also settable as text, "timestamps=explicit capacity=1000000". */
typedef struct stave_memtable_options {
  uint32_t struct_size;
  uint32_t timestamps; /* managed or explicit; default managed */
  uint64_t capacity;   /* memory for this many keys is allocated at once; default 0. Not a limit:
                          tables grow as needed */
  uint8_t background;  /* default 1: the library's background thread frees old versions within a
                          second. With 0 only later commits and stave_memtable_prune free them.
                          Explicit tables never use the thread */
  uint8_t reserved[7]; /* zero */
} stave_memtable_options;

STAVE_API void stave_memtable_options_init(stave_memtable_options *options);
STAVE_API stave_status stave_memtable_options_set(stave_memtable_options *options, const char *text,
                                                  stave_error *error);
STAVE_API stave_status stave_memtable_options_describe(stave_buffer *text, stave_error *error);

/* Makes an empty table. `options` may be NULL: the defaults. */
STAVE_API stave_status stave_memtable_create(const stave_memtable_options *options,
                                             stave_memtable **table, stave_error *error);

/* Gets the options in force. options->struct_size says how much may be written. */
STAVE_API stave_status stave_memtable_options_get(stave_memtable *table,
                                                  stave_memtable_options *options,
                                                  stave_error *error);

/* Closes the table; uncommitted writes are lost. A second close is STAVE_OK. BUSY from inside a
 * callback of this table. The memory is freed with the last handle: the table's own or that of a
 * transaction, snapshot or cursor. O(keys). */
STAVE_API stave_status stave_memtable_close(stave_memtable *table, stave_error *error);

/* Closes the table if it is open, and frees the handle. NULL is ignored. Pins stay valid. */
STAVE_API void stave_memtable_free(stave_memtable *table);

/* ---- Managed: transactions ----------------------------------------------------------------- */

/* One thread at a time, its cursors included. Commit and rollback end a transaction: all later calls
 * except close and free are CLOSED, those on its cursors too. A transaction that is closed or freed
 * without commit is rolled back. */
typedef struct stave_memtable_transaction stave_memtable_transaction;

/* Begins a transaction that reads at this moment. O(1). */
STAVE_API stave_status stave_memtable_begin(stave_memtable *table,
                                            stave_memtable_transaction **transaction,
                                            stave_error *error);

/* Gets its number, which no other transaction of the table has or had. */
STAVE_API stave_status stave_memtable_transaction_id(stave_memtable_transaction *transaction,
                                                     uint64_t *id, stave_error *error);
/* Gets the timestamp that it reads at: it sees the commits with lower ones. */
STAVE_API stave_status stave_memtable_transaction_snapshot(stave_memtable_transaction *transaction,
                                                           uint64_t *timestamp, stave_error *error);

/* Writes the key, whether or not it exists. CONFLICT (see above), TOO_LARGE. O(size). */
STAVE_API stave_status stave_memtable_transaction_put(stave_memtable_transaction *transaction,
                                                      const void *key, size_t key_size,
                                                      const void *value, size_t value_size,
                                                      stave_error *error);
/* Removes the key. Removing an absent key is STAVE_OK, and a write like any other. CONFLICT. */
STAVE_API stave_status stave_memtable_transaction_remove(stave_memtable_transaction *transaction,
                                                         const void *key, size_t key_size,
                                                         stave_error *error);

/* Read the value into the caller's memory, into a buffer, or as a pin, with the rules for
 * out-parameters of stave_store_get, stave_store_get_buffer and stave_store_get_pin. NOT_FOUND;
 * the first also BUFFER_TOO_SMALL. O(size + log versions of the key). */
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
/* Returns STAVE_OK when the key exists, else NOT_FOUND. */
STAVE_API stave_status stave_memtable_transaction_contains(stave_memtable_transaction *transaction,
                                                           const void *key, size_t key_size,
                                                           stave_error *error);

/* A value size that stands for a tombstone: the key is removed. */
#define STAVE_TOMBSTONE (UINT64_MAX - 1)

/* Reads `count` keys. `keys` holds them one after the other, key_sizes their sizes. `values` receives
 * the values of those that exist, one after the other in the same order; value_sizes[i] is the size,
 * or STAVE_ABSENT. Faster than single gets in a large table, since cache misses overlap. */
STAVE_API stave_status stave_memtable_transaction_multi_get(
    stave_memtable_transaction *transaction, const void *keys, const uint32_t *key_sizes,
    size_t count, stave_buffer *values, uint64_t *value_sizes, stave_error *error);
/* Writes `count` keys in order; a value size of STAVE_TOMBSTONE removes the key. Stops at the first
 * write that fails and returns its status; *written (may be NULL) is the number of writes before it,
 * which stay. */
STAVE_API stave_status stave_memtable_transaction_multi_write(
    stave_memtable_transaction *transaction, const void *keys, const uint32_t *key_sizes,
    const void *values, const uint64_t *value_sizes, size_t count, size_t *written,
    stave_error *error);

/* Makes all writes visible at once. *timestamp (may be NULL) becomes the commit timestamp, 0 when
 * nothing was written. Never CONFLICT: writes report conflicts. O(keys written); for each key that
 * has an older version also O(open snapshots and transactions). */
STAVE_API stave_status stave_memtable_transaction_commit(stave_memtable_transaction *transaction,
                                                         uint64_t *timestamp, stave_error *error);
/* Takes all writes back. O(keys written). */
STAVE_API stave_status stave_memtable_transaction_rollback(stave_memtable_transaction *transaction,
                                                           stave_error *error);
/* Like stave_memtable_close and stave_memtable_free. */
STAVE_API stave_status stave_memtable_transaction_close(stave_memtable_transaction *transaction,
                                                        stave_error *error);
STAVE_API void stave_memtable_transaction_free(stave_memtable_transaction *transaction);

/* ---- Managed: snapshots -------------------------------------------------------------------- */

/* Reads at one moment for as long as it is open. An open snapshot keeps at most one more version of
 * each key that changes, and blocks no thread. */
typedef struct stave_memtable_snapshot stave_memtable_snapshot;

STAVE_API stave_status stave_memtable_snapshot_open(stave_memtable *table,
                                                    stave_memtable_snapshot **snapshot,
                                                    stave_error *error);
/* Gets the timestamp that it reads at. */
STAVE_API stave_status stave_memtable_snapshot_timestamp(stave_memtable_snapshot *snapshot,
                                                         uint64_t *timestamp, stave_error *error);
/* Like the transaction's reads. */
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
/* Like stave_memtable_close and stave_memtable_free. */
STAVE_API stave_status stave_memtable_snapshot_close(stave_memtable_snapshot *snapshot,
                                                     stave_error *error);
STAVE_API void stave_memtable_snapshot_free(stave_memtable_snapshot *snapshot);

/* ---- Explicit timestamps ------------------------------------------------------------------- */

/* A transaction is a number, not 0, that the caller chooses. It exists from its first write to its
 * commit, or to the abort of its last key; then the number is free again. Several threads may write
 * for one. Commits may come in any order of timestamps. A snapshot timestamp shows one unchanging
 * moment as long as no later commit has a lower one. */

/* Read the value visible at `snapshot` (any number), or the uncommitted write of `transaction` (0:
 * none). NOT_FOUND when there is no value: then *deleted (may be NULL) tells a removed key (1) from
 * an absent one (0), which levels below need to know. Otherwise like stave_store_get and its
 * siblings. TOO_OLD below the `oldest` of stave_memtable_prune. */
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

/* Receives the value, whose bytes are valid until it returns. The call that runs it returns its
 * status, and fills in `error` if that is negative. It may use the table, read_with included, and
 * may take long: no lock and no version is held while it runs. */
typedef stave_status (*stave_memtable_reader)(void *context, const void *value, size_t size);

/* Passes the value to `reader`. A value above 56 bytes is not copied. */
STAVE_API stave_status stave_memtable_read_with(stave_memtable *table, const void *key,
                                                size_t key_size, uint64_t snapshot,
                                                uint64_t transaction, stave_memtable_reader reader,
                                                void *context, uint8_t *deleted,
                                                stave_error *error);
/* Like stave_memtable_transaction_multi_get; value_sizes[i] is STAVE_TOMBSTONE for a removed key. */
STAVE_API stave_status stave_memtable_multi_read(stave_memtable *table, const void *keys,
                                                 const uint32_t *key_sizes, size_t count,
                                                 uint64_t snapshot, uint64_t transaction,
                                                 stave_buffer *values, uint64_t *value_sizes,
                                                 stave_error *error);

/* Writes the key for the transaction; replaces its earlier write of the key. CONFLICT, TOO_LARGE. */
STAVE_API stave_status stave_memtable_write(stave_memtable *table, const void *key, size_t key_size,
                                            const void *value, size_t value_size,
                                            uint64_t transaction, stave_error *error);
/* Removes the key for the transaction. CONFLICT, TOO_LARGE. */
STAVE_API stave_status stave_memtable_write_tombstone(stave_memtable *table, const void *key,
                                                      size_t key_size, uint64_t transaction,
                                                      stave_error *error);
/* Like stave_memtable_transaction_multi_write. */
STAVE_API stave_status stave_memtable_multi_write(stave_memtable *table, const void *keys,
                                                  const uint32_t *key_sizes, const void *values,
                                                  const uint64_t *value_sizes, size_t count,
                                                  uint64_t transaction, size_t *written,
                                                  stave_error *error);

/* Makes the transaction's writes visible at once, at the commit timestamp. The keys must be all that
 * it wrote and no others; duplicates are allowed. INVALID_ARGUMENT, and nothing changes, if they are
 * not, if the timestamp is 0 or above 2^63-1, or if a key already has a version with this timestamp.
 * O(keys). */
STAVE_API stave_status stave_memtable_commit(stave_memtable *table, uint64_t transaction,
                                             uint64_t timestamp, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             stave_error *error);
/* Takes back the transaction's writes to these keys; others stay. Keys that it has not written are
 * ignored. O(keys). */
STAVE_API stave_status stave_memtable_abort(stave_memtable *table, uint64_t transaction,
                                            const void *keys, const uint32_t *key_sizes,
                                            size_t count, stave_error *error);
/* Sets *conflict to 1 when a write of the key for this transaction would be CONFLICT now, else 0. */
STAVE_API stave_status stave_memtable_has_write_conflict(stave_memtable *table, const void *key,
                                                         size_t key_size, uint64_t transaction,
                                                         uint8_t *conflict, stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* A cursor visits every key that is visible at its timestamp exactly once, in no particular order,
 * beside any traffic. One thread at a time. A transaction's cursor sees the transaction's own writes
 * too; it may or may not see those made after it was opened. */
typedef struct stave_memtable_cursor stave_memtable_cursor;

typedef struct stave_memtable_cursor_options {
  uint32_t struct_size;
  uint8_t keys_only;   /* default 0; with 1 values are empty */
  uint8_t tombstones;  /* default 0; with 1 removed keys are visited too (explicit tables only) */
  uint8_t reserved[2]; /* zero */
  const void *prefix;  /* only keys that begin with these bytes; copied by the open */
  size_t prefix_size;  /* default 0: all keys */
} stave_memtable_cursor_options;

STAVE_API void stave_memtable_cursor_options_init(stave_memtable_cursor_options *options);
/* Open a cursor at the transaction's timestamp, at the snapshot's, or (explicit) at `snapshot` with
 * the writes of `transaction` (0: none). `options` may be NULL. The cursor stands before the first
 * record. */
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
/* Moves to the next record. DONE when there is none, then and in every later call. TOO_OLD like
 * reads. */
STAVE_API stave_status stave_memtable_cursor_next(stave_memtable_cursor *cursor,
                                                  stave_error *error);
/* Get the record that the cursor stands on. The bytes belong to the cursor and are valid until it is
 * moved, closed or freed; *data is never NULL. INVALID_ARGUMENT when it stands on no record. */
STAVE_API stave_status stave_memtable_cursor_key(stave_memtable_cursor *cursor, const void **data,
                                                 size_t *size, stave_error *error);
STAVE_API stave_status stave_memtable_cursor_value(stave_memtable_cursor *cursor, const void **data,
                                                   size_t *size, stave_error *error);
/* Sets *deleted to 1 on a removed key, whose value is empty, else to 0. */
STAVE_API stave_status stave_memtable_cursor_deleted(stave_memtable_cursor *cursor,
                                                     uint8_t *deleted, stave_error *error);
/* Like stave_store_cursor_next_many; a removed key's value size is STAVE_TOMBSTONE. */
STAVE_API stave_status stave_memtable_cursor_next_many(stave_memtable_cursor *cursor,
                                                       size_t count_max, size_t bytes_max,
                                                       stave_buffer *records, uint64_t *sizes,
                                                       size_t *count, stave_error *error);
/* Like stave_memtable_close and stave_memtable_free. Once a snapshot is closed, calls on its open
 * cursors are CLOSED; its versions are kept until they are closed, too. */
STAVE_API stave_status stave_memtable_cursor_close(stave_memtable_cursor *cursor,
                                                   stave_error *error);
STAVE_API void stave_memtable_cursor_free(stave_memtable_cursor *cursor);

/* ---- The whole table ----------------------------------------------------------------------- */

/* Gets the number of keys whose newest committed version is a value. Exact while no thread commits.
 * O(1). */
STAVE_API stave_status stave_memtable_size(stave_memtable *table, uint64_t *size,
                                           stave_error *error);
/* Gets the bytes of memory of keys, versions and values, uncommitted ones included. Exact while no
 * thread writes. O(1). */
STAVE_API stave_status stave_memtable_size_bytes(stave_memtable *table, uint64_t *size_bytes,
                                                 stave_error *error);
/* Sets *empty to 1 when there is no version of any key (no value, tombstone or uncommitted write),
 * else to 0. Exact while no thread writes. O(1). */
STAVE_API stave_status stave_memtable_is_empty(stave_memtable *table, uint8_t *empty,
                                               stave_error *error);

/* Frees versions; *pruned (may be NULL) is how many.
 * Explicit: those that no snapshot with a timestamp of `oldest` or above can see. Each key's newest
 * version below `oldest` stays, even if it is a tombstone, and everything newer. Reads below `oldest`
 * are TOO_OLD from now on. O(versions).
 * Managed: `oldest` must be 0. Frees at once what the background thread or later commits would
 * free: those that no open transaction, snapshot or cursor can see. O(versions that were kept for
 * snapshots which have ended since the last call). */
STAVE_API stave_status stave_memtable_prune(stave_memtable *table, uint64_t oldest,
                                            uint64_t *pruned, stave_error *error);

/* Removes everything at one moment. BUSY while a transaction that has written (managed: any
 * transaction, snapshot or cursor) is open. O(keys). */
STAVE_API stave_status stave_memtable_clear(stave_memtable *table, stave_error *error);

typedef struct stave_memtable_stats {
  uint32_t struct_size;
  uint32_t reserved;     /* zero */
  uint64_t keys;         /* as stave_memtable_size */
  uint64_t rows;         /* keys with any version */
  uint64_t versions;     /* of all keys, tombstones and uncommitted ones included */
  uint64_t size_bytes;   /* as stave_memtable_size_bytes */
  uint64_t snapshots;    /* held open by transactions, snapshots and cursors (managed) */
  uint64_t transactions; /* that have written and not ended (explicit) */
  uint64_t timestamp;    /* of a snapshot opened now (managed) */
} stave_memtable_stats;

STAVE_API void stave_memtable_stats_init(stave_memtable_stats *stats);
/* Gets the statistics. stats->struct_size says how much may be written. O(1). */
STAVE_API stave_status stave_memtable_stats_get(stave_memtable *table, stave_memtable_stats *stats,
                                                stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_MEMTABLE_H */
