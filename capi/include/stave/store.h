/* store: a durable log-structured key-value store (the Bitcask family).
 *
 * Bytes -> bytes in a directory: an append-only log of segments, and an index of all keys. It
 * answers "what is stored under this exact key?"; it does not sort.
 *
 *   stave_store *store;
 *   stave_store_options options;
 *   stave_store_options_init(&options);
 *   if (stave_store_open("/var/lib/app/data", &options, &store, &error) != STAVE_OK) ...
 *   stave_store_put(store, "key", 3, "value", 5, NULL, &error);
 *   stave_store_get_buffer(store, "key", 3, &buffer, &error);
 *   stave_store_close(store, &error);
 *   stave_store_free(store);
 *
 * Durability
 *   A write returns when it is as durable as was asked for, and other threads see it from that
 *   moment on, never earlier. Writes become visible in the order of the log, so a weaker write that
 *   stands behind a stronger one waits for it. A batch is visible as a whole or not at all.
 *
 *                              survives kill -9    survives power loss    costs
 *   STAVE_DURABILITY_MEMORY    not promised        no                     a copy
 *   STAVE_DURABILITY_OS        yes                 no                     a copy
 *   STAVE_DURABILITY_DEVICE    yes                 yes (the default)      an fdatasync, which all
 *                                                                         waiting writers share
 *
 *   When a sync fails, the outcome of what it covered is unknown: those writes return STAVE_IO,
 *   stay invisible, and the handle refuses further writes (STAVE_IO) while reads go on. Close it and
 *   open again: recovery shows what the device really holds.
 *
 * Exactness
 *   A lookup returns the value of that very key, STAVE_NOT_FOUND, or an error. Stored bytes are
 *   checked against their checksum when they are read: damage is STAVE_CORRUPTION.
 *
 * Limits
 *   key 0 to 65,535 bytes; value 0 to 1 GiB; batch 2^32-1 records and 16 GiB; 2^36 records.
 *   Beyond a limit: STAVE_TOO_LARGE, nothing is written.
 *   An open store has a file descriptor for each of its log files (`segments` of the statistics),
 *   and each open after a crash begins a new one. Where they run out, opening and writing fail with
 *   STAVE_IO: raise the limit (ulimit -n), or make segment_size larger in time.
 *
 * Errors of every function that takes a store
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size), CLOSED, FORKED, BUSY (from inside a
 *   callback of the same store), NO_MEMORY (nothing is written). They are not repeated below; the
 *   functions of batches and cursors have them too.
 */
#ifndef STAVE_STORE_H
#define STAVE_STORE_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Opening ------------------------------------------------------------------------------- */

typedef struct stave_store stave_store;

enum {
  STAVE_DURABILITY_DEFAULT = 0, /* in write options: what the handle was opened with */
  STAVE_DURABILITY_MEMORY = 1,
  STAVE_DURABILITY_OS = 2,
  STAVE_DURABILITY_DEVICE = 3
};

enum {
  STAVE_IO_BUFFERED = 1, /* segments are read with pread: a failing device is an error */
  STAVE_IO_MMAP = 2      /* segments are mapped: pins copy nothing; a failing device is SIGBUS */
};

enum {
  STAVE_KEYDIR_STORED = 0, /* as the store was made; a new one in memory */
  STAVE_KEYDIR_MEMORY = 1, /* which record is a key's newest: about 14 bytes of memory a key */
  STAVE_KEYDIR_DISK = 2    /* in the file KEYS, about 40 bytes a key, through the page cache; for
                              keys that do not fit in memory. 64 MiB of memory, whatever the keys */
};

/* Also settable as text, "name=value", with the member's name; sizes take KiB, MiB, GiB. */
typedef struct stave_store_options {
  uint32_t struct_size;
  uint32_t durability;          /* memory, os or device; default device */
  uint32_t io;                  /* buffered or mmap; default buffered */
  uint32_t shards;              /* independent locks, a power of two from 1 to 65536, fixed when the
                                store is created; default 0: the stored number, for a new store 16 */
  uint64_t segment_size;        /* bytes after which a new log file begins, 4 KiB to 64 GiB; default
                                256 MiB. A larger frame gets a larger file */
  uint8_t read_only;            /* default 0. Any number of read-only handles may share a store. The
                                only file they make is LOCK, when it is missing; where they may not
                                (read-only media, another user's directory) they keep no writer out */
  uint8_t create_if_missing;    /* default 1 */
  uint8_t error_if_exists;      /* default 0 */
  uint8_t background;           /* default 1: with keydir=disk a thread, begun at the first need and
                                ended by close, merges changes into KEYS; 0: writers do, in slices */
  uint32_t keydir;              /* stored, memory or disk, fixed when the store is created; default
                                stored */
  uint64_t checkpoint_interval; /* keydir=disk: bytes of log after which KEYS is saved by itself,
                                beside traffic; an open after a crash reads about as much. 0: only
                                when many changes have gathered; default 256 MiB */
} stave_store_options;

