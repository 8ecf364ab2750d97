/* index: a concurrent hash index in memory.
 *
 * Bytes -> a 64-bit number: a file offset, a location, an id. Nothing is written to disk.
 *
 *   stave_index *index;
 *   uint64_t value;
 *   if (stave_index_create(NULL, NULL, &index, &error) != STAVE_OK) ...
 *   stave_index_put(index, "key", 3, 42, NULL, NULL, &error);
 *   if (stave_index_get(index, "key", 3, &value, &error) == STAVE_OK) ...
 *   stave_index_free(index);
 *
 * Keys
 *   An `owned` index (the default) keeps the bytes of its keys. A `resolved` index keeps none: the
 *   caller has them already, in records that the values refer to, and a resolver compares the key of
 *   the record at a value with a given key. That saves the memory of the keys.
 *   Owned keys of up to 8 bytes are in the index's entries, which take 16 bytes. A longer key is kept
 *   outside its entry, which costs a second cache miss and 30 bytes or more. For keys of 9 to 16 bytes
 *   there is `owned16`, whose entries take 24 bytes and hold them.
 *
 * Exactness
 *   A lookup returns the value of its key, also when many keys have the same hash. A key has one
 *   entry, whatever threads do at the same time.
 *
 * Threads
 *   Any number of threads may read and write at the same time. Readers take no lock and never wait
 *   for writers; writers wait for each other only if their keys share a bucket. The calls on one key
 *   are linearizable. Growth is spread over the writes: no call but reserve splits more than two
 *   buckets (linear hashing, Litwin 1980).
 *
 * Limits
 *   Keys of 0 to 65,535 bytes; values below 2^value_bits. Writes of others are STAVE_TOO_LARGE and
 *   change nothing; a key that is too large is not found.
 *   The size of one key is a size_t, as C gives it, and checked. Arrays of sizes are uint32_t: half
 *   the memory, and enough for every key and for the sizes that a cursor returns.
 *
 * Errors of every function that takes an index
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size), CLOSED, FORKED, BUSY (from inside
 *   the resolver, see there), NO_MEMORY (nothing is changed), and of every function that takes a key
 *   what the resolver answers (nothing is changed). They are not repeated below; the functions of
 *   cursors have them too.
 */
#ifndef STAVE_INDEX_H
#define STAVE_INDEX_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Creating ------------------------------------------------------------------------------ */

typedef struct stave_index stave_index;

enum {
  STAVE_KEYS_OWNED = 1,    /* the index keeps the bytes of its keys; up to 8 of them in the entry */
  STAVE_KEYS_RESOLVED = 2, /* a resolver knows the keys */
  STAVE_KEYS_OWNED16 = 3   /* like owned, with up to 16 of them in the entry */
};

/* Also settable as text, "key_mode=resolved value_bits=44". */
typedef struct stave_index_options {
  uint32_t struct_size;
  uint32_t key_mode;   /* owned, owned16 or resolved; default owned */
  uint32_t value_bits; /* 44: values below 2^44, in less memory when resolved; default 64 */
  uint32_t shards;     /* parts that grow by themselves, a power of two from 1 to 256; default 0: by
                          capacity */
  uint64_t capacity;   /* entries that fit before the first growth; default 0 */
  uint64_t seed;       /* of the hash; default 0: a random one, so that nobody can prepare keys that
                          collide */
} stave_index_options;

STAVE_API void stave_index_options_init(stave_index_options *options);
STAVE_API stave_status stave_index_options_set(stave_index_options *options, const char *text,
                                               stave_error *error);
STAVE_API stave_status stave_index_options_describe(stave_buffer *text, stave_error *error);

/* Knows the keys of a resolved index. The record at a value must exist before the value is passed to a
 * write. After another thread has removed or replaced the value, calls that began before may still ask
 * about it: return NOT_FOUND when the record does not exist any more, and store no other key's record
 * at the same value as long as such calls run.
 *
 * A negative status is an error (STAVE_IO, ...; numbers of the caller's own are allowed). Positive ones
 * that are not listed, and exceptions, become INTERNAL.
 *
 * The functions run on the calling threads, several at the same time, once or more for a call, and
 * while no entry is locked. They may call the functions of the same index that only read; those that
 * change it, its cursors and stave_index_close are BUSY. They should be short: while one runs, no
 * memory of Stave is reclaimed in the whole process. `hash` may run while the index grows, which one
 * thread at a time does: it must not wait for a thread that calls stave_index_reserve or
 * stave_index_shrink_to_fit of the same index. */
