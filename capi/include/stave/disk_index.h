/* disk_index: a persistent hash index from 128-bit keys to records of one fixed size.
 *
 * One memory-mapped file. A lookup reads one page of the file. An open reads no records, only 32 bytes
 * for about each 11,000 keys. It is meant to be used with data of your own: the key is a hash or an id,
 * the record says where the data is.
 *
 *   stave_disk_index *index;
 *   stave_payload payload = {.offset = 4096, .length = 700, .uncompressed_length = 1800,
 *                            .codec = STAVE_CODEC_LZ4};
 *   if (stave_disk_index_open("/var/lib/app/blobs.idx", NULL, &index, &error) != STAVE_OK) ...
 *   stave_disk_index_put(index, key, 16, &payload, sizeof payload, &error);
 *   stave_disk_index_get(index, key, 16, &payload, sizeof payload, &error);
 *   stave_disk_index_save(index, 0, &error);
 *   stave_disk_index_close(index, &error);
 *   stave_disk_index_free(index);
 *
 * Keys
 *   16 bytes; key_size must say so. Two uint64_t in memory, low word first, are the same as the
 *   bytes: uint64_t key[2] = {low, high}. Keys need not be random: they are hashed with a seed of
 *   the file's own.
 *
 * Records
 *   Either stave_payload (the default), or 1 to 256 bytes that mean nothing to the index
 *   (record_size). Chosen when the file is created. record_size arguments must match.
 *
 * What survives
 *   A put or remove that returned survives kill -9. After a power loss an open shows everything up
 *   to the last save, checkpoint, load or close that returned, and a prefix of what came later:
 *   nothing torn, nothing lost from the middle. Damaged bytes are STAVE_CORRUPTION, at open or for
 *   the keys they concern; all others are served. stave_disk_index_rebuild creates the file anew.
 *   After a failed sync it is unknown what the device has: the handle refuses writes (STAVE_IO),
 *   reads continue. Close it and open again.
 *   The file is mapped: if the device fails a read, the process ends with SIGBUS. A full disk is
 *   STAVE_NO_SPACE for the write, and the index remains usable.
 *
 * Threads and processes
 *   Any number of threads. Readers take no lock and never wait; writers take turns. One process
 *   writes, or any number read (read_only); FILE.lock beside the file enforces that. A reader creates
 *   it if it is missing; where it may not (read-only media, another user's directory) it uses none,
 *   and nothing excludes that user's writers. Symbolic links are followed: FILE is what they lead to,
 *   also if it does not exist yet. Use one name only of a file with several (hard links).
 *
 * Growth
 *   Changes are gathered in a redo log in the file and merged into it segment by segment: by a
 *   thread of the index's own, also after a second without writes, or (background=no) in slices of
 *   the writers' calls. No call pays for a whole merge. Only stave_disk_index_shrink_to_fit and
 *   stave_disk_index_rebuild need space for a second file.
 *
 * Errors of every function that takes an index
 *   INVALID_ARGUMENT (NULL or foreign handle, a key or record of a wrong size), CLOSED, FORKED, BUSY
 *   (from inside a callback of the same index), NO_MEMORY. They are not repeated below.
 */
#ifndef STAVE_DISK_INDEX_H
#define STAVE_DISK_INDEX_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Records ------------------------------------------------------------------------------- */

#define STAVE_DISK_INDEX_KEY_SIZE 16

/* How the bytes that a payload record refers to are packed. Stave does not read them. */
enum { STAVE_CODEC_NONE = 0, STAVE_CODEC_LZ4 = 1, STAVE_CODEC_ZSTANDARD = 2 };

/* The default record, 24 bytes. An unknown codec is INVALID_ARGUMENT when it is written, and
 * CORRUPTION when it is read. */
typedef struct stave_payload {
  uint64_t offset;
  uint32_t length;              /* stored bytes */
  uint32_t uncompressed_length; /* bytes once unpacked */
  uint8_t codec;                /* STAVE_CODEC_* */
  uint8_t reserved[7];          /* zero */
} stave_payload;

/* ---- Opening ------------------------------------------------------------------------------- */

typedef struct stave_disk_index stave_disk_index;

/* Also settable as text, "name=value", with the member's name; sizes take KB, MB, GB
 * (1000, ...) and KiB, MiB, GiB (1024, ...). */