/* Fills in struct_size and the defaults. NULL is ignored. Since 0.1. */
STAVE_API void stave_store_options_init(stave_store_options *options);

/* Sets members from text: "durability=os segment_size=64MiB" (separated by spaces or commas; a
 * boolean is yes, no, true, false, 1 or 0; of a name that comes twice the later value counts).
 * INVALID_ARGUMENT names the option that is unknown or out of range, and leaves all as it was.
 * Since 0.1. */
STAVE_API stave_status stave_store_options_set(stave_store_options *options, const char *text,
                                               stave_error *error);

/* All options with type, default and meaning, one a line, as UTF-8 text for people. Since 0.1. */
STAVE_API stave_status stave_store_options_describe(stave_buffer *text, stave_error *error);

/* Opens the store in the directory `path`, creating it (not its parents) when the options allow. A
 * relative path and symbolic links in it are followed once, here. Where the directory, or the file
 * LOCK in it, is moved, removed or replaced while the store is open, writes that need a new file
 * fail with IO. `options` may be NULL: the defaults. Recovery after a crash runs by itself; see
 * stave_store_stats. With keydir=memory it reads the whole log: O(bytes in the store). With
 * keydir=disk it reads what was logged since KEYS was last saved: after a clean close nothing,
 * whatever the number of keys. A KEYS that is missing is made from the whole log.
 *   NOT_FOUND            there is no store and create_if_missing is 0, or read_only is 1, or the
 *                        parent directory is missing (`error` is filled)
 *   EXISTS               there is one and error_if_exists is 1 (`error` is filled)
 *   INVALID_ARGUMENT     an option is out of range or differs from the stored one, or `path` is a
 *                        file
 *   LOCKED               open elsewhere; the message has the holder's process number
 *   CORRUPTION           damaged or foreign files; nothing was changed
 *   UNSUPPORTED_VERSION, WRONG_FAMILY, PERMISSION_DENIED, NO_SPACE, IO
 * Since 0.1. */
STAVE_API stave_status stave_store_open(const char *path, const stave_store_options *options,
                                        stave_store **store, stave_error *error);

/* The options in force: defaults filled in, stored ones read. options->struct_size says how much
 * may be written (call stave_store_options_init first). Since 0.1. */
STAVE_API stave_status stave_store_options_get(stave_store *store, stave_store_options *options,
                                               stave_error *error);

/* Waits for running calls, makes everything durable, marks the store as cleanly closed and unlocks
 * the directory. IO or NO_SPACE when that cannot be done: the handle is closed all the same, the
 * next open recovers, and what was acknowledged as durable is there. A second close is STAVE_OK.
 * BUSY from inside a callback of this store. Since 0.1. */
STAVE_API stave_status stave_store_close(stave_store *store, stave_error *error);

/* Closes if need be and gives the memory back. Cursors and pins stay valid (cursors answer CLOSED).
 * What a close would have reported is lost. Since 0.1. */
STAVE_API void stave_store_free(stave_store *store);

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct stave_write_options {
  uint32_t struct_size;
  uint32_t durability; /* of this write; STAVE_DURABILITY_DEFAULT takes the handle's */
} stave_write_options;

/* Fills in struct_size and the defaults. NULL is ignored. Since 0.1. */
STAVE_API void stave_write_options_init(stave_write_options *options);

/* Errors of all writes: TOO_LARGE, READ_ONLY, NO_SPACE (nothing is written; the handle goes on
 * working, and writes succeed again when there is space), IO (see "Durability" above). `options` may
 * be NULL. O(size), and O(1) in the number of records. */