typedef struct stave_index_resolver {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  /* Compares the key of the record at `value` with this key. STAVE_OK: equal. STAVE_MISMATCH: it is
   * another key. STAVE_NOT_FOUND: there is no record any more; the entry counts as absent and may be
   * replaced. An error ends the call, which changes nothing and returns it. */
  stave_status (*compare)(void *context, uint64_t value, const void *key, size_t key_size);
  /* Sets *hash to the hash of the record's key: the one of stave_index_hash_with_seed, or the one that
   * was passed to the _hashed call that put it. Called when an index of 44-bit values has grown by a
   * factor of 2^19; with 64 bits it may be NULL. STAVE_OK, or STAVE_NOT_FOUND: there is no record any
   * more. After an error the index grows later. */
  stave_status (*hash)(void *context, uint64_t value, uint64_t *hash);
  /* Called once, when nothing uses the context any more. May be NULL. */
  void (*destroy)(void *context);
  void *context;
  /* Prefetches the record at `value` and returns at once: stave_index_multi_get and
   * stave_index_multi_put call it for up to 32 keys before they compare the first, so that the cache
   * misses overlap. The record may not exist any more, so it must not be read. May be NULL. */
  void (*prefetch)(void *context, uint64_t value);
} stave_index_resolver;

STAVE_API void stave_index_resolver_init(stave_index_resolver *resolver);

/* Makes an empty index. `options` may be NULL: the defaults. `resolver` is copied; it must be NULL
 * for owned keys (of both kinds) and must be there for resolved ones. The context belongs to
 * the index if the status is OK, which calls `destroy` at the end of stave_index_close (in the thread
 * that closes); otherwise it stays the caller's and `destroy` is not called. O(capacity).
 *   INVALID_ARGUMENT   an option is out of range, or the resolver does not fit the key mode */
STAVE_API stave_status stave_index_create(const stave_index_options *options,
                                          const stave_index_resolver *resolver, stave_index **index,
                                          stave_error *error);

/* The options in force: shards and seed as they were chosen, capacity as it was asked for.
 * options->struct_size says how much may be written (call stave_index_options_init first). */
STAVE_API stave_status stave_index_options_get(stave_index *index, stave_index_options *options,
                                               stave_error *error);

/* Waits for running calls and gives the entries' memory back. A second close is STAVE_OK. BUSY from
 * inside the resolver of this index. O(bytes). */
STAVE_API stave_status stave_index_close(stave_index *index, stave_error *error);

/* Closes if need be and gives the memory back. Does nothing from inside the resolver of this index.
 * Cursors stay valid (they answer CLOSED). */
STAVE_API void stave_index_free(stave_index *index);

/* ---- One key ------------------------------------------------------------------------------- */

/* Result pointers may be NULL, apart from the value of a get. They receive 0 where nothing else is
 * said. They are written after the key has been read, and so may point into the key. O(key_size), and
 * O(1) in the number of entries. */

/* Stores the value, whether or not the key exists. *existed is 1 if it did, and *previous the value
 * that was replaced. */
STAVE_API stave_status stave_index_put(stave_index *index, const void *key, size_t key_size,
                                       uint64_t value, uint64_t *previous, uint8_t *existed,
                                       stave_error *error);

/* Stores the value if the key is absent, else EXISTS and *existing is the value that is there. */
STAVE_API stave_status stave_index_insert(stave_index *index, const void *key, size_t key_size,
                                          uint64_t value, uint64_t *existing, stave_error *error);

/* Stores `desired` if the key's value is `expected`. MISMATCH if it is another one, which *actual
 * receives; NOT_FOUND if the key is absent. */
STAVE_API stave_status stave_index_compare_and_swap(stave_index *index, const void *key,
                                                    size_t key_size, uint64_t expected,
                                                    uint64_t desired, uint64_t *actual,
                                                    stave_error *error);

/* The key's value, or NOT_FOUND. */
STAVE_API stave_status stave_index_get(stave_index *index, const void *key, size_t key_size,
                                       uint64_t *value, stave_error *error);

/* STAVE_OK when the key exists, else NOT_FOUND. */
STAVE_API stave_status stave_index_contains(stave_index *index, const void *key, size_t key_size,
                                            stave_error *error);

/* Removes the key; NOT_FOUND if it is absent. *previous is the value that it had. The next writes reuse
 * its memory. */
STAVE_API stave_status stave_index_remove(stave_index *index, const void *key, size_t key_size,
                                          uint64_t *previous, stave_error *error);

/* Removes the key if its value is `expected`. MISMATCH if it is another one, which *actual receives;
 * NOT_FOUND if the key is absent. */
STAVE_API stave_status stave_index_remove_if(stave_index *index, const void *key, size_t key_size,
                                             uint64_t expected, uint64_t *actual,
                                             stave_error *error);

/* ---- One key whose hash is known ----------------------------------------------------------- */

/* The hash that the calls above give to these bytes in this index: XXH3-64 with the index's seed. Any
 * size. */
