/* store: a durable log-structured key-value store (the Bitcask family).
 *
 * Bytes -> bytes in a directory: an append-only log of segments, and a directory of all keys. It
 * finds the value of an exact key; it does not sort.
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
 *   follows a stronger one waits for it. A batch is visible completely or not at all.
 *
 *                              survives kill -9    survives power loss    costs
 *   STAVE_DURABILITY_MEMORY    not promised        no                     a copy
 *   STAVE_DURABILITY_OS        yes                 no                     a copy
 *   STAVE_DURABILITY_DEVICE    yes                 yes (the default)      an fdatasync, which all
 *                                                                         waiting writers share
 *
 *   When a sync fails, the outcome of the writes that it covered is unknown: they return STAVE_IO
 *   and stay invisible, and the handle refuses further writes (STAVE_IO) while reads go on. Close
 *   the store and open it again: recovery shows what the device holds.
 *
 * Exactness
 *   A lookup returns the value of that key, STAVE_NOT_FOUND, or an error. Every read of a value
 *   verifies its checksum: damage is STAVE_CORRUPTION.
 *
 * Expiry
 *   A record may have a time from which on its key counts as absent, in every call: the option
 *   expires_at of a write, or default_ttl of the store. A call judges by the time of day at one
 *   moment during the call; a cursor by that of its opening. A thread of the store (option
 *   background) removes expired keys bit by bit; until then they count in stave_store_size. What it
 *   has removed stays removed when the clock goes backwards.
 *
 * Failing devices (option `io`)
 *   mmap (the default)   Reads copy from mappings of the log files, without a system call; a pin is
 *                        not even copied. A device that fails to deliver a page is SIGBUS, which
 *                        ends a process without a handler for it, and so is reading a log file that
 *                        another program has cut short.
 *   buffered             Reads call pread, once or twice a record. A device that fails is STAVE_IO
 *                        from that call, and all else goes on.
 *   In both modes opening and stave_store_verify call pread; writes store into a mapping of the
 *   newest log file, so a device that fails to deliver the page at its end is SIGBUS. Space is
 *   allocated before it is used: a full device is STAVE_NO_SPACE, never SIGBUS.
 *
 * Limits
 *   key 0 to 65,535 bytes; value 0 to 1 GiB; batch 2^32-1 records and 16 GiB; 2^36 keys.
 *   Beyond a limit: STAVE_TOO_LARGE, nothing is written.
 *   An open store has a file descriptor for each of its log files (`segments` of the statistics),
 *   and each open after a crash begins a new log file. Without free descriptors, opening and
 *   writing fail with STAVE_IO: raise the limit (ulimit -n), or choose a larger segment_size.
 *
 * Errors of every function that takes a store
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size), CLOSED, FORKED, BUSY (from inside
 *   a callback of the same store, where only the functions under "Reading" may be called), NO_MEMORY
 *   (nothing is written), HOOK_FAILED of writes (store_watch.h). They are not repeated below.
 *   Functions of batches and cursors return them too.
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
  STAVE_DURABILITY_DEFAULT = 0, /* of a write: what the handle was opened with; of that: device */
  STAVE_DURABILITY_MEMORY = 1,
  STAVE_DURABILITY_OS = 2,
  STAVE_DURABILITY_DEVICE = 3
};

enum {
  STAVE_IO_BUFFERED = 1, /* reads call pread: a failing device is an error */
  STAVE_IO_MMAP = 2      /* reads use mappings, pins copy nothing; a failing device is SIGBUS */
};

enum {
  STAVE_KEYDIR_STORED = 0, /* as the store was created; a new store has it in memory */
  STAVE_KEYDIR_MEMORY = 1, /* in memory, about 14 bytes a key */
  STAVE_KEYDIR_DISK = 2    /* in the file KEYS, about 40 bytes a key, through the page cache, for
                              keys that do not fit in memory; and 64 MiB of memory */
};