typedef struct stave_disk_index_options {
  uint32_t struct_size;
  uint32_t record_size;      /* 1 to 256: opaque records; default 0: payload records in a new file,
                                whatever it holds in an old one */
  uint64_t delta_memory;     /* bytes of the tables of unmerged changes, 64 KiB to 64 GiB; default
                                64 MiB, and up to half as much more while changes come faster
                                than they are merged. More makes fewer, larger merges, and a
                                larger log in the file */
  uint64_t bulk_memory;      /* bytes that a load sorts at a time, from 64 KiB; default 256 MiB */
  uint8_t read_only;         /* default 0 */
  uint8_t create_if_missing; /* default 1 */
  uint8_t create_parents;    /* default 0; 1: create the directories that lead to a new file */
  uint8_t error_if_exists;   /* default 0 */
  uint8_t background;        /* default 1: merge in a thread, started when there is work */
  uint8_t reserved[3];       /* zero */
} stave_disk_index_options;

STAVE_API void stave_disk_index_options_init(stave_disk_index_options *options);
STAVE_API stave_status stave_disk_index_options_set(stave_disk_index_options *options,
                                                    const char *text, stave_error *error);
STAVE_API stave_status stave_disk_index_options_describe(stave_buffer *text, stave_error *error);

/* Opens the file `path`, and creates it if the options allow. `options` may be NULL: the defaults.
 * O(entries / 10,000) after a clean close: a fraction of a millisecond up to hundreds of millions of
 * keys. After a crash the log is read too (at most half of the entries, twice; some tens of MiB if
 * there are few), and an open for writing merges what processes without a close have left there.
 *   NOT_FOUND            there is no file and it may not be created, or its directory is missing
 *   EXISTS               there is a file and error_if_exists is 1
 *   INVALID_ARGUMENT     an option is out of range, record_size differs from the file's, or one of
 *                        FILE, FILE.lock and FILE.new exists and is no regular file (a directory, a
 *                        FIFO; FILE.lock also as a symbolic link)
 *   LOCKED               open elsewhere; the message has the holder's process number
 *   CORRUPTION           a damaged, truncated or foreign file; nothing was changed
 *   UNSUPPORTED_VERSION, PERMISSION_DENIED, NO_SPACE, IO */
STAVE_API stave_status stave_disk_index_open(const char *path,
                                             const stave_disk_index_options *options,
                                             stave_disk_index **index, stave_error *error);

/* The options in force, with defaults and the file's record_size (24 for payload) filled in. At most
 * options->struct_size bytes are written. */
STAVE_API stave_status stave_disk_index_options_get(stave_disk_index *index,
                                                    stave_disk_index_options *options,
                                                    stave_error *error);

/* Waits for running calls, saves (see stave_disk_index_save) and unlocks the file. If more than 4096
 * changes are unmerged, they are merged first. IO if that fails: the handle is closed all the same. A
 * second close is STAVE_OK. BUSY from inside a callback of this index. */
STAVE_API stave_status stave_disk_index_close(stave_disk_index *index, stave_error *error);

/* Closes if necessary and frees the memory. Cursors stay valid (and return CLOSED). */
STAVE_API void stave_disk_index_free(stave_disk_index *index);

/* ---- Writing ------------------------------------------------------------------------------- */

/* Errors of all writes: READ_ONLY, NO_SPACE (nothing is written), IO, CORRUPTION (the key's first page
 * is damaged; a put reads no other page, and damage in overflow pages is found when changes are
 * merged). O(1). */

/* Stores the record, whether or not the key exists. */
STAVE_API stave_status stave_disk_index_put(stave_disk_index *index, const void *key,
                                            size_t key_size, const void *record, size_t record_size,
                                            stave_error *error);

/* Stores the record if the key is absent, else EXISTS. */
STAVE_API stave_status stave_disk_index_insert(stave_disk_index *index, const void *key,
                                               size_t key_size, const void *record,
                                               size_t record_size, stave_error *error);

/* Removes the key; NOT_FOUND if it is absent. */
STAVE_API stave_status stave_disk_index_remove(stave_disk_index *index, const void *key,
                                               size_t key_size, stave_error *error);

/* Stores `count` records: `keys` holds 16 bytes of each key, `records` record_size bytes of each
 * record, one after the other. Each is a put of its own; after a failure the first *done (may be
 * NULL) are stored. */