STAVE_API stave_status stave_index_hash(stave_index *index, const void *key, size_t key_size,
                                        uint64_t *hash, stave_error *error);

/* What stave_index_hash returns in an index with this seed, which need not exist: for a resolver, whose
 * context can hold the seed that goes into the options. `key` may be NULL if key_size is 0. */
STAVE_API uint64_t stave_index_hash_with_seed(uint64_t seed, const void *key, size_t key_size);

/* The operations above with a hash from the caller, for callers that have it already or have a better
 * one. Any number is allowed, and the more bits of it differ between keys the better; a key must always
 * come with the same one. With the hash that stave_index_hash returns, these calls and those above can
 * be mixed, and keys are kept in their entries as with those above; with another hash an owned key of
 * any size is kept outside its entry. */
STAVE_API stave_status stave_index_put_hashed(stave_index *index, const void *key, size_t key_size,
                                              uint64_t hash, uint64_t value, uint64_t *previous,
                                              uint8_t *existed, stave_error *error);
STAVE_API stave_status stave_index_insert_hashed(stave_index *index, const void *key,
                                                 size_t key_size, uint64_t hash, uint64_t value,
                                                 uint64_t *existing, stave_error *error);
STAVE_API stave_status stave_index_compare_and_swap_hashed(stave_index *index, const void *key,
                                                           size_t key_size, uint64_t hash,
                                                           uint64_t expected, uint64_t desired,
                                                           uint64_t *actual, stave_error *error);
STAVE_API stave_status stave_index_get_hashed(stave_index *index, const void *key, size_t key_size,
                                              uint64_t hash, uint64_t *value, stave_error *error);
STAVE_API stave_status stave_index_contains_hashed(stave_index *index, const void *key,
                                                   size_t key_size, uint64_t hash,
                                                   stave_error *error);
STAVE_API stave_status stave_index_remove_hashed(stave_index *index, const void *key,
                                                 size_t key_size, uint64_t hash, uint64_t *previous,
                                                 stave_error *error);
STAVE_API stave_status stave_index_remove_if_hashed(stave_index *index, const void *key,
                                                    size_t key_size, uint64_t hash,
                                                    uint64_t expected, uint64_t *actual,
                                                    stave_error *error);

/* ---- Many keys in one call ----------------------------------------------------------------- */

/* `keys` holds `count` keys, one after the other, key_sizes their sizes. Memory is prefetched for several
 * keys at a time, so many keys cost much less than one by one. Each key is one operation: those of
 * multi_put take place in the order given, those of multi_get in any; the call as a whole is not atomic.
 * Result arrays (values, found, previous, existed) must not overlap another array. */

/* values[i] is the value and found[i] is 1, or both are 0 if the key is absent. An error for one key is
 * the call's; values and found are unspecified then. */
STAVE_API stave_status stave_index_multi_get(stave_index *index, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             uint64_t *values, uint8_t *found, stave_error *error);

/* Stores values[i] under the i-th key. previous[i] and existed[i] (each array may be NULL) are as of
 * stave_index_put. An error for one key ends the call: *done (may be NULL) is the number of keys before
 * it, which have been stored; on success it is `count`. */
STAVE_API stave_status stave_index_multi_put(stave_index *index, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             const uint64_t *values, uint64_t *previous,
                                             uint8_t *existed, size_t *done, stave_error *error);

/* ---- The whole ----------------------------------------------------------------------------- */

/* The number of entries: exact when no write is running. O(shards). */
STAVE_API stave_status stave_index_size(stave_index *index, uint64_t *size, stave_error *error);

/* *is_empty is 1 when there is no entry. O(shards). */
STAVE_API stave_status stave_index_is_empty(stave_index *index, uint8_t *is_empty,
                                            stave_error *error);

/* The number of entries that the present buckets are made for; beyond it they grow. O(shards). */
STAVE_API stave_status stave_index_capacity(stave_index *index, uint64_t *capacity,
                                            stave_error *error);

/* Removes all entries at one point in time: no other call sees some of them removed and others not.
 * (Calls with many keys, and cursors, are many operations: the first of them may take place before that
 * moment.) */
STAVE_API stave_status stave_index_clear(stave_index *index, stave_error *error);

/* Makes room for `capacity` entries in all, so that writes do not grow the index before there are as
 * many (but for a few, in shards that receive more keys than others). Other calls go on meanwhile.
 * TOO_LARGE above 2^36, and the resolver's errors when hashes are fetched. After an error the entries
 * are as they were, and the room that was made so far stays. O(capacity). */
STAVE_API stave_status stave_index_reserve(stave_index *index, uint64_t capacity,
                                           stave_error *error);