/* Also settable as text, "name=value", with the member's name; sizes take KB, MB, GB
 * (1000, ...) and KiB, MiB, GiB (1024, ...). */
typedef struct stave_store_options {
  uint32_t struct_size;
  uint32_t durability;          /* memory, os, or device, which is the default */
  uint32_t io;                  /* buffered or mmap; default mmap. See "Failing devices" above */
  uint32_t shards;              /* independent locks, a power of two from 1 to 65536, fixed when the
                                store is created; default 0: the stored number, for a new store
                                16 */
  uint64_t segment_size;        /* bytes after which a new log file begins, 4 KiB to 64 GiB; default
                                256 MiB. A larger commit gets a larger file */
  uint8_t read_only;            /* default 0. Any number of read-only handles may share a store.
                                They create no file but a missing LOCK; where that is not permitted
                                (read-only media, another user's directory) they keep no writer
                                out */
  uint8_t create_if_missing;    /* default 1 */
  uint8_t error_if_exists;      /* default 0 */
  uint8_t background;           /* default 1: with keydir=disk a thread, started when first needed
                                and ended by close, merges changes into KEYS; 0: writers merge in
                                slices */
  uint32_t keydir;              /* where the key directory is, which knows each key's newest record:
                                stored, memory or disk, fixed when the store is created; default
                                stored */
  uint64_t checkpoint_interval; /* keydir=disk: bytes of log after which KEYS is saved, beside
                                traffic; an open after a crash reads about as much. 0: only after
                                many changes. Default 256 MiB */
  uint64_t default_ttl;         /* milliseconds after which what is written expires, unless the
                                write says otherwise; default 0: never. See "Expiry" above */
  uint32_t shard_prefix_bits;   /* so many of a key's first bits choose its shard, 0 to 524,280,
                                fixed when the store is created; of a shorter key all. Default 0:
                                the stored number, for a new store all bits. See
                                stave_store_atomic */
  uint8_t reserved[4];          /* zero */
} stave_store_options;

STAVE_API void stave_store_options_init(stave_store_options *options);

/* Sets members from text: "durability=os segment_size=64MiB" (separated by spaces or commas; a
 * boolean is yes, no, true, false, 1 or 0; the last value of a name counts). INVALID_ARGUMENT
 * names the option that is unknown or out of range; no option is changed then. */
STAVE_API stave_status stave_store_options_set(stave_store_options *options, const char *text,
                                               stave_error *error);

/* All options with type, default and meaning, one a line, as UTF-8 text for people. */
STAVE_API stave_status stave_store_options_describe(stave_buffer *text, stave_error *error);

/* Opens the store in the directory `path`, creating it (not its parents) when the options allow. A
 * relative path and symbolic links in it are followed once, here. When the directory, or the file
 * LOCK in it, is moved, removed or replaced while the store is open, writes that need a new file
 * fail with IO. `options` may be NULL: the defaults. Opening recovers from a crash; see
 * stave_store_stats. With keydir=memory it reads the whole log: O(bytes in the store). With
 * keydir=disk it reads what was logged since KEYS was last saved: after a clean close nothing. A
 * missing KEYS is made from the whole log.
 *   NOT_FOUND            there is no store and create_if_missing is 0, or read_only is 1, or the
 *                        parent directory is missing (`error` is filled)
 *   EXISTS               there is one and error_if_exists is 1 (`error` is filled)
 *   INVALID_ARGUMENT     an option is out of range or differs from the stored one, or `path` is a
 *                        file, or a directory without a store that holds anything else than
 *                        lost+found and what an interrupted creation of a store leaves
 *   LOCKED               open elsewhere; the message has the holder's process number
 *   CORRUPTION           files that are damaged, missing, or of another store or another backup;
 *                        nothing was changed
 *   UNSUPPORTED_VERSION, WRONG_FAMILY, PERMISSION_DENIED, NO_SPACE, IO */