STAVE_API stave_status stave_disk_index_multi_put(stave_disk_index *index, const void *keys,
                                                  const void *records, size_t record_size,
                                                  size_t count, size_t *done, stave_error *error);

/* ---- Reading ------------------------------------------------------------------------------- */

/* Errors of all reads: CORRUPTION. O(1). */

/* Copies the record into `record`, which has the index's record size. Its content is unspecified
 * unless the status is OK. */
STAVE_API stave_status stave_disk_index_get(stave_disk_index *index, const void *key,
                                            size_t key_size, void *record, size_t record_size,
                                            stave_error *error);

/* STAVE_OK when the key exists, else NOT_FOUND. */
STAVE_API stave_status stave_disk_index_contains(stave_disk_index *index, const void *key,
                                                 size_t key_size, stave_error *error);

/* Reads `count` keys, one after the other in `keys`. found[i] becomes 1 or 0; the i-th record is
 * written at its key's position in `records` (count * record_size bytes). The three arrays must not
 * overlap. Each key is read atomically; the whole is not one snapshot. Loads from memory overlap, so
 * in a large index a key costs less than with single gets. */
STAVE_API stave_status stave_disk_index_multi_get(stave_disk_index *index, const void *keys,
                                                  size_t count, void *records, size_t record_size,
                                                  uint8_t *found, stave_error *error);

/* The number of keys. O(1), plus a lookup for each put since the last call, of which it is not known
 * whether its key was new: at most tenths of a second. */
STAVE_API stave_status stave_disk_index_size(stave_disk_index *index, uint64_t *size,
                                             stave_error *error);

/* ---- Loading ------------------------------------------------------------------------------- */

/* Writes the next records: up to `count_max` keys of 16 bytes to `keys`, their records to `records`,
 * and their number to *count; 0 ends the load. Any status but STAVE_OK stops it; the
 * function that runs the source returns it and fills `error` with it. */
typedef stave_status (*stave_disk_index_source)(void *context, void *keys, void *records,
                                                size_t count_max, size_t *count);

/* Adds all records of a source, far faster than puts: sorted by hash, written in order. If a key
 * comes twice or exists already, the later record counts. It is one change: readers, and an open after
 * a crash, see all of it or nothing; on return it is durable. Needs space for what it rewrites, in
 * addition to the file. Other writers wait. NO_SPACE, IO, READ_ONLY, CORRUPTION. */
STAVE_API stave_status stave_disk_index_bulk_load(stave_disk_index *index,
                                                  stave_disk_index_source source, void *context,
                                                  stave_error *error);

/* Creates the file `path` anew from a source, whatever is there now: the repair for a damaged file.
 * The old file stays until the new one is complete and durable, and if that fails. Nobody may have
 * it open (LOCKED). `options` as for open; record_size 0 means payload records. */
STAVE_API stave_status stave_disk_index_rebuild(const char *path,
                                                const stave_disk_index_options *options,
                                                stave_disk_index_source source, void *context,
                                                stave_error *error);

/* Allocates space for `entries` keys in all, so that puts up to that number find no full disk while
 * merges keep pace, and sizes merges for so many keys. The space belongs to the file from the next
 * save or close on; if the process dies before, the next open frees it. NO_SPACE, READ_ONLY, TOO_LARGE. */