/* Stores the value, whether or not the key exists. Since 0.1. */
STAVE_API stave_status stave_store_put(stave_store *store, const void *key, size_t key_size,
                                       const void *value, size_t value_size,
                                       const stave_write_options *options, stave_error *error);

/* Stores the value if the key is absent, else EXISTS. Since 0.1. */
STAVE_API stave_status stave_store_insert(stave_store *store, const void *key, size_t key_size,
                                          const void *value, size_t value_size,
                                          const stave_write_options *options, stave_error *error);

/* Stores the value if the key exists, else NOT_FOUND. Since 0.1. */
STAVE_API stave_status stave_store_replace(stave_store *store, const void *key, size_t key_size,
                                           const void *value, size_t value_size,
                                           const stave_write_options *options, stave_error *error);

/* Removes the key; NOT_FOUND if it is absent. On a full disk deletes go on from a reserve of their
 * own. Since 0.1. */
STAVE_API stave_status stave_store_remove(stave_store *store, const void *key, size_t key_size,
                                          const stave_write_options *options, stave_error *error);

/* ---- Reading ------------------------------------------------------------------------------- */

/* Errors of all reads: CORRUPTION, IO. Readers never wait for writers' syncs. O(size). */

/* Copies the value into `data`, which has room for `capacity` bytes, and sets *size to the value's
 * size. BUFFER_TOO_SMALL when it does not fit: nothing is copied, *size is what is needed (another
 * writer may change it meanwhile). NOT_FOUND and all other failures set *size to 0; after them `data`
 * is unspecified. `data` may be NULL when `capacity` is 0: that asks for the size. Since 0.1. */
STAVE_API stave_status stave_store_get(stave_store *store, const void *key, size_t key_size,
                                       void *data, size_t capacity, size_t *size,
                                       stave_error *error);

/* Puts the value into the caller's buffer, growing it as needed: by doubling, and for values of 64
 * KiB and more to just their size. NOT_FOUND and all other failures empty it. Since 0.1. */
STAVE_API stave_status stave_store_get_buffer(stave_store *store, const void *key, size_t key_size,
                                              stave_buffer *value, stave_error *error);

/* Hands out the value as a pin, which the caller frees. *pin is NULL unless the status is OK.
 * Since 0.1. */
STAVE_API stave_status stave_store_get_pin(stave_store *store, const void *key, size_t key_size,
                                           stave_pin **pin, stave_error *error);

/* STAVE_OK when the key exists, else NOT_FOUND. Since 0.1. */
STAVE_API stave_status stave_store_contains(stave_store *store, const void *key, size_t key_size,
                                            stave_error *error);

/* The number of keys. O(1) in the number of records. Since 0.1. */
STAVE_API stave_status stave_store_size(stave_store *store, uint64_t *size, stave_error *error);

/* ---- Many keys in one call ----------------------------------------------------------------- */

/* Reads `count` keys. `keys` holds them one behind the other, key_sizes their sizes. `values`
 * receives the values of those that exist, one behind the other in the same order; value_sizes[i] is
 * the size, or STAVE_ABSENT. Each key is read atomically, the whole is not one snapshot. A failure
 * (CORRUPTION, ...) of one key is the call's; values and value_sizes are unspecified then.
 * With io=mmap what several keys need of memory is fetched together: of many records a key costs a
 * third of a stave_store_get. Since 0.1. */
STAVE_API stave_status stave_store_multi_get(stave_store *store, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             stave_buffer *values, uint64_t *value_sizes,
                                             stave_error *error);

/* Stores `count` values under `count` keys, all or nothing, like a batch. A key that comes twice
 * keeps the later value. Since 0.1. */
STAVE_API stave_status stave_store_multi_put(stave_store *store, const void *keys,
                                             const uint32_t *key_sizes, const void *values,
                                             const uint64_t *value_sizes, size_t count,
                                             const stave_write_options *options,
                                             stave_error *error);

/* Removes `count` keys, all or nothing; *deleted (may be NULL) is the number that existed. Absent
 * keys are no error. Since 0.1. */
STAVE_API stave_status stave_store_multi_remove(stave_store *store, const void *keys,
                                                const uint32_t *key_sizes, size_t count,
                                                uint64_t *deleted,
                                                const stave_write_options *options,
                                                stave_error *error);

/* ---- Batches ------------------------------------------------------------------------------- */