STAVE_API stave_status stave_store_open(const char *path, const stave_store_options *options,
                                        stave_store **store, stave_error *error);

/* The options in force: defaults filled in, stored ones read. options->struct_size says how much
 * may be written (call stave_store_options_init first). */
STAVE_API stave_status stave_store_options_get(stave_store *store, stave_store_options *options,
                                               stave_error *error);

/* Waits for running calls, makes everything durable, marks the store as cleanly closed and unlocks
 * the directory. After IO or NO_SPACE the handle is closed too; the next open recovers, and finds
 * every write that was acknowledged as durable. A second close is STAVE_OK.
 * BUSY from inside a callback of this store. */
STAVE_API stave_status stave_store_close(stave_store *store, stave_error *error);

/* Closes if need be and frees the handle. Cursors (which return CLOSED) and pins stay valid. An
 * error of closing is lost: call stave_store_close first to see it. */
STAVE_API void stave_store_free(stave_store *store);

/* ---- Writing ------------------------------------------------------------------------------- */

typedef struct stave_write_options {
  uint32_t struct_size;
  uint32_t durability; /* of this write; STAVE_DURABILITY_DEFAULT takes the handle's */
  uint64_t expires_at; /* Unix time in milliseconds from which on the keys that are put count as
                       absent; 0 (the default): by the store's default_ttl, in update and
                       fetch_update as before; STAVE_NEVER_EXPIRES: never */
} stave_write_options;

#define STAVE_NEVER_EXPIRES UINT64_MAX

STAVE_API void stave_write_options_init(stave_write_options *options);

/* Errors of all writes: TOO_LARGE, READ_ONLY, NO_SPACE (nothing is written; writes succeed again
 * when the device has space), IO (see "Durability" above). `options` may be NULL. O(size of key and
 * value). */

/* Inserts or replaces the value of the key. */
STAVE_API stave_status stave_store_put(stave_store *store, const void *key, size_t key_size,
                                       const void *value, size_t value_size,
                                       const stave_write_options *options, stave_error *error);

/* Inserts the value if the key is absent, else EXISTS. */
STAVE_API stave_status stave_store_insert(stave_store *store, const void *key, size_t key_size,
                                          const void *value, size_t value_size,
                                          const stave_write_options *options, stave_error *error);

/* Replaces the value if the key is present, else NOT_FOUND. */
STAVE_API stave_status stave_store_replace(stave_store *store, const void *key, size_t key_size,
                                           const void *value, size_t value_size,
                                           const stave_write_options *options, stave_error *error);

/* Removes the key; NOT_FOUND if it is absent. On a full device removes go on, in a reserve of their
 * own. Removed and replaced records keep their space in the log. */
STAVE_API stave_status stave_store_remove(stave_store *store, const void *key, size_t key_size,
                                          const stave_write_options *options, stave_error *error);

/* Makes the key expire at `expires_at`, Unix time in milliseconds; 0 or STAVE_NEVER_EXPIRES: never.
 * The value stays. A time that has passed removes the key. NOT_FOUND if the key is absent. Reads the
 * value: also the errors of reads. The expires_at of `options` counts for nothing. */
STAVE_API stave_status stave_store_expire(stave_store *store, const void *key, size_t key_size,
                                          uint64_t expires_at, const stave_write_options *options,
                                          stave_error *error);

/* Removes every key that is present from the call's begin to its end; one that is inserted meanwhile
 * may stay. Many commits: after a crash, or an error, some keys are left. *removed (may be NULL) is
 * the number of keys that were removed, also after an error. O(number of keys). */
STAVE_API stave_status stave_store_clear(stave_store *store, uint64_t *removed,
                                         const stave_write_options *options, stave_error *error);

/* Removes every key that has expired, which the store does by itself with the option background.
 * *removed (may be NULL) is their number. O(number of keys). */
STAVE_API stave_status stave_store_remove_expired(stave_store *store, uint64_t *removed,
                                                  stave_error *error);