STAVE_API stave_status stave_disk_index_reserve(stave_disk_index *index, uint64_t entries,
                                                stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits every key exactly once, in no particular order. One thread at a time; any number of cursors,
 * concurrently with other calls. A key that exists during the cursor's whole life is visited; one that
 * is written or removed meanwhile may or may not be, with its record of some moment in between. */
typedef struct stave_disk_index_cursor stave_disk_index_cursor;

/* The cursor is before the first record. */
STAVE_API stave_status stave_disk_index_cursor_open(stave_disk_index *index,
                                                    stave_disk_index_cursor **cursor,
                                                    stave_error *error);
/* Moves to the next record; DONE when there is none, and from then on. CORRUPTION once for each
 * segment with damaged pages: the cursor is on no record, and the next call goes on. Only keys that
 * are CORRUPTION for get, too, are left out. */
STAVE_API stave_status stave_disk_index_cursor_next(stave_disk_index_cursor *cursor,
                                                    stave_error *error);
/* The record the cursor is on. The bytes belong to the cursor and are valid until it is moved, closed
 * or freed. INVALID_ARGUMENT if the cursor is on no record. */
STAVE_API stave_status stave_disk_index_cursor_key(stave_disk_index_cursor *cursor,
                                                   const void **data, size_t *size,
                                                   stave_error *error);
STAVE_API stave_status stave_disk_index_cursor_record(stave_disk_index_cursor *cursor,
                                                      const void **data, size_t *size,
                                                      stave_error *error);
/* Moves over up to `count_max` records in one call: 16 bytes of key each to `keys`, the index's record
 * size each to `records`, their number to *count. DONE when there is none left. An error after records
 * that were read is returned by the next call. The cursor is on no record afterwards. */
STAVE_API stave_status stave_disk_index_cursor_next_many(stave_disk_index_cursor *cursor,
                                                         size_t count_max, void *keys,
                                                         void *records, size_t record_size,
                                                         size_t *count, stave_error *error);
/* Like stave_disk_index_close and stave_disk_index_free. */
STAVE_API stave_status stave_disk_index_cursor_close(stave_disk_index_cursor *cursor,
                                                     stave_error *error);
STAVE_API void stave_disk_index_cursor_free(stave_disk_index_cursor *cursor);

/* ---- Keeping and checking ------------------------------------------------------------------ */

/* Everything written before the call survives a power loss when this returns. Costs two syncs;
 * nothing is rewritten. `lsn` is a number of the caller's that stays in the file: a caller with a log
 * of its own stores here up to where the index has it, and replays the rest after an open
 * (stave_disk_index_stats.lsn). READ_ONLY, IO, NO_SPACE. */
STAVE_API stave_status stave_disk_index_save(stave_disk_index *index, uint64_t lsn,
                                             stave_error *error);

/* Like stave_disk_index_save, but merges all changes first, so that the log is empty. Rewrites up to
 * the whole file. Writers wait. READ_ONLY, IO, NO_SPACE, CORRUPTION. */
STAVE_API stave_status stave_disk_index_checkpoint(stave_disk_index *index, uint64_t lsn,
                                                   stave_error *error);

/* Writes the file anew as small as it can be, as FILE.new, and renames it to FILE; saves with the last
 * lsn. Writers wait, readers do not. O(entries). READ_ONLY, IO (also if FILE's directory was moved or
 * replaced since the open), NO_SPACE, CORRUPTION. */
STAVE_API stave_status stave_disk_index_shrink_to_fit(stave_disk_index *index, stave_error *error);

typedef struct stave_disk_index_stats {
  uint32_t struct_size;
  uint8_t writes_refused; /* 1: a sync has failed */
  uint8_t reserved[3];    /* zero */
  uint64_t entries;       /* keys */
  uint64_t file_bytes;    /* size of the file, without what a killed process left at its end */
  uint64_t free_bytes;    /* of these, free for reuse; unknown (0) before the first write */
  uint64_t segments;      /* units of merging */
  uint64_t segment_bytes; /* bytes of their pages */
  uint64_t log_bytes;     /* bytes of the redo log */
  uint64_t delta_entries; /* keys with changes that are not merged yet */
  uint64_t generation;    /* of the newest durable superblock */
  uint64_t lsn;           /* of the last save or checkpoint */
  uint64_t merges;        /* segments rewritten since the open */
  uint64_t syncs;         /* fdatasync calls since the open */
  uint64_t recovered_operations; /* changes that the open found in the log */
} stave_disk_index_stats;

STAVE_API void stave_disk_index_stats_init(stave_disk_index_stats *stats);
/* Writes at most stats->struct_size bytes. Waits for a running merge step. */
STAVE_API stave_status stave_disk_index_stats_get(stave_disk_index *index,
                                                  stave_disk_index_stats *stats,
                                                  stave_error *error);

/* Like stave_progress of store.h: segments done, and in all. */
typedef stave_status (*stave_disk_index_progress)(void *context, uint64_t done, uint64_t total);

/* Reads everything: superblocks, directory, the saved part of the log, and each page of each segment,
 * whose entries must be in their buckets and no key twice. Runs concurrently with reads and writes.
 * CORRUPTION names the first damage. `progress` may be NULL; any status but STAVE_OK that it returns
 * stops the verification and is returned. O(bytes of the file). */
STAVE_API stave_status stave_disk_index_verify(stave_disk_index *index,
                                               stave_disk_index_progress progress, void *context,
                                               stave_error *error);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_DISK_INDEX_H */