/* A list of changes and conditions that stave_store_write applies atomically: all are visible at
 * once, survive a crash together, and cost one sync. Conditions are judged against the state before
 * the batch. One thread at a time; may be written to any store, any number of times. */
typedef struct stave_batch stave_batch;

/* Conditions for stave_batch_require. */
enum {
  STAVE_REQUIRE_ABSENT = 1, /* the key must not exist */
  STAVE_REQUIRE_EXISTS = 2, /* the key must exist */
  STAVE_REQUIRE_EQUAL = 3   /* the key must exist with exactly this value */
};

/* Since 0.1, as are all functions of batches. */
STAVE_API stave_status stave_batch_create(stave_batch **batch, stave_error *error);
/* The last change of a key wins. TOO_LARGE beyond the limits of one record. */
STAVE_API stave_status stave_batch_put(stave_batch *batch, const void *key, size_t key_size,
                                       const void *value, size_t value_size, stave_error *error);
/* Removing an absent key is no error; add a condition if it should be. */
STAVE_API stave_status stave_batch_remove(stave_batch *batch, const void *key, size_t key_size,
                                          stave_error *error);
/* `value` counts only for STAVE_REQUIRE_EQUAL. */
STAVE_API stave_status stave_batch_require(stave_batch *batch, const void *key, size_t key_size,
                                           uint32_t condition, const void *value, size_t value_size,
                                           stave_error *error);
/* The number of changes and conditions so far. */
STAVE_API stave_status stave_batch_count(stave_batch *batch, uint64_t *count, stave_error *error);
/* Forgets all changes and conditions, keeps the memory. */
STAVE_API stave_status stave_batch_clear(stave_batch *batch, stave_error *error);
/* As stave_store_close and stave_store_free; a batch is no child of a store. */
STAVE_API stave_status stave_batch_close(stave_batch *batch, stave_error *error);
STAVE_API void stave_batch_free(stave_batch *batch);

/* Applies the batch, which is left as it is. MISMATCH when a condition does not hold: nothing is
 * written, and *failed (may be NULL) is the position of the first such condition among the batch's
 * entries, counted from 0 in the order they were added. An empty batch is STAVE_OK. Since 0.1. */