/* ---- Reading ------------------------------------------------------------------------------- */

/* Errors of all reads: CORRUPTION, UNSUPPORTED_VERSION (the record uses a feature that this library
 * does not have), IO. Readers never wait for writers' syncs. O(size of key and value). */

/* Copies the value into `data`, which has `capacity` bytes, and sets *size to the value's size.
 * BUFFER_TOO_SMALL when it does not fit: nothing is copied, *size is the size that is needed
 * (another writer may change it meanwhile). NOT_FOUND and all other failures set *size to 0; after
 * them `data` is unspecified. `data` may be NULL when `capacity` is 0: that asks for the size. */
STAVE_API stave_status stave_store_get(stave_store *store, const void *key, size_t key_size,
                                       void *data, size_t capacity, size_t *size,
                                       stave_error *error);

/* Copies the value into the caller's buffer, growing it as needed: by doubling, and for values of
 * 64 KiB and more to their size. NOT_FOUND and all other failures empty it. */
STAVE_API stave_status stave_store_get_buffer(stave_store *store, const void *key, size_t key_size,
                                              stave_buffer *value, stave_error *error);

/* Returns the value as a pin, which the caller frees. With io=mmap nothing is copied. *pin is NULL
 * unless the status is OK. */
STAVE_API stave_status stave_store_get_pin(stave_store *store, const void *key, size_t key_size,
                                           stave_pin **pin, stave_error *error);

/* Sets *size to the size of the value, which is not read. NOT_FOUND and all other failures set it to
 * 0. */
STAVE_API stave_status stave_store_value_size(stave_store *store, const void *key, size_t key_size,
                                              size_t *size, stave_error *error);

/* Sets *expires_at to the time at which the key expires, Unix time in milliseconds; 0: never.
 * NOT_FOUND and all other failures set it to 0. */
STAVE_API stave_status stave_store_expires_at(stave_store *store, const void *key, size_t key_size,
                                              uint64_t *expires_at, stave_error *error);

/* STAVE_OK when the key is present, else NOT_FOUND. */
STAVE_API stave_status stave_store_contains(stave_store *store, const void *key, size_t key_size,
                                            stave_error *error);

/* The number of keys, with those that have expired and are not yet removed. O(1) in the number of
 * records. */
STAVE_API stave_status stave_store_size(stave_store *store, uint64_t *size, stave_error *error);

/* ---- Many keys in one call ----------------------------------------------------------------- */

/* Reads `count` keys. `keys` holds them one after the other, key_sizes their sizes. `values`
 * receives the values of the keys that are present, one after the other in the same order;
 * value_sizes[i] is the size, or STAVE_ABSENT. Each key is read atomically; the call is no
 * snapshot. A failure (CORRUPTION, ...) of one key is the call's; values and value_sizes are
 * unspecified then. Buckets and (with io=mmap) records of several keys are prefetched together,
 * which makes this faster than as many stave_store_get. */
STAVE_API stave_status stave_store_multi_get(stave_store *store, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             stave_buffer *values, uint64_t *value_sizes,
                                             stave_error *error);

/* Puts `count` values under `count` keys, all or nothing, like a batch. A key that comes twice has
 * the later value. */
STAVE_API stave_status stave_store_multi_put(stave_store *store, const void *keys,
                                             const uint32_t *key_sizes, const void *values,
                                             const uint64_t *value_sizes, size_t count,
                                             const stave_write_options *options,
                                             stave_error *error);

/* Removes `count` keys, all or nothing; *removed (may be NULL) is the number of keys that were
 * present. Absent keys are no error. */
STAVE_API stave_status stave_store_multi_remove(stave_store *store, const void *keys,
                                                const uint32_t *key_sizes, size_t count,
                                                uint64_t *removed,
                                                const stave_write_options *options,
                                                stave_error *error);

/* ---- Batches ------------------------------------------------------------------------------- */