/* Gives back the memory that the present entries do not need, shard by shard. Reads go on meanwhile;
 * writes wait while the shard of their key is rebuilt. O(capacity). */
STAVE_API stave_status stave_index_shrink_to_fit(stave_index *index, stave_error *error);

/* The load is entries / slots, the average probe probe_sum / probe_samples. */
typedef struct stave_index_stats {
  uint32_t struct_size;
  uint32_t shards;
  uint64_t entries;
  uint64_t capacity;  /* as stave_index_capacity */
  uint64_t bytes;     /* memory in use, keys and what is set aside for the next entries included */
  uint64_t key_bytes; /* of these, for keys outside their entries, free space included */
  uint64_t buckets;
  uint64_t slots;          /* entries that fit into the buckets */
  uint64_t overflow_nodes; /* hold entries whose bucket is full */
  uint64_t splits;         /* of buckets, since the index was created or cleared: its growth */
  uint64_t splits_max;     /* by any one write: never more than 2 */
  uint64_t probe_samples;  /* buckets that the next two look at, some of each shard */
  uint64_t probe_sum;      /* groups of slots that a lookup in these buckets reads, in all */
  uint64_t probe_max;      /* groups of slots that a lookup in any one of them reads at most */
} stave_index_stats;

STAVE_API void stave_index_stats_init(stave_index_stats *stats);

/* stats->struct_size says how much may be written. While writes run, the numbers are approximate and
 * not of one moment. O(shards). */
STAVE_API stave_status stave_index_stats_get(stave_index *index, stave_index_stats *stats,
                                             stave_error *error);

typedef struct stave_index_shard_stats {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  uint64_t entries;
  uint64_t buckets;
  uint64_t bytes;
} stave_index_shard_stats;

/* Like stave_index_stats_init and stave_index_stats_get, for one shard, numbered from 0; NOT_FOUND if
 * there is no such shard. */
STAVE_API void stave_index_shard_stats_init(stave_index_shard_stats *stats);
STAVE_API stave_status stave_index_shard_stats_get(stave_index *index, uint32_t shard,
                                                   stave_index_shard_stats *stats,
                                                   stave_error *error);

/* Puts all values, in no particular order, into `values` as an array of uint64_t; *count is their
 * number. Entries that come and go meanwhile are treated as by a cursor. O(capacity). */
STAVE_API stave_status stave_index_collect_values(stave_index *index, stave_buffer *values,
                                                  uint64_t *count, stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits the entries in no particular order. One thread at a time; any number of cursors, beside any
 * other calls. An entry that is there during the cursor's whole life is visited exactly once, whatever
 * grows meanwhile; one that is put or removed meanwhile may be visited, with its value of some moment
 * in between. */
typedef struct stave_index_cursor stave_index_cursor;

/* The cursor stands before the first entry. */
STAVE_API stave_status stave_index_cursor_open(stave_index *index, stave_index_cursor **cursor,
                                               stave_error *error);
/* Moves to the next entry: DONE when there is none, then and ever after. */
STAVE_API stave_status stave_index_cursor_next(stave_index_cursor *cursor, stave_error *error);
/* The entry the cursor stands on. INVALID_ARGUMENT when it stands on none: before the first, after
 * the last, after an error. */
STAVE_API stave_status stave_index_cursor_value(stave_index_cursor *cursor, uint64_t *value,
                                                stave_error *error);
/* The key of the entry the cursor stands on; errors as of stave_index_cursor_value. The bytes are the
 * cursor's and valid until it is moved, closed or freed, also when the index is closed meanwhile; *data
 * is never NULL. INVALID_ARGUMENT also in a resolved index, which has no keys. */
STAVE_API stave_status stave_index_cursor_key(stave_index_cursor *cursor, const void **data,
                                              size_t *size, stave_error *error);
/* Moves over up to `count_max` entries and returns them in one call: *count values, and, if `keys` and
 * key_sizes are not NULL, their keys, one after the other (INVALID_ARGUMENT in a resolved index). Stops
 * once `keys` holds bytes_max bytes or more, so at least one entry is returned with any bytes_max. DONE
 * when there is none left; with DONE or an error *count is 0. The cursor stands on no entry
 * afterwards. */
STAVE_API stave_status stave_index_cursor_next_many(stave_index_cursor *cursor, size_t count_max,
                                                    uint64_t *values, size_t bytes_max,
                                                    stave_buffer *keys, uint32_t *key_sizes,
                                                    size_t *count, stave_error *error);
/* Like stave_index_close and stave_index_free, but inside the resolver of the index free is allowed,
 * except for the cursor whose call runs the resolver: for that it does nothing. */
STAVE_API stave_status stave_index_cursor_close(stave_index_cursor *cursor, stave_error *error);
STAVE_API void stave_index_cursor_free(stave_index_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_INDEX_H */