STAVE_API stave_status stave_store_write(stave_store *store, stave_batch *batch, uint64_t *failed,
                                         const stave_write_options *options, stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits every key exactly once, in no particular order. One thread at a time; any number of cursors
 * beside any traffic. A key that exists during the cursor's whole life is visited; one that is
 * written or removed meanwhile may or may not be, with the value of some moment in between. */
typedef struct stave_store_cursor stave_store_cursor;

typedef struct stave_store_cursor_options {
  uint32_t struct_size;
  uint8_t
      keys_only; /* default 0; with 1 values are empty; their records are checked all the same */
  uint8_t reserved[3]; /* zero */
  const void *prefix;  /* only keys that begin with these bytes; copied by the open */
  size_t prefix_size;  /* default 0: all keys */
} stave_store_cursor_options;

/* Fills in struct_size and the defaults. NULL is ignored. Since 0.1, as are all of these. */
STAVE_API void stave_store_cursor_options_init(stave_store_cursor_options *options);
/* `options` may be NULL. The cursor stands before the first record. */
STAVE_API stave_status stave_store_cursor_open(stave_store *store,
                                               const stave_store_cursor_options *options,
                                               stave_store_cursor **cursor, stave_error *error);
/* Moves to the next record: DONE when there is none, then and ever after. CORRUPTION and IO as
 * reads; the next call goes on behind the record that could not be read. NO_MEMORY: the next call
 * tries that record again. With keydir=disk damaged pages of KEYS are CORRUPTION, too, and the next
 * call goes on behind them. */
STAVE_API stave_status stave_store_cursor_next(stave_store_cursor *cursor, stave_error *error);
/* The record the cursor stands on. The bytes are the cursor's and valid until it is moved, closed or
 * freed, also when the store is closed meanwhile; *data is never NULL. INVALID_ARGUMENT when the
 * cursor stands on no record: before the first, after the last, after an error. */
STAVE_API stave_status stave_store_cursor_key(stave_store_cursor *cursor, const void **data,
                                              size_t *size, stave_error *error);
STAVE_API stave_status stave_store_cursor_value(stave_store_cursor *cursor, const void **data,
                                                size_t *size, stave_error *error);
/* Moves over up to `count_max` records and returns them in one crossing: *count records whose keys
 * and values stand in `records` as key, value, key, value, ...; sizes[2i] and sizes[2i + 1] are their
 * sizes (room for 2 * count_max). Stops early once `records` holds bytes_max bytes or more, so with
 * any bytes_max one record comes at least. DONE when there is none left. An error behind records that
 * were read is returned by the next call, so that they are not lost; with an error or DONE *count is
 * 0. The cursor stands on no record afterwards. */
STAVE_API stave_status stave_store_cursor_next_many(stave_store_cursor *cursor, size_t count_max,
                                                    size_t bytes_max, stave_buffer *records,
                                                    uint64_t *sizes, size_t *count,
                                                    stave_error *error);
/* As stave_store_close and stave_store_free. BUSY from inside a callback of the store, where free is
 * allowed. A closed store's memory stays until its last cursor is closed. */
STAVE_API stave_status stave_store_cursor_close(stave_store_cursor *cursor, stave_error *error);
STAVE_API void stave_store_cursor_free(stave_store_cursor *cursor);

/* ---- Keeping and checking ------------------------------------------------------------------ */

/* Everything acknowledged so far reaches at least the kernel: survives kill -9. READ_ONLY, IO.
 * Since 0.1. */
STAVE_API stave_status stave_store_flush(stave_store *store, stave_error *error);

/* Everything acknowledged so far reaches the device: survives power loss. READ_ONLY, IO (final, see
 * "Durability"). Since 0.1. */
STAVE_API stave_status stave_store_sync(stave_store *store, stave_error *error);

/* With keydir=disk: saves the key directory beside traffic, so that an open after a crash reads
 * only what is logged from now on (and the last commit). Syncs first, as stave_store_sync does.
 * INVALID_ARGUMENT with keydir=memory; READ_ONLY; NO_SPACE (nothing is lost: the next one may
 * succeed); IO. O(keys changed since the last one, and the pages they lie in). Since 0.1. */
STAVE_API stave_status stave_store_checkpoint(stave_store *store, stave_error *error);

typedef struct stave_store_stats {
  uint32_t struct_size;
  uint8_t recovered;          /* 1: the store had not been closed cleanly before this open */
  uint8_t writes_refused;     /* 1: a sync has failed */
  uint8_t reserved[2];        /* zero */
  uint64_t keys;              /* live keys */
  uint64_t segments;          /* log files */
  uint64_t log_bytes;         /* bytes of frames in them, live and dead */
  uint64_t live_bytes;        /* of these, bytes of the newest record of each live key */
  uint64_t disk_bytes;        /* size of the log files, preallocated space included */
  uint64_t version;           /* LSN of the newest visible commit; 0 in an empty store */
  uint64_t durable_version;   /* LSN up to which the device is known to hold the log */
  uint64_t commits;           /* of this handle, since it was opened, as are the next three */
  uint64_t bytes_written;     /* bytes of frames */
  uint64_t syncs;             /* fdatasync calls: far fewer than commits when writers share them */
  uint64_t reads;             /* point reads */
  uint64_t recovered_commits; /* commits that this open read from the log */
  uint64_t recovered_cut_bytes; /* bytes of unfinished commits that it cut off the log's end */
} stave_store_stats;

/* Fills in struct_size, the rest with zeros. NULL is ignored. Since 0.1. */
STAVE_API void stave_store_stats_init(stave_store_stats *stats);
/* stats->struct_size says how much may be written. O(segments + shards). Since 0.1. */
STAVE_API stave_status stave_store_stats_get(stave_store *store, stave_store_stats *stats,
                                             stave_error *error);

/* Called from time to time with the bytes done and the bytes in all, at least at the end. Answers
 * STAVE_OK to go on; any other status (STAVE_CANCELLED is meant for this) stops the operation, which
 * returns it, positive ones and numbers of its own included, and fills `error` with it. */
typedef stave_status (*stave_progress)(void *context, uint64_t done, uint64_t total);

/* Reads the whole log, checks every byte that a checksum covers, and proves that the index holds
 * exactly the newest record of every key. Runs beside any traffic. CORRUPTION names the first
 * damage. `progress` may be NULL. O(bytes in the store); memory O(keys). Since 0.1. */
STAVE_API stave_status stave_store_verify(stave_store *store, stave_progress progress,
                                          void *context, stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_STORE_H */