/* A list of changes and conditions that stave_store_write applies atomically: all are visible at
 * once, survive a crash together, and cost one sync. Conditions are judged against the state before
 * the batch. One thread at a time; may be written to any store, any number of times. */
typedef struct stave_batch stave_batch;

/* Conditions for stave_batch_require. */
enum {
  STAVE_REQUIRE_ABSENT = 1, /* the key must be absent */
  STAVE_REQUIRE_EXISTS = 2, /* the key must be present */
  STAVE_REQUIRE_EQUAL = 3   /* the key must be present with exactly this value */
};

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
/* Empties the batch, and keeps its memory. */
STAVE_API stave_status stave_batch_clear(stave_batch *batch, stave_error *error);
/* As stave_store_close and stave_store_free; a batch is no child of a store. */
STAVE_API stave_status stave_batch_close(stave_batch *batch, stave_error *error);
STAVE_API void stave_batch_free(stave_batch *batch);

/* Applies the batch, and does not change it. MISMATCH when a condition does not hold: nothing is
 * written, and *failed (may be NULL) is the position of the first such condition among the batch's
 * entries, counted from 0 in the order they were added. *version (may be NULL) is the commit's
 * version, which is larger than that of every commit before it; 0 when nothing was written. An empty
 * batch is STAVE_OK. */
STAVE_API stave_status stave_store_write(stave_store *store, stave_batch *batch, uint64_t *failed,
                                         uint64_t *version, const stave_write_options *options,
                                         stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits every key exactly once, in no particular order. One thread at a time; any number of
 * cursors beside any traffic. A key that is present during the cursor's whole life is visited; one
 * that is inserted or removed meanwhile may or may not be. The value is one of the key's during
 * that time. */
typedef struct stave_store_cursor stave_store_cursor;

typedef struct stave_store_cursor_options {
  uint32_t struct_size;
  uint8_t
      keys_only; /* default 0; with 1 values are empty; their records are checked all the same */
  uint8_t reserved[3]; /* zero */
  const void *prefix;  /* only keys that begin with these bytes; copied by the open */
  size_t prefix_size;  /* default 0: all keys */
  const void *token;   /* where to begin, from stave_store_cursor_token; copied by the open */
  size_t token_size;   /* default 0: at the beginning */
} stave_store_cursor_options;

/* Fills in struct_size and the defaults. NULL is ignored. */
STAVE_API void stave_store_cursor_options_init(stave_store_cursor_options *options);
/* `options` may be NULL. The cursor stands before the first record. */
STAVE_API stave_status stave_store_cursor_open(stave_store *store,
                                               const stave_store_cursor_options *options,
                                               stave_store_cursor **cursor, stave_error *error);
/* Moves to the next record; DONE when there is none, and from then on. Errors of reads: the next
 * call goes on after the record that could not be read. NO_MEMORY: the next call tries that record
 * again. With keydir=disk damaged pages of KEYS are CORRUPTION too; the next call goes on after
 * them. */
STAVE_API stave_status stave_store_cursor_next(stave_store_cursor *cursor, stave_error *error);
/* The record that the cursor stands on. The bytes are valid until the cursor is moved, closed or
 * freed, also when the store is closed meanwhile; *data is never NULL. INVALID_ARGUMENT when the
 * cursor stands on no record: before the first, after the last, after an error. */
STAVE_API stave_status stave_store_cursor_key(stave_store_cursor *cursor, const void **data,
                                              size_t *size, stave_error *error);
STAVE_API stave_status stave_store_cursor_value(stave_store_cursor *cursor, const void **data,
                                                size_t *size, stave_error *error);
/* Moves over up to `count_max` records and returns them in one call: *count records, whose keys and
 * values are in `records` as key, value, key, value, ...; sizes[2i] and sizes[2i + 1] are their
 * sizes (`sizes` has 2 * count_max elements). Stops once `records` holds bytes_max bytes or more,
 * so at least one record is returned whatever bytes_max is. DONE when there is none left. An error
 * after records that were read is returned by the next call; with an error or DONE *count is 0. The
 * cursor stands on no record afterwards. */
STAVE_API stave_status stave_store_cursor_next_many(stave_store_cursor *cursor, size_t count_max,
                                                    size_t bytes_max, stave_buffer *records,
                                                    uint64_t *sizes, size_t *count,
                                                    stave_error *error);
/* Fills `token` with the cursor's position: a cursor that is opened with it goes on after the record
 * that this one stands on, or with the first, also when the store was closed meanwhile. A key that
 * is present from the first cursor's opening to the last one's end is visited once. A token holds
 * the key that it stands on, and some of its neighbours. It is good for this store alone: another
 * one, or damaged bytes, make the opening INVALID_ARGUMENT; so does a store with keydir=disk whose
 * file KEYS was lost. */
STAVE_API stave_status stave_store_cursor_token(stave_store_cursor *cursor, stave_buffer *token,
                                                stave_error *error);
/* As stave_store_close and stave_store_free. BUSY from inside a callback of the store, where free
 * is allowed. A closed store's memory stays until its last cursor is closed. */
STAVE_API stave_status stave_store_cursor_close(stave_store_cursor *cursor, stave_error *error);
STAVE_API void stave_store_cursor_free(stave_store_cursor *cursor);

/* ---- Keeping and checking ------------------------------------------------------------------ */

/* Everything acknowledged so far reaches the kernel: it survives kill -9. READ_ONLY, IO. */
STAVE_API stave_status stave_store_flush(stave_store *store, stave_error *error);

/* Everything acknowledged so far reaches the device: it survives power loss. READ_ONLY, IO (final,
 * see "Durability"). */
STAVE_API stave_status stave_store_sync(stave_store *store, stave_error *error);

/* With keydir=disk: saves the key directory beside traffic, so that an open after a crash reads
 * only what is logged from now on (and the last commit). Syncs first, as stave_store_sync does.
 * INVALID_ARGUMENT with keydir=memory; READ_ONLY; NO_SPACE (nothing is lost; a later checkpoint may
 * succeed); IO. O(keys changed since the last checkpoint, and their pages). */
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
  uint64_t version;           /* LSN (log sequence number) of the newest visible commit; 0: none */
  uint64_t durable_version;   /* LSN up to which the device is known to hold the log */
  uint64_t commits;           /* of this handle, since it was opened, as are the next three */
  uint64_t bytes_written;     /* bytes of frames */
  uint64_t syncs;             /* fdatasync calls: far fewer than commits when writers share them */
  uint64_t reads;             /* point reads */
  uint64_t recovered_commits; /* commits that this open read from the log */
  uint64_t recovered_cut_bytes; /* bytes of unfinished commits that it cut off the log's end */
} stave_store_stats;

STAVE_API void stave_store_stats_init(stave_store_stats *stats);
/* stats->struct_size says how much may be written. O(segments + shards). */
STAVE_API stave_status stave_store_stats_get(stave_store *store, stave_store_stats *stats,
                                             stave_error *error);

/* Called from time to time, and at the end, with the bytes done and the bytes in all. Returns
 * STAVE_OK to go on. Any other number (STAVE_CANCELLED is meant for this) stops the operation,
 * which returns that number and fills `error` with it. */
typedef stave_status (*stave_progress)(void *context, uint64_t done, uint64_t total);

/* Reads the whole log, verifies all checksums, and proves that the key directory has exactly the
 * newest record of every key. Runs beside any traffic. CORRUPTION names the first damage.
 * `progress` may be NULL. O(bytes in the store); memory O(keys). */
STAVE_API stave_status stave_store_verify(stave_store *store, stave_progress progress,
                                          void *context, stave_error *error);

#ifdef __cplusplus
}
#endif

/* The rest of the family. */
#include <stave/store_update.h>
#include <stave/store_watch.h>

#endif /* STAVE_STORE_H */
